"""As program.py, for the kinds whose rows know of each other and for what is normalized, reshaped and adapted: draws
random stacks of kinds/normalization.py and kinds/reshape.py between dense layers and compares predict and gradients (in
and outside training) and whole runs of train, moving averages included.

usage: python3 tests/oracle/program_norm.py [--strata build/strata] [--cases 40] [--seed 1]
"""
import argparse, csv, os, tempfile
import numpy as np
import torch

from kinds import normalization, reshape
from kinds.dense import Dense
from program import far, read_safetensors, run, write_safetensors

torch.set_default_dtype(torch.float64)
KINDS = {**normalization.KINDS, **reshape.KINDS, "dense": Dense}
SHAPES = [[6], [4, 6], [3, 4, 6]]


def maybe(rng, chance, *words):
    return [str(rng.choice(words))] if rng.random() < chance else []


def affine(rng):
    return (maybe(rng, 0.2, "center=no") + maybe(rng, 0.2, "scale=no") + maybe(rng, 0.3, "epsilon=0.05", "epsilon=0.3") +
            maybe(rng, 0.2, "gamma_regularizer=l2:0.02") + maybe(rng, 0.2, "beta_regularizer=l1:0.01") +
            maybe(rng, 0.2, "gamma_constraint=non_neg"))


def axis(rng, shape, several):
    places = list(range(1, len(shape) + 1)) + [-1]
    if several and rng.random() < 0.4:
        chosen = rng.permutation(len(shape))[: rng.integers(1, len(shape) + 1)] + 1
        return "axis=" + ",".join(map(str, chosen))
    return f"axis={rng.choice(places)}"


def layer_words(rng, shape):
    kind = str(rng.choice(["batch_normalization"] * 4 + ["layer_normalization", "group_normalization", "rms_normalization",
                           "unit_normalization", "normalization", "reshape", "permute", "dense"]))
    if kind == "dense":
        return kind, [str(rng.integers(2, 7)), "tanh"]
    if kind == "reshape":
        size = int(np.prod(shape))
        return kind, [str(rng.choice([f"{size}", f"-1x{shape[-1]}", f"2x-1" if size % 2 == 0 else "-1"]))]
    if kind == "permute":
        return kind, [",".join(str(n + 1) for n in rng.permutation(len(shape)))]
    if kind == "normalization":
        return kind, ["axis=none", "mean=0.25", "variance=1.5"] + maybe(rng, 0.4, "invert=yes")
    if kind in ("rms_normalization", "unit_normalization"):
        return kind, [axis(rng, shape, True)]
    if kind == "layer_normalization":
        return kind, [axis(rng, shape, True)] + affine(rng) + maybe(rng, 0.2, "rms_scaling=yes")
    if kind == "group_normalization":
        place = int(rng.integers(1, len(shape) + 1))
        channels = shape[place - 1]
        groups = [g for g in range(1, channels + 1) if channels % g == 0] + [-1]
        return kind, [f"groups={rng.choice(groups)}", f"axis={place}"] + affine(rng)
    return kind, ([axis(rng, shape, False)] + affine(rng) + maybe(rng, 0.4, "momentum=0.9", "momentum=0.5") +
                  maybe(rng, 0.2, "renorm=yes") + maybe(rng, 0.1, "trainable=no"))


class Layer:
    def __init__(self, kind, words, number, shape, rng):
        self.name, self.line = f"{kind}_{number}" if number else kind, " ".join([kind, *words])
        self.held = dict(w.split("=") for w in words if "_regularizer" in w or "_constraint" in w)
        self.layer = KINDS[kind](words, shape, rng)
        self.frozen = getattr(self.layer, "frozen", set())
        self.shape = list(self({}, torch.zeros(2, *shape), "infer").shape[1:])

    def names(self):
        return [f"{self.name}/{w}" for w in self.layer.weights]

    def __call__(self, weights, x, mode):
        for own, name in zip(list(self.layer.weights), self.names()):
            self.layer.weights[own] = weights.get(name, self.layer.weights[own])
        return self.layer(x, mode)

    def penalty(self, weights):
        """Of what is trained alone, as in Keras."""
        total = 0.0
        if "gamma" in self.frozen or "beta" in self.frozen:
            return total
        for option, call in self.held.items():
            w = weights.get(f"{self.name}/{option.split('_')[0]}")
            if "_regularizer" in option and w is not None:
                name, factor = call.split(":")
                total = total + float(factor) * ((w**2).sum() if name == "l2" else w.abs().sum())
        return total


def stack(rng):
    shape = SHAPES[rng.integers(3)]
    layers, now, count = [], shape, {}
    for _ in range(rng.integers(2, 6)):
        kind, words = layer_words(rng, now)
        layers.append(Layer(kind, words, count.get(kind, 0), now, rng))
        count[kind] = count.get(kind, 0) + 1
        now = layers[-1].shape
    layers.append(Layer("reshape", ["-1"], count.get("reshape", 0), now, rng))
    layers.append(Layer("dense", ["3"], count.get("dense", 0), layers[-1].shape, rng))
    return shape, layers


