"""Fixtures for tests/unit/test_calls.c: calls.h. Activations by Keras' formulas in 60 digits (mpmath), value and
slope, out to where naive formulas lose their digits; regularizers and constraints in double by PyTorch."""
import math

import mpmath as mp
import numpy as np
import torch

from fixture import Noise, array, write

torch.set_default_dtype(torch.float64)
mp.mp.dps = 60

# Exact in float, apart from every kink of every activation below.
POINTS = [-1e30, -3000.5, -90.25, -40.125, -20.5, -12.0625, -8.125, -5.5, -3.25, -2.625, -1.375, -0.8125, -0.375,
          -0.0625, -0.0009765625, 0.0009765625, 0.0625, 0.375, 0.8125, 1.375, 2.625, 3.25, 5.5, 8.125, 12.0625, 20.5,
          40.125, 75.25, 3000.5, 1e30]
SELU = (mp.mpf("1.6732632423543772848170429916717"), mp.mpf("1.0507009873554804934193349852946"))


def clip(x, low, high):
    return min(max(x, low), high)


def sigmoid(x):
    return 1 / (1 + mp.exp(-x)) if x > 0 else mp.exp(x) / (1 + mp.exp(x))


def softplus(x):
    return mp.log1p(mp.exp(-abs(x))) + max(x, 0)


def elu(x, alpha):
    return x if x > 0 else alpha * mp.expm1(x)


def relu(x, slope=0, most=mp.inf, threshold=0):
    return clip(x, 0, most) if x > threshold else slope * (x - threshold)


ROOT = mp.sqrt(2 / mp.pi)
FUNCTIONS = {
    "linear": lambda x: x,
    "relu": relu,
    "relu:0.25:2:0.5": lambda x: relu(x, 0.25, 2, 0.5),
    "leaky_relu": lambda x: x if x > 0 else mp.mpf(float(0.2)) * x,
    "relu6": lambda x: clip(x, 0, 6),
    "elu:0.5": lambda x: elu(x, mp.mpf(0.5)),
    "celu:0.5": lambda x: x if x > 0 else mp.expm1(2 * x) / 2,
    "selu": lambda x: SELU[1] * elu(x, SELU[0]),
    "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x * sigmoid(2 * ROOT * (x + mp.mpf("0.044715") * x**3)),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "tanh": mp.tanh,
    "tanh_shrink": lambda x: x - mp.tanh(x),
    "sigmoid": sigmoid,
    "log_sigmoid": lambda x: -softplus(-x),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "squareplus": lambda x: (x + mp.sqrt(x * x + 4)) / 2,
    "exponential": mp.exp,
    "hard_sigmoid": lambda x: clip(x / 6 + mp.mpf(0.5), 0, 1),
    "hard_silu": lambda x: x * clip(x / 6 + mp.mpf(0.5), 0, 1),
    "hard_tanh": lambda x: clip(x, -1, 1),
    "hard_shrink": lambda x: x if abs(x) > 0.5 else mp.mpf(0),
    "soft_shrink": lambda x: x - clip(x, -0.5, 0.5),
    "threshold:1:2": lambda x: x if x > 1 else mp.mpf(2),
    "sparse_plus": lambda x: mp.mpf(0) if x <= -1 else (x + 1)**2 / 4 if x < 1 else x,
    "sparse_sigmoid": lambda x: clip((x + 1) / 2, 0, 1),
}


def slope(f, x):
    """By a central difference in enough digits for it to be exact."""
    with mp.workdps(200):
        h = mp.mpf(10) ** -60
        return (f(x + h) - f(x - h)) / (2 * h)


def number(value):
    return "%.17g" % float(value) if abs(value) > mp.mpf("1e-300") and abs(value) < mp.mpf("1e300") else \
        ("INFINITY" if value > 1 else "0")


def activations(lines):
    lines.append(f"enum {{ ORACLE_POINTS = {len(POINTS)} }};")
    lines.append(f"static const double oracle_points[ORACLE_POINTS] = {array(POINTS)};")
    lines.append("static const struct {\n    const char *call;\n    double value[ORACLE_POINTS], slope[ORACLE_POINTS];\n"
                 "} oracle_activations[] = {")
    for call, f in FUNCTIONS.items():
        with mp.workdps(200):
            values = [number(f(mp.mpf(x))) for x in POINTS]
            slopes = [number(slope(f, mp.mpf(x))) for x in POINTS]
        lines.append(f'    {{"{call}", {{{", ".join(values)}}},\n     {{{", ".join(slopes)}}}}},')
    lines.append("};")


