"""Fixtures for tests/unit/test_study_why.c: inside_why.h. Small networks, their data, and every method of the view
"why" with PyTorch's autograd in double, each from its definition (engine/inspect/study_why*.c name the sources). The
random numbers are Philox4x32-10 as engine/base/rng.h says, written here anew."""
import math

import numpy as np
import torch
import torch.nn.functional as F

from fixture import Noise, array, integers, write

torch.set_default_dtype(torch.float64)
SEED, INSPECT, NOISE, PERMUTE = 7, 7, 0x5347, 0x5049
M32, M64 = 2**32 - 1, 2**64 - 1


# ---- the engine's random numbers ----

def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


class Rng:
    def __init__(self, seed, stream, a, b):
        self.key = mix((seed + 0x9E3779B97F4A7C15 * stream) & M64)
        self.high = mix(mix((a + 0x632BE59BD9B4E019) & M64) ^ ((b + 0x9E3779B97F4A7C15) & M64))
        self.at = 0

    def next(self):
        k, c = [self.key & M32, self.key >> 32], [self.at // 4, 0, self.high & M32, self.high >> 32]
        for _ in range(10):
            p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(q >> 32) ^ c[1] ^ k[0], q & M32, (p >> 32) ^ c[3] ^ k[1], p & M32]
            k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
        self.at += 1
        return c[(self.at - 1) % 4]

    def uniform(self):
        high, low = self.next() >> 5, self.next() >> 6
        return (high << 26 | low) / 2**53

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def below(self, n):
        while True:
            value = self.next() << 32 | self.next()
            if value < M64 - M64 % n:
                return value % n

    def shuffled(self, n):
        v = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            v[i], v[j] = v[j], v[i]
        return v


# ---- the methods. score(x): rows of inputs to the score that is explained ----

def gradient(score, x):
    x = torch.tensor(np.asarray(x)).requires_grad_()
    return torch.autograd.grad(score(x).sum(), x)[0].numpy()


def value(score, x):
    with torch.no_grad():
        return score(torch.tensor(np.asarray(x))).numpy()


def integrated(score, x, steps=50):
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    path = np.stack([(t + 1) / 2 * x for t in nodes])
    mean = np.tensordot(weights / 2, gradient(score, path), 1)
    change = value(score, np.stack([x, 0 * x]))
    return x * mean, (x * mean).sum() - (change[0] - change[1]), change[1]


def smooth(score, x, samples=25):
    sd = 0.15 * (x.max() - x.min())
    noisy = []
    for s in range(samples):
        rng = Rng(SEED, INSPECT, NOISE, s)
        noisy.append(x + sd * np.array([rng.normal() for _ in range(x.size)]).reshape(x.shape))
    return np.abs(gradient(score, np.stack(noisy))).mean(0), sd


def half_up(v):
    return max(1, math.floor(v + 0.5))


def occlude_patches(score, x):
    h, w, _ = x.shape
    patch, stride = half_up(5 * min(h, w) / 28), half_up(2 * min(h, w) / 28)
    rows, columns = range(0, h - patch + 1, stride), range(0, w - patch + 1, stride)
    whole, total, over = value(score, x[None])[0], np.zeros(x.shape), np.zeros(x.shape)
    drops = np.zeros((len(rows), len(columns)))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            blank = x.copy()
            blank[r:r + patch, c:c + patch] = 0
            drops[i, j] = whole - value(score, blank[None])[0]
            total[r:r + patch, c:c + patch] += drops[i, j]
            over[r:r + patch, c:c + patch] += 1
    with np.errstate(invalid="ignore"):
        return total / over, drops, patch, stride


def occlude_features(score, x, mean):
    whole, out = value(score, x[None])[0], np.zeros(x.shape)
    for i in range(x.size):
        blank = x.copy()
        blank[i] = mean[i]
        out[i] = whole - value(score, blank[None])[0]
    return out


def grad_cam(rest, maps, size):
    """maps: [channels, h, w] of the layer; rest: from there to the score."""
    a = maps.clone().requires_grad_()
    weights = torch.autograd.grad(rest(a[None]).sum(), a)[0].mean((1, 2))
    cam = F.relu((weights[:, None, None] * maps).sum(0))
    large = F.interpolate(cam[None, None], size=size, mode="bilinear", align_corners=False)[0, 0]
    return cam.numpy(), weights.numpy(), large.numpy()


