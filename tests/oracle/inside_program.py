"""Holds the look inside of the built program against PyTorch and NumPy in double precision.

Draws networks, weights and data (--seed N), writes them as files, and compares what
`strata show VIEW --weights … --json` says with definitions written out here. Needs python3 with torch and numpy;
not part of make test. Where a method draws at random (SmoothGrad, permutations, directions) only what must hold
for any draw is compared.

usage: python3 tests/oracle/inside_program.py [--strata build/strata] [--seed 1] [--cases 3]
"""
import argparse, json, os, subprocess, sys, tempfile
import numpy as np
import torch

from program import write_safetensors

torch.set_default_dtype(torch.float64)
F = torch.nn.functional


class Net:
    """A Sequential of our layer lines, with weights of its own, run by PyTorch."""

    def __init__(self, shape, lines, rng):
        self.lines, self.shape, self.weights, self.names, self.steps = lines, shape, {}, [], []
        counts = {}
        for line in lines:
            words = line.split()
            kind, counts[words[0]] = words[0], counts.get(words[0], 0) + 1
            name = kind if counts[kind] == 1 else f"{kind}_{counts[kind] - 1}"
            self.names.append(name)
            options = dict(w.split("=") for w in words[1:] if "=" in w)
            places = [w for w in words[1:] if "=" not in w]
            shape = self.add(kind, name, places, options, shape, rng)
        self.out = shape

    def weight(self, name, shape, rng, scale=None):
        fan = int(np.prod(shape[:-1])) or 1
        self.weights[name] = rng.normal(0, scale or 1.2 / np.sqrt(fan), shape).astype(np.float32).astype(float)

    def tensor(self, name):
        return torch.tensor(self.weights[name])

    def add(self, kind, name, places, options, shape, rng):
        act = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "linear": lambda z: z,
               "softmax": lambda z: torch.softmax(z, -1)}
        if kind == "dense":
            units, a = int(places[0]), places[1] if len(places) > 1 else "linear"
            self.weight(name + "/kernel", (shape[-1], units), rng)
            self.weight(name + "/bias", (units,), rng, 0.3)
            self.steps.append((name, lambda x: x @ self.tensor(name + "/kernel") + self.tensor(name + "/bias"), act[a], a))
            return (*shape[:-1], units)
        if kind == "conv2d":
            filters, k = int(places[0]), int(places[1])
            a, same = options.get("activation", "linear"), options.get("padding") == "same"
            self.weight(name + "/kernel", (k, k, shape[2], filters), rng)
            self.weight(name + "/bias", (filters,), rng, 0.3)

            def run(x):
                kernel = self.tensor(name + "/kernel").permute(3, 2, 0, 1)
                if same:
                    low, high = (k - 1) // 2, k // 2
                    x = F.pad(x, (0, 0, low, high, low, high))
                return F.conv2d(x.permute(0, 3, 1, 2), kernel, self.tensor(name + "/bias")).permute(0, 2, 3, 1)

            self.steps.append((name, run, act[a], a))
            side = (shape[0], shape[1]) if same else (shape[0] - k + 1, shape[1] - k + 1)
            return (*side, filters)
        if kind == "max_pooling2d":
            self.steps.append((name, lambda x: F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1), act["linear"], "linear"))
            return (shape[0] // 2, shape[1] // 2, shape[2])
        if kind == "flatten":
            self.steps.append((name, lambda x: x.reshape(len(x), -1), act["linear"], "linear"))
            return (int(np.prod(shape)),)
        if kind == "batch_normalization":
            n = shape[-1]
            self.weight(name + "/gamma", (n,), rng, 1)
            self.weight(name + "/beta", (n,), rng, 0.3)
            self.weight(name + "/moving_mean", (n,), rng, 0.3)
            self.weights[name + "/moving_variance"] = rng.uniform(0.5, 2, n).astype(np.float32).astype(float)
            t = lambda w: self.tensor(name + "/" + w)
            self.steps.append((name, lambda x: (x - t("moving_mean")) / torch.sqrt(t("moving_variance") + 1e-3) * t("gamma") + t("beta"),
                               act["linear"], "linear"))
            return shape
        raise ValueError(kind)

    def run(self, x, scores=False, upto=None, start=0):
        """Outputs; scores: without a last softmax or sigmoid; upto: output of that layer; start: x enters there."""
        for i, (name, f, act, a) in enumerate(self.steps):
            if i < start:
                continue
            z = f(x)
            last = i == len(self.steps) - 1
            x = z if last and scores and a in ("softmax", "sigmoid") else act(z)
            if upto == i:
                return x
        return x


class Case:
    def __init__(self, name, shape, lines, task, rng, folder, rows=90):
        self.name, self.folder, self.task, self.net = name, folder, task, Net(shape, lines, rng)
        self.x = {p: rng.normal(0, 1, (n, *shape)).astype(np.float32) for p, n in (("train", rows), ("test", rows // 2))}
        width = self.net.out[-1]
        self.y = {}
        for part, x in self.x.items():
            out = self.net.run(torch.tensor(x.astype(float))).numpy()
            if task == "softmax":
                y = out.argmax(1)
                flip = rng.random(len(y)) < 0.4
                y[flip] = rng.integers(0, width, flip.sum())
                y[:width] = np.arange(width)
            elif task == "binary":
                y = (out[:, 0] + rng.normal(0, 0.3, len(out)) > 0.5).astype(int)
                y[:2] = [0, 1]
            else:
                y = (out + rng.normal(0, 0.5, out.shape)).astype(np.float32)
            self.y[part] = y
        self.path = lambda n: os.path.join(folder, f"{name}_{n}")
        for part in self.x:
            np.save(self.path(f"x_{part}.npy"), self.x[part])
            y = self.y[part]
            np.save(self.path(f"y_{part}.npy"), y.astype(np.int32) if y.dtype != np.float32 else y)
        loss = {"softmax": "sparse_categorical_crossentropy", "binary": "binary_crossentropy", "regression": "mse"}[task]
        recipe = f"""seed 5
data npy {name}_x_train.npy {name}_y_train.npy test_x={name}_x_test.npy test_y={name}_y_test.npy
""" + "\n".join(lines) + f"\ncompile optimizer=adam loss={loss}\nfit epochs=1\n"
        open(self.path("r.strata"), "w").write(recipe)
        write_safetensors(self.path("w.safetensors"), self.net.weights)

    def loss(self, part, weights=None):
        """The compiled loss of a part, of the net's weights as tensors with gradients where given."""
        x, y = torch.tensor(self.x[part].astype(float)), self.y[part]
        out = self.net.run(x, scores=self.task != "regression")
        if self.task == "softmax":
            return F.cross_entropy(out, torch.tensor(y))
        if self.task == "binary":
            return F.binary_cross_entropy_with_logits(out[:, 0], torch.tensor(y).double())
        return ((out - torch.tensor(y.astype(float))) ** 2).mean()


failures, compared = [], 0


def show(case, view, *options):
    command = [STRATA, "show", view, case.path("r.strata"), "--weights", case.path("w.safetensors"), "--json", *map(str, options)]
    got = subprocess.run(command, capture_output=True, text=True)
    if got.returncode != 0:
        return {"error": got.stderr.strip() or "exit %d" % got.returncode}
    return json.loads(got.stdout)


def near(case, what, got, wanted, tolerance=1e-8):
    global compared
    wanted = np.asarray(wanted, float)
    if got is None:
        failures.append(f"{case.name}: {what}: missing")
        return
    got = np.asarray([np.nan if v is None else v for v in np.asarray(got, object).reshape(-1)], float)
    if got.size != wanted.size:
        failures.append(f"{case.name}: {what}: {got.size} numbers, wanted {wanted.size}")
        return
    wanted = wanted.reshape(-1)
    compared += wanted.size
    both = np.isnan(got) & np.isnan(wanted)
    scale = max(1e-12, np.nanmax(np.abs(wanted)) if wanted.size else 1)
    off = np.abs(np.where(both, 0, got - wanted)) / scale
    if not np.all(off <= tolerance):
        i = int(np.nanargmax(np.where(np.isnan(off), np.inf, off)))
        failures.append(f"{case.name}: {what}: [{i}] is {got[i]!r}, wanted {wanted[i]!r}")


def score(case, x, klass):
    s = case.net.run(x, scores=True)
    if s.shape[1] == 1:
        return s[:, 0] * (-1 if case.task == "binary" and klass == 0 else 1)
    return s[:, klass]


def answer(case, x):
    s = case.net.run(x, scores=True)[0]
    return None if case.task == "regression" else int(s[0] > 0) if len(s) == 1 else int(s.argmax())


def check_why(case, rng):
    row = int(rng.integers(0, len(case.x["test"])))
    x = torch.tensor(case.x["test"][row : row + 1].astype(float), requires_grad=True)
    klass = answer(case, x)
    (g,) = torch.autograd.grad(score(case, x, klass or 0).sum(), x)
    got = show(case, "why", "--method", "saliency", "--row", row, "--part", "test")
    near(case, "saliency", got.get("saliency"), g.abs())
    near(case, "attribution", got.get("attribution"), g.abs())
    near(case, "score", got.get("score"), score(case, x, klass or 0).detach())
    if klass is not None:
        near(case, "class", got.get("class"), klass)
    nodes, weights = np.polynomial.legendre.leggauss(50)
    total = torch.zeros_like(x)
    for t, w in zip((nodes + 1) / 2, weights / 2):
        p = (x.detach() * t).requires_grad_()
        total += w * torch.autograd.grad(score(case, p, klass or 0).sum(), p)[0]
    ig = x.detach() * total
    got = show(case, "why", "--method", "integrated_gradients", "--row", row, "--part", "test")
    near(case, "integrated gradients", got.get("integrated_gradients"), ig)
    gap = ig.sum() - (score(case, x, klass or 0) - score(case, torch.zeros_like(x), klass or 0)).detach()
    if got.get("completeness_gap") is None or abs(got["completeness_gap"] - float(gap)) > 1e-8 * max(1, float(ig.abs().sum())):
        failures.append(f"{case.name}: completeness gap {got.get('completeness_gap')}, wanted {float(gap)}")
    if len(case.net.shape) == 3:
        check_images(case, row, x, klass)


def check_images(case, row, x, klass):
    convs = [i for i, l in enumerate(case.net.lines) if l.startswith("conv2d")]
    if convs:
        a = case.net.run(x, upto=convs[-1]).detach().requires_grad_()
        s = case.net.run(a, scores=True, start=convs[-1] + 1)[:, klass].sum()
        (g,) = torch.autograd.grad(s, a)
        cam = torch.relu((g.mean((1, 2), keepdim=True) * a).sum(-1))[0].detach()
        got = show(case, "why", "--method", "grad_cam", "--row", row, "--part", "test")
        near(case, "grad_cam", got.get("cam"), cam)
    got = show(case, "why", "--method", "occlusion", "--row", row, "--part", "test")
    if "error" in got:
        failures.append(f"{case.name}: occlusion: {got['error']}")
        return
    patch, stride = int(got["patch"]), int(got["stride"])
    base = float(score(case, x, klass))
    wanted = []
    h, w = case.net.shape[:2]
    tops = list(range(0, max(h - patch, 0) + 1, stride))
    lefts = list(range(0, max(w - patch, 0) + 1, stride))
    if tops[-1] != h - patch: tops.append(h - patch)
    if lefts[-1] != w - patch: lefts.append(w - patch)
    for t in tops:
        for l in lefts:
            z = x.detach().clone()
            z[:, t : t + patch, l : l + patch] = 0
            wanted.append(base - float(score(case, z, klass)))
    near(case, "occlusion patches", got.get("patches"), wanted)


def check_mistakes(case):
    part = "test"
    x, y = torch.tensor(case.x[part].astype(float)), case.y[part]
    out = case.net.run(x).numpy()
    if case.task == "regression":
        got = show(case, "mistakes", "--method", "residuals")
        r = out[:, 0] - y[:, 0]
        near(case, "rmse", got.get("rmse"), np.sqrt((r**2).mean()), 1e-6)
        near(case, "mae", got.get("mae"), np.abs(r).mean(), 1e-6)
        return
    p = np.concatenate([1 - out, out], 1) if case.task == "binary" else out
    answers, k = (p[:, 1] > 0.5).astype(int) if case.task == "binary" else p.argmax(1), p.shape[1]
    confusion = np.zeros((k, k))
    for t, a in zip(y, answers):
        confusion[t, a] += 1
    got = show(case, "mistakes", "--method", "confusion")
    near(case, "confusion", got.get("confusion"), confusion)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = np.diag(confusion) / confusion.sum(0), np.diag(confusion) / confusion.sum(1)
        f1 = 2 * precision * recall / (precision + recall)
    near(case, "precision", got.get("precision"), precision)
    near(case, "recall", got.get("recall"), recall)
    near(case, "f1", got.get("f1"), f1)
    near(case, "accuracy", got.get("accuracy"), (answers == y).mean())
    got = show(case, "mistakes", "--method", "calibration")
    confidence, right = p.max(1), answers == y
    bins = np.clip(np.ceil(confidence * 10).astype(int) - 1, 0, 9)
    ece = sum(abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in range(10) if (bins == b).any())
    near(case, "ece", got.get("ece"), ece)
    if case.task == "binary":
        got = show(case, "mistakes", "--method", "curve")
        s = out[:, 0]
        pairs = [(1.0 if a > b else 0.5 if a == b else 0.0) for a in s[y == 1] for b in s[y == 0]]
        near(case, "auc", got.get("auc"), np.mean(pairs))


def hidden(case, part, rows):
    x = torch.tensor(case.x[part][rows].astype(float))
    return [case.net.run(x, upto=i).numpy().reshape(len(rows), -1) for i in range(len(case.net.steps))]


def check_geometry(case):
    got = show(case, "geometry", "--method", "pca", "--layer", case.net.names[0])
    rows = np.array(got.get("row_index", [])).astype(int)
    if len(rows) == 0:
        rows = np.arange(len(case.x["test"]))
    a = hidden(case, "test", rows)[0]
    centred = a - a.mean(0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    share = s**2 / (s**2).sum()
    n = min(3, len(share))
    if got.get("explained") is None:
        failures.append(f"{case.name}: pca: {got.get('error', 'no explained')}")
        return
    near(case, "explained", got["explained"][:n], share[:n])
    scores = np.array(got["scores"], float)[:, :n]
    near(case, "pca scores", np.abs(scores), np.abs(u[:, :n] * s[:n]), 1e-6)
    got = show(case, "geometry", "--method", "cka")
    layers = got.get("layers", [])
    every = hidden(case, "test", np.arange(len(case.x["test"])))
    if layers and layers[0] == "input":
        every = [case.x["test"].reshape(len(every[0]), -1).astype(float)] + every

    def cka(p, q):
        p, q = p - p.mean(0), q - q.mean(0)
        return np.linalg.norm(q.T @ p) ** 2 / (np.linalg.norm(p.T @ p) * np.linalg.norm(q.T @ q))

    if len(layers) == len(every):
        near(case, "cka", got.get("cka"), [[cka(p, q) for q in every] for p in every])
    else:
        failures.append(f"{case.name}: cka of {layers}: {got.get('error')}")
    for name in case.net.names:
        if name + "/kernel" not in case.net.weights:
            continue
        w = case.net.weights[name + "/kernel"]
        s = np.linalg.svd(w.reshape(-1, w.shape[-1]), compute_uv=False)
        got = show(case, "geometry", "--method", "spectrum", "--layer", name)
        near(case, "singular values of " + name, got.get("singular_values"), s)
        near(case, "stable rank", got.get("stable_rank"), (s**2).sum() / s[0] ** 2)
        q = s / s.sum()
        near(case, "effective rank", got.get("effective_rank"), np.exp(-(q * np.log(q)).sum()))


def loss_at(case, weights, rows=None):
    """The loss with tensors in place of the net's weights, of some rows of the training part."""
    x, y = case.x["train"], case.y["train"]
    if rows is not None:
        case.x["train"], case.y["train"] = x[rows], y[rows]
    case.net.tensor = lambda name: weights[name]
    value = case.loss("train")
    del case.net.tensor
    case.x["train"], case.y["train"] = x, y
    return value


def check_hessian(case):
    names = [n for n in case.net.weights if "moving" not in n]
    sizes = [case.net.weights[n].size for n in names]
    if sum(sizes) > 400:
        return
    got = show(case, "surface", "--method", "hessian")
    if got.get("eigenvalue") is None or int(got.get("rows", 0)) != len(case.x["train"]):
        failures.append(f"{case.name}: hessian: {got.get('error', got)}")
        return

    def loss(flat):
        held = {n: torch.tensor(w) for n, w in case.net.weights.items()}
        for n, part in zip(names, torch.split(flat, sizes)):
            held[n] = part.reshape(case.net.weights[n].shape)
        return loss_at(case, held)

    flat = torch.cat([torch.tensor(case.net.weights[n]).reshape(-1) for n in names])
    h = torch.autograd.functional.hessian(loss, flat)
    near(case, "largest eigenvalue", got["eigenvalue"], float(torch.linalg.eigvalsh(h)[-1]), 1e-6)


def check_surface(case):
    weights = {n: torch.tensor(w) for n, w in case.net.weights.items()}
    check_hessian(case)
    got = show(case, "surface")
    near(case, "loss at the end of the line", got["loss"][got["a"].index(1)], float(loss_at(case, weights)))
    got = show(case, "surface", "--method", "plane")
    ways = []
    for way in ("direction_a", "direction_b"):
        parts = np.split(np.array(got[way], float), np.cumsum([weights[n].numel() for n in got["tensors"]])[:-1])
        ways.append({n: torch.tensor(p).reshape(weights[n].shape) for n, p in zip(got["tensors"], parts)})
        for n in got["tensors"]:  # every unit's row is as long as its weights; biases and statistics stay
            axes = tuple(range(weights[n].ndim - 1))
            long = weights[n].square().sum(axes) if n.endswith("/kernel") else torch.zeros(1)
            near(case, way + " of " + n, ways[-1][n].square().sum(axes if axes else None), long * torch.ones(ways[-1][n].shape[-1:] if axes else ()))
    for i in range(0, 21, 5):
        for j in range(0, 41, 8):
            there = {n: w + got["a"][j] * ways[0][n] + got["b"][i] * ways[1][n] for n, w in weights.items()}
            near(case, f"plane {i},{j}", got["loss"][i][j], float(loss_at(case, there)))
    got = show(case, "surface", "--method", "noise")
    rows, small = [int(r) for r in got["row_index"]], int(got["small_batch"])
    names = [n for n in weights if "moving" not in n]

    def gradient(some):
        held = {n: w.clone().requires_grad_(n in names) for n, w in weights.items()}
        return torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss_at(case, held, some), [held[n] for n in names])])

    large = float(gradient(rows).square().sum())
    each = [float(gradient(rows[k:k + small]).square().sum()) for k in range(0, len(rows), small)]
    near(case, "squared gradients", got["squares"], each)
    signal = (len(rows) * large - small * np.mean(each)) / (len(rows) - small)
    noise = (np.mean(each) - large) / (1 / small - 1 / len(rows))
    near(case, "noise scale", [got["noise_scale"]], noise / signal if signal > 0 else np.nan, 1e-7)


def check_neuron(case, rng):
    dense = [i for i, l in enumerate(case.net.lines) if l.startswith("dense")]
    i = int(rng.choice(dense))
    name, row = case.net.names[i], int(rng.integers(0, len(case.x["test"])))
    unit = int(rng.integers(0, case.net.weights[name + "/bias"].size))
    x = torch.tensor(case.x["test"][row : row + 1].astype(float))
    inputs = (case.net.run(x, upto=i - 1) if i else x).numpy().reshape(-1)
    got = show(case, "neuron", "--layer", name, "--unit", unit, "--row", row, "--part", "test")
    w, b = case.net.weights[name + "/kernel"][:, unit], case.net.weights[name + "/bias"][unit]
    near(case, "inputs", got.get("inputs"), inputs)
    near(case, "weights", got.get("weights"), w)
    near(case, "bias", got.get("bias"), b)
    near(case, "sum", got.get("sum"), inputs @ w + b)
    near(case, "output", got.get("output"), case.net.run(x, upto=i).numpy().reshape(-1)[unit])


def check_gradients(case):
    weights = {n: torch.tensor(w, requires_grad=True) for n, w in case.net.weights.items()}
    case.net.tensor = lambda n: weights[n]
    loss = case.loss("train")
    g = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
    del case.net.tensor
    got = show(case, "gradients", "--method", "flow", "--part", "train")
    for n, value in zip(weights, g):
        if "moving" in n:
            continue
        if n not in got.get("weights", []):
            failures.append(f"{case.name}: gradients of {n}: {got.get('error', 'missing')}")
            continue
        near(case, "gradient norm " + n, got["gradient_norm"][got["weights"].index(n)], float(value.norm()))


def main():
    global STRATA
    parser = argparse.ArgumentParser()
    parser.add_argument("--strata", default="build/strata")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=3)
    arguments = parser.parse_args()
    STRATA = os.path.abspath(arguments.strata)
    rng = np.random.default_rng(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        for n in range(arguments.cases):
            k = int(rng.integers(3, 6))
            cases = [
                Case(f"table{n}", (5,), ["dense 6 tanh", "dense 4 relu", f"dense {k} softmax"], "softmax", rng, folder),
                Case(f"norm{n}", (7,), ["dense 6 relu", "batch_normalization", f"dense {k} softmax"], "softmax", rng, folder),
                Case(f"yes{n}", (4,), ["dense 5 tanh", "dense 1 sigmoid"], "binary", rng, folder),
                Case(f"number{n}", (4,), ["dense 5 tanh", "dense 1"], "regression", rng, folder),
                Case(f"image{n}", (10, 8, int(rng.integers(1, 3))),
                     ["conv2d 3 3 activation=relu padding=same", "max_pooling2d", "conv2d 4 2 activation=tanh", "flatten", f"dense {k} softmax"],
                     "softmax", rng, folder),
            ]
            for case in cases:
                check_neuron(case, rng)
                check_why(case, rng)
                check_mistakes(case)
                check_geometry(case)
                check_gradients(case)
                check_surface(case)
    for line in failures:
        print(line)
    print(f"{compared} numbers compared, {len(failures)} differ")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
