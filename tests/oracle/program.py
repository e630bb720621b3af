"""Holds the program against an independent implementation in double precision.

Draws small random stacks, losses, optimizers and data (--seed N, --cases N), writes them as files, and compares
what build/strata says through predict, gradients and train --init --no-shuffle --log-every step with PyTorch's
autograd in double and Keras' formulas written out. Needs python3 with torch and numpy; not part of make test.

usage: python3 tests/oracle/program.py [--strata build/strata] [--cases 40] [--seed 1]
"""
import argparse, csv, json, os, struct, subprocess, sys, tempfile
import numpy as np
import torch

import losses
from fronts import front
import metrics as measures
import optimizers
import schedules

torch.set_default_dtype(torch.float64)


def write_safetensors(path, tensors):
    header, at, blobs = {}, 0, []
    for name in sorted(tensors):
        blob = np.ascontiguousarray(tensors[name], dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [at, at + len(blob)]}
        at += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read_safetensors(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    out = {}
    for name, row in header.items():
        if name == "__metadata__":
            continue
        a, b = row["data_offsets"]
        out[name] = np.frombuffer(raw[8 + size + a : 8 + size + b], "<f4").reshape(row["shape"]).astype(float)
    return out


ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": torch.relu,
    "leaky_relu": lambda z: torch.nn.functional.leaky_relu(z, 0.2),
    "elu": torch.nn.functional.elu,
    "selu": torch.selu,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": torch.nn.functional.softplus,
    "softmax": lambda z: torch.softmax(z, -1),
}


# The last activations that a loss is tried with; from linear, one that is of probabilities takes logits. FUSES:
# what a loss is computed through, so that the reference is by the logits there too.
LOSSES = {
    "sparse_categorical_crossentropy": ["softmax", "linear", "sigmoid"],
    "categorical_crossentropy": ["softmax", "linear", "sigmoid"],
    "binary_crossentropy": ["sigmoid", "linear", "softmax"],
    "categorical_focal_crossentropy": ["softmax", "linear", "sigmoid"],
    "binary_focal_crossentropy": ["sigmoid", "linear", "softmax"],
    "mean_squared_error": ["linear", "tanh", "softplus"],
    "mean_absolute_error": ["linear", "tanh", "softplus"],
    "mean_absolute_percentage_error": ["linear", "softplus"],
    "mean_squared_logarithmic_error": ["softplus", "linear"],
    "huber": ["linear", "tanh"],
    "log_cosh": ["linear", "softplus"],
    "hinge": ["tanh", "linear"],
    "squared_hinge": ["tanh", "linear"],
    "categorical_hinge": ["linear", "softmax"],
    "kl_divergence": ["softmax", "sigmoid"],
    "poisson": ["softplus"],
    "cosine_similarity": ["linear", "tanh"],
}
FUSES = {"sparse_categorical_crossentropy": "softmax", "categorical_crossentropy": "softmax", "binary_crossentropy": "sigmoid"}
ALIASES = {"mean_squared_error": ["mse", "MSE"], "mean_absolute_error": ["mae", "MAE"], "log_cosh": ["logcosh"],
           "mean_absolute_percentage_error": ["mape", "MAPE"], "mean_squared_logarithmic_error": ["msle", "MSLE"],
           "binary_crossentropy": ["bce", "BCE"], "kl_divergence": ["kld", "KLD", "kullback_leibler_divergence"]}


def loss_options(loss, last, out, rng):
    options = {}
    some = lambda: rng.random() < 0.5
    if last == "linear" and loss.endswith("crossentropy"):
        options["from_logits"] = "yes"
    if loss.endswith("crossentropy") and some():
        options["label_smoothing"] = float(rng.choice([0.1, 0.2, 1.0]))
    if loss.startswith("sparse") and some():
        options["ignore_class"] = int(rng.integers(0, out))
    if "focal" in loss and some():
        options["gamma"] = float(rng.choice([0, 1, 1.5, 3]))
    if loss == "categorical_focal_crossentropy" and some():
        options["alpha"] = ",".join(str(round(float(a), 2)) for a in rng.uniform(0.1, 1, out))
    if loss == "binary_focal_crossentropy" and some():
        options.update(apply_class_balancing="yes", alpha=float(rng.choice([0.1, 0.8])))
    if loss == "huber" and some():
        options["delta"] = float(rng.choice([0.2, 2.5]))
    return options


