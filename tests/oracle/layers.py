#!/usr/bin/env python3
"""Makes fixtures/layers/FAMILY.txt: forward and gradients of every case of layer_cases/FAMILY.txt, in double, by
PyTorch's autograd over Keras' formulas (kinds/FAMILY.py).

    /usr/bin/python3 tests/oracle/layers.py [FAMILY…]

For every case the loss is sum(y * dy) with a random dy. Arrays are written with 17 digits:

    case LINE-OF-THE-CASE
    NAME COUNT value value ...     (input, weights by Keras' names, output, dy, dx, d/WEIGHT, after/WEIGHT)

A family's KINDS names a class a kind: made of (words, shape, rng), with `weights`, a dictionary of tensors
(those in `frozen`, a set of names, have no gradient), and called with (x, mode); penalty(y), where a class has it, is
what it adds to the loss times the rows. A call may leave `after`, what a training step makes of weights that are not
trained. torch.nan in dx never is
compared: the input of a case that has no gradient is written as zeros.
"""
import importlib
import os
import sys
import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
torch.set_default_dtype(torch.float64)


def write(out, name, tensor):
    values = tensor.detach().numpy().ravel()
    out.write(f"{name} {values.size}" + "".join(" %.17g" % v for v in values) + "\n")


def single(tensor):
    """Rounded to float, so that float and double begin with the same numbers."""
    return tensor.to(torch.float32).to(torch.float64)


def write_case(out, case, index, kinds):
    rows, mode, shape, *words = case.split()
    numbers = int(words.pop(0).split("=")[1]) if words[0].startswith("words=") else 0
    shape = [int(n) for n in shape.split("x")]
    rng = np.random.default_rng(index)
    layer = kinds[words[0]](words[1:], shape, rng)
    x = rng.integers(0, numbers, [int(rows)] + shape).astype(float) if numbers else \
        rng.normal(size=[int(rows)] + shape) * 2
    x = single(torch.tensor(x)).requires_grad_()
    frozen = getattr(layer, "frozen", set())
    for name in layer.weights:
        layer.weights[name] = single(layer.weights[name]).requires_grad_(name not in frozen)
    y = layer(x, mode)
    dy = single(torch.tensor(rng.normal(size=tuple(y.shape))))
    loss = (y * dy).sum()
    if hasattr(layer, "penalty"):
        loss = loss + layer.penalty(y) / y.shape[0]
    loss.backward()
    out.write("case " + case.replace(f" words={numbers} ", " ") + "\n")
    write(out, "input", x)
    for name, w in layer.weights.items():
        write(out, name, w)
    write(out, "output", y)
    write(out, "dy", dy)
    write(out, "dx", torch.zeros_like(x) if x.grad is None else x.grad)
    for name, w in layer.weights.items():
        if name not in frozen:
            write(out, "d/" + name, w.grad)
    for name, w in getattr(layer, "after", {}).items():
        write(out, "after/" + name, w)


def write_family(family):
    kinds = importlib.import_module("kinds." + family).KINDS
    with open(os.path.join(HERE, "layer_cases", family + ".txt")) as f:
        cases = [" ".join(line.split()) for line in f if line.strip() and not line.startswith("#")]
    with open(os.path.join(HERE, "fixtures", "layers", family + ".txt"), "w") as out:
        out.write("# Made by tests/oracle/layers.py\n")
        for index, case in enumerate(cases):
            write_case(out, case, index, kinds)


for name in sys.argv[1:] or sorted(f[:-4] for f in os.listdir(os.path.join(HERE, "layer_cases")) if f.endswith(".txt")):
    write_family(name)
