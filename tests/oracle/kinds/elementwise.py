import numpy as np
import torch
from .common import DROPOUT, activation, l1_l2, options, stream


class Activation:
    def __init__(self, words, shape, rng):
        self.call, self.weights = words[0], {}

    def __call__(self, x, mode):
        return activation(self.call, x)


def calls(places, call):
    """A layer that is an activation with options of its own, which `call` makes into an activation's name."""
    return lambda words, shape, rng: Activation([call(options(words, places))], shape, rng)


class Prelu:
    def __init__(self, words, shape, rng):
        o = options(words, ["alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes"])
        shape = list(shape)
        if o.get("shared_axes", "none") != "none":
            for axis in o["shared_axes"].split(","):
                shape[int(axis) - 1] = 1
        self.weights = {"alpha": torch.tensor(rng.normal(size=shape))}

    def __call__(self, x, mode):
        return torch.relu(x) - self.weights["alpha"] * torch.relu(-x)


class Softmax:
    def __init__(self, words, shape, rng):
        self.axes = [int(a) for a in options(words, ["axis"]).get("axis", "-1").split(",")]
        self.weights = {}

    def __call__(self, x, mode):
        return torch.exp(x - torch.logsumexp(x, dim=self.axes, keepdim=True))


class Rescaling:
    def __init__(self, words, shape, rng):
        o = options(words, ["scale", "offset"])
        self.scale = torch.tensor([float(n) for n in o["scale"].split(",")])
        self.offset = torch.tensor([float(n) for n in o.get("offset", "0").split(",")])
        self.weights = {}

    def __call__(self, x, mode):
        return x * self.scale + self.offset


class ActivityRegularization:
    def __init__(self, words, shape, rng):
        o = options(words, ["l1", "l2"])
        self.call = f"l1_l2:{o.get('l1', '0')}:{o.get('l2', '0')}"
        self.weights = {}

    def __call__(self, x, mode):
        return x * 1

    def penalty(self, y):
        return l1_l2(self.call, y)


def numbers_of(mode, seed):
    """The stream of the layer (layer 0, rows from 0), or None outside training."""
    if mode == "infer":
        return None
    run, step = (int(n) for n in mode.split(":")[1:])
    return stream(run if seed == "none" else int(seed), DROPOUT, 0, step)


class Dropout:
    def __init__(self, words, shape, rng):
        o = options(words, ["rate", "noise_shape", "seed"])
        self.rate, self.seed, self.weights = float(o["rate"]), o.get("seed", "none"), {}
        noise = o.get("noise_shape", "")
        self.noise = noise.split(",") if noise else ["none"] * (len(shape) + 1)

    def __call__(self, x, mode):
        number = numbers_of(mode, self.seed)
        if number is None:
            return x
        shape = [n if word == "none" else int(word) for n, word in zip(x.shape, self.noise)]
        mask = [number(i) >= int(self.rate * 2**32) for i in range(int(np.prod(shape)))]
        return x * torch.tensor(mask, dtype=torch.float64).reshape(shape) / (1 - self.rate)


class SpatialDropout(Dropout):
    def __init__(self, words, shape, rng):
        o = options(words, ["rate", "seed"])
        super().__init__([f"rate={o['rate']}", f"seed={o.get('seed', 'none')}"], shape, rng)
        self.noise = ["none"] + ["1"] * (len(shape) - 1) + ["none"]


def normals(number, count):
    """Element q from the upper 24 bits of numbers 2q and 2q + 1 (Box and Muller)."""
    u = [((number(2 * q) >> 8) + 1) / 2**24 for q in range(count)]
    t = [(number(2 * q + 1) >> 8) / 2**24 for q in range(count)]
    return np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * np.array(t))


class GaussianNoise:
    def __init__(self, words, shape, rng):
        o = options(words, ["stddev", "seed"])
        self.stddev, self.seed, self.weights = float(o["stddev"]), o.get("seed", "none"), {}

    def __call__(self, x, mode):
        number = numbers_of(mode, self.seed)
        if number is None or self.stddev == 0:
            return x * 1
        return x + self.stddev * torch.tensor(normals(number, x.numel())).reshape(x.shape)


class GaussianDropout:
    def __init__(self, words, shape, rng):
        o = options(words, ["rate", "seed"])
        self.rate, self.seed, self.weights = float(o["rate"]), o.get("seed", "none"), {}

    def __call__(self, x, mode):
        number = numbers_of(mode, self.seed)
        if number is None or self.rate == 0:
            return x * 1
        deviation = np.sqrt(self.rate / (1 - self.rate))
        return x * (1 + deviation * torch.tensor(normals(number, x.numel())).reshape(x.shape))


KINDS = {
    "activation": Activation,
    "relu": calls(["max_value", "negative_slope", "threshold"], lambda o: ":".join(
        ["relu", o.get("negative_slope", "0"), o.get("max_value", "none"), o.get("threshold", "0")])),
    "leaky_relu": calls(["negative_slope"], lambda o: "leaky_relu:" + o.get("negative_slope", "0.3")),
    "elu": calls(["alpha"], lambda o: "elu:" + o.get("alpha", "1")),
    "prelu": Prelu,
    "softmax": Softmax,
    "rescaling": Rescaling,
    "activity_regularization": ActivityRegularization,
    "dropout": Dropout,
    "spatial_dropout1d": SpatialDropout,
    "spatial_dropout2d": SpatialDropout,
    "gaussian_noise": GaussianNoise,
    "gaussian_dropout": GaussianDropout,
}