def targets_of(c, rows, rng):
    """Targets that the loss is for, and now and then any others."""
    loss, out, lead = c["loss"], c["out"], (rows, *c["steps"])
    shape = (*lead, out)
    if loss.startswith("sparse"):
        y = rng.integers(0, out, lead)
        y.reshape(-1)[:out] = np.arange(out)[: y.size]
        return y
    if loss.startswith("categorical"):
        return np.eye(out)[rng.integers(0, out, lead)]
    if loss.startswith("binary"):
        return rng.integers(0, 2, shape).astype(float)
    if loss.endswith("hinge"):
        y = rng.integers(0, 2, shape).astype(float)
        return y if rng.random() < 0.5 else 2 * y - 1
    if loss == "kl_divergence":
        y = rng.random(shape) + 0.1
        return (y / y.sum(-1, keepdims=True)).astype("f4").astype(float)
    if loss == "poisson":
        return rng.poisson(2, shape).astype(float)
    y = rng.normal(0, 1, shape)
    if loss == "mean_absolute_percentage_error":
        y += np.sign(y)
    return y.astype("f4").astype(float)


def loss_of(name, options, last, logits, y, target, weights):
    """The mean over a batch, Keras' definitions; where the output comes from softmax or sigmoid, by its logits."""
    if FUSES.get(name) == last and "from_logits" not in options:
        y, options = logits, {**options, "from_logits": "yes"}
    return losses.value_of(name, y, target, options, weights)


# Each option with what is drawn for it, in half of the cases.
RATES = {"sgd": 0.05, "rmsprop": 0.01, "adagrad": 0.1, "adadelta": 0.5, "adam": 0.01, "adamw": 0.01, "adamax": 0.01,
         "nadam": 0.01, "lion": 0.003, "ftrl": 0.1}
OPTIONS = {
    "sgd": {"momentum": [0.9, 0.3], "nesterov": [True]},
    "rmsprop": {"rho": [0.7, 0.95], "momentum": [0.5], "epsilon": [1e-3], "centered": [True]},
    "adagrad": {"initial_accumulator_value": [0.01, 0.5], "epsilon": [1e-3]},
    "adadelta": {"rho": [0.5, 0.99], "epsilon": [1e-3]},
    "adam": {"beta_1": [0.5, 0.8], "beta_2": [0.9, 0.99], "epsilon": [1e-3], "amsgrad": [True]},
    "adamw": {"beta_1": [0.5, 0.8], "beta_2": [0.9, 0.99], "epsilon": [1e-3], "amsgrad": [True]},
    "adamax": {"beta_1": [0.5, 0.8], "beta_2": [0.9, 0.99], "epsilon": [1e-3]},
    "nadam": {"beta_1": [0.5, 0.8], "beta_2": [0.9, 0.99], "epsilon": [1e-3]},
    "lion": {"beta_1": [0.5, 0.8], "beta_2": [0.7, 0.9]},
    "ftrl": {"learning_rate_power": [-0.7, -0.4], "initial_accumulator_value": [0.5, 1.0],
             "l1_regularization_strength": [0.01], "l2_regularization_strength": [0.1],
             "l2_shrinkage_regularization_strength": [0.05], "beta": [0.3]},
}
SCHEDULES = {
    "exponential_decay": {"decay_steps": [3, 10], "decay_rate": [0.9, 0.5], "staircase": [True]},
    "inverse_time_decay": {"decay_steps": [3, 1.5], "decay_rate": [0.5, 2], "staircase": [True]},
    "polynomial_decay": {"decay_steps": [3, 10], "end_learning_rate": [0.002], "power": [0.5, 2], "cycle": [True]},
    "piecewise_constant_decay": {"boundaries": [[2, 5]], "values": [[0.01, 0.003, 0.02]]},
    "cosine_decay": {"decay_steps": [3, 10], "alpha": [0.1], "warmup_target": [0.02], "warmup_steps": [3]},
    "cosine_decay_restarts": {"first_decay_steps": [2, 4], "t_mul": [1, 3], "m_mul": [0.8], "alpha": [0.1]},
    "one_cycle": {"total_steps": [30], "max_learning_rate": [0.02, 0.05], "pct_start": [0.5], "final_div_factor": [10]},
}
REQUIRED = {"decay_steps", "decay_rate", "boundaries", "values", "first_decay_steps", "total_steps", "max_learning_rate"}


