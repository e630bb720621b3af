import numpy as np
import torch
from .common import activation, l1_l2, options


class Dense:
    def __init__(self, words, shape, rng):
        o = options(words, ["units", "activation"])
        self.call = o.get("activation", "linear")
        self.activity = o.get("activity_regularizer", "none")
        units = int(o["units"])
        self.weights = {"kernel": torch.tensor(rng.normal(size=(shape[-1], units)) / np.sqrt(shape[-1]))}
        if o.get("use_bias", "yes") == "yes":
            self.weights["bias"] = torch.tensor(rng.normal(size=units))

    def __call__(self, x, mode):
        z = x @ self.weights["kernel"]
        if "bias" in self.weights:
            z = z + self.weights["bias"]
        return activation(self.call, z)

    def penalty(self, y):
        return l1_l2(self.activity, y)


KINDS = {"dense": Dense}
