import torch
from .common import DROPOUT, activation, options, stream


class Activation:
    def __init__(self, words, shape, rng):
        self.call, self.weights = words[0], {}

    def __call__(self, x, mode):
        return activation(self.call, x)


class Dropout:
    def __init__(self, words, shape, rng):
        self.rate, self.weights = float(options(words, ["rate"])["rate"]), {}

    def __call__(self, x, mode):
        if mode == "infer":
            return x
        seed, step = (int(n) for n in mode.split(":")[1:])
        number = stream(seed, DROPOUT, 0, step)  # layer 0, rows from 0
        mask = [number(i) >= int(self.rate * 2**32) for i in range(x.numel())]
        return x * torch.tensor(mask, dtype=torch.float64).reshape(x.shape) / (1 - self.rate)


KINDS = {"activation": Activation, "dropout": Dropout}
