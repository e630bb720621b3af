"""Fixtures for tests/unit/test_learner.c: runs.h. Whole runs in double: PyTorch's autograd, Keras' losses,
regularizers and optimizers written out. Weights, rows and targets come from the shared generator."""
import torch

from fixture import Noise, array, write

torch.set_default_dtype(torch.float64)


def tensor(noise, scale, *shape):
    count = 1
    for extent in shape:
        count *= extent
    return torch.tensor(noise.take(count)).reshape(shape) * scale


class Adam:
    def __init__(self, weights, rate=0.001):
        self.weights, self.rate, self.t = weights, rate, 0
        self.m = [torch.zeros_like(w) for w in weights]
        self.v = [torch.zeros_like(w) for w in weights]

    def step(self):
        self.t += 1
        alpha = self.rate * (1 - 0.999**self.t) ** 0.5 / (1 - 0.9**self.t)
        for w, m, v in zip(self.weights, self.m, self.v):
            m += (w.grad - m) * (1 - 0.9)
            v += (w.grad**2 - v) * (1 - 0.999)
            w.data -= m * alpha / (v.sqrt() + 1e-7)


class Momentum:
    def __init__(self, weights, rate, momentum):
        self.weights, self.rate, self.momentum = weights, rate, momentum
        self.m = [torch.zeros_like(w) for w in weights]

    def step(self):
        for w, m in zip(self.weights, self.m):
            m *= self.momentum
            m -= self.rate * w.grad
            w.data += m


def run(sizes, activate, steps, batch, make_batch, loss, optimizer):
    noise = Noise(41)
    weights = []
    for rows, columns in zip(sizes, sizes[1:]):
        weights += [tensor(noise, 2 * (6 / (rows + columns)) ** 0.5, rows, columns), tensor(noise, 0.125, columns)]
    for w in weights:
        w.requires_grad_(True)
    optimizer = optimizer(weights)
    losses = []
    for _ in range(steps):
        x, t = make_batch(noise, batch)
        for i in range(0, len(weights), 2):
            x = x @ weights[i] + weights[i + 1]
            if i + 2 < len(weights):
                x = activate(x)
        value = loss(x, t, weights)
        for w in weights:
            w.grad = None
        value.backward()
        optimizer.step()
        losses.append(float(value))
    return losses, [w.detach() for w in weights]


def classes(noise, batch):
    x = tensor(noise, 4, batch, 100)
    return x, ((torch.tensor(noise.take(batch)) + 0.5) * 10).long()


def numbers(noise, batch):
    return tensor(noise, 4, batch, 5), tensor(noise, 2, batch, 2)


def crossentropy(y, t, _):
    return torch.nn.functional.cross_entropy(y, t)


def regularised(y, t, w):
    return ((y - t) ** 2).mean() + 0.01 * w[0].abs().sum() + 0.02 * (w[0] ** 2).sum() + 0.03 * (w[3] ** 2).sum()


def main():
    article, weights = run([100, 64, 64, 10], torch.relu, 50, 32, classes, crossentropy, Adam)
    small, last = run([5, 7, 2], torch.tanh, 30, 9, numbers, regularised, lambda w: Momentum(w, 0.05, 0.9))
    write("runs.h", "ORACLE_RUNS_H", [
        f"static const double article_losses[50] = {array(article)};",
        f"static const double article_bias[10] = {array(weights[5])}; /* of the last layer, after the run */",
        f"static const double small_losses[30] = {array(small)};",
        f"static const double small_kernel[14] = {array(last[2].flatten())}; /* of the last layer */",
    ])


main()
