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


def run(sizes, activate, steps, batch, make_batch, loss, optimizer, hold=lambda w: None):
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
                hidden = x = activate(x)
        value = loss(x, t, weights, hidden)
        for w in weights:
            w.grad = None
        value.backward()
        optimizer.step()
        hold(weights)
        losses.append(float(value))
    return losses, [w.detach() for w in weights]


def classes(noise, batch):
    x = tensor(noise, 4, batch, 100)
    return x, ((torch.tensor(noise.take(batch)) + 0.5) * 10).long()


def numbers(noise, batch):
    return tensor(noise, 4, batch, 5), tensor(noise, 2, batch, 2)


def crossentropy(y, t, *_):
    return torch.nn.functional.cross_entropy(y, t)


def regularised(y, t, w, _):
    return ((y - t) ** 2).mean() + 0.01 * w[0].abs().sum() + 0.02 * (w[0] ** 2).sum() + 0.03 * (w[3] ** 2).sum()


def orthogonal(w, factor):
    """Keras' OrthogonalRegularizer of the rows of w."""
    unit = w / w.norm(dim=1, keepdim=True)
    count = w.shape[0]
    product = (unit @ unit.T) * (1 - torch.eye(count))
    return factor * 0.5 * product.abs().sum() / (count * (count - 1) / 2)


def held_loss(y, t, w, hidden):
    activity = (0.02 * hidden.abs().sum() + 0.03 * (hidden**2).sum()) / len(y)
    return ((y - t) ** 2).mean() + orthogonal(w[0], 0.5) + orthogonal(w[2].T, 0.2) + activity


def scale_to(w, axis, wanted):
    norm = w.square().sum(axis, keepdim=True).sqrt()
    w.data *= wanted(norm) / (1e-7 + norm)


def hold(w):
    with torch.no_grad():
        scale_to(w[0], 0, lambda n: torch.clamp(n, 0, 1.5))
        scale_to(w[2], 1, lambda n: 0.7 * torch.clamp(n, 0.5, 0.9) + 0.3 * n)
        w[3].clamp_(min=0)


def main():
    article, weights = run([100, 64, 64, 10], torch.relu, 50, 32, classes, crossentropy, Adam)
    small, last = run([5, 7, 2], torch.tanh, 30, 9, numbers, regularised, lambda w: Momentum(w, 0.05, 0.9))
    wide = lambda noise, batch: (tensor(noise, 4, batch, 40), tensor(noise, 2, batch, 3))
    held, kept = run([40, 37, 3], torch.tanh, 30, 9, wide, held_loss, lambda w: Momentum(w, 0.05, 0.5), hold)
    write("runs.h", "ORACLE_RUNS_H", [
        f"static const double article_losses[50] = {array(article)};",
        f"static const double article_bias[10] = {array(weights[5])}; /* of the last layer, after the run */",
        f"static const double small_losses[30] = {array(small)};",
        f"static const double small_kernel[14] = {array(last[2].flatten())}; /* of the last layer */",
        f"static const double held_losses[30] = {array(held)};",
        f"static const double held_kernel[111] = {array(kept[2].flatten())}; /* of the last layer */",
        f"static const double held_bias[3] = {array(kept[3])};",
    ])


main()
