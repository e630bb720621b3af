#!/usr/bin/env python3
"""Fixtures for tests/unit/test_study_geometry.c: inside_geometry.h. Small networks by the layers' oracles (kinds/), in
double: principal components by NumPy's SVD, linear CKA by its definition, logistic regression by Newton's method with
the whole Hessian on the outputs themselves, ridge by its normal equations, singular values and what is read off them.

    /usr/bin/python3 tests/oracle/inside_geometry.py

Data and weights are Noise, which the C side draws as well: rows first (inputs, then the target), then for each
tensor its numbers, times 2, and all tensors once more for another moment.
"""
import numpy as np
import torch

from fixture import Noise, array, write
from kinds import conv, dense, recurrent, reshape
from kinds.common import stream

torch.set_default_dtype(torch.float64)
KINDS = {**conv.KINDS, **dense.KINDS, **recurrent.KINDS, **reshape.KINDS}
SEED, INSPECT = 7, 7


class Net:
    def __init__(self, name, lines, inputs, rows, classes, spectrum):
        self.name, self.rows, self.classes, self.spectrum = name, rows, classes, spectrum
        noise = Noise(len(name) * 1000 + rows)
        x, self.y = np.empty((rows, inputs)), np.empty(rows)
        for r in range(rows):
            x[r] = noise.take(inputs)
            self.y[r] = noise.next()
            if classes:  # so that there is something to be read off
                self.y[r] = int((x[r, 0] * 0.8 + self.y[r] * 0.2 + 0.5) * classes)
        self.x, self.layers, shape, rng = torch.tensor(x), [], (inputs,), np.random.default_rng(0)
        probe = torch.zeros((1, inputs))
        for line in lines:
            words = line.split()
            layer = (lambda v, mode: v.reshape(v.shape[0], -1)) if words[0] == "flatten" else \
                KINDS[words[0]](words[1:], shape, rng)
            self.layers.append(layer)
            probe = layer(probe, "infer")
            shape = tuple(probe.shape[1:])
        self.now, self.then = self.draw(noise), self.draw(noise)

    def weights(self):
        return [(l, k) for l in self.layers for k in getattr(l, "weights", {})]

    def draw(self, noise):
        return [2 * np.array(noise.take(int(np.prod(l.weights[k].shape)))).reshape(l.weights[k].shape)
                for l, k in self.weights()]

    def outputs(self, theta):
        """Of the input and of every layer, flat."""
        for (layer, key), values in zip(self.weights(), theta):
            layer.weights[key] = torch.tensor(values)
        out, v = [self.x.numpy().copy()], self.x
        for layer in self.layers:
            v = layer(v, "infer")
            out.append(v.detach().numpy().reshape(self.rows, -1))
        return out


def pca(x, y, classes):
    x = x - x.mean(0)
    u, s, v = np.linalg.svd(x, full_matrices=False)
    k = min(3, *x.shape)
    sign = np.array([np.sign(row[np.argmax(np.abs(row) >= np.abs(row).max() * (1 - 1e-9))]) for row in v[:k]])
    scores = (u * s)[:, :k] * sign
    out = {"scores": scores, "components": v[:k] * sign[:, None], "explained": (s**2 / np.sum(s**2))[:20],
           "variance": [np.sum(x**2) / (len(x) - 1)]}
    if classes:
        out["centroids"] = [scores[y == c].mean(0) for c in range(classes)]
    return out


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    down = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return np.linalg.norm(y.T @ x)**2 / down if down > 0 else np.nan


def shuffled(rows):
    order, at, number = list(range(rows)), 0, stream(SEED, INSPECT, 0, 0)
    for i in range(rows - 1, 0, -1):
        j = (number(at) << 32 | number(at + 1)) % (i + 1)
        order[i], order[j] = order[j], order[i]
        at += 2
    return order


def standard(x, fit):
    mean, deviation = x[fit].mean(0), x[fit].std(0)
    return (x - mean) / np.where(deviation > 1e-14, deviation, 1)


def logistic(x, y, c):
    """Minimises the sum of log losses and half the squares of the weights: for two classes of one vector of them."""
    n, d = x.shape
    x1 = np.hstack([x, np.ones((n, 1))])
    ridge = np.append(np.ones(d), 0)
    if c == 2:
        w = np.zeros(d + 1)
        for _ in range(60):
            p = 1 / (1 + np.exp(-x1 @ w))
            g = x1.T @ (p - y) + ridge * w
            w -= np.linalg.solve((x1.T * (p * (1 - p))) @ x1 + np.diag(ridge), g)
        return np.stack([-w / 2, w / 2])
    w, hot = np.zeros((c, d + 1)), np.eye(c)[y]
    for _ in range(60):
        z = x1 @ w.T
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        g = (p - hot).T @ x1 + ridge * w
        h = np.zeros((c, d + 1, c, d + 1))
        for a in range(c):
            for b in range(c):
                h[a, :, b, :] = (x1.T * (p[:, a] * ((a == b) - p[:, b]))) @ x1 + (a == b) * np.diag(ridge)
        w -= np.linalg.lstsq(h.reshape(c * (d + 1), -1), g.ravel(), rcond=1e-13)[0].reshape(w.shape)
    assert np.abs(g).max() < 1e-9
    return w