def orthogonal(w, factor, by_rows):
    w = w if by_rows else w.T
    unit = w / torch.clamp(w.norm(dim=1, keepdim=True), min=1e-7)
    count = w.shape[0]
    product = (unit @ unit.T) * (1 - torch.eye(count))
    return factor * 0.5 * product.abs().sum() / (count * (count - 1) / 2)


WEIGHTS = [(5, 3), (3, 5), (40, 33), (2, 70), (70, 2)]
REGULARIZERS = {
    "l1:0.5": lambda w: 0.5 * w.abs().sum(),
    "l2:0.25": lambda w: 0.25 * (w**2).sum(),
    "l1_l2:0.5:0.25": lambda w: 0.5 * w.abs().sum() + 0.25 * (w**2).sum(),
    "orthogonal_regularizer": lambda w: orthogonal(w, 0.01, True),
    "orthogonal_regularizer:0.5:columns": lambda w: orthogonal(w, 0.5, False),
    "orthogonal:0.5": lambda w: orthogonal(w, 0.5, True),
}


def norm_to(w, axis, wanted):
    norm = np.sqrt((w**2).sum(axis=axis, keepdims=True))
    return w * (wanted(norm) / (1e-7 + norm))


CONSTRAINTS = {
    "none": lambda w: w,
    "non_neg": lambda w: np.maximum(w, 0),
    "unit_norm": lambda w: norm_to(w, 0, lambda n: 1),
    "unit_norm:-1": lambda w: norm_to(w, -1, lambda n: 1),
    "max_norm": lambda w: norm_to(w, 0, lambda n: np.clip(n, 0, 2)),
    "max_norm:0.5": lambda w: norm_to(w, 0, lambda n: np.clip(n, 0, 0.5)),
    "max_norm:0.5:1": lambda w: norm_to(w, 1, lambda n: np.clip(n, 0, 0.5)),
    "max_norm:0.9:0,1": lambda w: norm_to(w, (0, 1), lambda n: np.clip(n, 0, 0.9)),
    "max_norm:0.9:-2,-1": lambda w: norm_to(w, (-2, -1), lambda n: np.clip(n, 0, 0.9)),
    "min_max_norm": lambda w: norm_to(w, 0, lambda n: np.clip(n, 0, 1)),
    "min_max_norm:0.7:0.9:0.5:1": lambda w: norm_to(w, 1, lambda n: 0.5 * np.clip(n, 0.7, 0.9) + 0.5 * n),
}
CUBE = {
    "max_norm:0.5:0,1,2": lambda w: norm_to(w, (0, 1, 2), lambda n: np.clip(n, 0, 0.5)),
    "max_norm:0.5:1": lambda w: norm_to(w, 1, lambda n: np.clip(n, 0, 0.5)),
    "unit_norm:0,3": lambda w: norm_to(w, (0, 3), lambda n: 1),
    "unit_norm:0,2": lambda w: norm_to(w, (0, 2), lambda n: 1),
}


def whole(lines):
    """w comes from the shared generator, seed 7, scaled by 2; sums tell results apart: the value (of a constraint 0),
    and what of the gradient (of the constrained weight) times a second draw adds up to."""
    lines.append("static const struct {\n    const char *call, *shape;\n    double value, sum, squares;\n} oracle_whole[] = {")
    rows = [(call, f, shape, True) for call, f in REGULARIZERS.items() for shape in WEIGHTS]
    rows += [(call, f, shape, False) for call, f in CONSTRAINTS.items() for shape in WEIGHTS]
    rows += [(call, f, (2, 3, 4, 5), False) for call, f in CUBE.items()]
    for call, f, shape, regularizer in rows:
        noise = Noise(7)
        count = math.prod(shape)
        w = np.array(noise.take(count)).reshape(shape) * 2
        other = np.array(noise.take(count)).reshape(shape)
        value = 0.0
        if regularizer:
            t = torch.tensor(w, requires_grad=True)
            value = f(t)
            value.backward()
            result = t.grad.numpy()
        else:
            result = f(w)
        text = "x".join(str(n) for n in shape)
        lines.append(f'    {{"{call}", "{text}", {float(value)!r}, {float((result * other).sum())!r}, '
                     f'{float((result**2).sum())!r}}},')
    lines.append("};")


lines = []
activations(lines)
whole(lines)
write("calls.h", "ORACLE_CALLS_H", lines)