def draw(table, rng):
    return {k: v[rng.integers(len(v))] for k, v in table.items() if k in REQUIRED or rng.random() < 0.4}


def optimizer_of(loss, rng):
    """name, learning_rate, its options, schedule or None, its options."""
    name = str(rng.choice(list(OPTIONS)))
    rate = RATES[name] * float(rng.choice([0.2, 0.5, 1]))
    if loss == "mean_absolute_percentage_error":  # its slopes are a hundred times steeper
        rate /= 100
    options = draw(OPTIONS[name], rng)
    if rng.random() < 0.3:
        options["weight_decay"] = float(rng.choice([0.02, 0.2]))
    if rng.random() < 0.5:
        options[str(rng.choice(["clipnorm", "clipvalue", "global_clipnorm"]))] = float(rng.choice([0.03, 0.3, 3]))
    if rng.random() < 0.3:
        options |= {"use_ema": True} | draw({"ema_momentum": [0.5, 0.9], "ema_overwrite_frequency": [3]}, rng)
    schedule = str(rng.choice(list(SCHEDULES))) if rng.random() < 0.6 else None
    return name, rate, options, schedule, draw(SCHEDULES[schedule], rng) if schedule else {}


def spelt(options):
    text = lambda v: "yes" if v is True else ",".join(map(str, v)) if isinstance(v, list) else str(v)
    return "".join(f" {k}={text(v)}" for k, v in options.items())


def metrics_of(loss, options, steps, rng):
    """Some metrics that the loss' targets are right for: what is written, and its definition."""
    logits, m = "from_logits" in options, measures
    yes = "yes" if logits else "no"
    known = {
        "precision": m.precision, "recall:0.3": lambda d: m.recall(d, 0.3), "recall:top_k=2": lambda d: m.recall(d, None, 2),
        "precision:0.6::1": lambda d: m.precision(d, 0.6, None, 1), "f1_score": m.fbeta, "false_negatives:0.4": lambda d: m.counts(d, 0.4)[3],
        "f1_score:weighted": lambda d: m.fbeta(d, "weighted"), "fbeta_score:micro:2:0.4": lambda d: m.fbeta(d, "micro", 2, 0.4),
        "auc": m.auc, "auc:50:PR": lambda d: m.auc(d, 50, "PR"), "auc_pr": lambda d: m.auc(d, 200, "PR"),
        "specificity_at_sensitivity:0.6": lambda d: m.best(d, "specificity", "recall", 0.6),
    }
    errors = {
        "mae": lambda d: np.abs(d.y - d.t).mean(), "root_mean_squared_error": lambda d: np.sqrt(((d.y - d.t) ** 2).mean()),
        "r2_score": m.r2, "cosine_similarity": m.cosine, "mean_squared_logarithmic_error": lambda d: ((m.log1(d.y) - m.log1(d.t)) ** 2).mean(),
        "logcosh": lambda d: np.log(np.cosh(d.y - d.t)).mean(), "squared_hinge": lambda d: m.hinge(d, 2), "kl_divergence": m.kl,
    }
    if loss.startswith("sparse"):
        known.update({"accuracy": m.sparse_accuracy, "sparse_top_k_categorical_accuracy:2": lambda d: m.in_top(d, 2, d.label),
                      f"perplexity:{yes}": lambda d: np.exp(m.scce(d, logits)),
                      f"sparse_categorical_crossentropy:{yes}": lambda d: m.scce(d, logits)})
    elif loss.endswith("crossentropy"):
        known.update({**errors, "acc": m.categorical_accuracy, "binary_accuracy:0.4": lambda d: m.binary_accuracy(d, 0.4),
                      "top_k_categorical_accuracy:1": lambda d: m.in_top(d, 1, d.t.argmax(-1)),
                      f"categorical_crossentropy:from_logits={yes}:label_smoothing=0.1": lambda d: m.cce(d, logits, 0.1),
                      f"bce:{yes}": lambda d: m.bce(d, logits)})
    else:
        known = errors
    if steps:  # Keras wants rows of one axis for these
        known = {word: known[word] for word in known if not word.startswith(("r2", "f1", "fbeta"))}
    chosen = rng.choice(list(known), rng.integers(1, min(6, len(known) + 1)), replace=False)
    return {str(word): known[str(word)] for word in chosen}


