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

def keras_relu(z, negative_slope=0.0, max_value=None, threshold=0.0):
    above = torch.where(z > threshold, z, torch.zeros_like(z))
    if max_value is not None:
        above = torch.clamp(above, 0, max_value)
    return above - negative_slope * torch.relu(threshold - z)


def sparsemax(z):
    """Martins and Astudillo 2016, over the last axis."""
    ordered, _ = torch.sort(z, dim=-1, descending=True)
    total = torch.cumsum(ordered, -1)
    rank = torch.arange(1, z.shape[-1] + 1, dtype=torch.float64)
    count = (1 + rank * ordered > total).sum(-1, keepdim=True)
    return torch.relu(z - (torch.gather(total, -1, count - 1) - 1) / count)


def hard_sigmoid(z):
    return torch.clamp(z / 6 + 0.5, 0, 1)


def softplus(z):
    return torch.logaddexp(z, torch.zeros_like(z))


SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
ELU = lambda z, alpha=1.0: torch.where(z > 0, z, alpha * torch.expm1(torch.clamp(z, max=0)))
SILU = lambda z: z * torch.sigmoid(z)
HARD_SILU = lambda z: z * hard_sigmoid(z)

ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": keras_relu,
    "leaky_relu": lambda z, slope=0.2: torch.where(z > 0, z, slope * z),
    "relu6": lambda z: torch.clamp(z, 0, 6),
    "elu": ELU,
    "celu": lambda z, alpha=1.0: torch.where(z > 0, z, alpha * torch.expm1(torch.clamp(z, max=0) / alpha)),
    "selu": lambda z: SELU_SCALE * ELU(z, SELU_ALPHA),
    "gelu": lambda z: 0.5 * z * torch.erfc(-z / np.sqrt(2.0)),
    "gelu_tanh": lambda z: 0.5 * z * (1 + torch.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "silu": SILU,
    "swish": SILU,
    "mish": lambda z: z * torch.tanh(softplus(z)),
    "tanh": torch.tanh,
    "tanh_shrink": lambda z: z - torch.tanh(z),
    "sigmoid": torch.sigmoid,
    "log_sigmoid": lambda z: -softplus(-z),
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": HARD_SILU,
    "hard_swish": HARD_SILU,
    "hard_tanh": lambda z: torch.clamp(z, -1, 1),
    "hard_shrink": lambda z, t=0.5: torch.where(z.abs() > t, z, torch.zeros_like(z)),
    "soft_shrink": lambda z, t=0.5: torch.where(z > t, z - t, torch.where(z < -t, z + t, torch.zeros_like(z))),
    "threshold": lambda z, t=0.0, value=0.0: torch.where(z > t, z, torch.full_like(z, value)),
    "softplus": softplus,
    "softsign": lambda z: z / (1 + z.abs()),
    "squareplus": lambda z, b=4.0: (z + torch.sqrt(z**2 + b)) / 2,
    "sparse_plus": lambda z: torch.where(z <= -1, torch.zeros_like(z), torch.where(z < 1, (z + 1)**2 / 4, z)),
    "sparse_sigmoid": lambda z: torch.clamp((z + 1) / 2, 0, 1),
    "exponential": torch.exp,
    "softmax": lambda z: torch.softmax(z, -1),
    "log_softmax": lambda z: torch.log_softmax(z, -1),
    "sparsemax": sparsemax,
}


def activation(call, z):
    """f(z) for a call as the language writes it: leaky_relu:0.3."""
    name, *numbers = call.split(":")
    return ACTIVATIONS[name](z, *(number_or_none(n) for n in numbers))


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


def number_or_none(text):
    return None if text == "none" else float(text)


def l1_l2(call, y):
    """What a regularizer l1, l2 or l1_l2 adds."""
    name, *numbers = call.split(":")
    p = [float(n) for n in numbers] + [0.01] * (2 - len(numbers))
    l1, l2 = {"none": (0, 0), "l1": (p[0], 0), "l2": (0, p[0]), "l1_l2": (p[0], p[1])}[name]
    return l1 * y.abs().sum() + l2 * y.square().sum()
