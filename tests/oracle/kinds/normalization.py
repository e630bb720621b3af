"""Normalizations by Keras' formulas (keras/src/layers/normalization). Moving averages and weights are drawn so
that nothing is at its default."""
import torch
from .common import options


def number(o, name, default):
    return float(o.get(name, default))


def yes(o, name, default):
    return o.get(name, default) == "yes"


def axes_of(text, ndim):
    """Keras' axes with the batch as 0."""
    return sorted(int(a) % ndim for a in text.split(","))


class BatchNormalization:
    def __init__(self, words, shape, rng):
        o = options(words, ["axis", "momentum", "epsilon", "center", "scale"])
        self.axis = int(o.get("axis", -1)) % (len(shape) + 1)
        self.momentum, self.epsilon = number(o, "momentum", 0.99), number(o, "epsilon", 0.001)
        self.renorm, self.renorm_momentum = yes(o, "renorm", "no"), number(o, "renorm_momentum", 0.99)
        clip = o.get("renorm_clipping", "none").split(":")[1:]
        self.clip = [None if n == "none" else float(n) for n in clip] + [None] * (3 - len(clip))
        self.trainable = yes(o, "trainable", "yes")
        n = shape[self.axis - 1]
        draw = lambda: torch.tensor(rng.normal(size=n))
        self.weights = {}
        if yes(o, "scale", "yes"):
            self.weights["gamma"] = draw()
        if yes(o, "center", "yes"):
            self.weights["beta"] = draw()
        self.weights["moving_mean"], self.weights["moving_variance"] = draw(), draw() ** 2 + 0.25
        if self.renorm:
            self.weights["moving_stddev"] = draw() ** 2 + 0.5
            self.weights["renorm_mean"], self.weights["renorm_stddev"] = draw(), draw() ** 2 + 0.5
        self.frozen = {name for name in self.weights if not self.trainable or name not in ("gamma", "beta")}

    def renormalize(self, mean, variance, gamma, beta):
        w, (rmax, rmin, dmax) = self.weights, self.clip
        deviation = torch.sqrt(variance + self.epsilon)
        held = torch.clamp(w["renorm_stddev"], min=self.epsilon ** 0.5)
        r, d = (deviation / held).detach(), ((mean - w["renorm_mean"]) / held).detach()
        r = torch.clamp(r, min=rmin) if rmin is not None else r
        r = torch.clamp(r, max=rmax) if rmax is not None else r
        d = torch.clamp(d, -dmax, dmax) if dmax is not None else d
        return gamma * r, beta + d * gamma

    def move(self, mean, variance):
        w, m = self.weights, self.momentum
        self.after = {"moving_mean": w["moving_mean"] * m + mean * (1 - m)}
        if not self.renorm:
            self.after["moving_variance"] = w["moving_variance"] * m + variance * (1 - m)
            return
        deviation, n = torch.sqrt(variance + self.epsilon), self.renorm_momentum
        self.after["renorm_mean"] = w["renorm_mean"] * n + mean * (1 - n)
        self.after["renorm_stddev"] = w["renorm_stddev"] * n + deviation * (1 - n)
        self.after["moving_stddev"] = w["moving_stddev"] * m + deviation * (1 - m)
        self.after["moving_variance"] = torch.clamp(self.after["moving_stddev"] ** 2 - self.epsilon, min=0)

    def __call__(self, x, mode):
        w, one = self.weights, torch.ones(x.shape[self.axis])
        gamma, beta = w.get("gamma", one), w.get("beta", 0 * one)
        if mode != "infer" and self.trainable:
            others = [a for a in range(x.ndim) if a != self.axis]
            mean, variance = x.mean(others), x.var(others, unbiased=False)
            self.move(mean, variance)
            if self.renorm:
                gamma, beta = self.renormalize(mean, variance, gamma, beta)
        else:
            mean, variance = w["moving_mean"], w["moving_variance"]
        shape = [1] * x.ndim
        shape[self.axis] = -1
        mean, variance, gamma, beta = (v.reshape(shape) for v in (mean, variance, gamma, beta))
        return gamma * (x - mean) / torch.sqrt(variance + self.epsilon) + beta


AFFINE = ["center", "scale", "beta_initializer"]


def along(x, axes, weight):
    """A weight of the extents of these axes, to multiply x by."""
    return weight.reshape([n if a in axes else 1 for a, n in enumerate(x.shape)])