def measured(c, y, t):
    """The metrics of rows, whichever batches they came in."""
    y, t = (y, t) if c["steps"] else (y[:, None], t[:, None])
    hot = {"labels": t} if c["loss"].startswith("sparse") else {"targets": t}
    with np.errstate(all="ignore"):
        return np.array([float(function(measures.Data(y, **hot))) for function in c["metrics"].values()])


def figures(c, row):
    return np.array([float("nan" if row[word] is None else row[word]) for word in c["metrics"]])


def far_figures(a, b):
    """The same where neither is a number."""
    both = np.isnan(a) | np.isinf(a) | np.isnan(b) | np.isinf(b)
    return float("inf") if np.any(np.isfinite(a) != np.isfinite(b)) else float(
        np.max(np.where(both, 0, np.abs(a - b) / np.maximum(1, np.abs(b)))))


def case(rng):
    """One experiment: recipe lines, shapes, and what the reference needs to know."""
    loss = str(rng.choice(list(LOSSES)))
    shape = [int(v) for v in rng.integers(2, 6, rng.integers(1, 4))]
    spatial = []
    if rng.random() < 0.4:
        shape, spatial = front(rng)
    lines, layers = ["input " + "x".join(map(str, shape))], []
    steps = [shape[0]] if len(shape) == 2 and rng.random() < 0.5 else []  # a loss for each of them
    if spatial:
        steps = []
        lines += [layer.line for layer in spatial]
        layers += [("front", layer) for layer in spatial]
    if len(shape) > 1 and not steps:
        lines.append("flatten")
        layers.append(("flatten",))
    for _ in range(rng.integers(0, 4)):
        units, act = int(rng.integers(2, 12)), str(rng.choice([a for a in ACTIVATIONS if a != "softmax"]))
        bias, reg = bool(rng.random() < 0.8), str(rng.choice(["", "", "l2:0.02", "l1:0.01", "l1_l2:0.01:0.03"]))
        if rng.random() < 0.5:
            lines.append(f"dense {units} {act}" + ("" if bias else " use_bias=no") + (f" kernel_regularizer={reg}" if reg else ""))
            layers.append(("dense", units, act, bias, reg))
        else:
            lines += [f"dense {units}" + ("" if bias else " use_bias=no") + (f" kernel_regularizer={reg}" if reg else ""), f"activation {act}"]
            layers += [("dense", units, "linear", bias, reg), ("activation", act)]
        if rng.random() < 0.3:
            lines.append("dropout 0.3")
            layers.append(("dropout",))
    out = int(rng.integers(2, 6))
    last = str(rng.choice(LOSSES[loss]))
    options = loss_options(loss, last, out, rng)
    lines.append(f"dense {out} {last}")
    layers.append(("dense", out, last, True, ""))
    name, rate, own, schedule, times = optimizer_of(loss, rng)
    word = str(rng.choice([loss, *ALIASES.get(loss, [])]))
    compile_line = f"compile optimizer={name} loss={word} learning_rate={rate}" + spelt(own) + spelt(options)
    if schedule:
        compile_line += f" schedule={schedule}" + spelt(times)
    metrics = metrics_of(loss, options, steps, np.random.default_rng(rng.integers(1 << 30)))
    compile_line += " metrics=" + ",".join(metrics)
    return dict(metrics=metrics, lines=lines, layers=layers, compile=compile_line, steps=steps, loss=loss, options=options, last=last,
                out=out, shape=shape, optimizer=(name, own), rate=(schedule, rate, times))


def weights_of(c, rng):
    weights, size, count = {}, c["shape"][-1] if c["steps"] else int(np.prod(c["shape"])), 0
    for layer in c["layers"]:
        if layer[0] == "front":
            size = int(np.prod(layer[1].shape))
            for name, w in layer[1].layer.weights.items():
                weights[f"{layer[1].name}/{name}"] = w.detach().numpy().astype("f4").astype(float)
        if layer[0] != "dense":
            continue
        name = "dense" if count == 0 else f"dense_{count}"
        count += 1
        weights[name + "/kernel"] = rng.normal(0, min(0.5, 1 / np.sqrt(size)), (size, layer[1])).astype("f4").astype(float)
        if layer[3]:
            weights[name + "/bias"] = rng.normal(0, 0.2, layer[1]).astype("f4").astype(float)
        size = layer[1]
    return weights


