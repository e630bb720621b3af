#!/usr/bin/env python3
"""Activations and gradients of small networks, worked out with PyTorch and NumPy in double: writes inside_flow.h and
the data sets inside/flow_*.npy beside it, which tests/unit/test_study_flow.c holds the studies against.

usage: /usr/bin/python3 tests/oracle/inside_flow.py
"""
import os

import numpy as np
import torch

from fixture import HERE, Noise, array, write
from kinds import conv, dense, recurrent, reshape, shape, wrapper

torch.set_default_dtype(torch.float64)
KINDS = {**conv.KINDS, **dense.KINDS, **recurrent.KINDS, **reshape.KINDS, **shape.KINDS, **wrapper.KINDS}
PERCENT = [0, 6.68, 15.87, 30.85, 50, 69.15, 84.13, 93.32, 100]
BINS = 32


def cross_entropy(z, labels):
    return torch.nn.functional.cross_entropy(z, torch.tensor(labels))


CASES = {
    "dense": {
        "layers": ["dense 8 tanh", "dense 7 relu", "dense 5 sigmoid", "dense 3 softmax"],
        "shape": [6], "rows": 20, "classes": 3, "scale": 4, "seed": 3,
        "compile": "loss=sparse_categorical_crossentropy"},
    "conv": {
        "layers": ["conv2d 3 3 activation=relu", "max_pooling2d 2", "flatten", "dense 2"],
        "shape": [7, 6, 2], "rows": 9, "classes": 0, "scale": 1, "seed": 11,
        "compile": "loss=mean_squared_error"},
    "lstm": {
        "layers": ["lstm 4 return_sequences=yes", "gru 3 go_backwards=yes", "dense 2 softmax"],
        "shape": [6, 3], "rows": 12, "classes": 2, "scale": 2, "seed": 29,
        "compile": "loss=sparse_categorical_crossentropy"},
    "both": {
        "layers": ["bidirectional simple_rnn 3", "dense 2 sigmoid"],
        "shape": [5, 2], "rows": 8, "classes": 0, "scale": 2, "seed": 31,
        "compile": "loss=mean_squared_error"},
}


class Net:
    def __init__(self, name, case):
        self.name, self.case, noise = name, case, Noise(case["seed"])
        rows, size = case["rows"], int(np.prod(case["shape"]))
        self.x = np.array(noise.take(rows * size), "f4").reshape([rows, *case["shape"]])
        if case["classes"]:
            self.y = (np.arange(rows) % case["classes"]).astype("i4")
        else:
            self.y = np.array(noise.take(rows * 2), "f4").reshape(rows, 2)
        self.layers, self.kinds, self.weights, used = [], [], [], {}
        at = case["shape"]
        for line in case["layers"]:
            kind, *words = line.split()
            layer = KINDS[kind](words, at, np.random.default_rng(0))
            count = used[kind] = used.get(kind, 0) + 1
            label = kind if count == 1 else f"{kind}_{count - 1}"
            for key, value in list(layer.weights.items()):
                values = np.array(noise.take(value.numel()), "f4").reshape(value.shape) * case["scale"]
                layer.weights[key] = torch.tensor(values.astype("f8"), requires_grad=True)
                self.weights.append((f"{label}/{key}", layer, key))
            at = list(layer(torch.zeros(1, *at), "infer").shape[1:])
            self.layers.append(layer)
            self.kinds.append((label, line))

    def forward(self, x, upto=None):
        outputs = []
        for i, layer in enumerate(self.layers[:upto]):
            x = layer(x, "infer")
            x.retain_grad() if x.requires_grad else None
            outputs.append(x)
        return outputs

    def backward(self):
        x = torch.tensor(self.x.astype("f8"), requires_grad=True)
        out = self.forward(x)
        fused = self.case["layers"][-1].endswith("softmax")
        if fused:
            # the loss by the logits: softmax is part of it
            logits = torch.log(out[-1])
            loss = -logits[torch.arange(len(self.y)), torch.tensor(self.y.astype("i8"))].mean()
        else:
            loss = ((out[-1] - torch.tensor(self.y.astype("f8")))**2).mean()
        loss.backward()
        signal = [float(o.grad.norm()) for o in out]
        if fused:
            p = out[-1].detach().numpy()
            one = np.eye(p.shape[1])[self.y]
            signal[-1] = float(np.linalg.norm((p - one) / len(p)))
        return float(loss), signal, float(x.grad.norm())


def want(name, values):
    values = np.asarray(values, "f8").reshape(-1)
    return f'    {{"{name}", {len(values)}, (const double[]){array(values)}}},'