def probe(x, y, classes):
    order = shuffled(len(x))
    fit, held = order[:(len(x) + 1) // 2], order[(len(x) + 1) // 2:]
    x = standard(x, fit)
    if classes:
        y = y.astype(int)
        w = logistic(x[fit], y[fit], classes)
        z = np.hstack([x[held], np.ones((len(held), 1))]) @ w.T
        chance = np.bincount(y[held]).max() / len(held)
        loss = np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + z.max(1) - z[np.arange(len(held)), y[held]]
        return np.mean(z.argmax(1) == y[held]), loss.mean(), chance
    mean = y[fit].mean()
    w = np.linalg.solve(x[fit].T @ x[fit] + np.eye(x.shape[1]), x[fit].T @ (y[fit] - mean))
    away = y[held] - y[held].mean()
    return 1 - np.sum((y[held] - mean - x[held] @ w)**2) / np.sum(away**2), np.nan, 0


def tail(sigma):
    """Clauset, Shalizi and Newman 2009, as written down there."""
    if len(sigma) < 50:
        return np.nan, np.nan, np.nan
    z, best = np.sort(sigma**2), None
    for xmin in np.unique(z)[:-1]:
        t = z[z >= xmin]
        alpha = 1 + len(t) / np.sum(np.log(t / xmin))
        d = np.max(np.abs(1 - (xmin / t)**(alpha - 1) - np.arange(len(t)) / len(t)))
        if best is None or d < best[0]:
            best = d, alpha, (alpha - 1) / np.sqrt(len(t)), xmin
    return best[1:]


def spectrum(w):
    w = w.reshape(-1, w.shape[-1])
    s = np.linalg.svd(w, compute_uv=False)
    p, n, m = s / s.sum(), max(w.shape), min(w.shape)
    band = w.var() * (1 + np.array([-1, 1]) * np.sqrt(m / n))**2
    facts = [np.sum(s**2) / s[0]**2, np.exp(-np.sum(p * np.log(p))), np.linalg.matrix_rank(w), w.var(), n / m, *band,
             np.sum(s**2 / n > band[1]), *tail(s)]
    return {"singular_values": s, "spectrum": facts}


NETS = [
    ("dense", ["dense 12 relu", "dense 9 tanh", "dense 4 softmax"], 20, 90, 4, 0),
    ("conv", ["reshape 8x8x1", "conv2d 6 3 activation=relu", "max_pooling2d 2", "flatten", "dense 5 relu",
              "dense 3 softmax"], 64, 60, 3, 0),
    ("binary", ["dense 60 relu", "dense 1 sigmoid"], 70, 80, 2, 0),
    ("lstm", ["reshape 4x2", "lstm 3", "dense 1"], 8, 50, 0, 0),
]
lines = ["#include <math.h>", ""]
for arguments in NETS:
    net = Net(*arguments)
    then, now = net.outputs(net.then), net.outputs(net.now)
    hidden = {"dense": 2, "conv": 2, "binary": 1, "lstm": 2}[net.name]  # its place in outputs
    values = pca(now[hidden], net.y, net.classes)
    values["cka"] = [[cka(a, b) for b in now] for a in now]
    values["moments"] = [cka(a, b) for a, b in zip(now[1:], then[1:])]
    judged = [probe(x, net.y, net.classes) for x in now]
    values["probe"], values["log_loss"] = [j[0] for j in judged], [j[1] for j in judged]
    values["chance"] = [judged[0][2]]
    values.update(spectrum(net.now[net.spectrum]))
    if net.name == "lstm":  # the recurrent kernel stands beside it
        both = [spectrum(w) for w in net.now[:2]]
        values["matrices"] = [[m["singular_values"][0], m["spectrum"][0]] for m in both]
    for key, value in values.items():
        value = np.asarray(value, float)
        lines.append(f"static const double {net.name}_{key}[{value.size}] = {array(value.ravel())};")
write("inside_geometry.h", "ORACLE_INSIDE_GEOMETRY_H", lines)
