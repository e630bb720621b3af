"""Fixtures for tests/unit/test_loss.c: losses.h. Keras 3's formulas in double, gradients by autograd."""
import numpy as np
import torch

from fixture import Noise, array, integers, write

EPSILON = 1e-7
torch.set_default_dtype(torch.float64)


def clip(p):
    return torch.clamp(p, EPSILON, 1 - EPSILON)


def smooth(t, o, evenly):
    share = o.get("label_smoothing", 0)
    return t * (1 - share) + share * evenly


def logits(o):
    return o.get("from_logits") == "yes"


def sparse(y, t, o):
    """Per position; what is ignored is NaN here, and left out of the mean."""
    kept = t != o["ignore_class"] if "ignore_class" in o else torch.ones(t.shape, dtype=bool)
    hot = smooth(onehot(torch.where(kept, t, 0), y.shape[-1]), o, 1 / y.shape[-1])
    logp = torch.log_softmax(y, -1) if logits(o) else torch.log(clip(y))
    return torch.where(kept, -(hot * logp).sum(-1), torch.nan)


def categorical(y, t, o):
    t = smooth(t, o, 1 / y.shape[-1])
    if logits(o):
        return -(t * torch.log_softmax(y, -1)).sum(-1)
    return -(t * torch.log(clip(y / y.sum(-1, keepdim=True)))).sum(-1)


def binary(y, t, o):
    t = smooth(t, o, 0.5)
    if logits(o):
        value = torch.nn.functional.binary_cross_entropy_with_logits(y, t, reduction="none")
    else:
        p = clip(y)
        value = -(t * torch.log(p) + (1 - t) * torch.log(1 - p))
    return value.mean(-1)


def categorical_focal(y, t, o):
    t = smooth(t, o, 1 / y.shape[-1])
    if logits(o):
        y = torch.softmax(y, -1)
    q = clip(y / y.sum(-1, keepdim=True))
    alpha = torch.tensor([float(a) for a in str(o.get("alpha", 0.25)).split(",")])
    return (alpha * (1 - q) ** o.get("gamma", 2.0) * -t * torch.log(q)).sum(-1)


def binary_focal(y, t, o):
    t = smooth(t, o, 0.5)
    if logits(o):
        y = torch.sigmoid(y)
    p = clip(y)
    value = -(t * torch.log(p) + (1 - t) * torch.log(1 - p))
    value = (1 - (t * y + (1 - t) * (1 - y))) ** o.get("gamma", 2.0) * value
    if o.get("apply_class_balancing") == "yes":
        alpha = o.get("alpha", 0.25)
        value = (t * alpha + (1 - t) * (1 - alpha)) * value
    return value.mean(-1)


def squared(y, t, _):
    return ((y - t) ** 2).mean(-1)


def absolute(y, t, _):
    return (y - t).abs().mean(-1)


def percentage(y, t, _):
    return 100 * ((t - y) / torch.clamp(t.abs(), min=EPSILON)).abs().mean(-1)


def logarithmic(y, t, _):
    return ((torch.log(torch.clamp(y, min=EPSILON) + 1) - torch.log(torch.clamp(t, min=EPSILON) + 1)) ** 2).mean(-1)


def huber(y, t, o):
    size, delta = (y - t).abs(), o.get("delta", 1.0)
    return torch.where(size <= delta, 0.5 * size**2, delta * size - 0.5 * delta**2).mean(-1)


def log_cosh(y, t, _):
    x = y - t
    return (x + torch.nn.functional.softplus(-2 * x, threshold=800) - np.log(2)).mean(-1)


def signs(t):
    return 2 * t - 1 if bool(((t == 0) | (t == 1)).all()) else t


def hinge(y, t, _):
    return torch.relu(1 - signs(t) * y).mean(-1)


def squared_hinge(y, t, _):
    return (torch.relu(1 - signs(t) * y) ** 2).mean(-1)


def categorical_hinge(y, t, _):
    return torch.relu(torch.amax((1 - t) * y, -1) - (t * y).sum(-1) + 1)


def divergence(y, t, _):
    t, y = torch.clamp(t, EPSILON, 1), torch.clamp(y, EPSILON, 1)
    return (t * torch.log(t / y)).sum(-1)


