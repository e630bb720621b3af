#!/usr/bin/env python3
"""Fixtures for tests/unit/test_study_surface.c: inside_surface.h. Small networks by the layers' oracles (kinds/), in
double: losses along a line and over a plane, the directions drawn once more by the engine's numbers; eigenvalues of
the exact Hessian (torch.autograd); the gradient noise scale; principal components of a path by NumPy's SVD.

    /usr/bin/python3 tests/oracle/inside_surface.py

Data and weights are Noise, which the C side draws as well: rows first (inputs, then the target), then for each
tensor its numbers, times 2 (a variance: 0.5 and the size of it).
"""
import numpy as np
import torch

from fixture import Noise, array, write
from kinds import conv, dense, normalization, recurrent, reshape
from kinds.common import stream

torch.set_default_dtype(torch.float64)
KINDS = {**conv.KINDS, **dense.KINDS, **normalization.KINDS, **recurrent.KINDS, **reshape.KINDS}
SEED, INSPECT, PLANE, NOISE_KEY = 7, 7, 7001, 7011
COLUMNS, ROWS, KEPT, MOMENTS = 41, 21, 13, 6


class Net:
    def __init__(self, name, lines, inputs, rows, classes, penalty=0.0):
        self.name, self.rows, self.classes, self.penalty = name, rows, classes, penalty
        noise = Noise(len(name) * 1000 + rows)
        self.noise = noise
        x = np.empty((rows, inputs))
        y = np.empty(rows)
        for r in range(rows):
            x[r] = noise.take(inputs)
            y[r] = noise.next()
            if classes:
                y[r] = int((y[r] + 0.5) * classes)
        self.x, self.y = torch.tensor(x), torch.tensor(y)
        shape, rng, self.layers = (inputs,), np.random.default_rng(0), []
        probe = torch.zeros((1, inputs))
        for line in lines:
            words = line.split()
            if words[0] == "flatten":
                layer = lambda v, mode: v.reshape(v.shape[0], -1)
                layer.weights = {}
            else:
                words = [w for w in words if not w.startswith("kernel_regularizer")]
                layer = KINDS[words[0]](words[1:], shape, rng)
            layer.kind = words[0]
            self.layers.append(layer)
            probe = layer(probe, "infer")
            shape = tuple(probe.shape[1:])
        self.tensors = [(layer, key) for layer in self.layers for key in layer.weights]
        self.trained = [t for t in self.tensors if t[1] not in getattr(t[0], "frozen", set())]
        self.theta = self.draw()
        self.lay(self.theta)

    def draw(self):
        out = {}
        for layer, key in self.tensors:
            shape = tuple(layer.weights[key].shape)
            n = 2 * np.array(self.noise.take(int(np.prod(shape)))).reshape(shape)
            out[layer, key] = np.abs(n) + 0.5 if key.endswith("variance") else n
        return out

    def lay(self, theta):
        for layer, key in self.tensors:
            layer.weights[key] = torch.tensor(theta[layer, key])

    def at(self, *steps):
        """The present weights and so much of each direction, of what is trained."""
        theta = dict(self.theta)
        for a, direction in steps:
            for t in self.trained:
                theta[t] = theta[t] + a * direction[t]
        self.lay(theta)

    def output(self, rows):
        y = self.x[rows]
        for layer in self.layers:
            y = layer(y, "infer")
        return y

    def loss(self, rows=slice(None)):
        out, y = self.output(rows), self.y[rows]
        if self.classes > 2:
            loss = -torch.log(out[torch.arange(len(y)), y.long()]).mean()
        elif self.classes == 2:
            p = out[:, 0]
            loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
        else:
            loss = ((out[:, 0] - y)**2).mean()
        if self.penalty:
            loss = loss + self.penalty * self.layers[0].weights["kernel"].square().sum()
        return loss

    def accuracy(self):
        out = self.output(slice(None))
        answer = out.argmax(-1) if self.classes > 2 else (out[:, 0] > 0.5).long()
        return (answer == self.y.long()).double().mean()

    def flat(self, direction, tensors=None):
        return np.concatenate([direction[t].ravel() for t in tensors or self.trained])