def importance(error, x, groups):
    whole, each = error(x), np.zeros((len(groups), 5))
    for c, columns in enumerate(groups):
        for r in range(5):
            order = Rng(SEED, INSPECT, PERMUTE, 65536 * r + c).shuffled(len(x))
            mixed = x.copy()
            mixed[:, columns] = x[order][:, columns]
            each[c, r] = error(mixed) - whole
    return whole, each


def dependence(answer, x, column):
    values = np.linspace(x[:, column].min(), x[:, column].max(), 10)
    rows = []
    for v in values:
        changed = x.copy()
        changed[:, column] = v
        rows.append(value(answer, changed))
    rows = np.stack(rows)
    return values, rows.mean(1), rows.min(1), rows.max(1)


# ---- writing ----

def lines(name, **values):
    out = []
    for key, v in values.items():
        v = np.asarray(v)
        if v.dtype.kind in "iu":
            out.append(f"static const int {name}_{key}[{max(1, v.size)}] = {integers(v.ravel())};")
        else:
            out.append(f"static const double {name}_{key}[{max(1, v.size)}] = {array(v.ravel())};")
    return out


def take(noise, scale, *shape):
    return np.array(noise.take(int(np.prod(shape)))).reshape(shape) * scale


def by_gradient(name, score, x):
    g, (ig, gap, base), (sg, sd) = gradient(score, x[None])[0], integrated(score, x), smooth(score, x)
    return lines(name, gradient=g, integrated=ig, path=[value(score, x[None])[0], base], gap=[gap], smooth=sg,
                 noise=[sd])


# ---- networks ----

def dense(weights, x, functions):
    for (w, b), f in zip(weights, functions):
        x = f(x @ torch.tensor(w) + torch.tensor(b))
    return x


def flat(weights):
    return np.concatenate([v.ravel() for pair in weights for v in pair])


def table(name, inputs, hidden, outputs, f, seed, labels_of, answer_of, error_of, score_of, klass, row):
    """Two dense layers over a table: the first 20 rows train, the others are the test part."""
    noise = Noise(seed)
    x = take(noise, 4, 50, inputs)
    weights = [(take(noise, 2, inputs, hidden), take(noise, 1, hidden)),
               (take(noise, 4, hidden, outputs), take(noise, 1, outputs))]
    net = lambda v: dense(weights, v, [f, lambda z: z])
    target = labels_of(noise, value(net, x))
    if target.dtype.kind == "i":
        target[:4] = np.arange(4) % max(2, outputs)  # the training part knows all classes
    score, answer = lambda v: score_of(net(v), klass), lambda v: answer_of(net(v), klass)
    test = x[20:]
    mean = np.float64(np.float32(x[:20])).mean(0)
    whole, each = importance(lambda v: error_of(value(net, v), target[20:]), test, [[i] for i in range(inputs)])
    column = int(np.abs(gradient(score, test)).mean(0).argmax())
    values, middle, low, high = dependence(answer, test, column)
    return [f"enum {{ {name.upper()}_ROWS = 50, {name.upper()}_TRAIN = 20, {name.upper()}_INPUTS = {inputs}, "
            f"{name.upper()}_ROW = {row}, {name.upper()}_CLASS = {klass}, {name.upper()}_COLUMN = {column} }};"] + \
        lines(name, x=x, target=target, weights=flat(weights), score=value(score, test[row:row + 1]),
              answer=value(answer, test[row:row + 1]), mean=mean, occlusion=occlude_features(score, test[row], mean),
              error=[whole], repeats=each, importance=each.mean(1), spread=each.std(1), values=values, middle=middle,
              low=low, high=high) + by_gradient(name, score, test[row])


def many():
    return table("many", 6, 5, 4, torch.tanh, 3,
                 lambda noise, z: np.where(np.array(noise.take(50)) > 0.2, 3, z.argmax(1)).astype(int),
                 lambda z, k: torch.softmax(z, 1)[:, k], lambda z, t: (z.argmax(1) != t).mean(),
                 lambda z, k: z[:, k], 2, 4)


def two(name, klass):
    sign = 1 if klass else -1
    return table(name, 5, 4, 1, torch.relu, 11,
                 lambda noise, z: np.where(np.array(noise.take(50)) > 0.2, 1, z[:, 0] > 0).astype(int),
                 lambda z, k: torch.sigmoid(sign * z[:, 0]), lambda z, t: ((z[:, 0] > 0) != t).mean(),
                 lambda z, k: sign * z[:, 0], klass, 1)


