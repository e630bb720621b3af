"""What the formulas of all families share: options, activations, and the engine's own numbers."""
import numpy as np
import torch

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
