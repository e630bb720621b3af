#!/usr/bin/env python3
"""Single units and whole stacks, worked out with NumPy (sums, patches, firing) and PyTorch (forward, gradients) in
double: writes inside_neuron.h and the data sets inside/neuron_* beside it, which tests/unit/test_study_neuron.c holds
the studies of the neuron and of the map against.

usage: /usr/bin/python3 tests/oracle/inside_neuron.py
"""
import os

import numpy as np
import torch

from fixture import HERE, Noise, array, write
from inside_flow import KINDS, Net, want
from kinds import elementwise, normalization

KINDS.update(normalization.KINDS)
KINDS.update(elementwise.KINDS)

LOSS = {0: "loss=mean_squared_error", 2: "loss=sparse_categorical_crossentropy", 3: "loss=sparse_categorical_crossentropy"}
CASES = {
    "table": {"layers": ["dense 5 relu", "dense 4 tanh", "dense 3 softmax"], "shape": [6], "rows": 20, "classes": 3,
              "scale": 2, "seed": 5},
    "images": {"layers": ["conv2d 4 3x2 strides=2x1 padding=same activation=relu", "conv2d 6 2 groups=2 activation=sigmoid",
                          "depthwise_conv2d 2 depth_multiplier=2 padding=same dilation_rate=2 activation=tanh", "flatten",
                          "dense 2"], "shape": [7, 6, 3], "rows": 11, "classes": 0, "scale": 1, "seed": 17},
    "steps": {"layers": ["conv1d 3 3 padding=causal dilation_rate=2 activation=elu", "depthwise_conv1d 2 activation=relu",
                         "dense 4 softmax", "time_distributed dense 3 relu", "lstm 4", "dense 2 softmax"],
              "shape": [6, 2], "rows": 12, "classes": 2, "scale": 2, "seed": 23},
    "derived": {"layers": ["separable_conv2d 3 2 padding=same", "batch_normalization", "conv2d_transpose 2 2 strides=2",
                           "average_pooling2d 2", "leaky_relu 0.2", "flatten", "dense 2"], "shape": [4, 4, 2], "rows": 9,
                "classes": 0, "scale": 1.5, "seed": 41},
    "plane": {"layers": ["dense 4 tanh", "dense 3 relu", "dense 2 softmax"], "shape": [2], "rows": 30, "classes": 2,
              "scale": 3, "seed": 59},
}
RANGE = 0.06  # of the plane, on either side


class Case(Net):
    def __init__(self, name):
        super().__init__(name, CASES[name])
        for label, layer, key in self.weights:
            if label.endswith("variance"):
                values = (layer.weights[key].detach().numpy() + 1).astype("f4")
                layer.weights[key] = torch.tensor(values.astype("f8"), requires_grad=True)

    def outputs(self, x):
        return [o.detach().numpy() for o in self.forward(torch.tensor(np.asarray(x, "f8")))]

    def into(self, layer, row):
        """What goes into a layer for one row."""
        x = self.x[row:row + 1].astype("f8")
        return x[0] if layer == 0 else self.outputs(x)[layer - 1][0]


def weight(layer, name):
    return next(v.detach().numpy() for k, v in layer.weights.items() if k.split("/")[-1] == name)