def forward(layers, w, x, mode):
    for layer in layers:
        x = layer(w, x, mode)
    return x


def gradients(layers, w, x, y, mode):
    """The loss, gradients by weight (of those that are trained) and input, the output, and weights moved by a step."""
    trained = {n for l in layers for n, own in zip(l.names(), l.layer.weights) if own not in l.frozen}
    wt = {k: torch.tensor(v).requires_grad_(k in trained) for k, v in w.items()}
    xt = torch.tensor(x).requires_grad_()
    out = forward(layers, wt, xt, mode)
    loss = ((out - torch.tensor(y)) ** 2).mean() + sum(l.penalty(wt) for l in layers)
    loss.backward()
    after = {f"{l.name}/{n}": v.detach().numpy() for l in layers for n, v in getattr(l.layer, "after", {}).items()}
    grads = {k: v.grad.numpy() if v.grad is not None else np.zeros_like(w[k]) for k, v in wt.items() if k in trained}
    return float(loss.detach()), grads, xt.grad.numpy(), out.detach().numpy(), after


def hold(layers, w):
    for layer in layers:
        if layer.held.get("gamma_constraint") and f"{layer.name}/gamma" in w and "gamma" not in layer.frozen:
            w[f"{layer.name}/gamma"] = np.maximum(w[f"{layer.name}/gamma"], 0)


def try_case(number, seed, strata, folder):
    rng = np.random.default_rng([seed, number])
    shape, layers = stack(rng)
    rows, batch = int(rng.integers(3, 90)), int(rng.integers(2, 70))
    if rng.random() < 0.2:
        rows, batch = 300, 257  # four lanes
    x = rng.normal(0, 1, (rows, *shape)).astype("f4").astype(float)
    y = rng.normal(0, 1, (rows, 3)).astype("f4").astype(float)
    w = {n: v.detach().numpy().astype("f4").astype(float)
         for l in layers for n, v in zip(l.names(), l.layer.weights.values())}
    path = lambda name: os.path.join(folder, name)
    np.save(path("x.npy"), x.astype("f4"))
    np.save(path("y.npy"), y.astype("f4"))
    write_safetensors(path("w.safetensors"), w)
    lines = ["data npy x.npy y.npy", "input " + "x".join(map(str, shape)), *[l.line for l in layers],
             "compile optimizer=sgd loss=mse learning_rate=0.002 momentum=0.9", f"fit epochs=3 batch_size={batch}"]
    open(path("r.strata"), "w").write("\n".join(lines) + "\n")
    files, worst = ("--weights", path("w.safetensors"), "--input", path("x.npy")), {}
    for mode, flag in (("infer", []), ("train:1:0", ["--training"])):
        loss, grads, dx, out, _ = gradients(layers, w, x, y, mode)
        run(strata, "predict", path("r.strata"), *files, "--output", path("p.npy"), *flag)
        worst[mode + " predict"] = far(np.load(path("p.npy")), out)
        said = run(strata, "gradients", path("r.strata"), *files, "--target", path("y.npy"), "--output",
                   path("g.safetensors"), *flag)
        got = read_safetensors(path("g.safetensors"))
        if set(got) != set(grads) | {"input"}:
            raise RuntimeError(f"gradients are of {sorted(got)}, wanted {sorted(grads)}")
        scale = max(np.max(np.abs(g)) for g in [*grads.values(), dx])
        worst[mode + " loss"] = abs(float(said.split()[-1]) - loss) / max(1e-3, abs(loss))
        worst[mode + " gradients"] = max(np.max(np.abs(got[k] - g)) / scale for k, g in [*grads.items(), ("input", dx)])
    run(strata, "train", path("r.strata"), "--init", path("w.safetensors"), "--no-shuffle", "--quiet", "--log",
        path("log.csv"), "--log-every", "step", "--save", path("s.safetensors"))
    logged, wanted, m = [float(r["loss"]) for r in csv.DictReader(open(path("log.csv")))], [], {}
    for _ in range(3):
        for at in range(0, rows, batch):
            loss, grads, _, _, after = gradients(layers, w, x[at : at + batch], y[at : at + batch], "train:1:0")
            wanted.append(loss)
            for k, g in grads.items():
                m[k] = 0.9 * m.get(k, 0) - 0.002 * g
                w[k] = w[k] + m[k]
            w.update(after)
            hold(layers, w)
    worst["training losses"] = far(np.array(logged), np.array(wanted))
    saved = read_safetensors(path("s.safetensors"))
    worst["trained weights"] = max(far(saved[k], v) for k, v in w.items())
    return lines, worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--strata", default="build/strata")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.cases):
            lines, worst = try_case(number, args.seed, os.path.abspath(args.strata), folder)
            bad = {k: v for k, v in worst.items() if not v < 1e-4}
            failed += bool(bad)
            if bad:
                print(f"case {number}:", *lines, sep="\n    ")
                print("   ", bad)
    print(f"{args.cases - failed} passed, {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
