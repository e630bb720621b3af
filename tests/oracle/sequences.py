#!/usr/bin/env python3
"""Holds the program against PyTorch in double on random stacks of sequences: masks from embedding and masking,
recurrent layers in every order and direction, states carried from batch to batch, wrappers, losses at every step.
A companion of program.py, which says how it is used.

usage: /usr/bin/python3 tests/oracle/sequences.py [--strata build/strata] [--cases 40] [--seed 1] [--only N]
"""
import argparse, csv, os, tempfile
import numpy as np
import torch

import losses
import optimizers
from program import far, read_safetensors, run, write_safetensors
from kinds import dense, elementwise, recurrent, wrapper

KINDS = {**recurrent.KINDS, **wrapper.KINDS, **dense.KINDS, **elementwise.KINDS}
BATCH, EPOCHS, RATE = 5, 2, 0.05


class Stack:
    def __init__(self, rng):
        self.rng, self.lines, self.layers, self.names, self.used = rng, [], [], [], {}
        self.steps, features = int(rng.integers(1, 7)), int(rng.integers(1, 5))
        self.words = int(rng.integers(2, 9)) if rng.random() < 0.5 else 0
        self.input = [self.steps] if self.words else [self.steps, features]
        self.shape = self.input
        if self.words:
            self.add("embedding", f"{self.words}", f"{features}", *self.some("mask_zero=yes"))
        elif rng.random() < 0.5:
            self.add("masking")
        elif rng.random() < 0.5:
            self.add("time_distributed", "dense", "3", "tanh")
        self.stateful = rng.random() < 0.25
        for _ in range(rng.integers(0, 3)):
            self.draw(["return_sequences=yes"])
        self.at_steps = rng.random() < 0.4
        if not self.at_steps:
            self.draw([])
        elif rng.random() < 0.5:
            self.add("dense", "4", "tanh")
        self.sparse, self.out = rng.random() < 0.5, int(rng.integers(2, 5))
        last = ["time_distributed"] if self.at_steps and rng.random() < 0.3 else []
        self.add(*last, "dense", str(self.out), "softmax" if self.sparse else "linear")
        self.loss = "sparse_categorical_crossentropy" if self.sparse else "mean_squared_error"

    def some(self, *words, share=0.5):
        return [w for w in words if self.rng.random() < share]

    def draw(self, words):
        rng, kind = self.rng, str(self.rng.choice(["lstm", "gru", "simple_rnn"]))
        words = [kind, str(rng.integers(1, 7)), *words, *self.some("use_bias=no", "activation=softsign", share=0.2)]
        words += self.some("recurrent_activation=hard_sigmoid", share=0.2) if kind != "simple_rnn" else []
        words += self.some("reset_after=no") if kind == "gru" else []
        words += ["stateful=yes"] if self.stateful else []
        words += self.some("activity_regularizer=l2:0.05", share=0.2)
        if rng.random() < 0.35:
            words = ["bidirectional", *words, f"merge_mode={rng.choice(['concat', 'sum', 'mul', 'ave'])}"]
        else:
            words += self.some("go_backwards=yes", share=0.3) + self.some("zero_output_for_mask=yes", share=0.2)
        self.add(*words)

    def add(self, kind, *words):
        layer = KINDS[kind](list(words), self.shape, self.rng)
        number = self.used.get(kind, 0)
        self.used[kind] = number + 1
        self.layers.append(layer)
        self.names.append(f"{kind}_{number}" if number else kind)
        self.lines.append(" ".join([kind, *words]))
        # its output's shape
        probe = torch.zeros(1, *self.shape)
        self.shape = list(layer(probe, "infer").shape[1:])

    def weights(self):
        return {f"{name}/{w}": value.numpy().astype("f4").astype(float)
                for name, layer in zip(self.names, self.layers) for w, value in layer.weights.items()}

    @staticmethod
    def cells(layer):
        return list(layer.sides.values()) if hasattr(layer, "sides") else [layer] if hasattr(layer, "held") else []

    def carry(self, on):
        """States of the batch before to begin with, or zeros."""
        for layer in self.layers:
            for cell in self.cells(layer):
                cell.held = cell.left if on and self.stateful else None

    def __call__(self, w, x):
        """Output, mask of its positions or None, and what regularizers of outputs add."""
        mask, penalty = None, 0.0
        for name, layer, line in zip(self.names, self.layers, self.lines):
            layer.weights = {key.split("/", 1)[1]: value for key, value in w.items() if key.split("/", 1)[0] == name}
            before = x
            for cell in self.cells(layer):
                cell.mask = mask
            if hasattr(layer, "sides"):
                layer.mask = mask
            if isinstance(layer, wrapper.TimeDistributed):
                layer.layer.weights = layer.weights
            x = layer(x, "infer")
            if "activity_regularizer" in line:
                outputs = layer.said if hasattr(layer, "sides") else [x]
                penalty = penalty + sum(0.05 * (y**2).sum() for y in outputs) / x.shape[0]
            if isinstance(layer, recurrent.Embedding):
                mask = before != 0 if "mask_zero=yes" in line else None
            elif isinstance(layer, recurrent.Masking):
                mask = (before != 0).any(-1)
            elif not isinstance(layer, dense.Dense):
                mask = None
        return x, mask, penalty

    def gradients(self, w, x, y):
        w = {k: torch.tensor(v, requires_grad=True) for k, v in w.items()}
        x = torch.tensor(x, requires_grad=True)
        out, mask, penalty = self(w, x)
        loss = losses.value_of(self.loss, out, torch.tensor(y), {}, None, mask) + penalty
        loss.backward()
        zeros = torch.zeros_like(x) if x.grad is None else x.grad
        grads = {k: np.zeros(v.shape) if v.grad is None else v.grad.numpy() for k, v in w.items()}
        return float(loss), grads, zeros.numpy(), out.detach().numpy()