def poisson(y, t, _):
    return (y - t * torch.log(y + EPSILON)).mean(-1)


def cosine(y, t, _):
    unit = lambda x: x / torch.sqrt(torch.clamp((x * x).sum(-1, keepdim=True), min=EPSILON**2))
    return -(unit(y) * unit(t)).sum(-1)


FORMULAS = {
    "sparse_categorical_crossentropy": sparse,
    "categorical_crossentropy": categorical,
    "binary_crossentropy": binary,
    "categorical_focal_crossentropy": categorical_focal,
    "binary_focal_crossentropy": binary_focal,
    "mean_squared_error": squared,
    "mean_absolute_error": absolute,
    "mean_absolute_percentage_error": percentage,
    "mean_squared_logarithmic_error": logarithmic,
    "huber": huber,
    "log_cosh": log_cosh,
    "hinge": hinge,
    "squared_hinge": squared_hinge,
    "categorical_hinge": categorical_hinge,
    "kl_divergence": divergence,
    "poisson": poisson,
    "cosine_similarity": cosine,
}
SHORT = {"mse": "mean_squared_error", "MAE": "mean_absolute_error", "bce": "binary_crossentropy",
         "logcosh": "log_cosh", "kld": "kl_divergence", "MAPE": "mean_absolute_percentage_error"}


def value_of(name, y, t, o, weights=None, mask=None):
    """Keras' reduction: the weighted sum over the number of positions that count."""
    values = FORMULAS[SHORT.get(name, name)](y, t, o)
    kept = ~torch.isnan(values.detach())
    if mask is not None:
        kept = kept & (mask != 0)
    if weights is not None:
        values = values * weights
    return torch.where(kept, values, 0.0).sum() / max(1, int(kept.sum()))


def noise(seed, *shape, scale=1.0):
    count = 1
    for extent in shape:
        count *= extent
    return torch.tensor(Noise(seed).take(count)).reshape(shape) * scale


def labels(seed, width, *shape):
    return ((noise(seed, *shape) + 0.5) * width).long()


def onehot(t, width):
    return torch.nn.functional.one_hot(t, width).double()


def exactly(t):
    """What a float holds, so that both precisions are given the same."""
    return t.float().double()


