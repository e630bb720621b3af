"""Convolutions, poolings and what only moves or repeats pixels: channels-last, TensorFlow's padding."""
import numpy as np
import torch
import torch.nn.functional as F
from .common import activation, options


def pair(text):
    n = [int(v) for v in str(text).split("x")]
    return n * 2 if len(n) == 1 else n


def same(size, k, s, d=1):
    total = max(0, (-(-size // s) - 1) * s + (k - 1) * d + 1 - size)
    return total // 2, total - total // 2


def pads(x, k, s, d, padding):
    """(before, after) of the last two axes; x [rows, channels, h, w]; in 1-D h is 1."""
    if padding == "causal":
        return (0, 0), ((k[1] - 1) * d[1], 0)
    if padding == "same":
        return tuple(same(x.shape[2 + i], k[i], s[i], d[i]) for i in range(2))
    return (0, 0), (0, 0)


def padded(x, p, value=0.0):
    return F.pad(x, (*p[1], *p[0]), value=value)


class Spatial:
    """x as [rows, channels, h, w] and back; in 1-D an image one pixel high."""

    def __init__(self, one):
        self.one = one

    def sizes(self, text):
        return [1, int(text)] if self.one else pair(text)

    def into(self, x):
        return (x[:, None] if self.one else x).permute(0, 3, 1, 2)

    def back(self, y):
        y = y.permute(0, 2, 3, 1)
        return y[:, 0] if self.one else y

    def kernel(self, w):
        return w[None] if self.one else w


def bias_of(o, rng, n):
    return {"bias": torch.tensor(rng.normal(size=n))} if o.get("use_bias", "yes") == "yes" else {}


class Conv(Spatial):
    def __init__(self, one, words, shape, rng):
        super().__init__(one)
        o = options(words, ["filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "activation"])
        self.call, self.groups = o.get("activation", "linear"), int(o.get("groups", 1))
        self.k, self.s = self.sizes(o["kernel_size"]), self.sizes(o.get("strides", 1))
        self.d, self.padding = self.sizes(o.get("dilation_rate", 1)), o.get("padding", "valid")
        filters, inputs = int(o["filters"]), shape[-1] // self.groups
        taps = self.k[1:] if one else self.k
        kernel = rng.normal(size=(*taps, inputs, filters)) / np.sqrt(inputs * np.prod(taps))
        self.weights = {"kernel": torch.tensor(kernel), **bias_of(o, rng, filters)}

    def __call__(self, x, mode):
        x = self.into(x)
        x = padded(x, pads(x, self.k, self.s, self.d, self.padding))
        w = self.kernel(self.weights["kernel"]).permute(3, 2, 0, 1)
        y = F.conv2d(x, w, self.weights.get("bias"), self.s, 0, self.d, self.groups)
        return activation(self.call, self.back(y))


class Pooling(Spatial):
    def __init__(self, one, largest, words, shape, rng):
        super().__init__(one)
        o = options(words, ["pool_size", "strides", "padding"])
        self.k, self.largest, self.weights = self.sizes(o.get("pool_size", 2)), largest, {}
        strides = o.get("strides", "none")
        self.s, self.padding = self.k if strides == "none" else self.sizes(strides), o.get("padding", "valid")

    def __call__(self, x, mode):
        x = self.into(x)
        p = pads(x, self.k, self.s, [1, 1], self.padding)
        if self.largest:
            return self.back(F.max_pool2d(padded(x, p, -float("inf")), self.k, self.s))
        count = F.avg_pool2d(padded(torch.ones_like(x), p), self.k, self.s)
        return self.back(F.avg_pool2d(padded(x, p), self.k, self.s) / count)


def of(kind, *first):
    return lambda words, shape, rng: kind(*first, words, shape, rng)


KINDS = {
    "conv1d": of(Conv, True), "conv2d": of(Conv, False),
    "max_pooling1d": of(Pooling, True, True), "max_pooling2d": of(Pooling, False, True),
    "average_pooling1d": of(Pooling, True, False), "average_pooling2d": of(Pooling, False, False),
}