def try_case(number, seed, strata, folder):
    rng = np.random.default_rng([seed, number])
    stack = Stack(rng)
    rows = BATCH * int(rng.integers(1, 9))
    if stack.words:
        x = rng.integers(0, stack.words, (rows, *stack.input)).astype(float)
    else:
        x = rng.normal(0, 1, (rows, *stack.input)).astype("f4").astype(float)
    if stack.lines[0] == "masking":
        x[rng.random((rows, stack.steps)) < 0.4] = 0
    lead = (rows, stack.steps) if stack.at_steps else (rows,)
    y = rng.integers(0, stack.out, lead) if stack.sparse else rng.normal(0, 1, (*lead, stack.out)).astype("f4").astype(float)
    if stack.sparse:
        y.reshape(-1)[: stack.out] = np.arange(stack.out)[: y.size]
    w = stack.weights()
    optimizer = str(rng.choice(["sgd", "adam"]))
    text = ["data npy x.npy y.npy", "input " + "x".join(map(str, stack.input)), *stack.lines,
            f"compile optimizer={optimizer} loss={stack.loss} learning_rate={RATE}",
            f"fit epochs={EPOCHS} batch_size={BATCH}"]
    path = lambda name: os.path.join(folder, name)
    np.save(path("x.npy"), x.astype("i4" if stack.words else "f4"))
    np.save(path("y.npy"), y.astype("i4" if stack.sparse else "f4"))
    write_safetensors(path("w.safetensors"), w)
    open(path("r.strata"), "w").write("\n".join(text) + "\n")
    worst = {}
    try:
        loss, grads, dx, out = stack.gradients(w, x, y)
        begin = [path("r.strata"), "--weights", path("w.safetensors"), "--input", path("x.npy")]
        run(strata, "predict", *begin, "--output", path("p.npy"))
        worst["predict"] = far(np.load(path("p.npy")), out)
        said = run(strata, "gradients", *begin, "--target", path("y.npy"), "--output", path("g.safetensors"))
        got = read_safetensors(path("g.safetensors"))
        worst["loss"] = abs(float(said.split()[-1]) - loss) / max(1e-3, abs(loss))
        worst["gradient"] = max(far(got[k], grads[k]) for k in w)
        worst["input gradient"] = far(got["input"].reshape(dx.shape), dx)
        run(strata, "train", path("r.strata"), "--init", path("w.safetensors"), "--no-shuffle", "--quiet", "--log",
            path("log.csv"), "--log-every", "step", "--save", path("s.safetensors"))
        log = [float(row["loss"]) for row in csv.DictReader(open(path("log.csv")))]
        step, wanted = optimizers.Optimizer(optimizer, {}), []
        for _ in range(EPOCHS):
            for at in range(0, rows, BATCH):
                stack.carry(len(wanted) > 0)
                value, grads, _, _ = stack.gradients(w, x[at : at + BATCH], y[at : at + BATCH])
                wanted.append(value)
                w = dict(zip(w, step.step(list(w.values()), [grads[k] for k in w], RATE)))
        worst["training losses"] = far(np.array(log), np.array(wanted))
        saved = read_safetensors(path("s.safetensors"))
        worst["trained weights"] = max(far(saved[k], w[k]) for k in w)
    except (RuntimeError, ValueError) as error:
        worst["error"] = str(error)
    return text, worst


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--strata", default="build/strata")
    words.add_argument("--cases", type=int, default=40)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--only", type=int)
    args = words.parse_args()
    limit = {"predict": 1e-5, "loss": 1e-5, "gradient": 1e-4, "input gradient": 1e-4, "training losses": 1e-3,
             "trained weights": 5e-3}
    failed = 0
    for number in range(args.cases) if args.only is None else [args.only]:
        with tempfile.TemporaryDirectory() as folder:
            text, worst = try_case(number, args.seed, os.path.abspath(args.strata), folder)
        bad = {k: v for k, v in worst.items() if k not in limit or not v <= limit[k]}
        if bad:
            failed += 1
            print(f"case {number}: {bad}\n   " + "\n   ".join(text))
    print(f"{args.cases - failed} passed, {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
