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


class RmsProp:
    def __init__(self, weights, rate=0.001, rho=0.9):
        self.weights, self.rate, self.rho = weights, rate, rho
        self.v = [torch.zeros_like(w) for w in weights]

    def step(self):
        for w, v in zip(self.weights, self.v):
            v *= self.rho
            v += (1 - self.rho) * w.grad**2
            w.data -= self.rate * w.grad / (v + 1e-7).sqrt()


def first_weights(shapes):
    """As fill_weights of test_learner.c: a shape, or (shape, what is added to it)."""
    noise, weights = Noise(41), []
    for shape in shapes:
        shape, middle = shape if isinstance(shape[0], tuple) else (shape, 0)
        scale = 0.125
        if len(shape) > 1:
            field = 1
            for extent in shape[:-2]:
                field *= extent
            scale = 2 * (6 / (field * (shape[-2] + shape[-1]))) ** 0.5
        weights.append((tensor(noise, scale, *shape) + middle).requires_grad_(True))
    return noise, weights


def network_run(shapes, forward, inputs, rows, labels, optimizer):
    """50 steps of a network that is a function of (x, weights) and ends in the logits of so many classes."""
    noise, weights = first_weights(shapes)
    optimizer, losses = optimizer(weights), []
    for _ in range(50):
        x = tensor(noise, 4, rows, *inputs)
        t = ((torch.tensor(noise.take(rows)) + 0.5) * labels).long()
        value = torch.nn.functional.cross_entropy(forward(x, weights), t)
        for w in weights:
            w.grad = None
        value.backward()
        optimizer.step()
        losses.append(float(value))
    return losses, weights[-1].detach()


def convolution(x, kernel, bias, padding):
    """x [rows, h, w, in], kernel [kh, kw, in, out]."""
    y = torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1), bias, padding=padding)
    return y.permute(0, 2, 3, 1)


def pool(x):
    return torch.nn.functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


CONV = [(3, 3, 2, 6), (6,), (3, 3, 6, 8), (8,), (48, 16), (16,), (16, 4), (4,)]


def conv(x, w):
    x = pool(torch.relu(convolution(x, w[0], w[1], 0)))
    x = pool(torch.relu(convolution(x, w[2], w[3], 1)))
    return torch.relu(x.flatten(1) @ w[4] + w[5]) @ w[6] + w[7]


LSTM = [(5, 32), (8, 32), (32,), (8, 24), (6, 24), (24,), (6, 4), (4,)]


def lstm_layer(x, kernel, recurrent, bias):
    h = c = torch.zeros(x.shape[0], recurrent.shape[0])
    outputs = []
    for t in range(x.shape[1]):
        i, f, g, o = (x[:, t] @ kernel + h @ recurrent + bias).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, 1)


def lstm(x, w):
    return lstm_layer(lstm_layer(x, *w[:3]), *w[3:6])[:, -1] @ w[6] + w[7]


NORM = [(7, 12), (12,), ((12,), 1), (12,), (12,), ((12,), 1), (3, 9), (9,), ((9,), 1), (9,), (36, 5), (5,)]


def norm(x, w):
    """Of w, 4 and 5 are the moving averages, which training does not look at."""
    x = x @ w[0] + w[1] + 0 * (w[4] + w[5])
    x = torch.tanh((x - x.mean(0)) / (x.var(0, unbiased=False) + 0.001).sqrt() * w[2] + w[3])
    x = x.reshape(-1, 4, 3) @ w[6] + w[7]
    x = (x - x.mean(2, keepdim=True)) / (x.var(2, unbiased=False, keepdim=True) + 0.001).sqrt() * w[8] + w[9]
    return x.flatten(1) @ w[10] + w[11]


def main():
    article, weights = run([100, 64, 64, 10], torch.relu, 50, 32, classes, crossentropy, Adam)
    small, last = run([5, 7, 2], torch.tanh, 30, 9, numbers, regularised, lambda w: Momentum(w, 0.05, 0.9))
    wide = lambda noise, batch: (tensor(noise, 4, batch, 40), tensor(noise, 2, batch, 3))
    held, kept = run([40, 37, 3], torch.tanh, 30, 9, wide, held_loss, lambda w: Momentum(w, 0.05, 0.5), hold)
    conv_losses, conv_bias = network_run(CONV, conv, (12, 14, 2), 34, 4, Adam)
    lstm_losses, lstm_bias = network_run(LSTM, lstm, (9, 5), 34, 4, lambda w: RmsProp(w, 0.01))
    norm_losses, norm_bias = network_run(NORM, norm, (7,), 34, 5, lambda w: Momentum(w, 0.1, 0.9))
    write("runs.h", "ORACLE_RUNS_H", [
        f"static const double article_losses[50] = {array(article)};",
        f"static const double article_bias[10] = {array(weights[5])}; /* of the last layer, after the run */",
        f"static const double conv_losses[50] = {array(conv_losses)};",
        f"static const double conv_bias[4] = {array(conv_bias)};",
        f"static const double lstm_losses[50] = {array(lstm_losses)};",
        f"static const double lstm_bias[4] = {array(lstm_bias)};",
        f"static const double norm_losses[50] = {array(norm_losses)};",
        f"static const double norm_bias[5] = {array(norm_bias)};",
        f"static const double small_losses[30] = {array(small)};",
        f"static const double small_kernel[14] = {array(last[2].flatten())}; /* of the last layer */",
        f"static const double held_losses[30] = {array(held)};",
        f"static const double held_kernel[111] = {array(kept[2].flatten())}; /* of the last layer */",
        f"static const double held_bias[3] = {array(kept[3])};",
    ])


main()