class LayerNormalization:
    def __init__(self, words, shape, rng):
        o = options(words, ["axis", "epsilon"] + AFFINE)
        self.axes, self.epsilon = axes_of(o.get("axis", "-1"), len(shape) + 1), number(o, "epsilon", 0.001)
        self.rms = yes(o, "rms_scaling", "no")
        extents = [shape[a - 1] for a in self.axes]
        self.weights = {}
        if yes(o, "scale", "yes") or self.rms:
            self.weights["gamma"] = torch.tensor(rng.normal(size=extents))
        if yes(o, "center", "yes") and not self.rms:
            self.weights["beta"] = torch.tensor(rng.normal(size=extents))

    def __call__(self, x, mode):
        mean = x.mean(self.axes, keepdim=True)
        variance = x.var(self.axes, unbiased=False, keepdim=True)
        y = (x if self.rms else x - mean) / torch.sqrt(variance + self.epsilon)
        if "gamma" in self.weights:
            y = y * along(x, self.axes, self.weights["gamma"])
        return y + along(x, self.axes, self.weights["beta"]) if "beta" in self.weights else y


class GroupNormalization:
    def __init__(self, words, shape, rng):
        o = options(words, ["groups", "axis", "epsilon"] + AFFINE)
        self.axis, self.epsilon = int(o.get("axis", -1)) % (len(shape) + 1), number(o, "epsilon", 0.001)
        channels = shape[self.axis - 1]
        self.groups = int(o.get("groups", 32))
        self.groups = channels if self.groups == -1 else self.groups
        self.weights = {}
        if yes(o, "scale", "yes"):
            self.weights["gamma"] = torch.tensor(rng.normal(size=channels))
        if yes(o, "center", "yes"):
            self.weights["beta"] = torch.tensor(rng.normal(size=channels))

    def __call__(self, x, mode):
        a = self.axis
        parts = x.reshape(list(x.shape[:a]) + [self.groups, -1] + list(x.shape[a + 1:]))
        others = [i for i in range(1, parts.ndim) if i != a]
        mean, variance = parts.mean(others, keepdim=True), parts.var(others, unbiased=False, keepdim=True)
        y = ((parts - mean) / torch.sqrt(variance + self.epsilon)).reshape(x.shape)
        if "gamma" in self.weights:
            y = y * along(x, [a], self.weights["gamma"])
        return y + along(x, [a], self.weights["beta"]) if "beta" in self.weights else y


class RmsNormalization:
    def __init__(self, words, shape, rng):
        o = options(words, ["axis", "epsilon"])
        self.axes, self.epsilon = axes_of(o.get("axis", "-1"), len(shape) + 1), number(o, "epsilon", 1e-6)
        self.weights = {"scale": torch.tensor(rng.normal(size=[shape[a - 1] for a in self.axes]))}

    def __call__(self, x, mode):
        y = x / torch.sqrt((x * x).mean(self.axes, keepdim=True) + self.epsilon)
        return y * along(x, self.axes, self.weights["scale"])


class UnitNormalization:
    def __init__(self, words, shape, rng):
        self.axes = axes_of(options(words, ["axis"]).get("axis", "-1"), len(shape) + 1)
        self.weights = {}

    def __call__(self, x, mode):
        return x / torch.sqrt(torch.clamp((x * x).sum(self.axes, keepdim=True), min=1e-24))


class Normalization:
    def __init__(self, words, shape, rng):
        o = options(words, ["axis", "mean", "variance", "invert"])
        axis = o.get("axis", "-1")
        self.axes, self.invert = [] if axis == "none" else axes_of(axis, len(shape) + 1), yes(o, "invert", "no")
        extents = [shape[a - 1] for a in self.axes] or [1]
        self.weights, self.frozen = {}, {"mean", "variance"}
        given = o.get("mean", "none")
        if given == "none":
            self.weights["mean"] = torch.tensor(rng.normal(size=extents))
            self.weights["variance"] = torch.tensor(rng.normal(size=extents)) ** 2 + 0.25
            return
        numbers = [torch.tensor([float(n) for n in o[name].split(",")]) for name in ("mean", "variance")]
        self.given = [n.broadcast_to(extents) for n in numbers]

    def __call__(self, x, mode):
        mean, variance = self.weights.values() if self.weights else self.given
        mean, variance = along(x, self.axes, mean), along(x, self.axes, variance)
        deviation = torch.clamp(torch.sqrt(variance), min=1e-7)
        return mean + x * deviation if self.invert else (x - mean) / deviation


KINDS = {"batch_normalization": BatchNormalization, "layer_normalization": LayerNormalization,
         "group_normalization": GroupNormalization, "rms_normalization": RmsNormalization,
         "unit_normalization": UnitNormalization, "normalization": Normalization}
