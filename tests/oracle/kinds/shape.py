class Flatten:
    def __init__(self, words, shape, rng):
        self.weights = {}

    def __call__(self, x, mode):
        return x.reshape(x.shape[0], -1)


KINDS = {"flatten": Flatten}
