"""Random layers over sequences and images for program.py to put before its dense ones, of the kinds in kinds/conv.py."""
import numpy as np
import torch
from kinds.conv import KINDS

LARGEST = 600  # values of a row


def size(rng, rank, low, high):
    a, b = rng.integers(low, high + 1, 2)
    return f"{a}x{b}" if rank == 2 and rng.random() < 0.5 else str(a)


def weighted(rng, whose):
    words = []
    for name in whose:
        if rng.random() < 0.3:
            words.append(f"{name}_regularizer={rng.choice(['l2:0.02', 'l1:0.01'])}")
    return words


def words_of(rng, rank, channels):
    """The kind and its words."""
    kind = str(rng.choice(["conv", "conv", "conv_transpose", "depthwise_conv", "separable_conv", "max_pooling", "average_pooling",
                           "zero_padding", "cropping", "up_sampling"]))
    name = f"conv{rank}d_transpose" if kind == "conv_transpose" else f"{kind}{rank}d"
    padding = str(rng.choice(["valid", "same"]))
    if "conv" in kind:
        words = [] if kind == "depthwise_conv" else [str(rng.integers(1, 4) * 2)]
        words += [size(rng, rank, 1, 3)]
        if rng.random() < 0.4:
            words += ["strides=" + size(rng, rank, 1, 3)]
        elif rng.random() < 0.5:
            words += ["dilation_rate=" + size(rng, rank, 1, 3)]
        if kind == "conv" and rank == 1 and rng.random() < 0.4:
            padding = "causal"
        if kind == "conv" and channels % 2 == 0 and rng.random() < 0.4:
            words += ["groups=2"]
        if kind in ("depthwise_conv", "separable_conv") and rng.random() < 0.5:
            words += ["depth_multiplier=2"]
        words += ["padding=" + padding, "activation=" + str(rng.choice(["linear", "elu", "tanh", "gelu", "softplus", "silu"]))]
        if rng.random() < 0.2:
            words += ["use_bias=no"]
        whose = {"depthwise_conv": ["depthwise"], "separable_conv": ["depthwise", "pointwise"]}.get(kind, ["kernel"])
        return name, words + weighted(rng, whose + ["activity"])
    if "pooling" in kind:
        words = [size(rng, rank, 1, 3)] + (["strides=" + size(rng, rank, 1, 3)] if rng.random() < 0.5 else [])
        return name, words + ["padding=" + padding]
    if kind == "up_sampling":
        more = ["interpolation=bilinear"] if rank == 2 and rng.random() < 0.5 else []
        return name, [size(rng, rank, 1, 2)] + more
    return name, [",".join(str(n) for n in rng.integers(0, 3, 2 * rank))]


def penalty(call, v):
    name, factor = call.split(":")
    return float(factor) * ((v**2).sum() if name == "l2" else v.abs().sum())


class Layer:
    """One layer: its weights by Keras' names, its output, and what they add to the loss."""

    def __init__(self, kind, words, name, shape, rng):
        plain = [w for w in words if "_regularizer" not in w]
        self.name, self.line = name, " ".join([kind, *words])
        self.calls = dict(w.split("_regularizer=") for w in words if "_regularizer" in w)
        self.layer = KINDS[kind](plain, shape, rng)
        self.shape = list(self(torch.zeros(1, *shape), None).shape[1:])

    def __call__(self, x, weights):
        if weights is not None:
            self.layer.weights = {k: weights[f"{self.name}/{k}"] for k in self.layer.weights}
        self.y = self.layer(x, "infer")
        return self.y

    def penalty(self):
        total = 0.0
        for whose, call in self.calls.items():
            if whose == "activity":
                total = total + penalty(call, self.y) / self.y.shape[0]
            elif whose == "depthwise" and "kernel" in self.layer.weights:
                total = total + penalty(call, self.layer.weights["kernel"])
            else:
                total = total + penalty(call, self.layer.weights[whose if whose == "kernel" else whose + "_kernel"])
        return total


def front(rng):
    """The shape of a row, and up to four layers that fit one behind another."""
    rank = int(rng.integers(1, 3))
    shape = [int(n) for n in rng.integers(4, 8, rank)] + [int(rng.integers(1, 4))]
    layers, now, count = [], shape, {}
    for _ in range(rng.integers(1, 5)):
        kind, words = words_of(rng, rank, now[-1])
        if "strides" in " ".join(words) and "dilation" in " ".join(words):
            continue
        number = count.get(kind, 0)
        try:
            layer = Layer(kind, words, f"{kind}_{number}" if number else kind, now, rng)
        except (RuntimeError, ValueError):
            continue  # the window does not fit, or nothing is left
        if min(layer.shape) < 1 or np.prod(layer.shape) > LARGEST:
            continue
        count[kind] = number + 1
        layers.append(layer)
        now = layer.shape
    if rng.random() < 0.3:
        kind = f"{rng.choice(['global_max_pooling', 'global_average_pooling'])}{rank}d"
        layers.append(Layer(kind, [], kind, now, rng))
    return shape, layers