# --- directions -----------------------------------------------------------------------------------------------

def uniform(number, at):
    return ((number(at) >> 5) * 2**26 + (number(at + 1) >> 6)) * 2.0**-53


def normals(number, count):
    """Box and Muller, one number of four words each."""
    return np.array([np.sqrt(-2 * np.log(1 - uniform(number, 4 * i))) * np.cos(2 * np.pi * uniform(number, 4 * i + 2))
                     for i in range(count)])


def units(kind, key, w):
    """w with a unit's weights in the rows of a matrix, and the way back; None: not of a kernel."""
    if not key.endswith("kernel"):
        return None
    if kind.startswith("depthwise") or key == "depthwise_kernel":
        order = (2, 3, 0, 1)
        n = w.shape[2] * w.shape[3]
    elif "transpose" in kind:
        order = (2, 0, 1, 3)
        n = w.shape[2]
    else:
        order = (w.ndim - 1, *range(w.ndim - 1))
        n = w.shape[-1]
    turned = w.transpose(order)
    return turned.reshape(n, -1), lambda m: m.reshape(turned.shape).transpose(np.argsort(order))


def direction(net, which):
    out = {t: np.zeros_like(net.theta[t]) for t in net.tensors}
    for i, (layer, key) in enumerate(net.tensors):
        w = net.theta[layer, key]
        if (layer, key) not in net.trained or not units(layer.kind, key, w):
            continue
        d = normals(stream(SEED, INSPECT, PLANE + which, i), w.size).reshape(w.shape)
        rows, _ = units(layer.kind, key, w)
        drawn, back = units(layer.kind, key, d)
        long_d, long_w = (np.linalg.norm(m, axis=1, keepdims=True) for m in (drawn, rows))
        out[layer, key] = back(drawn * long_w / (long_d + 1e-10))
    return out


# --- what the studies say ----------------------------------------------------------------------------------------

def line(net, other):
    to_other = {t: other[t] - net.theta[t] for t in net.trained}
    loss, accuracy = [], []
    for i in range(31):
        net.at((1 - (i - 5) / 20, to_other))
        loss.append(float(net.loss()))
        accuracy.append(float(net.accuracy()) if net.classes else np.nan)
    return {"line": loss, "accuracy": accuracy, "distance": [np.linalg.norm(net.flat(to_other))]}