def activation_of(line):
    for word in ("tanh", "relu", "sigmoid", "softmax"):
        if word in line and "lstm" not in line:
            return word
    return ""


def layers_of(net):
    out = [o.detach().numpy() for o in net.forward(torch.tensor(net.x.astype("f8")))]
    lines = [want("mean", [o.mean() for o in out]), want("deviation", [o.std() for o in out]),
             want("percentiles", [np.percentile(o, PERCENT) for o in out]),
             want("low", [o.min() for o in out]), want("high", [o.max() for o in out]),
             want("zero_share", [(o == 0).mean() for o in out]),
             want("histogram", [np.histogram(o, BINS)[0] for o in out])]
    dead, low, high = [], [], []
    for o, (_, line) in zip(out, net.kinds):
        act = activation_of(line)
        dead.append((o.reshape(-1, o.shape[-1]).max(0) <= 0).mean() if act == "relu" else np.nan)
        low.append((o < 0.05).mean() if act == "sigmoid" else (o < -0.95).mean() if act == "tanh" else np.nan)
        high.append((o > 0.95).mean() if act in ("sigmoid", "tanh") else np.nan)
    low, high = np.array(low), np.array(high)
    return lines + [want("dead_share", dead), want("saturation_low", low), want("saturation_high", high),
                    want("saturation_mid", 1 - low - high), want("saturated_share", low + high),
                    want("rows", len(net.x))]


def units_of(net, layer):
    o = net.forward(torch.tensor(net.x.astype("f8")))[layer].detach().numpy()
    o = o.reshape(-1, o.shape[-1])
    relu = activation_of(net.kinds[layer][1]) == "relu"
    return [want("firing_rate", (o > 0).mean(0)), want("max", o.max(0)), want("min", o.min(0)),
            want("mean", o.mean(0)), want("deviation", o.std(0)),
            want("dead", (o.max(0) <= 0) if relu else np.full(o.shape[1], np.nan)), want("layer", layer + 1)]


def maps_of(net, layer, row):
    x = torch.tensor(net.x[row:row + 1].astype("f8"))
    o = net.forward(x)[layer].detach().numpy()[0]
    flat = o.reshape(-1, o.shape[-1])
    return [want("maps", o), want("input", net.x[row]), want("mean", flat.mean(0)), want("max", flat.max(0))]


def filters_of(net, layer):
    kernel = net.layers[layer].weights["kernel"].detach().numpy()
    flat = kernel.reshape(-1, kernel.shape[-1])
    return [want("filters", kernel), want("norm", np.linalg.norm(flat, axis=0))]


def states_of(net, layer, row):
    """Read step by step: what the layer says after each prefix of the sequence."""
    x = torch.tensor(net.x[row:row + 1].astype("f8"))
    if layer:
        x = net.forward(x, layer)[-1]
    it = net.layers[layer]
    if isinstance(it, wrapper.Bidirectional):
        it(x, "infer")
        steps = x.shape[1]
        forward, backward = it.sides.values()
        a = [forward(x[:, :t + 1], "infer") for t in range(steps)]
        b = [backward(x[:, t:], "infer") for t in range(steps)]
        states = [torch.cat([p, q], -1) for p, q in zip(a, b)]
    else:
        sequences = it.o.pop("return_sequences", None)
        order = range(1, x.shape[1] + 1)
        states, cells = [], []
        for n in order:
            states.append(it(x[:, -n:] if it.backwards else x[:, :n], "infer"))
            cells.append(it.left[1])
        if sequences:
            it.o["return_sequences"] = sequences
    more = []
    if isinstance(it, recurrent.LSTM):
        more = [want("cells", torch.stack([c[0] for c in cells]).detach().numpy())]
    return [want("states", torch.stack([s[0] for s in states]).detach().numpy()), want("steps", x.shape[1]),
            want("layer", layer + 1), *more]


def is_matrix(name):
    return name.endswith("kernel")


def flow_of(net):
    loss, signal, at_input = net.backward()
    of, every = {}, []
    for name, layer, key in net.weights:
        g, w = layer.weights[key].grad.numpy(), layer.weights[key].detach().numpy()
        every.append((np.linalg.norm(g), np.linalg.norm(w)))
        one = of.setdefault(name.split("/")[0], {"all": 0, "g": 0, "w": 0, "n": 0})
        one["all"] += (g**2).sum()
        if is_matrix(name):
            one["g"] += (g**2).sum()
            one["w"] += (w**2).sum()
            one["n"] += g.size
    norm = np.sqrt([o["g"] for o in of.values()])
    weight = np.sqrt([o["w"] for o in of.values()])
    return [want("loss", loss), want("norm", norm), want("rms", norm / np.sqrt([o["n"] for o in of.values()])),
            want("weight_norm", weight), want("ratio", norm / weight), want("relative", norm / norm[-1]),
            want("layer_norm", np.sqrt([o["all"] for o in of.values()])), want("signal", signal),
            want("input_signal", at_input), want("global_norm", np.sqrt(sum(o["all"] for o in of.values()))),
            want("gradient_norm", [e[0] for e in every]), want("weight_norms", [e[1] for e in every])]