def numbers():
    return table("numbers", 4, 3, 1, torch.tanh, 21,
                 lambda noise, z: np.float64(np.float32(z[:, 0] + take(noise, 2, 50))),
                 lambda z, k: z[:, 0], lambda z, t: ((z[:, 0] - t) ** 2).mean(), lambda z, k: z[:, 0], 0, 7)


def convolution(z, w, b, **how):
    """Kernels as Keras has them: [kh, kw, in, out]."""
    return F.conv2d(z, torch.tensor(w).permute(3, 2, 0, 1), torch.tensor(b), **how)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def picture(name, x, weights, layers, rest, klass, row, f):
    """layers: from [n, channels, h, w] to the maps that Grad-CAM looks at; rest: from there to the outputs."""
    score = lambda v: rest(layers(nchw(v)))[:, klass]
    with torch.no_grad():
        maps = layers(nchw(torch.tensor(x[row:row + 1])))[0]
    cam, channel, large = grad_cam(lambda a: rest(a)[:, klass], maps, x.shape[1:3])
    occlusion, drops, patch, stride = occlude_patches(score, x[row])
    top = name.upper()
    return [f"enum {{ {top}_ROWS = {len(x)}, {top}_INPUTS = {x[0].size}, {top}_ROW = {row}, {top}_CLASS = {klass}, "
            f"{top}_PATCH = {patch}, {top}_STRIDE = {stride}, {top}_DOWN = {drops.shape[0]}, "
            f"{top}_ACROSS = {drops.shape[1]} }};"] + \
        lines(name, x=x, target=np.arange(len(x)) % 3, weights=flat(weights), score=value(score, x[row:row + 1]),
              outputs=value(lambda v: f(rest(layers(nchw(v)))), x[row:row + 1]), occlusion=occlusion, patches=drops,
              cam=cam, channel=channel, large=large) + by_gradient(name, score, x[row])


def strided():
    """22 x 23: relu convolution at stride 2, tanh convolution, max pooling, softmax over 3."""
    noise = Noise(31)
    x = take(noise, 2, 3, 22, 23, 1)
    (w0, b0), (w1, b1), (w2, b2) = weights = [(take(noise, 2, 3, 3, 1, 2), take(noise, 1, 2)),
                                             (take(noise, 2, 3, 3, 2, 3), take(noise, 1, 3)),
                                             (take(noise, 2, 75, 3), take(noise, 1, 3))]
    layers = lambda z: torch.tanh(convolution(torch.relu(convolution(z, w0, b0, stride=2)), w1, b1, padding=1))
    rest = lambda a: F.max_pool2d(a, 2).permute(0, 2, 3, 1).flatten(1) @ torch.tensor(w2) + torch.tensor(b2)
    return picture("strided", x, weights, layers, rest, 1, 2, lambda z: torch.softmax(z, 1))


def channels():
    """4 x 5 x 2: relu convolution, mean over all places, 3 scores that the loss takes as logits."""
    noise = Noise(41)
    x = take(noise, 2, 6, 4, 5, 2)
    (w0, b0), (w1, b1) = weights = [(take(noise, 2, 2, 2, 2, 3), take(noise, 1, 3)),
                                    (take(noise, 4, 3, 3), take(noise, 1, 3))]
    layers = lambda z: torch.relu(convolution(z, w0, b0))
    rest = lambda a: a.mean((2, 3)) @ torch.tensor(w1) + torch.tensor(b1)
    return picture("channels", x, weights, layers, rest, 0, 3, lambda z: torch.softmax(z, 1))


def ranks():
    """Spearman's correlation, ties with their mean rank."""
    noise = Noise(51)
    a, b = np.round(take(noise, 8, 40)), np.round(take(noise, 8, 40) * 4) / 4
    rank = lambda v: np.array([(v < u).sum() + ((v == u).sum() + 1) / 2 for u in v])
    return lines("ranks", a=a, b=b, correlation=[np.corrcoef(rank(a), rank(b))[0, 1]])


if __name__ == "__main__":
    out = ["#include <math.h>", ""]
    for part in (many(), two("no", 0), two("yes", 1), numbers(), strided(), channels(), ranks()):
        out += part + [""]
    write("inside_why.h", "TESTS_ORACLE_INSIDE_WHY_H", out[:-1])