def plane(net, other):
    d = [direction(net, 0), direction(net, 1)]
    loss = []
    for i in range(0, COLUMNS * ROWS, KEPT):
        net.at((-1 + 2 * (i % COLUMNS) / (COLUMNS - 1), d[0]), (-1 + 2 * (i // COLUMNS) / (ROWS - 1), d[1]))
        loss.append(float(net.loss()))
    net.at()
    way = net.flat({t: other[t] - net.theta[t] for t in net.trained})
    basis = np.stack([net.flat(d[0]), net.flat(d[1])], axis=1)
    where, *_ = np.linalg.lstsq(basis, way, rcond=None)
    share = np.sum((basis @ where)**2) / np.sum(way**2)
    return {"direction_a": net.flat(d[0], net.tensors), "direction_b": net.flat(d[1], net.tensors), "plane": loss,
            "path": [*where, share]}


def spectrum(net, theta):
    """Eigenvalues and eigenvectors of the exact Hessian, by what is trained."""
    net.lay(theta)
    sizes = [theta[t].size for t in net.trained]

    def loss(flat):
        for (layer, key), part in zip(net.trained, torch.split(flat, sizes)):
            layer.weights[key] = part.reshape(theta[layer, key].shape)
        return net.loss()
    values, vectors = np.linalg.eigh(
        torch.autograd.functional.hessian(loss, torch.tensor(net.flat(theta))).numpy())
    return values, np.split(vectors[:, -1], np.cumsum(sizes)[:-1])


def hessian(net):
    values, parts = spectrum(net, net.theta)
    return {"eigenvalues": [values[-1], values[0]], "shares": [np.sum(part**2) for part in parts]}


def gradient(net, rows):
    net.at()
    leaves = [net_layer.weights[key].requires_grad_() for net_layer, key in net.trained]
    net.loss(rows).backward()
    return np.concatenate([leaf.grad.numpy().ravel() for leaf in leaves])


def noise_scale(net):
    order, at = list(range(net.rows)), 0
    number = stream(SEED, INSPECT, NOISE_KEY, 0)
    for i in range(net.rows - 1, 0, -1):
        j = (number(at) << 32 | number(at + 1)) % (i + 1)
        order[i], order[j] = order[j], order[i]
        at += 2
    b = min(32, net.rows // 8)
    batches = [order[k:k + b] for k in range(0, net.rows - b + 1, b)]
    B = b * len(batches)
    small = np.mean([np.sum(gradient(net, rows)**2) for rows in batches])
    large = np.sum(gradient(net, order[:B])**2)
    signal = (B * large - b * small) / (B - b)
    noise = (small - large) / (1 / b - 1 / B)
    return {"noise": [b, B, small, large, signal, noise, noise / signal if signal > 0 else np.nan]}


def path(net, other):
    """Moments on the way from `other` to now, each beside it by a draw of Noise; the last is now."""
    thetas = []
    for m in range(MOMENTS):
        beside = net.draw()
        left = (MOMENTS - 1 - m) / 8
        thetas.append({k: (net.theta[k] + left * (other[k] - net.theta[k]) + (beside[k] / 4 if left else 0))
                      .astype(np.float32).astype(float) for k in net.tensors})
    moments = [net.flat(theta) for theta in thetas]
    sharp = [spectrum(net, theta)[0][-1] for theta in thetas]
    ways = np.stack(moments) - net.flat(net.theta)
    _, s, v = np.linalg.svd(ways - ways.mean(0), full_matrices=False)
    v = [-v[d] if ways[0] @ v[d] > 0 else v[d] for d in range(2)]
    where = np.stack([ways @ v[0], ways @ v[1]])
    low, high = np.minimum(where.min(1), 0), np.maximum(where.max(1), 0)
    low, high = low - 0.2 * (high - low), high + 0.2 * (high - low)
    ends, sizes = [], [net.theta[t].size for t in net.trained]
    for a, b in ((low[0], low[1]), (high[0], low[1]), (low[0], high[1]), (high[0], high[1])):
        d = {t: part.reshape(net.theta[t].shape)
             for t, part in zip(net.trained, np.split(a * v[0] + b * v[1], np.cumsum(sizes)[:-1]))}
        net.at((1, d))
        ends.append(float(net.loss()))
    return {"variance": (s**2 / np.sum(s**2))[:2], "path_a": where[0], "path_b": where[1], "corners": ends, "sharp": sharp}


NETS = [
    ("dense", ["dense 6 tanh kernel_regularizer=l2:0.01", "dense 3 softmax"], 5, 300, 3, 0.01),
    ("conv", ["reshape 4x4x1", "conv2d 3 2 activation=relu", "batch_normalization", "flatten", "dense 1 sigmoid"],
      16, 40, 2),
    ("turned", ["reshape 3x3x2", "depthwise_conv2d 2 depth_multiplier=2 activation=tanh",
                 "conv2d_transpose 2 2 activation=tanh", "flatten", "dense 4 softmax"], 18, 60, 4),
    ("lstm", ["reshape 4x2", "lstm 3", "dense 1"], 8, 50, 0),
]
lines = ["#include <math.h>", ""]
for arguments in NETS:
    net = Net(*arguments)
    other = net.draw()
    values = {**line(net, other), **plane(net, other), **hessian(net), **noise_scale(net), **path(net, other)}
    for key, value in values.items():
        value = np.asarray(value, float)
        lines.append(f"static const double {net.name}_{key}[{value.size}] = {array(value)};")
write("inside_surface.h", "ORACLE_INSIDE_SURFACE_H", lines)
