class Reshape:
    def __init__(self, words, shape, rng):
        self.target, self.weights = [int(n) for n in words[0].split("x")], {}

    def __call__(self, x, mode):
        return x.reshape([x.shape[0]] + self.target)


class Permute:
    def __init__(self, words, shape, rng):
        self.dims, self.weights = [int(n) for n in words[0].split(",")], {}

    def __call__(self, x, mode):
        return x.permute([0] + self.dims)


class RepeatVector:
    def __init__(self, words, shape, rng):
        self.n, self.weights = int(words[0]), {}

    def __call__(self, x, mode):
        return x.unsqueeze(1).expand(-1, self.n, -1)


KINDS = {"reshape": Reshape, "permute": Permute, "repeat_vector": RepeatVector}