def same_before(size, k, s, d):
    return max(0, (-(-size // s) - 1) * s + (k - 1) * d + 1 - size) // 2


def patch_of(x, kernel, place, o):
    """What lies under the window, tap by tap; 0 outside."""
    axes = kernel.ndim - 2
    got = np.zeros([*kernel.shape[:axes], x.shape[-1]])
    for tap in np.ndindex(*kernel.shape[:axes]):
        at = []
        for a in range(axes):
            k, s, d = kernel.shape[a], o["strides"][a], o["dilation"][a]
            before = {"valid": 0, "same": same_before(x.shape[a], k, s, d), "causal": (k - 1) * d}[o["padding"]]
            at.append(place[a] * s - before + tap[a] * d)
        if all(0 <= at[a] < x.shape[a] for a in range(axes)):
            got[tap] = x[tuple(at)]
    return got


def words_of(line, axes):
    o = {"strides": [1] * axes, "dilation": [1] * axes, "padding": "valid", "groups": 1}
    for word in line.split():
        key, _, value = word.partition("=")
        if key in ("strides", "dilation_rate"):
            n = [int(v) for v in value.split("x")]
            o["strides" if key == "strides" else "dilation"] = (n * axes)[:axes] if len(n) == 1 else n
        if key == "padding":
            o["padding"] = value
        if key == "groups":
            o["groups"] = int(value)
    return o


def derived(net, layer, row, place, unit):
    """Weights as the gradient of the output by the input, of a layer without an activation."""
    x = torch.tensor(net.into(layer, row)[None], requires_grad=True)
    net.layers[layer](x, "infer")[0][place][unit].backward()
    w = x.grad[0].numpy().reshape(-1)
    bias = float(net.layers[layer](torch.zeros_like(x), "infer")[0][place][unit])
    used = np.flatnonzero(w)
    return x.detach().numpy().reshape(-1)[used], w[used], bias, used


def sum_of(net, layer, row, unit):
    """inputs, weights, bias, flat places of the weights in the kernel, place, output."""
    kind, line = net.layers[layer], net.kinds[layer][1]
    name, x = line.split()[0], net.into(layer, row)
    y = net.outputs(net.x[row:row + 1])[layer][0]
    flat = y.reshape(-1, y.shape[-1])
    place = np.unravel_index(int(np.argmax(flat[:, unit])), y.shape[:-1]) if y.ndim > 1 else ()
    output, extra = y[place][unit], {}
    if name in ("dense", "time_distributed"):
        kernel = weight(kind, "kernel")
        at = np.arange(kernel.shape[0]) * kernel.shape[1] + unit
        inputs, bias = x[place], weight(kind, "bias")[unit]
    elif name.startswith("conv") and "transpose" not in name:
        kernel, o = weight(kind, "kernel"), words_of(line, x.ndim - 1)
        whole = patch_of(x, kernel, place, o)
        channels, filters = kernel.shape[-2], kernel.shape[-1]
        first = unit // (filters // o["groups"]) * channels
        inputs = whole[..., first:first + channels].reshape(-1)
        at, bias = np.arange(inputs.size) * filters + unit, weight(kind, "bias")[unit]
        extra["filter"] = [*kernel.shape[:-2], channels]
    elif name.startswith("depthwise"):
        kernel, o = weight(kind, "kernel"), words_of(line, x.ndim - 1)
        many = kernel.shape[-1]
        inputs = patch_of(x, kernel, place, o)[..., unit // many].reshape(-1)
        at = (np.arange(inputs.size) * kernel.shape[-2] + unit // many) * many + unit % many
        bias = weight(kind, "bias")[unit]
        extra["filter"] = [*kernel.shape[:-2], 1]
    elif name == "leaky_relu":
        inputs, weights, bias = x[place][unit:unit + 1], np.ones(1), 0
        return inputs, weights, bias, None, place, output, extra
    else:
        inputs, weights, bias, extra["input_index"] = derived(net, layer, row, place, unit)
        return inputs, weights, bias, None, place, output, extra
    return inputs, kernel.reshape(-1)[at], bias, at, place, output, extra


def firing_of(net, layer, unit):
    o = net.outputs(net.x)[layer][..., unit]
    flat = o.reshape(len(o), -1)
    counts = np.histogram(o, 24)[0] if o.max() > o.min() else None
    lines = [want("firing_rows", len(o)), want("firing_rate", (flat.max(1) > 0).mean()), want("output_mean", o.mean()),
             want("output_min", o.min()), want("output_max", o.max())]
    if counts is not None:
        lines.append(want("firing_counts", counts))
    if flat.shape[1] > 1:
        lines.append(want("firing_rate_positions", (o > 0).mean()))
    return lines


def plane_of(net, size):
    low, high = net.x.min(0).astype("f8"), net.x.max(0).astype("f8")
    low, high = low - RANGE * (high - low), high + RANGE * (high - low)
    at = (np.arange(size) + 0.5) / size
    x1, x2 = low[0] + (high[0] - low[0]) * at, high[1] - (high[1] - low[1]) * at
    points = np.array([[a, b] for b in x2 for a in x1], "f4")
    return low, high, points


def neuron_of(net, layer, row, unit):
    if net.kinds[layer][1].startswith("lstm"):
        return [want("output", net.outputs(net.x[row:row + 1])[layer][0][unit]), *firing_of(net, layer, unit)]
    x, w, bias, at, place, output, extra = sum_of(net, layer, row, unit)
    product = w * x
    lines = [want("unit", unit), want("units", net.outputs(net.x[:1])[layer].shape[-1]), want("inputs", x),
             want("weights", w), want("products", product), want("order", np.argsort(-np.abs(product), kind="stable")),
             want("bias", bias), want("sum", product.sum() + bias), want("output", output)]
    lines += [want(name, values) for name, values in extra.items()]
    if at is not None:
        lines.append(want("weight_at", at))
    if place != ():
        lines.append(want("position", place))
    lines += firing_of(net, layer, unit)
    if net.name == "plane":
        low, high, points = plane_of(net, 40)
        lines += [want("x1_low", low[0]), want("x1_high", high[0]), want("x2_low", low[1]), want("x2_high", high[1]),
                  want("response", net.outputs(points)[layer][:, unit])]
    return lines


def map_of(net, row):
    every, one = net.outputs(net.x), net.outputs(net.x[row:row + 1])
    lines = [want("input", net.x[row]), want("units", [o.shape[-1] for o in every]),
             want("mean_abs", [np.abs(o).mean() for o in every]),
             want("norm", [np.linalg.norm(o.reshape(len(o), -1), axis=1).mean() for o in every])]
    for layer, (name, line) in enumerate(net.kinds):
        o = one[layer][0]
        lines.append(want(f"output:{name}", o))
        if o.ndim > 1:
            lines.append(want(f"unit_mean:{name}", o.reshape(-1, o.shape[-1]).mean(0)))
        if line.split()[0] in ("dense", "conv1d", "conv2d") and "groups" not in line:
            kernel = weight(net.layers[layer], "kernel")
            links = kernel.reshape(-1, *kernel.shape[-2:]).sum(0)
            best = np.argsort(-np.abs(links.reshape(-1)), kind="stable")[:12]
            strongest = [[b // links.shape[1], b % links.shape[1], links.reshape(-1)[b]] for b in best]
            lines += [want(f"links:{name}", links), want(f"strongest:{name}", strongest)]
        if net.name == "plane":
            points = plane_of(net, 16)[2]
            lines.append(want(f"response:{name}", net.outputs(points)[layer].T))
    return lines


# case, layer (from 0; -1: the map), row, unit
ASKS = [("table", 0, 3, 2), ("table", 0, 4, 4), ("table", 1, 0, 3), ("table", 2, 7, 1), ("images", 0, 2, 3),
        ("images", 1, 5, 1), ("images", 1, 5, 4), ("images", 2, 10, 7), ("images", 4, 1, 0), ("steps", 0, 3, 2),
        ("steps", 1, 3, 2), ("steps", 2, 6, 1), ("steps", 3, 6, 2), ("steps", 4, 2, 3), ("steps", 5, 9, 1),
        ("derived", 0, 4, 1), ("derived", 1, 4, 2), ("derived", 2, 8, 1), ("derived", 3, 8, 0), ("derived", 4, 8, 1),
        ("plane", 0, 11, 2), ("plane", 1, 12, 0), ("plane", 2, 13, 1), ("table", -1, 3, 0), ("images", -1, 2, 0),
        ("steps", -1, 3, 0), ("plane", -1, 4, 0)]


def save(net):
    folder = os.path.join(HERE, "inside")
    if net.name == "plane":
        with open(os.path.join(folder, "neuron_plane.csv"), "w", encoding="utf-8") as out:
            out.write("x1,x2,kind\n")
            for (a, b), y in zip(net.x, net.y):
                out.write(f"{a!s},{b!s},{'ab'[y]}\n")
        return "data csv tests/oracle/inside/neuron_plane.csv"
    for part, values in (("x", net.x), ("y", net.y)):
        np.save(os.path.join(folder, f"neuron_{net.name}_{part}.npy"), values)
    return f"data npy tests/oracle/inside/neuron_{net.name}_x.npy tests/oracle/inside/neuron_{net.name}_y.npy"


def main():
    lines = ["typedef struct NeuronCase {", "    const char *text;", "    unsigned seed;",
             "    double scale; /* of the weights: Noise times it, variances 1 more, behind the numbers of x and y */",
             "    int skip;", "    const char *weights[20]; /* in the order of drawing */", "} NeuronCase;", "",
             "typedef struct NeuronWant {", "    const char *name;", "    int count;", "    const double *values;",
             "} NeuronWant;", "", "typedef struct NeuronAsk {", "    int at; /* index of the case */",
             "    const char *group;", "    int layer, row, unit;", "    const NeuronWant *want;", "} NeuronAsk;", "",
             "static const NeuronCase neuron_cases[] = {"]
    for name, case in CASES.items():
        net = Case(name)
        text = "\\n".join([save(net), *case["layers"], "compile " + LOSS[case["classes"]], "fit epochs=1"])
        skip = net.x.size + (0 if case["classes"] else net.y.size)
        weights = ", ".join(f'"{w}"' for w, _, _ in net.weights)
        lines.append(f'    {{"{text}\\n", {case["seed"]}, {case["scale"]}, {skip}, {{{weights}}}}},')
    lines.append("};")
    rows = []
    for i, (case, layer, row, unit) in enumerate(ASKS):
        net, group = Case(case), "map" if layer < 0 else "neuron"
        wants = map_of(net, row) if layer < 0 else neuron_of(net, layer, row, unit)
        lines += ["", f"static const NeuronWant neuron_want_{i}[] = {{", *wants, "    {0}};"]
        rows.append(f'    {{{list(CASES).index(case)}, "{group}", {layer}, {row}, {unit}, neuron_want_{i}}},')
    lines += ["", "static const NeuronAsk neuron_asks[] = {", *rows, "};"]
    write("inside_neuron.h", "TESTS_ORACLE_INSIDE_NEURON_H", lines)


if __name__ == "__main__":
    main()
