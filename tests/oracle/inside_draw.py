"""Fixtures for tests/unit/test_study_draw.c: inside_draw.h. The answer for an example made by hand, the nearest row
with another answer by brute force, and the smallest change of one feature that flips the answer, in double."""
import math

import numpy as np
import torch

from fixture import Noise, array, write

torch.set_default_dtype(torch.float64)
ROOM = 64


# ---- the networks: dense and one convolution, weights as floats hold them ----

def dense(units, act):
    return ("dense", units, act)


def conv(filters, size, act):
    return ("conv2d", filters, size, act)


ACTS = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda z: z, "sigmoid": torch.sigmoid,
        "softmax": lambda z: torch.softmax(z, -1)}


class Net:
    def __init__(self, layers, shape, seed):
        self.layers, self.weights, self.flat = layers, [], []
        noise, shape = Noise(seed), list(shape)
        for layer in layers:
            if layer[0] == "dense":
                sizes = [(shape[-1], layer[1]), (layer[1],)]
                shape[-1] = layer[1]
            elif layer[0] == "conv2d":
                sizes = [(layer[2], layer[2], shape[-1], layer[1]), (layer[1],)]
                shape = [shape[0] - layer[2] + 1, shape[1] - layer[2] + 1, layer[1]]
            else:
                sizes, shape = [], list(layer[1])
            drawn = [np.array(noise.take(int(np.prod(s)))).reshape(s) * 3 for s in sizes]
            drawn = [d.astype(np.float32).astype(float) for d in drawn]
            self.weights.append([torch.tensor(d) for d in drawn])
            self.flat += [v for d in drawn for v in d.ravel()]

    def forward(self, x, scores=False):
        """All layers' outputs; scores: the last one without its softmax or sigmoid."""
        outs = []
        for i, (layer, weights) in enumerate(zip(self.layers, self.weights)):
            if layer[0] == "reshape":
                x = x.reshape(x.shape[0], *layer[1])
            elif layer[0] == "dense":
                x = x @ weights[0] + weights[1]
            else:
                k = weights[0].permute(3, 2, 0, 1)
                x = torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), k, weights[1]).permute(0, 2, 3, 1)
            act = layer[-1] if layer[0] != "reshape" else "linear"
            if not (scores and i == len(self.layers) - 1 and act in ("softmax", "sigmoid")):
                x = ACTS[act](x)
            outs.append(x)
        return outs


# ---- the data: a csv text, its columns, what the network takes ----

class Table:
    def __init__(self, rows, columns, prepare, shape):
        """columns: for each feature None (numbers) or its categories in order."""
        self.rows, self.columns, self.prepare, self.shape = rows, columns, prepare, shape

    def fit(self):
        self.maps = []
        for j, kinds in enumerate(self.columns):
            v = [float(np.float32(r[j])) for r in self.rows] if kinds is None else None
            if kinds is not None:
                self.maps.append(None)
            elif self.prepare == "standardize":
                mean = 0.0
                for a in v:
                    mean += a
                mean /= len(v)
                square = 0.0
                for a in v:
                    square += (a - mean) * (a - mean)
                self.maps.append((mean, math.sqrt(square / len(v))))
            else:
                self.maps.append((0.0, float(self.prepare.split("=")[1])))

    def x(self, raw):
        out = []
        for value, kinds, m in zip(raw, self.columns, self.maps):
            if kinds is None:
                out.append(np.float32((float(np.float32(value)) - m[0]) / m[1]))
            else:
                out += [np.float32(value == k) for k in range(len(kinds))]
        return np.array(out, np.float32)

    def back(self, x):
        """The raw row that an input comes from, as a float holds it."""
        raw, at = [], 0
        for kinds, m in zip(self.columns, self.maps):
            if kinds is None:
                raw.append(float(np.float32(float(x[at]) * m[1] + m[0])))
                at += 1
            else:
                raw.append(float(np.argmax(x[at:at + len(kinds)])))
                at += len(kinds)
        return raw

    def text(self, rows, labels):
        head = ",".join(f"f{j}" for j in range(len(self.columns))) + ",y\\n"
        lines = [",".join(str(v) if k is None else k[int(v)] for v, k in zip(r, self.columns)) + f",{y}\\n"
                 for r, y in zip(rows, labels)]
        return head + "".join(lines)


def run(net, table, x, scores=False):
    return net.forward(torch.tensor(np.asarray(x, float).reshape(-1, *table.shape)), scores)


def answers(net, table, x, threshold):
    y = run(net, table, x)[-1].detach().numpy()
    return (y[:, 0] > threshold).astype(int) if y.shape[1] == 1 else y.argmax(1)


