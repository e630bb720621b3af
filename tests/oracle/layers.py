#!/usr/bin/env python3
"""Makes fixtures/layers.txt: forward and gradients of every case of layer_cases.txt, in double, by PyTorch's
autograd over Keras' formulas, and dropout's masks by a NumPy Philox of its own.

    /usr/bin/python3 tests/oracle/layers.py

For every case the loss is sum(y * dy) with a random dy. Arrays are written with 17 digits:

    case LINE-OF-THE-CASE
    NAME COUNT value value ...     (input, weights by Keras' names, output, dy, dx, d/WEIGHT)
"""
import os
import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)
M64 = (1 << 64) - 1


# --- the engine's counter-based numbers, written again ----------------------------------------------------

def philox(key, high, low):
    """Philox4x32-10 (Salmon and others 2011)."""
    k = [key & 0xFFFFFFFF, key >> 32]
    c = [low & 0xFFFFFFFF, low >> 32, high & 0xFFFFFFFF, high >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


def stream(seed, purpose, a, b):
    key = mix((seed + 0x9E3779B97F4A7C15 * purpose) & M64)
    high = mix(mix((a + 0x632BE59BD9B4E019) & M64) ^ ((b + 0x9E3779B97F4A7C15) & M64))
    return lambda position: philox(key, high, position >> 2)[position & 3]


DROPOUT = 5  # StStream


# --- Keras' formulas ------------------------------------------------------------------------------------------

def activation(call, z):
    name, *numbers = call.split(":")
    p = [float(n) for n in numbers]
    if name == "linear":
        return z
    if name == "relu":
        return torch.clamp(z, min=0)
    if name == "leaky_relu":
        return torch.where(z > 0, z, (p[0] if p else 0.2) * z)
    if name == "elu":
        return torch.where(z > 0, z, (p[0] if p else 1.0) * torch.expm1(torch.clamp(z, max=0)))
    if name == "selu":
        alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
        return scale * torch.where(z > 0, z, alpha * torch.expm1(torch.clamp(z, max=0)))
    if name == "gelu":
        return 0.5 * z * (1 + torch.erf(z / np.sqrt(2.0)))
    if name == "silu":
        return z * torch.sigmoid(z)
    if name == "tanh":
        return torch.tanh(z)
    if name == "sigmoid":
        return torch.sigmoid(z)
    if name == "softplus":
        return torch.logaddexp(z, torch.zeros_like(z))
    if name == "softmax":
        return torch.softmax(z, -1)
    raise SystemExit(f"unknown activation {name}")


def options(words, places):
    values, place = {}, 0
    for word in words:
        if "=" in word:
            name, value = word.split("=", 1)
            values[name] = value
        else:
            values[places[place]] = word
            place += 1
    return values


class Dense:
    def __init__(self, words, shape, rng):
        o = options(words, ["units", "activation"])
        self.call = o.get("activation", "linear")
        units = int(o["units"])
        self.weights = {"kernel": torch.tensor(rng.normal(size=(shape[-1], units)) / np.sqrt(shape[-1]))}
        if o.get("use_bias", "yes") == "yes":
            self.weights["bias"] = torch.tensor(rng.normal(size=units))

    def __call__(self, x, mode):
        z = x @ self.weights["kernel"]
        if "bias" in self.weights:
            z = z + self.weights["bias"]
        return activation(self.call, z)


class Activation:
    def __init__(self, words, shape, rng):
        self.call, self.weights = words[0], {}

    def __call__(self, x, mode):
        return activation(self.call, x)


class Dropout:
    def __init__(self, words, shape, rng):
        self.rate, self.weights = float(options(words, ["rate"])["rate"]), {}

    def __call__(self, x, mode):
        if mode == "infer":
            return x
        seed, step = (int(n) for n in mode.split(":")[1:])
        number = stream(seed, DROPOUT, 0, step)  # layer 0, rows from 0
        mask = [number(i) >= int(self.rate * 2**32) for i in range(x.numel())]
        return x * torch.tensor(mask, dtype=torch.float64).reshape(x.shape) / (1 - self.rate)


class Flatten:
    def __init__(self, words, shape, rng):
        self.weights = {}

    def __call__(self, x, mode):
        return x.reshape(x.shape[0], -1)


KINDS = {"dense": Dense, "activation": Activation, "dropout": Dropout, "flatten": Flatten}


def write(out, name, tensor):
    values = tensor.detach().numpy().ravel()
    out.write(f"{name} {values.size}" + "".join(" %.17g" % v for v in values) + "\n")


def main():
    with open(os.path.join(HERE, "layer_cases.txt")) as f:
        cases = [" ".join(line.split()) for line in f if line.strip() and not line.startswith("#")]
    with open(os.path.join(HERE, "fixtures", "layers.txt"), "w") as out:
        out.write("# Made by tests/oracle/layers.py\n")
        for index, case in enumerate(cases):
            rows, mode, shape, kind, *words = case.split()
            shape = [int(n) for n in shape.split("x")]
            rng = np.random.default_rng(index)
            layer = KINDS[kind](words, shape, rng)
            # Rounded to float, so that float and double begin with the same numbers.
            single = lambda t: t.to(torch.float32).to(torch.float64)
            x = single(torch.tensor(rng.normal(size=[int(rows)] + shape) * 2)).requires_grad_()
            for name in layer.weights:
                layer.weights[name] = single(layer.weights[name]).requires_grad_()
            y = layer(x, mode)
            dy = single(torch.tensor(rng.normal(size=tuple(y.shape))))
            (y * dy).sum().backward()
            out.write(f"case {case}\n")
            write(out, "input", x)
            for name, w in layer.weights.items():
                write(out, name, w)
            write(out, "output", y)
            write(out, "dy", dy)
            write(out, "dx", x.grad)
            for name, w in layer.weights.items():
                write(out, "d/" + name, w.grad)


main()