def cases():
    z = exactly(noise(1, 5, 1, 7, scale=8))
    large = exactly(noise(2, 4, 1, 3, scale=4000))
    steps = exactly(noise(3, 3, 4, 6, scale=6))
    few = exactly(noise(4, 6, 1, 1, scale=20))
    many = exactly(noise(5, 3, 1, 19, scale=40))
    p = exactly(torch.softmax(z, -1))
    loose = exactly(torch.sigmoid(z) + 0.01)  # does not add up to 1
    edge = exactly(torch.tensor([[[0.0, 1.0, 0.0]], [[1e-9, 0.5, 0.5]], [[0.25, 0.5, 0.25]]]))
    sure = exactly(torch.tensor([[[0.0]], [[1.0]], [[0.0]], [[1.0]], [[0.25]], [[1e-9]]]))
    soft = exactly(torch.softmax(noise(6, 5, 1, 7, scale=3), -1))
    t = labels(7, 7, 5, 1)
    yes = (noise(8, 6, 1, 1) > 0).double()
    flat = noise(9, 4, 1, 5, scale=3)
    near = noise(10, 4, 1, 5, scale=3)
    s = "sparse_categorical_crossentropy"
    c = "categorical_crossentropy"
    b = "binary_crossentropy"
    yes_logits = {"from_logits": "yes"}
    smoothed = lambda share, **more: {"label_smoothing": share, **more}
    yield s, yes_logits, z, t
    yield s, yes_logits, large, labels(11, 3, 4, 1)
    yield s, yes_logits, steps, labels(12, 6, 3, 4)
    yield s, smoothed(0.1, **yes_logits), steps, labels(12, 6, 3, 4)
    yield s, {"ignore_class": 2, **yes_logits}, steps, labels(12, 6, 3, 4)
    yield s, smoothed(0.3, ignore_class=-1, **yes_logits), z, torch.where(t > 4, -1, t)
    yield s, {"ignore_class": 0, **yes_logits}, z, t * 0  # nothing is left
    yield s, {}, p, t
    yield s, smoothed(0.2), loose, t
    yield s, smoothed(0.2), edge, torch.tensor([[0], [0], [2]])
    yield s, {"ignore_class": 255}, loose, torch.where(t > 4, 255, t)
    yield s, {}, edge, torch.tensor([[0], [0], [2]])
    yield s, {}, edge, torch.tensor([[1], [1], [0]])
    yield c, yes_logits, z, onehot(t, 7)
    yield c, smoothed(0.1, **yes_logits), z, onehot(t, 7)
    yield c, yes_logits, large, onehot(labels(13, 3, 4, 1), 3)
    yield c, yes_logits, z, soft
    yield c, smoothed(0.2, **yes_logits), steps, onehot(labels(14, 6, 3, 4), 6)
    yield c, {}, p, onehot(t, 7)
    yield c, smoothed(0.1), loose, onehot(t, 7)
    yield c, smoothed(0.1), edge, onehot(torch.tensor([[0], [0], [2]]), 3)
    yield b, yes_logits, few, yes
    yield b, smoothed(0.2, **yes_logits), few, yes
    yield b, yes_logits, many, (noise(15, 3, 1, 19) > 0).double()
    yield b, yes_logits, large, onehot(labels(16, 3, 4, 1), 3)
    yield b, {}, exactly(torch.sigmoid(few / 4)), yes
    yield "bce", smoothed(0.1), exactly(torch.sigmoid(many / 8)), (noise(17, 3, 1, 19) > 0).double()
    yield b, {}, sure, torch.tensor([0.0, 0, 1, 1, 1, 1]).reshape(6, 1, 1)
    f = "categorical_focal_crossentropy"
    yield f, {}, p, onehot(t, 7)
    yield f, {"gamma": 1.5, "alpha": "0.1,0.2,0.3,0.4,0.5,0.6,0.7"}, loose, onehot(t, 7)
    yield f, smoothed(0.1, gamma=0, alpha=1), loose, onehot(t, 7)
    yield f, smoothed(0.1), edge, onehot(torch.tensor([[0], [0], [2]]), 3)
    yield f, smoothed(0.2, gamma=3, **yes_logits), exactly(steps / 2), onehot(labels(14, 6, 3, 4), 6)
    yield f, {"gamma": 1, **yes_logits}, exactly(z / 2), soft
    f = "binary_focal_crossentropy"
    gentle = exactly(many / 8)
    bits = (noise(21, 3, 1, 19) > 0).double()
    yield f, {}, exactly(torch.sigmoid(few / 4)), yes
    yield f, {"apply_class_balancing": "yes", "alpha": 0.7}, exactly(torch.sigmoid(gentle)), bits
    yield f, {"gamma": 0}, exactly(torch.sigmoid(gentle)), bits
    yield f, smoothed(0.1, gamma=2.5), exactly(torch.sigmoid(gentle)), bits
    yield f, smoothed(0.3, gamma=1.5, apply_class_balancing="yes", **yes_logits), gentle, bits
    yield f, smoothed(0.1), sure, torch.tensor([0.0, 0, 1, 1, 1, 1]).reshape(6, 1, 1)
    yield "mean_squared_error", {}, flat, near
    yield "mse", {}, exactly(many), noise(18, 3, 1, 19)
    yield "mean_squared_error", {}, steps, noise(19, 3, 4, 6)
    yield "mean_absolute_error", {}, flat, near
    yield "MAE", {}, flat, torch.where(near > 0, flat, near)  # no difference, no slope
    e = "mean_absolute_percentage_error"
    yield e, {}, flat, exactly(near + torch.sign(near))
    yield "MAPE", {}, steps, exactly(torch.where(noise(22, 3, 4, 6) > 0.3, 0.0, 1.0) * noise(23, 3, 4, 6) + 2)
    yield e, {}, exactly(1e-7 * flat), torch.zeros(4, 1, 5)  # targets of 0 are taken for 1e-7
    e = "mean_squared_logarithmic_error"
    yield e, {}, exactly(flat.abs() + 0.1), exactly(near.abs())
    yield e, {}, steps, exactly(noise(24, 3, 4, 6, scale=4))  # values below 0 on both sides
    yield "huber", {}, flat, near
    yield "huber", {"delta": 0.25}, steps, noise(25, 3, 4, 6)
    yield "log_cosh", {}, flat, near
    yield "logcosh", {}, exactly(near + noise(26, 4, 1, 5, scale=0.01)), near  # small differences
    yield "log_cosh", {}, large, noise(27, 4, 1, 3)
    for h in "hinge", "squared_hinge":
        yield h, {}, flat, torch.sign(near)
        yield h, {}, many / 8, bits
        yield h, {}, flat, near  # any number
    yield "categorical_hinge", {}, z, onehot(t, 7)
    yield "categorical_hinge", {}, steps, onehot(labels(28, 6, 3, 4), 6)
    yield "categorical_hinge", {}, torch.relu(steps), onehot(labels(29, 6, 3, 4), 6)  # rivals that are equal
    yield "kl_divergence", {}, p, soft
    yield "kl_divergence", {}, loose, onehot(t, 7)
    yield "kld", {}, exactly(2 * noise(30, 3, 4, 6) + 0.5), exactly(noise(31, 3, 4, 6) + 0.5)
    yield "poisson", {}, exactly(flat.abs() + 0.1), torch.floor(near.abs() * 3)
    yield "cosine_similarity", {}, flat, near
    yield "cosine_similarity", {"axis": -1}, steps, noise(32, 3, 4, 6)
    yield "cosine_similarity", {}, flat * (near[..., :1] > 0), near * (flat[..., :1] > 0)  # vectors of zeros