def probabilities(y, from_logits):
    y = y.detach().numpy().ravel()
    if len(y) == 1:
        p = 1 / (1 + math.exp(-y[0])) if from_logits else y[0]
        return [1 - p, p]
    if not from_logits:
        return list(y)
    e = np.exp(y - y.max())
    return list(e / e.sum())


def answer(out, net, table, x, row_x, classes, logits, threshold):
    layers = run(net, table, x)
    out["outputs"] = layers[-1].detach().numpy().ravel()
    out["row_outputs"] = run(net, table, row_x)[-1].detach().numpy().ravel()
    out["activation"] = [float(y.abs().mean()) for y in layers]
    out["activation_norm"] = [float((y**2).sum().sqrt()) for y in layers]
    out["firing"] = [float((y > 0).double().mean()) for y in layers]
    its = int(answers(net, table, x, threshold)[0]) if classes else -1
    if classes:
        out["probabilities"] = probabilities(layers[-1], logits)
        out["row_probabilities"] = probabilities(run(net, table, row_x)[-1], logits)
        out["confidence"] = out["probabilities"][its]
        out["answer"] = its
        out["row_answer"] = int(answers(net, table, row_x, threshold)[0])
    t = torch.tensor(np.asarray(x, float).reshape(1, *table.shape), requires_grad=True)
    scores = net.forward(t, True)[-1].reshape(-1)
    klass = max(its, 0)
    score = scores[klass] if len(scores) > 1 else scores[0] * (-1 if classes and its == 0 else 1)
    score.backward()
    out["scores"] = scores.detach().numpy()
    out["score"] = float(score)
    out["saliency"] = t.grad.abs().numpy().ravel()
    return its


def nearest(out, net, table, x, its, train_x, labels, own, threshold):
    given = answers(net, table, train_x, threshold)
    away = np.sqrt(((train_x.astype(float) - x.astype(float)) ** 2).sum(1))
    order = [i for i in np.argsort(away, kind="stable") if i != own]
    for name, holds in (("nearest", lambda i: given[i] != its), ("same", lambda i: given[i] == its),
                        ("labelled", lambda i: labels[i] != its)):
        i = next((i for i in order if holds(i)), None)
        out[name + "_row"] = i
        out[name + "_distance"] = float("nan") if i is None else away[i]
        if i is not None and name == "nearest":
            out["difference"] = train_x[i].astype(float) - x
            out["nearest_answer"], out["nearest_label"] = given[i], labels[i]


def counterfactual(out, net, table, x, raw, its, threshold):
    base, columns = table.x(raw), range(len(raw))
    out["value"], out["low"], out["high"] = list(raw), [], []
    out["needed"], out["needed_change"], out["needed_answer"] = [], [], []
    best, feature = math.inf, -1
    for j in columns:
        kinds = table.columns[j]
        seen = [float(np.float32(r[j])) for r in table.rows]
        low, high = (min(seen), max(seen)) if kinds is None else (float("nan"), float("nan"))
        tries = [low + (high - low) * i / 50 for i in range(51)] if kinds is None else range(len(kinds))
        found, least = (float("nan"), float("nan"), float("nan")), math.inf
        for v in tries:
            other = list(raw)
            other[j] = v
            changed = table.x(other)
            xv = np.where(changed == base, x, changed)
            k = int(answers(net, table, xv[None], threshold)[0])
            far = abs(v - raw[j]) if kinds is None else 0.0
            if k != its and far < least:
                least, found = far, (v, v - raw[j] if kinds is None else float("nan"), k)
        for name, value in zip(("needed", "needed_change", "needed_answer"), found):
            out[name].append(value)
        out["low"].append(low)
        out["high"].append(high)
        share = abs(found[1]) / (high - low)
        if share < best:
            best, feature = share, j
    out["smallest_feature"] = feature if feature >= 0 else float("nan")
    out["smallest_share"] = best if feature >= 0 else float("nan")


# ---- the cases ----

def draw_rows(noise, count, columns, low, high, whole):
    rows = []
    for _ in range(count):
        row = []
        for kinds in columns:
            u = noise.next() + 0.5
            v = low + u * (high - low)
            row.append(int(u * len(kinds)) if kinds else int(v) if whole else round(v, 3))
        rows.append(row)
    return rows


