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


class Transpose(Spatial):
    """As the gradient of a convolution: everything is laid out, then cut or filled to Keras' size."""

    def __init__(self, one, words, shape, rng):
        super().__init__(one)
        o = options(words, ["filters", "kernel_size", "strides", "padding", "output_padding", "dilation_rate", "activation"])
        self.call, self.padding = o.get("activation", "linear"), o.get("padding", "valid")
        self.k, self.s, self.d = self.sizes(o["kernel_size"]), self.sizes(o.get("strides", 1)), self.sizes(o.get("dilation_rate", 1))
        more = o.get("output_padding", "none")
        self.more = [None, None] if more == "none" else [0, int(more)] if one else pair(more)
        filters, taps = int(o["filters"]), self.k[1:] if one else self.k
        kernel = rng.normal(size=(*taps, filters, shape[-1])) / np.sqrt(shape[-1] * np.prod(taps))
        self.weights = {"kernel": torch.tensor(kernel), **bias_of(o, rng, filters)}

    def window(self, n, axis):
        """Keras' (crop before, size) from compute_conv_transpose_padding_args_for_jax and the output's shape."""
        s, more, k = self.s[axis], self.more[axis], (self.k[axis] - 1) * self.d[axis] + 1
        if self.padding == "valid":
            more = max(k, s) - k if more is None else more
            left, size = k - 1, (n - 1) * s + k + more
        else:
            size = n * s if more is None else (n - 1) * s + k % 2 + more
            total = s + k - 2 if more is None else k + k % 2 - 2 + more
            left = min(total // 2 + total % 2, k - 1)
        return k - 1 - left, size

    def __call__(self, x, mode):
        x = self.into(x)
        w = self.kernel(self.weights["kernel"]).permute(3, 2, 0, 1)
        y = F.conv_transpose2d(x, w, None, self.s, 0, 0, 1, self.d)
        for axis in ([1] if self.one else [0, 1]):
            crop, size = self.window(x.shape[2 + axis], axis)
            fill = [0, 0, 0, 0]
            fill[3 - 2 * axis] = max(0, crop + size - y.shape[2 + axis])
            y = F.pad(y, fill).narrow(2 + axis, crop, size)
        y = self.back(y)
        return activation(self.call, y + self.weights["bias"] if "bias" in self.weights else y)


class Depthwise(Spatial):
    def __init__(self, one, mixes, words, shape, rng):
        super().__init__(one)
        o = options(words, ["filters", "kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier", "activation"] if mixes else
                    ["kernel_size", "strides", "padding", "depth_multiplier", "dilation_rate", "activation"])
        self.call, self.padding = o.get("activation", "linear"), o.get("padding", "valid")
        self.k, self.s, self.d = self.sizes(o["kernel_size"]), self.sizes(o.get("strides", 1)), self.sizes(o.get("dilation_rate", 1))
        self.c, self.m, taps = shape[-1], int(o.get("depth_multiplier", 1)), self.k[1:] if one else self.k
        width = int(o["filters"]) if mixes else self.c * self.m
        kernel = torch.tensor(rng.normal(size=(*taps, self.c, self.m)) / np.sqrt(np.prod(taps)))
        self.weights = {"depthwise_kernel" if mixes else "kernel": kernel}
        if mixes:
            point = rng.normal(size=(*[1] * len(taps), self.c * self.m, width)) / np.sqrt(self.c * self.m)
            self.weights["pointwise_kernel"] = torch.tensor(point)
        self.weights.update(bias_of(o, rng, width))

    def __call__(self, x, mode):
        x = self.into(x)
        x = padded(x, pads(x, self.k, self.s, self.d, self.padding))
        w = self.kernel(self.weights.get("depthwise_kernel", self.weights.get("kernel")))
        w = w.reshape(*w.shape[:2], 1, self.c * self.m).permute(3, 2, 0, 1)
        y = self.back(F.conv2d(x, w, None, self.s, 0, self.d, self.c))
        if "pointwise_kernel" in self.weights:
            y = y @ self.weights["pointwise_kernel"].reshape(self.c * self.m, -1)
        return activation(self.call, y + self.weights["bias"] if "bias" in self.weights else y)


class Global:
    def __init__(self, rank, largest, words, shape, rng):
        self.axes, self.largest, self.weights = tuple(range(1, rank + 1)), largest, {}
        self.keepdims = options(words, ["keepdims"]).get("keepdims", "no") == "yes"

    def __call__(self, x, mode):
        return (torch.amax if self.largest else torch.mean)(x, dim=self.axes, keepdim=self.keepdims)


class Frame:
    """zero_padding and cropping: [(before, after), …] of the axes behind the rows."""

    def __init__(self, rank, sign, standard, words, shape, rng):
        text = options(words, ["size"]).get("size", standard) if not any("=" in w for w in words) else words[0].split("=")[1]
        n = [int(v) for v in text.replace("x", ",").split(",")]
        if len(n) == 1:
            self.sides = [(n[0], n[0])] * rank
        elif rank == 1:
            self.sides = [tuple(n)]
        else:
            self.sides = [(n[0], n[0]), (n[1], n[1])] if len(n) == 2 else [tuple(n[:2]), tuple(n[2:])]
        self.sign, self.weights = sign, {}

    def __call__(self, x, mode):
        widths = [0, 0]
        for before, after in reversed(self.sides):
            widths += [self.sign * before, self.sign * after]
        return F.pad(x, widths)


def near(kind, d):
    d = abs(d)
    if kind == "bilinear":
        return max(0.0, 1 - d)
    if kind == "bicubic":
        return 1.5 * d**3 - 2.5 * d**2 + 1 if d < 1 else -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0
    radius = int(kind[-1])
    return float(np.sinc(d) * np.sinc(d / radius)) if d < radius else 0.0


def resizing(kind, size, factor):
    """The matrix [size * factor, size] of one axis; as jax.image.resize without antialiasing."""
    if kind == "nearest":
        return torch.tensor(np.repeat(np.eye(size), factor, 0))
    at = (np.arange(size * factor) + 0.5) / factor - 0.5
    w = np.array([[near(kind, i - a) for i in range(size)] for a in at])
    return torch.tensor(w / w.sum(1, keepdims=True))


class Sampling:
    def __init__(self, rank, words, shape, rng):
        o = options(words, ["size", "interpolation"])
        self.kind, self.rank, self.weights = o.get("interpolation", "nearest"), rank, {}
        self.size = pair(o.get("size", 2))

    def __call__(self, x, mode):
        if self.rank == 1:
            return torch.einsum("at,ntc->nac", resizing("nearest", x.shape[1], self.size[0]), x)
        down, across = (resizing(self.kind, x.shape[1 + i], self.size[i]) for i in range(2))
        y = torch.einsum("ar,bq,nrqc->nabc", down, across, x)
        if self.kind == "bilinear":  # and PyTorch's own
            own = F.interpolate(x.permute(0, 3, 1, 2), scale_factor=tuple(self.size), mode="bilinear").permute(0, 2, 3, 1)
            assert torch.allclose(y, own, atol=1e-12)
        return y


def of(kind, *first):
    return lambda words, shape, rng: kind(*first, words, shape, rng)


KINDS = {}
for rank, one in ((1, True), (2, False)):
    KINDS.update({
        f"conv{rank}d": of(Conv, one), f"conv{rank}d_transpose": of(Transpose, one),
        f"depthwise_conv{rank}d": of(Depthwise, one, False), f"separable_conv{rank}d": of(Depthwise, one, True),
        f"max_pooling{rank}d": of(Pooling, one, True), f"average_pooling{rank}d": of(Pooling, one, False),
        f"global_max_pooling{rank}d": of(Global, rank, True), f"global_average_pooling{rank}d": of(Global, rank, False),
        f"zero_padding{rank}d": of(Frame, rank, 1, "1"), f"cropping{rank}d": of(Frame, rank, -1, "1" if one else "0"),
        f"up_sampling{rank}d": of(Sampling, rank),
    })