def forward(c, w, x):
    """The output, and the last activation's input."""
    count, z = 0, x
    for layer in c["layers"]:
        if layer[0] == "front":
            x = z = layer[1](x, w)
        elif layer[0] == "flatten":
            x = z = x.reshape(x.shape[0], -1)
        elif layer[0] == "activation":
            z, x = x, ACTIVATIONS[layer[1]](x)
        elif layer[0] == "dense":
            name = "dense" if count == 0 else f"dense_{count}"
            count += 1
            z = x @ w[name + "/kernel"]
            if layer[3]:
                z = z + w[name + "/bias"]
            x = ACTIVATIONS[layer[2]](z)
    return x, z


def penalty(c, w):
    total, count = 0.0, 0
    for layer in c["layers"]:
        if layer[0] == "front":
            total = total + layer[1].penalty()
        if layer[0] != "dense":
            continue
        k = w["dense/kernel" if count == 0 else f"dense_{count}/kernel"]
        count += 1
        if layer[4].startswith("l1_l2"):
            a, b = (float(v) for v in layer[4].split(":")[1:])
            total = total + a * k.abs().sum() + b * (k**2).sum()
        elif layer[4].startswith("l2"):
            total = total + float(layer[4].split(":")[1]) * (k**2).sum()
        elif layer[4].startswith("l1"):
            total = total + float(layer[4].split(":")[1]) * k.abs().sum()
    return total


def gradients(c, w, x, y, weights=None):
    wt = {k: torch.tensor(v, requires_grad=True) for k, v in w.items()}
    xt = torch.tensor(x, requires_grad=True)
    out, z = forward(c, wt, xt)
    loss = loss_of(c["loss"], c["options"], c["last"], z, out, torch.tensor(y),
                   None if weights is None else torch.tensor(weights)) + penalty(c, wt)
    loss.backward()
    return float(loss), {k: v.grad.numpy() for k, v in wt.items()}, xt.grad.numpy(), out.detach().numpy()