def case(name, seed, columns, layers, shape, prepare, compile_line, stack_lines, classes, logits=False, whole=False,
         high=10):
    noise = Noise(seed)
    train, test = (draw_rows(noise, n, columns, 0, high, whole) for n in (40, 6))
    labels = [[int((noise.next() + 0.5) * max(classes, 2)) for _ in part] for part in (train, test)]
    for part in labels:
        part[: max(classes, 2)] = range(max(classes, 2))
    if not classes:
        labels = [[round(float(sum(v for v in r)) / 7, 2) for r in part] for part in (train, test)]
    table = Table(train, columns, prepare, shape)
    table.fit()
    net = Net(layers, shape, seed + 1)
    train_x = np.array([table.x(r) for r in train])
    threshold = 0.0 if logits else 0.5
    lines = []
    # row 2 of test as it is, row 5 of train (its own neighbour), and row 1 of test changed by hand
    for part, row, by_hand in (("test", 2, False), ("train", 5, False), ("test", 1, True)):
        rows = train if part == "train" else test
        raw = [float(np.float32(v)) for v in rows[row]]
        row_x = table.x(raw)
        if by_hand:
            raw[0], raw[-1] = (float(np.float32(0.37 * high)), 1.0)
        x = table.x(raw)
        if by_hand:
            raw = table.back(x)
        out = {}
        its = answer(out, net, table, x, row_x, classes, logits, threshold)
        if classes:
            own = row if part == "train" and not by_hand else -1
            nearest(out, net, table, x, its, train_x, labels[0], own, threshold)
            counterfactual(out, net, table, x, raw, its, threshold)
        entries = []
        for key, value in out.items():
            value = [float("nan") if value is None else value] if np.ndim(value) == 0 else list(value)
            assert len(value) <= ROOM
            entries.append(f'      {{"{key}", {len(value)}, {array(value)}}}')
        lines.append(f'    {{"{name}", "{table.text(train, labels[0])}",\n     "{table.text(test, labels[1])}",\n'
                     f'     "task={"classification" if classes else "regression"}\\nprepare {prepare}\\n{stack_lines}'
                     f'\\ncompile {compile_line}",\n'
                     f"     {len(net.flat)}, {array(net.flat)},\n"
                     f'     "{part}", {row}, {"true" if by_hand else "false"}, {len(x)}, {array(x)},\n'
                     f"     {len(entries)},\n     {{\n" + ",\n".join(entries) + "}}")
    return lines


def main():
    sparse = "optimizer=sgd loss=sparse_categorical_crossentropy"
    mixed = [None, ["ash", "birch", "cedar"], None, None]
    cases = case("a table with categories", 1, mixed, [dense(5, "tanh"), dense(3, "softmax")], (6,), "standardize",
                 sparse, "dense 5 tanh\\ndense 3 softmax", 3)
    cases += case("logits", 2, [None] * 3, [dense(4, "relu"), dense(4, "linear")], (3,), "scale=5",
                  sparse + " from_logits=yes", "dense 4 relu\\ndense 4", 4, logits=True)
    cases += case("a picture, yes or no", 3, [None] * 16, [("reshape", [4, 4, 1]), conv(2, 3, "relu"), ("reshape", [8]),
                                                          dense(1, "sigmoid")], (16,), "scale=16", "optimizer=sgd loss=binary_crossentropy",
                  "reshape 4x4x1\\nconv2d 2 3 activation=relu\\nflatten\\ndense 1 sigmoid", 2, whole=True, high=17)
    cases += case("a regression", 4, [None] * 3, [dense(4, "tanh"), dense(1, "linear")], (3,), "standardize",
                  "optimizer=sgd loss=mean_squared_error", "dense 4 tanh\\ndense 1", 0)
    write("inside_draw.h", "ORACLE_INSIDE_DRAW_H", [
        "#include <math.h>", "#include <stdbool.h>", "",
        f"enum {{ DRAW_ROOM = {ROOM}, DRAW_ENTRIES = 40, DRAW_WEIGHTS = 128 }};", "",
        "typedef struct DrawEntry {", "    const char *name;", "    int count;", "    double value[DRAW_ROOM];",
        "} DrawEntry;", "",
        "typedef struct DrawCase {", "    const char *name, *train, *test, *rest; /* csv texts; options and lines */",
        "    int weights;", "    double weight[DRAW_WEIGHTS]; /* one tensor behind the other */",
        "    const char *part;", "    int row;", "    bool by_hand; /* input stands in the row's place */",
        "    int inputs;", "    float input[32];", "    int entries;",
        "    DrawEntry entry[DRAW_ENTRIES]; /* facts are arrays of one */", "} DrawCase;", "",
        "static const DrawCase draw_cases[] = {", ",\n".join(cases), "};"])


main()