def weighted(o, t, count):
    """Weights, repeated here and there, and a mask for the positions of a case."""
    weights = exactly(torch.round(noise(40, count, scale=6).abs()) / 2 + 0.5)
    mask = (noise(41, count) > -0.2).double()
    return weights, mask


def main():
    lines = [
        "typedef struct LossCase {",
        "    const char *words;",
        "    bool logits, clips; /* clips: an output is 0 or 1, or nearly */",
        "    int rows, positions, width;",
        "    double y[80], targets[80];",
        "    int labels[16];",
        "    double value, dy[80];     /* the mean over the batch, and its gradient by y */",
        "    double weights[16], mask[16]; /* [rows, positions], not all of them of the others */",
        "    double weighted, weighted_dy[80]; /* the same with weights and mask */",
        "    double p[80];             /* what y becomes where the loss is fused: probabilities */",
        "} LossCase;",
        "",
        "static const LossCase loss_cases[] = {",
    ]
    for name, o, y, t in cases():
        y = exactly(y).clone().requires_grad_(True)
        t = t if t.dtype == torch.int64 else exactly(t)
        count = y.shape[0] * y.shape[1]
        weights, mask = weighted(o, t, count)
        shape = (y.shape[0], y.shape[1])
        value = value_of(name, y, t, o)
        (dy,) = torch.autograd.grad(value, y)
        heavy = value_of(name, y, t, o, weights.reshape(shape), mask.reshape(shape))
        (heavy_dy,) = torch.autograd.grad(heavy, y)
        sigmoid = SHORT.get(name, name).startswith("binary")
        probabilities = torch.sigmoid(y) if sigmoid else torch.softmax(y, -1)
        words = " ".join([name, *(f"{k}={v}" for k, v in o.items() if k != "from_logits")])
        clips = "crossentropy" in SHORT.get(name, name) and not logits(o) and bool((y != clip(y)).any())
        numbers = t.dtype == torch.float64
        lines += [
            f'    {{"{words}",',
            f"     {str(logits(o)).lower()}, {str(clips).lower()}, {y.shape[0]}, {y.shape[1]}, {y.shape[2]},",
            f"     {array(y.detach().flatten())},",
            f"     {array(t.flatten()) if numbers else '{0}'},",
            f"     {'{0}' if numbers else integers(t.flatten())},",
            f"     {float(value)!r},",
            f"     {array(dy.flatten())},",
            f"     {array(weights)},",
            f"     {array(mask)},",
            f"     {float(heavy)!r},",
            f"     {array(heavy_dy.flatten())},",
            f"     {array(probabilities.detach().flatten()) if logits(o) else '{0}'}}},",
        ]
    lines.append("};")
    write("losses.h", "ORACLE_LOSSES_H", lines)


if __name__ == "__main__":
    main()