def histogram_of(net):
    net.backward()
    edges, rows = np.arange(-12, 3.25, 0.5), {}
    for name, layer, key in net.weights:
        if is_matrix(name):
            g = np.abs(layer.weights[key].grad.numpy().reshape(-1))
            rows.setdefault(name.split("/")[0], []).append(g)
    rows = [np.concatenate(r) for r in rows.values()]
    bins = [np.histogram(np.log10(r[r > 0]), edges)[0] for r in rows]
    return [want("exponents", edges), want("histogram", bins), want("zeros", [(r == 0).sum() for r in rows])]


def fresh(name):
    return Net(name, CASES[name])


# case, study, layer (from 0; -1: none), row
ASKS = [("dense", "activations/layers", -1, -1), ("conv", "activations/layers", -1, -1),
        ("lstm", "activations/layers", -1, -1), ("dense", "activations/units", 0, -1),
        ("dense", "activations/units", 1, -1), ("conv", "activations/units", 0, -1),
        ("conv", "activations/maps", 0, 4), ("conv", "activations/maps", 1, 2), ("lstm", "activations/maps", 0, 3),
        ("conv", "activations/filters", 0, -1), ("lstm", "activations/states", 0, 5),
        ("lstm", "activations/states", 1, 5), ("both", "activations/states", 0, 2),
        ("dense", "gradients/flow", -1, -1), ("conv", "gradients/flow", -1, -1), ("lstm", "gradients/flow", -1, -1),
        ("both", "gradients/flow", -1, -1), ("dense", "gradients/histogram", -1, -1),
        ("conv", "gradients/histogram", -1, -1)]


def wants_of(case, study, layer, row):
    net, method = fresh(case), study.split("/")[1]
    if method in ("maps", "states"):
        return globals()[method + "_of"](net, layer, row)
    return globals()[method + "_of"](net, layer) if layer >= 0 else globals()[method + "_of"](net)


def main():
    lines = ["#include <math.h>", "", "typedef struct FlowCase {", "    const char *name, *text;", "    unsigned seed;",
             "    double scale; /* of the weights: Noise times it, behind the numbers of x and y */",
             "    int skip;", "    const char *weights[12]; /* in the order of drawing */", "} FlowCase;", "",
             "typedef struct FlowWant {", "    const char *name;", "    int count;", "    const double *values;",
             "} FlowWant;", "", "typedef struct FlowAsk {", "    int at; /* index of the case */",
             "    const char *group, *method;", "    int layer, row;", "    const FlowWant *want;", "} FlowAsk;", "",
             "static const FlowCase flow_cases[] = {"]
    for name, case in CASES.items():
        net = fresh(name)
        for part, values in (("x", net.x), ("y", net.y)):
            np.save(os.path.join(HERE, "inside", f"flow_{name}_{part}.npy"), values)
        folder = "tests/oracle/inside"
        text = [f"data npy {folder}/flow_{name}_x.npy {folder}/flow_{name}_y.npy", *case["layers"],
                "compile " + case["compile"], "fit epochs=1"]
        skip = net.x.size + (0 if case["classes"] else net.y.size)
        weights = ", ".join(f'"{w}"' for w, _, _ in net.weights)
        text = "\\n".join(text)
        lines.append(f'    {{"{name}", "{text}\\n", {case["seed"]}, {case["scale"]}, {skip}, {{{weights}}}}},')
    lines.append("};")
    rows = []
    for i, (case, study, layer, row) in enumerate(ASKS):
        lines += ["", f"static const FlowWant flow_want_{i}[] = {{", *wants_of(case, study, layer, row), "    {0}};"]
        group, method = study.split("/")
        rows.append(f'    {{{list(CASES).index(case)}, "{group}", "{method}", {layer}, {row}, flow_want_{i}}},')
    lines += ["", "static const FlowAsk flow_asks[] = {", *rows, "};"]
    write("inside_flow.h", "TESTS_ORACLE_INSIDE_FLOW_H", lines)


if __name__ == "__main__":
    main()