def run(strata, *words):
    done = subprocess.run([strata, *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def far(a, b):
    return float(np.max(np.abs(a - b)) / max(1e-3, np.max(np.abs(b))))


def weights_of_classes(c, y, rng):
    """What fit says of classes, and what each row then weighs in a step; metrics and gradients know nothing of it."""
    classes = y if c["loss"].startswith("sparse") else y.argmax(-1)
    if c["loss"].startswith("sparse") and rng.random() < 0.3:
        counts = np.bincount(classes, minlength=c["out"])
        return "balanced", np.array([len(y) / ((counts > 0).sum() * counts[k]) for k in classes])
    weights = {int(k): round(float(rng.uniform(0, 3)), 2) for k in rng.permutation(c["out"])[: rng.integers(1, c["out"])]}
    return ",".join(f"{k}:{v}" for k, v in weights.items()), np.array([weights.get(int(k), 1.0) for k in classes])


def try_case(number, seed, strata, folder):
    rng = np.random.default_rng([seed, number])
    c = case(rng)
    rows, batch = int(rng.integers(3, 50)), int(rng.integers(1, 20))
    x = rng.normal(0, 1, (rows, *c["shape"])).astype("f4").astype(float)
    y = targets_of(c, rows, rng)
    w = weights_of(c, rng)
    path = lambda name: os.path.join(folder, name)
    np.save(path("x.npy"), x.astype("f4"))
    np.save(path("y.npy"), y.astype("i4" if c["loss"].startswith("sparse") else "f4"))
    write_safetensors(path("w.safetensors"), w)
    epochs = 2
    data, fit, weights = "data npy x.npy y.npy", f"fit epochs={epochs} batch_size={batch}", None
    if rng.random() < 0.4:
        lead = (rows, *c["steps"]) if rng.random() < 0.5 else (rows, *[1 for _ in c["steps"]])
        weights = rng.uniform(0, 2, lead).astype("f4").astype(float)
        np.save(path("rows.npy"), weights.astype("f4"))
        data += " weights=rows.npy"
    if rng.random() < 0.4 and not c["steps"] and (c["loss"].endswith("crossentropy") or c["loss"] == "categorical_hinge"):
        said, each = weights_of_classes(c, y, rng)
        weights, fit = (1 if weights is None else weights) * each, f"{fit} class_weight={said}"
    text = [data, *c["lines"], c["compile"], fit]
    open(path("r.strata"), "w").write("\n".join(text) + "\n")
    worst = {}
    loss, grads, dx, out = gradients(c, w, x, y)
    run(strata, "predict", path("r.strata"), "--weights", path("w.safetensors"), "--input", path("x.npy"), "--output", path("p.npy"))
    worst["predict"] = far(np.load(path("p.npy")), out)
    said = run(strata, "gradients", path("r.strata"), "--weights", path("w.safetensors"), "--input", path("x.npy"),
               "--target", path("y.npy"), "--output", path("g.safetensors"))
    worst["loss"] = abs(float(said.split()[-1]) - loss) / max(1e-3, abs(loss))
    got = read_safetensors(path("g.safetensors"))
    if set(got) != set(w) | {"input"}:
        raise RuntimeError(f"gradients are of {sorted(got)}")
    worst["gradient"] = max(far(got[k], grads[k]) for k in w)
    worst["input gradient"] = far(got["input"].reshape(dx.shape), dx)
    said = run(strata, "evaluate", path("r.strata"), "--weights", path("w.safetensors"), "--part", "train", "--json")
    worst["evaluated metrics"] = far_figures(figures(c, json.loads(said.splitlines()[-1])), measured(c, out, y))
    rates = schedules.rates(*c["rate"], epochs * -(-rows // batch))
    divides = c["optimizer"][0] == "ftrl" and 0 in rates  # ftrl divides by the rate
    if not divides and not any(layer[0] == "dropout" for layer in c["layers"]):
        said = run(strata, "train", path("r.strata"), "--init", path("w.safetensors"), "--no-shuffle", "--quiet", "--log",
            path("log.csv"), "--log-every", "step", "--json", "--save", path("s.safetensors"))
        log = list(csv.DictReader(open(path("log.csv"))))
        optimizer, wanted, outputs = optimizers.Optimizer(*c["optimizer"]), [], []
        w = {k: v.copy() for k, v in w.items()}
        for _ in range(epochs):
            for at in range(0, rows, batch):
                value, grads, _, out = gradients(c, w, x[at : at + batch], y[at : at + batch],
                                              None if weights is None else weights[at : at + batch])
                rate = rates[len(wanted)]
                wanted.append(value)
                outputs.append(out)
                w = dict(zip(w, optimizer.step(list(w.values()), [grads[k] for k in w], rate)))
        if optimizer.ema:
            w = dict(zip(w, optimizer.average))
        if len(log) != len(wanted):
            raise RuntimeError(f"{len(log)} steps logged, {len(wanted)} wanted")
        worst["training losses"] = far(np.array([float(row["loss"]) for row in log]), np.array(wanted))
        worst["learning rates"] = far(np.array([float(row["learning_rate"]) for row in log]), np.array(rates))
        each = -(-rows // batch)
        steps = [measured(c, out, y[i % each * batch :][: len(out)]) for i, out in enumerate(outputs)]
        epoch = measured(c, np.concatenate(outputs[-each:]), y)
        worst["step metrics"] = max(far_figures(figures(c, row), value) for row, value in zip(log, steps))
        worst["epoch metrics"] = far_figures(figures(c, json.loads(said.splitlines()[-1])), epoch)
        saved = read_safetensors(path("s.safetensors"))
        worst["trained weights"] = max(far(saved[k], w[k]) for k in w)
    return c, worst


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--strata", default="build/strata")
    words.add_argument("--cases", type=int, default=40)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--only", type=int)
    args = words.parse_args()
    limit = {"learning rates": 1e-12, "predict": 1e-5, "loss": 1e-5, "gradient": 1e-4, "input gradient": 1e-4, "training losses": 1e-3, "trained weights": 5e-3,
             "evaluated metrics": 1e-4, "step metrics": 1e-2, "epoch metrics": 1e-2}
    failed = 0
    for number in range(args.cases) if args.only is None else [args.only]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                c, worst = try_case(number, args.seed, args.strata, folder)
                bad = {k: v for k, v in worst.items() if not v <= limit[k]}
            except RuntimeError as error:
                c, bad = case(np.random.default_rng([args.seed, number])), {"error": str(error)}
            if bad:
                failed += 1
                print(f"case {number}: {bad}\n   " + "\n   ".join([*c["lines"], c["compile"]]))
    print(f"{args.cases - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
