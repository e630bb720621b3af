"""Fixtures for tests/unit/test_loss.c: losses.h. Keras 3's formulas in double, gradients by autograd."""
import torch

from fixture import Noise, array, integers, write

EPSILON = 1e-7
torch.set_default_dtype(torch.float64)


def clip(p):
    return torch.clamp(p, EPSILON, 1 - EPSILON)


def sparse(y, t, logits, _):
    if logits:
        return -torch.log_softmax(y, -1).gather(-1, t.unsqueeze(-1)).squeeze(-1)
    return -torch.log(clip(y)).gather(-1, t.unsqueeze(-1)).squeeze(-1)


def categorical(y, t, logits, smoothing):
    t = t * (1 - smoothing) + smoothing / y.shape[-1]
    if logits:
        return -(t * torch.log_softmax(y, -1)).sum(-1)
    return -(t * torch.log(clip(y / y.sum(-1, keepdim=True)))).sum(-1)


def binary(y, t, logits, smoothing):
    t = t * (1 - smoothing) + 0.5 * smoothing
    if logits:
        value = torch.nn.functional.binary_cross_entropy_with_logits(y, t, reduction="none")
    else:
        p = clip(y)
        value = -(t * torch.log(p) + (1 - t) * torch.log(1 - p))
    return value.mean(-1)


def squared(y, t, _, __):
    return ((y - t) ** 2).mean(-1)


def absolute(y, t, _, __):
    return (y - t).abs().mean(-1)


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
    yield s, sparse, True, 0, z, t
    yield s, sparse, True, 0, large, labels(11, 3, 4, 1)
    yield s, sparse, True, 0, steps, labels(12, 6, 3, 4)
    yield s, sparse, False, 0, p, t
    yield s, sparse, False, 0, edge, torch.tensor([[0], [0], [2]])
    yield s, sparse, False, 0, edge, torch.tensor([[1], [1], [0]])
    yield c, categorical, True, 0, z, onehot(t, 7)
    yield c, categorical, True, 0.1, z, onehot(t, 7)
    yield c, categorical, True, 0, large, onehot(labels(13, 3, 4, 1), 3)
    yield c, categorical, True, 0, z, soft
    yield c, categorical, True, 0.2, steps, onehot(labels(14, 6, 3, 4), 6)
    yield c, categorical, False, 0, p, onehot(t, 7)
    yield c, categorical, False, 0.1, loose, onehot(t, 7)
    yield c, categorical, False, 0.1, edge, onehot(torch.tensor([[0], [0], [2]]), 3)
    yield b, binary, True, 0, few, yes
    yield b, binary, True, 0.2, few, yes
    yield b, binary, True, 0, many, (noise(15, 3, 1, 19) > 0).double()
    yield b, binary, True, 0, large, onehot(labels(16, 3, 4, 1), 3)
    yield b, binary, False, 0, exactly(torch.sigmoid(few / 4)), yes
    yield b, binary, False, 0.1, exactly(torch.sigmoid(many / 8)), (noise(17, 3, 1, 19) > 0).double()
    yield b, binary, False, 0, sure, torch.tensor([0.0, 0, 1, 1, 1, 1]).reshape(6, 1, 1)
    yield "mean_squared_error", squared, False, 0, flat, near
    yield "mse", squared, False, 0, exactly(many), noise(18, 3, 1, 19)
    yield "mean_squared_error", squared, False, 0, steps, noise(19, 3, 4, 6)
    yield "mean_absolute_error", absolute, False, 0, flat, near
    yield "MAE", absolute, False, 0, flat, torch.where(near > 0, flat, near)  # no difference, no slope


def main():
    lines = [
        "typedef struct LossCase {",
        "    const char *words;",
        "    bool logits;",
        "    int rows, positions, width;",
        "    double y[80], targets[80];",
        "    int labels[16];",
        "    double value, dy[80]; /* the mean over the batch, and its gradient by y */",
        "    double p[80];         /* what y becomes where the loss is fused: probabilities */",
        "} LossCase;",
        "",
        "static const LossCase loss_cases[] = {",
    ]
    for name, formula, logits, smoothing, y, t in cases():
        y = y.clone().requires_grad_(True)
        value = formula(y, t, logits, smoothing).mean()
        value.backward()
        probabilities = torch.sigmoid(y) if name.startswith("binary") else torch.softmax(y, -1)
        words = name
        if smoothing:
            words += f" label_smoothing={smoothing}"
        numbers = t.dtype == torch.float64
        lines += [
            f'    {{"{words}",',
            f"     {str(logits).lower()}, {y.shape[0]}, {y.shape[1]}, {y.shape[2]},",
            f"     {array(y.detach().flatten())},",
            f"     {array(t.flatten()) if numbers else '{0}'},",
            f"     {'{0}' if numbers else integers(t.flatten())},",
            f"     {float(value)!r},",
            f"     {array(y.grad.flatten())},",
            f"     {array(probabilities.detach().flatten()) if logits else '{0}'}}},",
        ]
    lines.append("};")
    write("losses.h", "ORACLE_LOSSES_H", lines)


main()
