"""Holds the program against Keras itself, in double precision.

Draws random experiments of seven sorts (--only names some): layers, activations, initializers, losses, optimizers,
callbacks, metrics, nets and signatures. Each is written as files, run through predict, gradients, summary, train and
evaluate, and compared with what keras gives for the same weights and rows. A word of the program that no experiment
draws is an error, so that nothing is forgotten when tables grow. Needs keras 3 with the torch backend; not part of
make test.

usage: python3 tests/oracle/keras_check.py [--strata build/strata] [--setup FILE] [--cases 3] [--seed 1]
                                           [--only layers,losses] [--kind lstm,gru] [--from N] [--verbose]
--setup FILE is executed before keras is imported; --cases is how many experiments a kind, loss or optimizer gets.
"""
import argparse, csv, inspect, json, os, re, struct, subprocess, sys, tempfile, traceback, warnings

words = argparse.ArgumentParser()
words.add_argument("--strata", default="build/strata")
words.add_argument("--setup")
words.add_argument("--cases", type=int, default=3)
words.add_argument("--seed", type=int, default=1)
words.add_argument("--only", default="")
words.add_argument("--kind", default="")
words.add_argument("--from", dest="start", type=int, default=0)
words.add_argument("--large", action="store_true", help="shapes that are cut into parts and tiles")
words.add_argument("--keep", help="a folder for the files of the last experiment")
words.add_argument("--verbose", action="store_true")
words.add_argument("--show", type=float, default=1e-5, help="a deviation that is worth a line")
args = words.parse_args()
warnings.filterwarnings("ignore")
if args.setup:
    exec(open(args.setup).read())
import keras
import numpy as np
import torch

keras.backend.set_floatx("float64")
keras.config.disable_traceback_filtering()
K = keras
STRATA = os.path.abspath(args.strata)


# --- files and the program


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
    out = {}
    for name, row in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__":
            a, b = row["data_offsets"]
            out[name] = np.frombuffer(raw[8 + size + a : 8 + size + b], "<f4").reshape(row["shape"]).astype(float)
    return out


class Refused(Exception):
    pass


def run(*said, cwd=None):
    done = subprocess.run([STRATA, *said], capture_output=True, text=True, cwd=cwd, timeout=120)
    if done.returncode:
        raise Refused(f"{' '.join(said)}: exit {done.returncode}: {done.stderr.strip()[:400]}")
    return done.stdout


def listed(topic):
    return re.findall(r"^  (\S+) ", run("help", topic), re.M)


def options_of(topic, group):
    """The option table of a topic as help prints it, in order: name -> (default or None, range)."""
    out, inside = {}, False
    for line in run("help", topic).splitlines():
        if not line.startswith(" "):
            inside = f"({group}" in line
        row = re.match(r"  (\w+)(?:=(.*?))?  \((.*)\)$", line)
        if inside and row:
            default = None if row[3].endswith("must be given") else row[2] or ""
            out[row[1]] = (default, row[3])
    return out


# --- words of the program, and what they are in Keras


class Call:
    """A function with parameters by place, as l2:0.01 is written."""

    def __init__(self, name, *parameters):
        self.name, self.parameters = name, parameters

    def __str__(self):
        return ":".join([self.name, *map(text, self.parameters)])

    __repr__ = __str__


class Wrapped:
    """A layer inside a wrapper: its kind and options."""

    def __init__(self, kind, options):
        self.kind, self.options = kind, options


def text(value):
    if value is None:
        return "none"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        if value and isinstance(value[0], tuple):
            return ",".join(",".join(map(text, v)) for v in value)
        return "x".join(map(text, value))
    if isinstance(value, (list, np.ndarray)):
        return ",".join(",".join(map(text, v)) if isinstance(v, (tuple, list)) else text(v) for v in value)
    if isinstance(value, dict):
        return ",".join(f"{k}:{text(v)}" for k, v in value.items())
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(value)


def said(options):
    return "".join(f" {name}={text(value)}" for name, value in options.items() if not isinstance(value, Wrapped))


FUNCTION = {  # activation: (function of Keras, names of its parameters, options that stay)
    "gelu_tanh": ("gelu", [], {"approximate": True}), "relu": ("relu", ["negative_slope", "max_value", "threshold"], {}),
    "leaky_relu": ("leaky_relu", ["negative_slope"], {}), "elu": ("elu", ["alpha"], {}), "celu": ("celu", ["alpha"], {}),
    "squareplus": ("squareplus", ["b"], {}), "hard_shrink": ("hard_shrink", ["threshold"], {}),
    "soft_shrink": ("soft_shrink", ["threshold"], {}), "threshold": ("threshold", ["threshold", "default_value"], {}),
    "swish": ("silu", [], {}), "hard_swish": ("hard_silu", [], {}),
}


def activation(word):
    name, *parameters = str(word).split(":")
    of, names, fixed = FUNCTION.get(name, (name, [], {}))
    function = getattr(K.activations, of)
    if not parameters and not fixed and name != "threshold":
        return function
    given = {n: float(p) for n, p in zip(names, parameters) if p not in ("", "none")}
    return lambda x: function(x, **given, **fixed)


REGULARIZER = {"l1": "L1", "l2": "L2", "l1_l2": "L1L2", "orthogonal_regularizer": "OrthogonalRegularizer", "orthogonal": "OrthogonalRegularizer"}
CONSTRAINT = {"max_norm": "MaxNorm", "non_neg": "NonNeg", "unit_norm": "UnitNorm", "min_max_norm": "MinMaxNorm"}


def converted(name, value):
    if isinstance(value, Wrapped):
        return keras_layer(value.kind, value.options)
    if name.endswith("activation"):
        return activation(value)
    if isinstance(value, Call):
        if name.endswith("regularizer"):
            return getattr(K.regularizers, REGULARIZER[value.name])(*value.parameters)
        if name.endswith("constraint"):
            parameters = [tuple(p) if isinstance(p, list) else p for p in value.parameters]
            return getattr(K.constraints, CONSTRAINT[value.name])(*parameters)
    return value


SPELT = {"conv": "Conv", "relu": "ReLU", "prelu": "PReLU", "elu": "ELU", "leaky_relu": "LeakyReLU", "lstm": "LSTM", "gru": "GRU",
         "simple_rnn": "SimpleRNN", "rms_normalization": "RMSNormalization"}


def class_of(kind):
    if kind in SPELT:
        return getattr(K.layers, SPELT[kind])
    name = "".join(w.capitalize() for w in kind.split("_"))
    return getattr(K.layers, re.sub(r"(\d)d", r"\1D", name))


def keras_layer(kind, options):
    given = {name: converted(name, value) for name, value in options.items()}
    return class_of(kind)(**given)


def line_of(kind, options, rng):
    """The layer as a person writes it: sometimes the first options by place, a wrapped layer behind its wrapper."""
    inner = next((v for v in options.values() if isinstance(v, Wrapped)), None)
    own = {n: v for n, v in options.items() if not isinstance(v, Wrapped)}
    if inner:
        behind = " " + line_of(inner.kind, inner.options, rng)
        return kind + behind + said(own)
    order = [p for p in inspect.signature(class_of(kind).__init__).parameters if p not in ("self", "kwargs", "data_format")]
    line = kind
    for name in order:
        if name not in own or rng.random() < 0.5:
            break
        line += " " + text(own.pop(name))
    return line + said(own)


# --- the comparison of one stack


class Report:
    def __init__(self):
        self.cases = self.values = 0
        self.worst, self.bad, self.said = {}, 0, None

    def far(self, what, got, wanted, limit, head, floor=1e-6, shaken=None):
        """The largest deviation, in parts of the largest value; shaken: what Keras itself gives for float32's rounding."""
        got, wanted = np.asarray(got, float), np.asarray(wanted, float)
        self.values += wanted.size
        if got.shape != wanted.shape:
            if got.size == wanted.size and got.squeeze().shape == wanted.squeeze().shape:
                got = got.reshape(wanted.shape)
            else:
                return self.tell(head, f"{what}: shape {got.shape}, Keras {wanted.shape}")
        if got.size == 0:
            return
        same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
        finite = np.isfinite(got) & np.isfinite(wanted)
        if not np.all(finite | same):
            return self.tell(head, f"{what}: {got[~finite & ~same][:3]}, Keras {wanted[~finite & ~same][:3]}")
        if not finite.any():
            return
        scale = max(floor, float(np.max(np.abs(wanted[finite]))))
        off = float(np.max(np.abs(got - wanted)[finite])) / scale
        if shaken is not None:
            limit = max(limit, 20 * float(np.max(np.abs(np.asarray(shaken) - wanted))) / scale)
        self.worst[what] = max(self.worst.get(what, 0), off)
        if off > limit:
            at = np.unravel_index(np.argmax(np.where(finite, np.abs(got - wanted), 0)), got.shape)
            self.tell(head, f"{what}: off by {off:.2e}: {got[at]!r}, Keras {wanted[at]!r} at {tuple(map(int, at))} (largest {scale:.4g})")
        elif args.verbose and off > args.show:
            print(f"   {what}: {off:.2e}   {head[0]}")

    def tell(self, head, message):
        """A difference; the recipe stands with the first one of an experiment."""
        self.bad += 1
        print(f"DIFFERS {head[0]}\n   " + "\n   ".join([message, *(head[1:] if head[1:] != self.said else [])]), flush=True)
        self.said = head[1:]

    def done(self, name):
        worst = ", ".join(f"{k} {v:.1e}" for k, v in self.worst.items())
        print(f"{name}: {self.cases} experiments, {self.values} values, {self.bad} differences; largest: {worst}", flush=True)
        return self.bad


def our_name(variable):
    """LAYER/WEIGHT from a Keras path, or None for what is no weight (seeds, counts, states)."""
    parts = [p for p in variable.path.split("/") if not re.match(r"sequential", p) and not re.match(r"(lstm|gru|simple_rnn)_cell", p)]
    if "seed_generator" in variable.path or variable.name in ("seed_generator_state", "count", "states", "state"):
        return None
    if variable.path.endswith(("_state", "/variable")) or re.search(r"(lstm|gru|simple_rnn)(_\d+)?_states?$", variable.path):
        return None
    parts = [re.sub(r"^p_re_lu", "prelu", p) for p in parts]
    if len(parts) == 3:  # Keras counts wrapped layers among all of their kind, we name them by their kind alone
        parts[1] = re.sub(r"_\d+$", "", parts[1])
    return "/".join(parts)


def model_of(shape, layers, batch=None):
    K.utils.clear_session(free_memory=False)
    inputs = K.Input(batch_shape=(batch, *shape)) if batch else K.Input(shape)
    return K.Sequential([inputs, *[keras_layer(kind, options) for kind, options in layers]])


def draw_weights(model, rng, scale=0.5):
    """Random weights, the same in Keras and by our names."""
    out = {}
    for v in model.weights:
        name = our_name(v)
        if name is None:
            continue
        value = rng.normal(0, scale, tuple(v.shape))
        if args.large and len(v.shape) > 1:  # sums of many stay about as large, or a network of steps runs wild
            value *= min(1, 2 / np.sqrt(np.prod(v.shape[:-1])))
        if "variance" in v.name:
            value = rng.uniform(0.3, 2, tuple(v.shape))
        if v.name == "gamma":
            value += 1
        value = value.astype("f4").astype(float)
        v.assign(value)
        out[name] = value
    return out


def weights_now(model):
    return {our_name(v): K.ops.convert_to_numpy(v.value).copy() for v in model.weights if our_name(v)}


def path_in(folder):
    return lambda name: os.path.join(folder, name)


def save_rows(path, x, ints):
    np.save(path, x.astype("i4" if ints else "f4"))


def f4(x):
    return np.asarray(x).astype("f4").astype(float)


def keras_gradients(model, x, y, training, ints, weight=None, sample=None):
    xt = torch.tensor(x, requires_grad=not ints)
    variables = [v for v in model.trainable_variables]
    for v in variables:
        v.value.requires_grad_(True)
        v.value.grad = None
    out = model(xt, training=training)
    loss = model.compute_loss(x=xt, y=torch.tensor(y), y_pred=out, sample_weight=sample, training=training)
    loss.backward()
    grads = {our_name(v): (np.zeros(tuple(v.shape)) if v.value.grad is None else v.value.grad.detach().numpy().copy()) for v in variables}
    for v in variables:
        v.value.grad = None
    dx = None if ints else (np.zeros(x.shape) if xt.grad is None else xt.grad.numpy().copy())
    return float(loss.detach()), grads, dx, out.detach().numpy()


def set_weights(model, weights):
    for v in model.weights:
        name = our_name(v)
        if name:
            v.assign(weights[name])
        elif "seed" not in v.path:
            v.assign(np.zeros(tuple(v.shape)))


def shaken(model, w, x, y, training, ints, rng):
    """Keras' answers where weights and inputs are off by a float32's rounding."""
    shake = lambda v: v * (1 + 6e-8 * rng.normal(size=v.shape))
    set_weights(model, {name: shake(v) for name, v in w.items()})
    return keras_gradients(model, x if ints else shake(x), y, training, ints)


def compare_stack(report, head, lines, model, x, ints, y, compile_line, rng, folder, random=False, train=True, weights=None,
                  epochs=2, batch=None, data="", fit="", limit=1e-4, class_weight=None, sample=None, constant=False):
    """predict, gradients and a short run of a compiled model against the same recipe."""
    path = path_in(folder)
    sparse = np.issubdtype(y.dtype, np.integer)
    rows = len(x)
    batch = batch or max(1, rows // 2)
    w = draw_weights(model, rng) if weights is None else weights
    write_safetensors(path("w.safetensors"), w)
    save_rows(path("x.npy"), x, ints)
    save_rows(path("y.npy"), y, sparse)
    recipe = [f"data npy x.npy y.npy{data}", *lines, compile_line, f"fit epochs={epochs} batch_size={batch}{fit}"]
    open(path("r.strata"), "w").write("\n".join(recipe) + "\n")
    head = [head, *recipe, f"x {x.shape} y {y.shape}"]
    summary = json.loads(run("summary", path("r.strata"), "--json").splitlines()[-1])
    count = sum(int(np.prod(v.shape)) for v in model.weights if our_name(v))
    if summary["parameters"] != count:
        report.tell(head, f"summary: {summary['parameters']} parameters, Keras {count}")
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
    if summary["trainable"] != trainable:
        report.tell(head, f"summary: {summary['trainable']} trainable, Keras {trainable}")
    shape = "x".join(map(str, model.output_shape[1:])) or "1"
    if summary["layers"][-1]["output"] != shape and None not in model.output_shape[1:]:
        report.tell(head, f"summary: output {summary['layers'][-1]['output']}, Keras {shape}")
    for training in [False] if random else [False, True]:
        more, tail = (["--training"], " (training)") if training else ([], "")
        set_weights(model, w)
        loss, grads, dx, out = keras_gradients(model, x, y, training, ints)
        again = shaken(model, w, x, y, training, ints, rng) if args.large else (None, {n: None for n in grads}, None, None)
        wild = args.large and float(np.max(np.abs(again[3] - out))) > 1e-6 * max(1, float(np.max(np.abs(out))))
        if not np.isfinite(out).all():
            return  # a mean of no steps is 0 here and not a number in Keras
        run("predict", path("r.strata"), "--weights", path("w.safetensors"), "--input", path("x.npy"), "--output", path("p.npy"), *more)
        report.far("predict" + tail, np.load(path("p.npy")).reshape(out.shape) if np.load(path("p.npy")).size == out.size else np.load(path("p.npy")), out, limit, head, shaken=again[3])
        answer = run("gradients", path("r.strata"), "--weights", path("w.safetensors"), "--input", path("x.npy"), "--target", path("y.npy"),
                     "--output", path("g.safetensors"), *more)
        report.far("loss" + tail, float(answer.split()[-1]), loss, 1e-5, head, shaken=again[0])
        got = read_safetensors(path("g.safetensors"))
        if set(got) - {"input"} != set(grads):
            report.tell(head, f"gradients of {sorted(got)}, Keras {sorted(grads)}")
            continue
        whole = max([float(np.max(np.abs(g))) for g in [*grads.values(), np.zeros(1) if dx is None else dx] if g.size] + [1e-6])
        if dx is not None:
            report.far("input gradient" + tail, got["input"], dx, limit, head, 1e-2 * whole, again[2])
        for name in grads:
            report.far("gradient" + tail, got[name], grads[name], limit, [f"{head[0]} {name}", *head[1:]], 1e-2 * whole, again[1][name])
    if train and not random and not wild:
        set_weights(model, w)
        run("train", path("r.strata"), "--init", path("w.safetensors"), "--no-shuffle", "--quiet", "--log", path("log.csv"), "--log-every",
            "step", "--save", path("s.safetensors"))
        log = [float(row["loss"]) for row in csv.DictReader(open(path("log.csv")))]
        wanted = train_keras(model, x, y, epochs, batch, class_weight, sample)
        report.far("training losses", log, wanted, 1e-3, head)
        saved, now = read_safetensors(path("s.safetensors")), weights_now(model)
        if set(saved) != set(now):
            report.tell(head, f"saved {sorted(saved)}, Keras {sorted(now)}")
        for name in set(saved) & set(now):
            report.far("trained weights", saved[name], now[name], 1e-3, [f"{head[0]} {name}", *head[1:]], 1e-2)
    report.cases += 1


class Losses(K.callbacks.Callback):
    """The loss of every step by itself: fit tells the mean since the epoch began."""

    def __init__(self):
        super().__init__()
        self.losses, self.rates, self.before, self.steps = [], [], 0.0, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.model.reset_metrics()


def train_keras(model, x, y, epochs, batch, class_weight=None, sample=None):
    losses = []
    for _ in range(epochs):
        for at in range(0, len(x), batch):
            model.reset_metrics()
            said = model.train_on_batch(x[at : at + batch], y[at : at + batch], return_dict=True, class_weight=class_weight,
                                        sample_weight=None if sample is None else sample[at : at + batch])
            losses.append(float(said["loss"]))
    if model.optimizer.use_ema:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    return losses


# --- layers


ACTIVATIONS = {
    "linear": [], "relu": [[0.1], [0.0, 1.0], [0.2, 1.5, 0.3], [0.1, None, 0.2]], "leaky_relu": [[0.4]], "relu6": [], "elu": [[0.5]],
    "celu": [[0.7]], "selu": [], "gelu": [], "gelu_tanh": [], "silu": [], "mish": [], "tanh": [], "sigmoid": [], "softplus": [],
    "softsign": [], "squareplus": [[2.0]], "exponential": [], "log_sigmoid": [], "hard_sigmoid": [], "hard_silu": [], "hard_tanh": [],
    "hard_shrink": [[0.3]], "soft_shrink": [[0.2]], "tanh_shrink": [], "threshold": [[0.5, 0.1]], "sparse_plus": [],
    "sparse_sigmoid": [], "swish": [], "hard_swish": [], "softmax": [], "log_softmax": [],
}
# Keras sums all the sums of sorted inputs where only the last is meant, so that its outputs are not 1 in sum.
OURS = {"sparsemax"}
CALM = ["tanh", "sigmoid", "softsign", "hard_sigmoid", "elu", "selu", "relu", "softmax", "hard_tanh"]


def some(rng, table):
    return table[int(rng.integers(len(table)))]


def maybe(rng, share=0.5):
    return bool(rng.random() < share)


def activation_of(rng, calm=False, whole=True):
    name = some(rng, CALM if calm else [a for a in ACTIVATIONS if whole or a not in ("softmax", "log_softmax")])
    return Call(name, *(some(rng, ACTIVATIONS[name]) if ACTIVATIONS[name] and (maybe(rng) or name == "threshold") else []))


def regularizer_of(rng, rank):
    calls = [Call("l1", 0.02), Call("l2", 0.03), Call("l1_l2", 0.01, 0.02), Call("l1"), Call("l2"), Call("l1_l2")]
    if rank == 2:
        calls += [Call("orthogonal_regularizer", 0.05, "rows"), Call("orthogonal", 0.02, "columns"), Call("orthogonal_regularizer")]
    return some(rng, calls)


def constraint_of(rng, rank):
    """Any constraint over any axes of a weight of so many."""
    axis = int(rng.integers(rank))
    if rank > 1 and maybe(rng, 0.3):
        axis = sorted(int(a) for a in rng.choice(rank, rank - 1, replace=False))
    rate = some(rng, [1.0, 0.6])
    return some(rng, [Call("max_norm", 0.7, axis), Call("max_norm", 0.5), Call("non_neg"), Call("unit_norm", axis), Call("unit_norm"),
                      Call("min_max_norm", 0.5, 0.9, rate, axis), Call("min_max_norm", 0.4, 0.8, rate), Call("min_max_norm")])


def weighted(rng, options, ranks):
    """Regularizers and constraints of weights of these ranks; initializers are looked at by themselves."""
    for name, rank in ranks.items():
        if maybe(rng, 0.25):
            options[f"{name}_regularizer"] = regularizer_of(rng, rank)
        if maybe(rng, 0.25):
            options[f"{name}_constraint"] = constraint_of(rng, rank)
    return options


def chance(rng, options, share=0.5, **more):
    for name, table in more.items():
        if maybe(rng, share):
            options[name] = some(rng, table) if isinstance(table, list) else table(rng)
    return options


def pair(rng, low, high):
    return some(rng, [int(rng.integers(low, high + 1)), tuple(int(v) for v in rng.integers(low, high + 1, 2))])


def one(rng, low, high):
    return int(rng.integers(low, high + 1))


def wide(rng, low, high, large):
    """An extent or a number of units; up to `large` with --large."""
    return one(rng, low, large if args.large else high)


def any_shape(rng, low=1, high=3):
    return tuple(int(v) for v in rng.integers(2, 18 if args.large else 6, rng.integers(low, high + 1)))


YES = [True, False]


def dense(rng):
    o = chance(rng, {"units": wide(rng, 1, 7, 150)}, activation=activation_of, use_bias=YES)
    chance(rng, o, 0.2, activity_regularizer=lambda r: regularizer_of(r, 1))
    return any_shape(rng), weighted(rng, o, {"kernel": 2, "bias": 1})


def conv(rank, depthwise=False, separable=False, transpose=False):
    def drawn(rng):
        size = (lambda low, high: one(rng, low, high)) if rank == 1 else (lambda low, high: pair(rng, low, high))
        groups = some(rng, [1, 1, 2, 3]) if not (depthwise or separable or transpose) else 1
        channels = groups * wide(rng, 1, 2, 12)
        o = {} if depthwise else {"filters": groups * wide(rng, 1, 3, 24)}
        o["kernel_size"] = size(1, 4)
        if maybe(rng, 0.6):
            if (depthwise or separable) and rank == 2:
                o["strides"] = one(rng, 1, 3)
            else:
                o["strides"] = size(1, 3)
        chance(rng, o, padding=["valid", "same", "causal"] if rank == 1 and not (depthwise or separable or transpose) else ["valid", "same"])
        if "strides" not in o or maybe(rng, 0.1):
            if not (transpose and o.get("strides", 1) != 1):
                o["dilation_rate"] = size(1, 3)
        if o.get("dilation_rate", 1) not in (1, (1, 1)) and o.get("strides", 1) not in (1, (1, 1)):
            del o["dilation_rate"]
        if groups > 1:
            o["groups"] = groups
        if depthwise or separable:
            chance(rng, o, depth_multiplier=[1, 2, 3])
        if transpose and maybe(rng):
            strides = o.get("strides", 1)
            strides = strides if isinstance(strides, tuple) else (strides,) * rank
            # Keras refuses with its torch backend what Torch cannot do: output padding not below stride or dilation
            largest = [max(0, min(s - 1, 9)) for s in strides]
            pads = tuple(int(rng.integers(0, n + 1)) for n in largest)
            o["output_padding"] = pads if rank == 2 else pads[0]
        chance(rng, o, activation=activation_of, use_bias=YES)
        chance(rng, o, 0.2, activity_regularizer=lambda r: regularizer_of(r, 1))
        if separable:
            weighted(rng, o, {"depthwise": rank + 2, "pointwise": rank + 2, "bias": 1})
        elif depthwise:
            weighted(rng, o, {"depthwise": rank + 2, "bias": 1})
        else:
            weighted(rng, o, {"kernel": rank + 2, "bias": 1})
        return (*[wide(rng, 4, 9, 28 if rank == 2 else 90) for _ in range(rank)], channels), o

    return drawn


def pooling(rank):
    def drawn(rng):
        size = (lambda low, high: one(rng, low, high)) if rank == 1 else (lambda low, high: pair(rng, low, high))
        o = {}
        if maybe(rng, 0.7):
            o["pool_size"] = size(1, 3)
        if maybe(rng):
            o["strides"] = size(1, 4)
        chance(rng, o, padding=["valid", "same"])
        return (*[wide(rng, 4, 8, 30) for _ in range(rank)], wide(rng, 1, 4, 40)), o

    return drawn


def recurrent(kind, wrapped=False):
    def drawn(rng):
        o = {"units": wide(rng, 1, 5, 80)}
        # Keras uses cuDNN's formulas for none of these on a processor
        chance(rng, o, activation=lambda r: activation_of(r, True), use_bias=YES, return_sequences=YES, go_backwards=YES, zero_output_for_mask=YES)
        if kind in ("lstm", "gru"):
            bounded = ["sigmoid", "hard_sigmoid", "softsign", "tanh"]  # with others many steps run wild
            chance(rng, o, recurrent_activation=lambda r: Call(some(r, bounded)) if args.large else activation_of(r, True))
        if kind == "lstm":
            chance(rng, o, unit_forget_bias=YES)
        if kind == "gru":
            chance(rng, o, reset_after=YES)
        if kind != "simple_rnn":  # Keras' simple_rnn forgets it
            chance(rng, o, 0.2, activity_regularizer=lambda r: regularizer_of(r, 1))
        bias = 2 if kind == "gru" and o.get("reset_after", True) else 1
        weighted(rng, o, {"kernel": 2, "recurrent": 2, "bias": bias})
        return (wide(rng, 2, 6, 20), wide(rng, 1, 5, 60)), o

    return drawn


def bidirectional(rng):
    kind = some(rng, ["lstm", "gru", "simple_rnn"])
    shape, inner = recurrent(kind)(rng)
    for name in ("activation", "recurrent_activation"):  # Keras copies the layer by its description, which knows no lambda
        if name in inner:
            inner[name] = Call(inner[name].name)
    return shape, chance(rng, {"layer": Wrapped(kind, inner)}, merge_mode=["concat", "sum", "mul", "ave"])


def time_distributed(rng):
    kind = some(rng, ["dense", "conv1d", "conv2d", "max_pooling1d", "flatten", "activation", "layer_normalization", "batch_normalization", "separable_conv1d", "prelu", "global_average_pooling1d"])
    while True:
        shape, inner = LAYERS[kind](rng)[:2]
        if not any("activity" in n for n in inner) and "axis" not in inner:
            break
    return (one(rng, 2, 4), *shape), {"layer": Wrapped(kind, inner)}


def axes_of(rng, rank):
    """One axis of the rows (batch first), or several, from the end or the beginning."""
    if maybe(rng, 0.5):
        axis = int(rng.integers(1, rank + 1))
        return axis if maybe(rng) else axis - rank - 1
    axes = sorted(int(a) for a in rng.choice(np.arange(1, rank + 1), rng.integers(1, rank + 1), replace=False))
    return axes if maybe(rng) else [a - rank - 1 for a in axes]


def batch_normalization(rng):
    shape = any_shape(rng)
    axis = int(rng.integers(1, len(shape) + 1))
    o = chance(rng, {}, momentum=[0.9, 0.5, 0.0], epsilon=[0.01, 1e-5], center=YES, scale=YES,
               axis=[axis, axis - len(shape) - 1])
    return shape, weighted(rng, o, {"beta": 1, "gamma": 1})


def layer_normalization(rng):
    """Keras' fast way with Torch is right for the last axes alone; --setup may turn it off."""
    shape = any_shape(rng)
    axis = axes_of(rng, len(shape))
    rank = len(axis) if isinstance(axis, list) else 1
    o = chance(rng, {}, epsilon=[0.01, 1e-5], center=YES, scale=YES)
    chance(rng, o, 0.3, rms_scaling=YES)
    if maybe(rng, 0.7):
        o["axis"] = axis
    else:
        rank = 1
    return shape, weighted(rng, o, {"beta": rank, "gamma": rank})


def group_normalization(rng):
    shape = any_shape(rng)
    axis = int(rng.integers(1, len(shape) + 1)) if maybe(rng, 0.4) else len(shape)
    extent = shape[axis - 1]
    o = {"groups": some(rng, [g for g in range(1, extent + 1) if extent % g == 0] + [-1])}
    if axis != len(shape) or maybe(rng, 0.3):
        o["axis"] = some(rng, [axis, axis - len(shape) - 1])
    chance(rng, o, epsilon=[0.01, 1e-5], center=YES, scale=YES)
    return shape, weighted(rng, o, {"beta": 1, "gamma": 1})


def rms_normalization(rng):
    """Keras' scale lies along the last axes, whichever are named."""
    shape = any_shape(rng)
    return shape, chance(rng, {}, epsilon=[0.01, 1e-3], axis=[-1, len(shape), [-1], list(range(1, len(shape) + 1)), list(range(-len(shape), 0))])


def unit_normalization(rng):
    shape = any_shape(rng)
    return shape, chance(rng, {}, axis=lambda r: axes_of(r, len(shape)))


def normalization(rng):
    shape = any_shape(rng)
    o = chance(rng, {}, invert=YES)
    mean, variance = [0.3], [2.0]
    kind = rng.integers(3)
    if kind == 0:
        o["axis"] = -1
    elif kind == 1:
        o["axis"] = None
    if kind != 1 and maybe(rng):
        mean, variance = [round(float(v), 2) for v in rng.normal(size=shape[-1])], [round(float(v), 2) for v in rng.uniform(0.1, 3, shape[-1])]
    o["mean"], o["variance"] = (mean[0], variance[0]) if len(mean) == 1 else (mean, variance)
    return shape, o


def prelu(rng):
    shape = any_shape(rng)
    axes = sorted(int(a) for a in rng.choice(np.arange(1, len(shape) + 1), rng.integers(1, len(shape) + 1), replace=False))
    return shape, weighted(rng, chance(rng, {}, shared_axes=[axes]), {"alpha": len(shape)})


def softmax(rng):
    shape = any_shape(rng)
    return shape, chance(rng, {}, axis=lambda r: axes_of(r, len(shape)))


def around(rank, what, most):
    def drawn(rng):
        shape = (*[one(rng, 5, 8) for _ in range(rank)], one(rng, 1, 3))
        two = lambda: tuple(int(v) for v in rng.integers(0, most + 1, 2))
        if rank == 1:
            value = some(rng, [one(rng, 0, most), two()])
        else:
            value = some(rng, [one(rng, 0, most), two(), (two(), two())])
        return shape, {what: value} if maybe(rng, 0.8) else {}

    return drawn


def reshape(rng):
    shape = any_shape(rng)
    size = int(np.prod(shape))
    a = some(rng, [d for d in range(1, size + 1) if size % d == 0])
    return shape, {"target_shape": some(rng, [(size,), (a, size // a), (-1, a), (a, -1), (1, size // a, a)])}


def permute(rng):
    shape = any_shape(rng)
    return shape, {"dims": [int(d) + 1 for d in rng.permutation(len(shape))]}


def rows(low, high, *channels):
    return lambda rng: any_shape(rng, low, high)


def simple(low, high, **options):
    return lambda rng: (any_shape(rng, low, high), chance(rng, {}, **options))


def must(low, high, **options):
    return lambda rng: (any_shape(rng, low, high), {n: some(rng, v) for n, v in options.items()})


def embedding(rng):
    o = {"input_dim": one(rng, 2, 9), "output_dim": one(rng, 1, 5)}
    return any_shape(rng, 1, 2), weighted(rng, chance(rng, o, mask_zero=YES), {"embeddings": 2})


def activity(rng):
    return any_shape(rng), some(rng, [{"l1": 0.1}, {"l2": 0.05}, {"l1": 0.02, "l2": 0.03}, {}])


RANDOM = {"dropout", "spatial_dropout1d", "spatial_dropout2d", "gaussian_noise", "gaussian_dropout"}
LAYERS = {
    "dense": dense, "activation": lambda rng: (any_shape(rng), {"activation": activation_of(rng)}),
    "relu": simple(1, 3, max_value=[1.0, 0.5], negative_slope=[0.1, 0.5], threshold=[0.2, 0.0]),
    "leaky_relu": simple(1, 3, negative_slope=[0.1, 0.7]), "prelu": prelu, "elu": simple(1, 3, alpha=[0.3, 2.0]), "softmax": softmax,
    "dropout": must(1, 3, rate=[0.3]), "spatial_dropout1d": must(2, 2, rate=[0.3]), "spatial_dropout2d": must(3, 3, rate=[0.3]),
    "gaussian_noise": must(1, 3, stddev=[0.4]), "gaussian_dropout": must(1, 3, rate=[0.3]), "activity_regularization": activity,
    "rescaling": lambda rng: (any_shape(rng), chance(rng, {"scale": 0.3}, offset=[-1.0, 0.5])),
    "flatten": simple(1, 3), "reshape": reshape, "permute": permute, "repeat_vector": must(1, 1, n=[1, 2, 4]),
    "batch_normalization": batch_normalization, "layer_normalization": layer_normalization, "group_normalization": group_normalization,
    "rms_normalization": rms_normalization, "unit_normalization": unit_normalization, "normalization": normalization,
    "conv1d": conv(1), "conv2d": conv(2), "conv1d_transpose": conv(1, transpose=True), "conv2d_transpose": conv(2, transpose=True),
    "depthwise_conv1d": conv(1, depthwise=True), "depthwise_conv2d": conv(2, depthwise=True),
    "separable_conv1d": conv(1, separable=True), "separable_conv2d": conv(2, separable=True),
    "max_pooling1d": pooling(1), "max_pooling2d": pooling(2), "average_pooling1d": pooling(1), "average_pooling2d": pooling(2),
    "global_max_pooling1d": simple(2, 2, keepdims=YES), "global_max_pooling2d": simple(3, 3, keepdims=YES),
    "global_average_pooling1d": simple(2, 2, keepdims=YES), "global_average_pooling2d": simple(3, 3, keepdims=YES),
    "zero_padding1d": around(1, "padding", 3), "zero_padding2d": around(2, "padding", 3),
    "cropping1d": around(1, "cropping", 2), "cropping2d": around(2, "cropping", 2),
    "up_sampling1d": simple(2, 2, size=[1, 2, 3]),
    "up_sampling2d": simple(3, 3, size=[2, 3, (1, 2), (3, 2)], interpolation=["nearest", "bilinear"]),
    "embedding": embedding, "masking": simple(2, 3, mask_value=[0.0, 1.0]),
    "simple_rnn": recurrent("simple_rnn"), "lstm": recurrent("lstm"), "gru": recurrent("gru"),
    "bidirectional": bidirectional, "time_distributed": time_distributed,
}
# Options that are looked at elsewhere: what a layer begins with (initializers), what is random, what needs batches (nets).
ELSEWHERE = re.compile(r"_initializer$|^seed$|^noise_shape$|^stateful$|^(recurrent_)?dropout$|^name$|^trainable$|^stddev$|^renorm")
MASKED = ["simple_rnn", "lstm", "gru", "bidirectional", "time_distributed", "global_average_pooling1d", "dense", "activation",
          "batch_normalization", "layer_normalization", "leaky_relu", "rescaling", "unit_normalization"]


def rows_of(rng, shape, count):
    return f4(rng.normal(0, 1, (count, *shape)))


def masked_front(rng, shape):
    """Layers before the one that is looked at which give it a mask, and the rows."""
    count = one(rng, 3, 6)
    if maybe(rng) and len(shape) == 2:
        x = rng.integers(0, 4, (count, shape[0]))
        if maybe(rng):
            x[0] = 0  # a row all of whose steps are masked
        return [("embedding", {"input_dim": 4, "output_dim": shape[1], "mask_zero": True})], (shape[0],), x, True
    x = rows_of(rng, shape, count)
    x[rng.random(x.shape[:2]) < 0.3] = 0.5
    return [("masking", {"mask_value": 0.5})], shape, x, False


def layer_case(report, kind, number, folder, drawn):
    rng = np.random.default_rng([args.seed, 1, hash_of(kind), number])
    shape, options = LAYERS[kind](rng)
    drawn.update(options)
    layers, ints, count = [(kind, options)], kind == "embedding", wide(rng, 2, 6, 70)
    x = rng.integers(0, options["input_dim"], (count, *shape)) if ints else rows_of(rng, shape, count)
    if kind == "masking":
        x[rng.random(x.shape[:2]) < 0.4] = options.get("mask_value", 0.0)
        if maybe(rng):
            layers.append(("lstm", {"units": 3, "return_sequences": maybe(rng)}))
    elif kind in MASKED and len(shape) >= 2 and number % 3 == 2:
        front, shape, x, ints = masked_front(rng, shape)
        layers = front + layers
    elif not ints and maybe(rng, 0.4):  # a layer before it with weights, so that gradients flow on
        layers.insert(0, ("dense", {"units": shape[-1], "activation": Call("tanh")}))
    if kind == "embedding" and options.get("mask_zero") and len(shape) == 1 and maybe(rng):
        layers.append(("gru", {"units": 2, "return_sequences": maybe(rng)}))
    lines = ["input " + "x".join(map(str, shape))] + [line_of(k, o, rng) for k, o in layers]
    try:
        model = model_of(shape, layers)
    except Exception as error:
        drawn["refused"] = drawn.get("refused", 0) + 1
        try:
            open(os.path.join(folder, "r.strata"), "w").write("\n".join(lines) + "\n")
            run("summary", os.path.join(folder, "r.strata"))
        except Refused as refusal:
            if args.verbose:
                print(f"   {kind} {number} refused by both: {refusal} | {str(error)[:160]}")
            return
        return report.tell([f"{kind} {number}", *lines], f"Keras refuses: {str(error)[:160]}")
    y = f4(rng.normal(0, 1, (len(x), *model.output_shape[1:])))
    rate = 0.05
    model.compile(optimizer=K.optimizers.SGD(rate), loss="mse", jit_compile=False)
    compare_stack(report, f"{kind} {number}", lines, model, x, ints, y, f"compile optimizer=sgd learning_rate={rate} loss=mse", rng, folder,
                  random=kind in RANDOM, batch=some(rng, [None, 2, len(x)]))


def hash_of(word):
    return sum((i + 1) * ord(c) for i, c in enumerate(word))


def tried(report, head, function, *given):
    """An experiment; whatever it throws is told."""
    with tempfile.TemporaryDirectory() as folder:
        if args.keep:
            folder = args.keep
            os.makedirs(folder, exist_ok=True)
        try:
            function(report, *given[:-1], folder, given[-1]) if given and isinstance(given[-1], dict) else function(report, *given, folder)
        except Refused as error:
            if "diverged" in str(error):
                return
            if "wanted 2 rows or more" not in str(error) and "wanted 2 columns or more" not in str(error):  # Keras: not a number
                report.tell([head], f"refused: {error}")
        except Exception as error:
            if "must be contiguous" in str(error):  # Torch cannot say the gradient of some windows
                return
            where = traceback.format_exc().splitlines()
            report.tell([head], "failed: " + (" | ".join(where[-14:]) if args.verbose else next((w for w in where if re.match(r"\w+(\.\w+)*: ", w)), where[-1]) + " " + " ".join(where[-5:])[:300]))


def chosen(kinds):
    return [k for k in kinds if not args.kind or k in args.kind.split(",")]


def layers_part():
    total = 0
    for topic, known in (("regularizers", REGULARIZER), ("constraints", CONSTRAINT)):
        for word in listed(topic):
            if word not in known and word != "none":
                print(f"DIFFERS no experiment draws {word}")
                total += 1
    for kind in listed("layers"):
        if kind not in LAYERS:
            print(f"DIFFERS no experiment draws {kind}")
            total += 1
    for kind in chosen(LAYERS):
        report, drawn = Report(), {}
        for number in range(args.start, args.start + args.cases):
            tried(report, f"{kind} {number}", layer_case, kind, number, drawn)
        never = [o for o in options_of(kind, "layer kind") if o not in drawn and not ELSEWHERE.search(o)]
        refused = drawn.pop("refused", 0)
        total += report.done(f"layer {kind}" + (f" (never drawn: {' '.join(never)})" if never else "") + (f" ({refused} refused by both)" if refused else ""))
    return total


# --- activations


def activations_part():
    """Every activation near and far out: each output and slope by itself, not only beside the largest."""
    total = 0
    words = listed("activations")
    for word in chosen(words):
        if word in OURS:
            continue
        if word not in ACTIVATIONS:
            print(f"DIFFERS no experiment draws {word}")
            total += 1
            continue
        report = Report()
        for parameters in ([] if word == "threshold" else [[]]) + ACTIVATIONS[word]:  # in Keras threshold has no defaults
            tried(report, str(Call(word, *parameters)), activation_case, Call(word, *parameters))
        total += report.done(f"activation {word}")
    return total


def activation_case(report, call, folder):
    rng, path = np.random.default_rng([args.seed, 2]), path_in(folder)
    x = np.concatenate([rng.normal(0, s, 250) for s in (0.01, 0.3, 1, 3, 10, 40, 300, 4000)] + [np.linspace(-1e4, 1e4, 41), np.linspace(-12, 12, 959)])
    x = f4(rng.permutation(x).reshape(-1, 10))
    y = f4(rng.normal(0, 1, x.shape))
    np.save(path("x.npy"), x.astype("f4"))
    np.save(path("y.npy"), y.astype("f4"))
    open(path("r.strata"), "w").write(f"data npy x.npy y.npy\ninput 10\nactivation {call}\ncompile optimizer=sgd loss=mae\n")
    write_safetensors(path("w.safetensors"), {})
    xt = torch.tensor(x, requires_grad=True)
    out = activation(call)(xt)
    run("predict", path("r.strata"), "--weights", path("w.safetensors"), "--input", path("x.npy"), "--output", path("p.npy"))
    got, wanted = np.load(path("p.npy")).astype(float), out.detach().numpy().astype("f4").astype(float)
    each(report, f"{call}", got, wanted, x, 3e-5)
    report.cases += 1
    if np.isinf(wanted).any():  # the loss is not finite: slopes by finite rows alone
        rows = np.isfinite(wanted).all(axis=1) & (np.abs(wanted) < 1e15).all(axis=1)
        x, y = x[rows], y[rows]
    y = np.full_like(y, -1e30)  # below every output, so that the slope of their absolute difference is 1
    xt = torch.tensor(x, requires_grad=True)
    loss = (activation(call)(xt) - torch.tensor(y)).abs().mean()
    loss.backward()
    np.save(path("x.npy"), x.astype("f4"))
    np.save(path("y.npy"), y.astype("f4"))
    run("gradients", path("r.strata"), "--weights", path("w.safetensors"), "--input", path("x.npy"), "--target", path("y.npy"),
        "--output", path("g.safetensors"))
    each(report, f"{call} slope", read_safetensors(path("g.safetensors"))["input"] * x.size, xt.grad.numpy() * x.size, x, 3e-5)


def each(report, what, got, wanted, x, limit):
    """Every entry by itself: what is below 0.01 may be off by parts of that."""
    report.values += wanted.size
    with np.errstate(all="ignore"):
        off = np.where(got == wanted, 0, np.abs(got - wanted) / np.maximum(np.abs(wanted), 1e-2))
    off = np.where(np.isnan(got) & np.isnan(wanted), 0, np.where(np.isnan(off), np.inf, off))
    worst = float(off.max())
    report.worst["slope" if what.endswith("slope") else "value"] = max(report.worst.get("slope" if what.endswith("slope") else "value", 0), worst)
    if worst > limit:
        at = np.unravel_index(np.argmax(off), off.shape)
        report.tell([what], f"off by {worst:.2e} at z={x[at]!r}: {got[at]!r}, Keras {wanted[at]!r}; {(off > limit).sum()} of {off.size}")


# --- initializers

INITIALIZERS = {
    "zeros": [[]], "ones": [[]], "constant": [[0.3], []], "glorot_uniform": [[]], "glorot_normal": [[]], "he_uniform": [[]], "he_normal": [[]],
    "lecun_uniform": [[]], "lecun_normal": [[]], "random_uniform": [[], [-0.2, 0.7]], "random_normal": [[], [0.5, 0.2]],
    "truncated_normal": [[], [0.5, 0.2]],
    "variance_scaling": [[]] + [[2.0, m, d] for m in ("fan_in", "fan_out", "fan_avg") for d in ("truncated_normal", "untruncated_normal", "uniform")],
    "orthogonal": [[], [1.7]], "identity": [[], [0.4]], "uniform": [[]], "normal": [[]], "zero": [[]], "one": [[]],
}
SHORT = {"uniform": "random_uniform", "normal": "random_normal", "zero": "zeros", "one": "ones"}
WEIGHTS = {  # where a weight lies: input, kind, options, and the option that says how it begins
    "dense": ("40", "dense 60", {"units": 60}, "kernel"),
    "conv1d": ("9x24", "conv1d 40 5", {"filters": 40, "kernel_size": 5}, "kernel"),
    "conv2d": ("9x9x12", "conv2d 30 3x5", {"filters": 30, "kernel_size": (3, 5)}, "kernel"),
    "conv2d groups": ("9x9x12", "conv2d 32 3x5 groups=4", {"filters": 32, "kernel_size": (3, 5), "groups": 4}, "kernel"),
    "conv1d_transpose": ("9x24", "conv1d_transpose 40 5", {"filters": 40, "kernel_size": 5}, "kernel"),
    "conv2d_transpose": ("9x9x12", "conv2d_transpose 30 3x5", {"filters": 30, "kernel_size": (3, 5)}, "kernel"),
    "depthwise_conv1d": ("9x80", "depthwise_conv1d 5 depth_multiplier=6", {"kernel_size": 5, "depth_multiplier": 6}, "depthwise"),
    "depthwise_conv2d": ("9x9x30", "depthwise_conv2d 5 depth_multiplier=4", {"kernel_size": 5, "depth_multiplier": 4}, "depthwise"),
    "separable_conv1d": ("9x80", "separable_conv1d 20 5 depth_multiplier=6", {"filters": 20, "kernel_size": 5, "depth_multiplier": 6}, "depthwise"),
    "separable_conv1d pointwise": ("9x80", "separable_conv1d 20 5 depth_multiplier=6", {"filters": 20, "kernel_size": 5, "depth_multiplier": 6}, "pointwise"),
    "separable_conv2d": ("9x9x30", "separable_conv2d 20 5 depth_multiplier=4", {"filters": 20, "kernel_size": 5, "depth_multiplier": 4}, "depthwise"),
    "separable_conv2d pointwise": ("9x9x30", "separable_conv2d 20 5 depth_multiplier=4", {"filters": 20, "kernel_size": 5, "depth_multiplier": 4}, "pointwise"),
    "embedding": ("4", "embedding 100 30", {"input_dim": 100, "output_dim": 30}, "embeddings"),
    "simple_rnn": ("4x30", "simple_rnn 60", {"units": 60}, "kernel"), "simple_rnn recurrent": ("4x30", "simple_rnn 60", {"units": 60}, "recurrent"),
    "lstm": ("4x30", "lstm 30", {"units": 30}, "kernel"), "lstm recurrent": ("4x30", "lstm 30", {"units": 30}, "recurrent"),
    "gru": ("4x30", "gru 30", {"units": 30}, "kernel"), "gru recurrent": ("4x30", "gru 30", {"units": 30}, "recurrent"),
    "prelu": ("40x60", "prelu", {}, "alpha"), "bias": ("4", "dense 2000", {"units": 2000}, "bias"),
}


def keras_initializer(name, parameters):
    name = SHORT.get(name, name)
    if name == "variance_scaling":
        return K.initializers.VarianceScaling(*parameters)
    return getattr(K.initializers, "".join(w.capitalize() for w in name.split("_")))(*parameters)


def initializer_case(report, where, name, parameters, folder):
    path = path_in(folder)
    shape, line, options, option = WEIGHTS[where]
    kind, call = line.split()[0], Call(name, *parameters)
    extents = tuple(map(int, shape.split("x")))
    ours = []
    try:
        K.utils.clear_session(free_memory=False)
        layer = class_of(kind)(**options, **{f"{option}_initializer": keras_initializer(name, parameters)})
        layer.build((None, *extents))
    except ValueError:
        layer = None  # identity and orthogonal are of matrices
    out = "x".join(map(str, layer.compute_output_shape((1, *extents))[1:])) if layer else None
    recipe = [f"input {shape}", f"{line} {option}_initializer={call}", "flatten", "dense 1 kernel_initializer=zeros",
              "compile optimizer=sgd learning_rate=0 loss=mse", "fit epochs=1"]
    np.save(path("x.npy"), np.zeros((2, *extents), "f4"))
    np.save(path("y.npy"), np.zeros((2, 1), "f4"))
    for seed in (1, 2):
        open(path("r.strata"), "w").write("\n".join([f"seed {seed}", "data npy x.npy y.npy", *recipe]) + "\n")
        try:
            run("train", path("r.strata"), "--quiet", "--save", path("s.safetensors"))
        except Refused as error:
            if layer is None:
                return
            return report.tell([f"{where} {call}", *recipe], f"refused: {error}")
        ours.append({k.split("/")[-1]: v for k, v in read_safetensors(path("s.safetensors")).items() if k.startswith(kind + "/")})
    if layer is None:
        return report.tell([f"{where} {call}", *recipe], "Keras refuses, taken here")
    report.cases += 1
    head = [f"{where} {call}", *recipe]
    said = {"depthwise": "kernel" if kind.startswith("depthwise") else "depthwise_kernel", "pointwise": "pointwise_kernel",
            "recurrent": "recurrent_kernel"}.get(option, option)
    of = lambda: {v.name: K.ops.convert_to_numpy(v.value) for v in layer.weights}
    theirs = [of()[said]]
    for _ in range(5):
        again = class_of(kind)(**options, **{f"{option}_initializer": keras_initializer(name, parameters)})
        again.build((None, *extents))
        theirs.append({v.name: K.ops.convert_to_numpy(v.value) for v in again.weights}[said])
    a, b = np.stack([o[said] for o in ours]), np.stack(theirs)
    if a[0].shape != b[0].shape:
        return report.tell(head, f"shape {a[0].shape}, Keras {b[0].shape}")
    report.values += a.size
    name = SHORT.get(name, name)
    call = Call(name, *parameters)
    if name in ("zeros", "ones", "constant", "identity"):
        return report.far("exact", a[0], b[0], 1e-7, head)
    if np.array_equal(a[0], a[1]):
        report.tell(head, "the same for two seeds")
    if name == "orthogonal":
        m = a[0].reshape(-1, a[0].shape[-1])
        m = m @ m.T if m.shape[0] < m.shape[1] else m.T @ m
        gain = parameters[0] if parameters else 1.0
        report.far("orthogonal", m, gain**2 * np.eye(len(m)), 1e-5, head)
    noise = 5 / np.sqrt(a[0].size)
    ratio = a.std() / b.std()
    report.worst["spread"] = max(report.worst.get("spread", 0), abs(ratio - 1))
    if abs(ratio - 1) > noise:
        report.tell(head, f"spread {a.std():.5f}, Keras {b.std():.5f} ({a[0].size} values)")
    if abs(a.mean() - b.mean()) > noise * b.std():
        report.tell(head, f"mean {a.mean():.5f}, Keras {b.mean():.5f}")
    bounded = "uniform" in str(call) or "truncated" in str(call) or name.endswith("_normal") and name != "random_normal" or name == "variance_scaling"
    if bounded and "untruncated" not in str(call):
        for low in (False, True):
            x, y = (a.min(), b.min()) if low else (a.max(), b.max())
            middle = b.mean()
            if "uniform" not in str(call):  # with Torch a few of Keras' truncated ones lie outside
                y = middle + (-1 if low else 1) * 2 / 0.87962566 * b.std()
            if not 0.78 * abs(y - middle) < abs(x - middle) < 1.02 * abs(y - middle) + 0.06 * b.std():
                report.tell(head, f"{'least' if low else 'largest'} {x:.5f}, Keras {y:.5f}")


def initializers_part():
    total = 0
    words = listed("initializers")
    for name in chosen(words):
        if name not in INITIALIZERS:
            print(f"DIFFERS no experiment draws {name}")
            total += 1
            continue
        report = Report()
        for parameters in INITIALIZERS[name]:
            for where in WEIGHTS:
                tried(report, f"{where} {Call(name, *parameters)}", initializer_case, where, name, parameters)
        total += report.done(f"initializer {name}")
    return total


# --- losses

LOSSES = {
    "sparse_categorical_crossentropy": ("SparseCategoricalCrossentropy", {"from_logits": YES, "ignore_class": [0, 1, -1]}),
    "categorical_crossentropy": ("CategoricalCrossentropy", {"from_logits": YES, "label_smoothing": [0.1, 0.5]}),
    "binary_crossentropy": ("BinaryCrossentropy", {"from_logits": YES, "label_smoothing": [0.1, 0.5]}),
    "categorical_focal_crossentropy": ("CategoricalFocalCrossentropy", {"alpha": [0.7, "classes"], "gamma": [0.0, 1.0, 3.5], "from_logits": YES, "label_smoothing": [0.2]}),
    "binary_focal_crossentropy": ("BinaryFocalCrossentropy", {"apply_class_balancing": YES, "alpha": [0.7], "gamma": [0.0, 1.0, 3.5], "from_logits": YES, "label_smoothing": [0.2]}),
    "mean_squared_error": ("MeanSquaredError", {}), "mean_absolute_error": ("MeanAbsoluteError", {}),
    "mean_absolute_percentage_error": ("MeanAbsolutePercentageError", {}), "mean_squared_logarithmic_error": ("MeanSquaredLogarithmicError", {}),
    "huber": ("Huber", {"delta": [0.3, 2.0]}), "log_cosh": ("LogCosh", {}), "hinge": ("Hinge", {}), "squared_hinge": ("SquaredHinge", {}),
    "categorical_hinge": ("CategoricalHinge", {}), "kl_divergence": ("KLDivergence", {}), "poisson": ("Poisson", {}),
    "cosine_similarity": ("CosineSimilarity", {}),
}
ALIASES = {"bce": "binary_crossentropy", "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
           "msle": "mean_squared_logarithmic_error", "logcosh": "log_cosh", "kld": "kl_divergence", "kullback_leibler_divergence": "kl_divergence"}
PROBABILITIES = {"sparse_categorical_crossentropy": ["softmax"], "categorical_crossentropy": ["softmax", "sigmoid"],
                 "categorical_focal_crossentropy": ["softmax", "sigmoid"], "binary_crossentropy": ["sigmoid", "softmax"],
                 "binary_focal_crossentropy": ["sigmoid", "softmax"], "kl_divergence": ["softmax", "sigmoid", "linear"], "poisson": ["softplus", "exponential"]}


def targets_of(name, rng, rows, lead, out):
    if name.startswith("sparse"):
        return rng.integers(0, out, (rows, *lead))
    if name.startswith("categorical"):
        hot = np.eye(out)[rng.integers(0, out, (rows, *lead))]
        return hot if maybe(rng, 0.7) else f4(0.8 * hot + 0.2 / out)
    shape = (rows, *lead, out)
    if name.startswith("binary"):
        return rng.integers(0, 2, shape).astype(float) if maybe(rng, 0.7) else f4(rng.random(shape))
    if name.endswith("hinge"):
        y = rng.integers(0, 2, shape).astype(float)
        return y if maybe(rng) else 2 * y - 1
    if name == "kl_divergence":
        y = rng.random(shape)
        return f4(y / y.sum(-1, keepdims=True)) if maybe(rng, 0.8) else f4(y - 0.3)
    if name == "poisson":
        return rng.poisson(2, shape).astype(float)
    y = rng.normal(0, 1, shape)
    return f4(y + np.sign(y) if name == "mean_absolute_percentage_error" else y)


def loss_case(report, word, number, folder):
    name = ALIASES.get(word.lower(), word)
    rng = np.random.default_rng([args.seed, 3, hash_of(name), number])
    rows, out = one(rng, 3, 12), one(rng, 1 if name.endswith("error") or name.startswith("binary") else 2, 5)
    lead = tuple(int(v) for v in rng.integers(2, 5, some(rng, [0, 0, 1, 1, 2])))
    of, table = LOSSES[name]
    options = chance(rng, {}, **table)
    if "alpha" in options and options["alpha"] == "classes":
        options["alpha"] = [round(float(v), 2) for v in rng.uniform(0.1, 1, out)]
    last = "linear" if options.get("from_logits") else some(rng, PROBABILITIES.get(name, ["linear", "tanh"]))
    if last == "softmax" and out == 1:
        last = "sigmoid"  # always 1, where float32 has nothing between 1 - 1.2e-7 and 1
    if options.get("ignore_class", 0) >= out:
        options["ignore_class"] = 0
    inside = one(rng, 1, 4)
    layers, data, sample, class_weight, fit = [], "", None, None, ""
    x = rows_of(rng, (*lead, inside), rows)
    masked = len(lead) == 1 and maybe(rng, 0.5)
    if masked:
        layers.append(("masking", {"mask_value": 0.5}))
        x[rng.random((rows, lead[0])) < 0.35] = 0.5
        if maybe(rng, 0.3):
            x[0] = 0.5
    if maybe(rng):
        layers.append(("dense", {"units": out}))
        layers.append(("softmax", {}) if last == "softmax" and not masked else ("activation", {"activation": Call(last)}))
    else:
        layers.append(("dense", {"units": out, "activation": Call(last)}))
    y = targets_of(name, rng, rows, lead, out)
    if "ignore_class" in options:
        y[rng.random(y.shape) < 0.2] = options["ignore_class"] if options["ignore_class"] >= 0 else 0
        if options["ignore_class"] == -1:
            y[rng.random(y.shape) < 0.2] = -1
    path = path_in(folder)
    if maybe(rng, 0.4):
        sample = f4(rng.uniform(0, 2, (rows, *lead) if lead and maybe(rng) else (rows,)))
        np.save(path("rows.npy"), sample.astype("f4"))
        data = " weights=rows.npy"
        if sample.ndim == 1:  # Keras wants one for every position
            sample = np.broadcast_to(sample.reshape(rows, *([1] * len(lead))), (rows, *lead)).copy()
    if maybe(rng, 0.3) and (name.startswith("sparse") or name.startswith("categorical")) and not lead and out > 1 and "ignore_class" not in options:
        class_weight = {int(k): round(float(rng.uniform(0.1, 3)), 2) for k in rng.permutation(out)[: rng.integers(1, out + 1)]}
        fit = f" class_weight={text(class_weight)}"
        if sample is not None:  # train_on_batch takes one of them; fit multiplies
            classes = y if name.startswith("sparse") else y.argmax(-1)
            sample = sample * np.array([class_weight.get(int(k), 1) for k in classes])
            class_weight = None
    lines = ["input " + "x".join(map(str, (*lead, inside)))] + [line_of(k, o, rng) for k, o in layers]
    model = model_of((*lead, inside), layers)
    loss = getattr(K.losses, of)(**options)
    model.compile(optimizer=K.optimizers.SGD(0.05 if "percentage" not in name else 0.001), loss=loss, jit_compile=False)
    rate = 0.05 if "percentage" not in name else 0.001
    order = list(options_of(name, "loss"))
    compile_line = f"compile optimizer=sgd learning_rate={rate} loss={word}" + said(options)
    compare_stack(report, f"{word} {number}" + (" masked" if masked else ""), lines, model, x, False, y, compile_line, rng, folder,
                  data=data, fit=fit, sample=sample, class_weight=class_weight, batch=some(rng, [None, rows, max(1, rows - 1)]))


def losses_part():
    total = 0
    for word in chosen(listed("losses")):
        name = ALIASES.get(word.lower(), word)
        if name not in LOSSES:
            print(f"DIFFERS no experiment draws {word}")
            total += 1
            continue
        report = Report()
        for number in range(args.start, args.start + (args.cases if word == name else 1)):
            tried(report, f"{word} {number}", loss_case, word, number)
        total += report.done(f"loss {word}")
    return total


# --- optimizers and schedules

BETAS = {"beta_1": [0.5, 0.8, 0.0], "beta_2": [0.9, 0.99], "epsilon": [1e-3, 1e-5]}
OPTIMIZERS = {
    "sgd": ("SGD", 0.05, {"momentum": [0.9, 0.3], "nesterov": YES}),
    "rmsprop": ("RMSprop", 0.01, {"rho": [0.7, 0.95], "momentum": [0.5], "epsilon": [1e-3], "centered": YES}),
    "adagrad": ("Adagrad", 0.1, {"initial_accumulator_value": [0.01, 0.5, 0.0], "epsilon": [1e-3]}),
    "adadelta": ("Adadelta", 0.5, {"rho": [0.5, 0.99], "epsilon": [1e-3]}),
    "adam": ("Adam", 0.01, BETAS | {"amsgrad": YES}), "adamw": ("AdamW", 0.01, BETAS | {"amsgrad": YES}),
    "adamax": ("Adamax", 0.01, BETAS), "nadam": ("Nadam", 0.01, BETAS),
    "lion": ("Lion", 0.003, {"beta_1": [0.5, 0.8], "beta_2": [0.7, 0.9]}),
    "ftrl": ("Ftrl", 0.1, {"learning_rate_power": [-0.7, -0.4, 0.0], "initial_accumulator_value": [0.5, 1.0],
             "l1_regularization_strength": [0.01], "l2_regularization_strength": [0.1],
             "l2_shrinkage_regularization_strength": [0.05], "beta": [0.3]}),
}
SCHEDULES = {
    "exponential_decay": ("ExponentialDecay", {"decay_steps": [3, 10], "decay_rate": [0.9, 0.5]}, {"staircase": YES}),
    "inverse_time_decay": ("InverseTimeDecay", {"decay_steps": [3, 1.5], "decay_rate": [0.5, 2]}, {"staircase": YES}),
    "polynomial_decay": ("PolynomialDecay", {"decay_steps": [3, 10]}, {"end_learning_rate": [0.002], "power": [0.5, 2], "cycle": YES}),
    "piecewise_constant_decay": ("PiecewiseConstantDecay", {"boundaries": [[2, 5], [0, 3], [4]], "values": [[0.01, 0.003, 0.02]]}, {}),
    "cosine_decay": ("CosineDecay", {"decay_steps": [3, 10]}, {"alpha": [0.1], "warmup_target": [0.02], "warmup_steps": [3, 5]}),
    "cosine_decay_restarts": ("CosineDecayRestarts", {"first_decay_steps": [2, 4]}, {"t_mul": [1.0, 1.5, 3.0], "m_mul": [0.8], "alpha": [0.1]}),
}


def schedule_of(rng, name, rate):
    of, required, more = SCHEDULES[name]
    options = {k: some(rng, v) for k, v in required.items()}
    if name.startswith("piecewise"):
        options["values"] = options["values"][: len(options["boundaries"]) + 1]
        return options, getattr(K.optimizers.schedules, of)(**options)
    chance(rng, options, **more)
    return options, getattr(K.optimizers.schedules, of)(rate, **options)


def optimizer_case(report, name, number, folder, schedule=None):
    rng, path = np.random.default_rng([args.seed, 4, hash_of(name + (schedule or "")), number]), path_in(folder)
    of, rate, table = OPTIMIZERS[name]
    options = chance(rng, {}, 0.5, **table)
    chance(rng, options, 0.4, weight_decay=[0.02, 0.2])
    if maybe(rng, 0.6):
        options[some(rng, ["clipnorm", "clipvalue", "global_clipnorm"])] = some(rng, [0.03, 0.3, 3.0])
    if maybe(rng, 0.4):
        options["use_ema"] = True
        chance(rng, options, ema_momentum=[0.5, 0.9], ema_overwrite_frequency=[3, 7])
    inputs, rows = one(rng, 2, 5), one(rng, 8, 24)
    times, curve = schedule_of(rng, schedule, rate) if schedule else ({}, None)
    layers = [("dense", weighted(rng, {"units": 5, "activation": Call("tanh")}, {"kernel": 2, "bias": 1})), ("dense", {"units": 3})]
    trainable = maybe(rng, 0.8)
    lines = [f"input {inputs}"] + [line_of(k, o, rng) for k, o in layers]
    if not trainable:
        lines[1] += " trainable=no"
    model = model_of((inputs,), layers)
    model.layers[0].trainable = trainable
    x, y = rows_of(rng, (inputs,), rows), rows_of(rng, (3,), rows)
    model.compile(optimizer=getattr(K.optimizers, of)(learning_rate=curve or rate, **options), loss="mse", jit_compile=False)
    # Keras takes the rate of a piecewise schedule from its values
    line = f"compile optimizer={name} learning_rate={rate} loss=mse" + said(options) + (f" schedule={schedule}" + said(times) if schedule else "")
    steps = 20
    batch = some(rng, [rows, -(-rows // 2), -(-rows // 3)])
    epochs = -(-steps // -(-rows // batch))
    compare_stack(report, f"{name} {number} {schedule or ''}", lines, model, x, False, y, line, rng, folder, epochs=epochs, batch=batch)
    if schedule:
        wanted = [float(curve(i)) for i in range(epochs * -(-rows // batch))]
        got = [float(row["learning_rate"]) for row in csv.DictReader(open(path("log.csv")))]
        report.far("learning rates", got, wanted, 1e-6, [f"{schedule} {number}", line])


def optimizers_part():
    total = 0
    for name in listed("optimizers") + [s for s in listed("schedules") if s not in ("none", "one_cycle")]:  # one_cycle is not Keras'
        if name not in OPTIMIZERS and name not in SCHEDULES:
            print(f"DIFFERS no experiment draws {name}")
            total += 1
    for name in chosen(OPTIMIZERS):
        report = Report()
        for number in range(args.start, args.start + args.cases):
            tried(report, f"{name} {number}", optimizer_case, name, number)
        total += report.done(f"optimizer {name}")
    for schedule in chosen(SCHEDULES):
        report = Report()
        for number in range(args.start, args.start + args.cases):
            with_one = lambda report, number, folder: optimizer_case(report, list(OPTIMIZERS)[number % len(OPTIMIZERS)], number, folder, schedule)
            tried(report, f"{schedule} {number}", with_one, number)
        total += report.done(f"schedule {schedule}")
    return total


# --- callbacks


def callback_case(report, number, folder):
    """A run of epochs with validation rows, lowered rates and an early end."""
    rng, path = np.random.default_rng([args.seed, 5, number]), path_in(folder)
    rows, epochs = one(rng, 20, 40), one(rng, 6, 14)
    x, y = rows_of(rng, (3,), rows), rows_of(rng, (1,), rows)
    figure = some(rng, ["val_loss", "loss", "val_mae", "mae"])
    early = chance(rng, {}, patience=[0, 1, 2, 3], min_delta=[0.0, 0.01, 0.05], baseline=[0.8, 1.5], start_from_epoch=[0, 2, 3], restore_best=YES)
    plateau = chance(rng, {}, factor=[0.5, 0.3, 0.0], plateau_patience=[1, 2, 3, 0], plateau_min_delta=[0.0, 0.01, 0.05], cooldown=[1, 2], min_lr=[0.004, 0.02])
    with_early, with_plateau = maybe(rng, 0.7), maybe(rng, 0.7)
    if not with_early and not with_plateau:
        with_plateau = True
    if with_plateau and "plateau_patience" not in plateau:
        plateau["plateau_patience"] = 1
    if with_plateau and "plateau_min_delta" not in plateau and "min_delta" in early:
        plateau["plateau_min_delta"] = 1e-4
    share = some(rng, [0.5, 0.25])
    kept = int(round(rows * (1 - share)))
    name = some(rng, ["sgd", "adam", "rmsprop"])
    rate = {"sgd": 0.3, "adam": 0.1, "rmsprop": 0.05}[name]
    ema = chance(rng, {"use_ema": True}, ema_momentum=[0.5, 0.9]) if maybe(rng, 0.2) else {}
    line = "callbacks"
    if with_early:
        line += f" early_stopping={figure}" + said(early)
    if with_plateau:
        line += f" reduce_on_plateau={figure}" + said(plateau)
    batch = some(rng, [4, 7, rows])
    layers = [("dense", {"units": 8, "activation": Call("tanh")}), ("dense", {"units": 1})]
    model = model_of((3,), layers)
    w = draw_weights(model, rng)
    # Epochs get worse where the rate is high: callbacks have something to do.
    recipe = ["data npy x.npy y.npy", f"split train={1 - share} validation={share} shuffle=no stratify=no", "input 3", "dense 8 tanh", "dense 1",
              f"compile optimizer={name} learning_rate={rate} loss=mse metrics=mae" + said(ema), line, f"fit epochs={epochs} batch_size={batch}"]
    open(path("r.strata"), "w").write("\n".join(recipe) + "\n")
    np.save(path("x.npy"), x.astype("f4"))
    np.save(path("y.npy"), y.astype("f4"))
    write_safetensors(path("w.safetensors"), w)
    head = [f"callbacks {number}", *recipe]
    run("train", path("r.strata"), "--init", path("w.safetensors"), "--no-shuffle", "--quiet", "--log", path("log.csv"), "--save", path("s.safetensors"))
    log = list(csv.DictReader(open(path("log.csv"))))
    model.compile(optimizer=getattr(K.optimizers, OPTIMIZERS[name][0])(rate, **ema), loss="mse", metrics=["mae"], jit_compile=False)
    calls = []
    if with_early:
        more = {n: v for n, v in early.items() if n != "restore_best"}
        calls.append(K.callbacks.EarlyStopping(figure, restore_best_weights=early.get("restore_best", False), **more))
    if with_plateau:
        more = {n.replace("plateau_", ""): v for n, v in plateau.items()}
        calls.append(K.callbacks.ReduceLROnPlateau(figure, **more))
    rates = []
    before = K.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: rates.append(float(model.optimizer.learning_rate)))
    kept = kept_rows(rows, share)
    history = model.fit(x[:kept], y[:kept], epochs=epochs, batch_size=batch, shuffle=False, verbose=0, validation_data=(x[kept:], y[kept:]), callbacks=[before, *calls]).history
    report.cases += 1
    if len(log) != len(history["loss"]):
        return report.tell(head, f"{len(log)} epochs, Keras {len(history['loss'])}: {history[figure]}")
    for column in ("loss", "mae", "val_loss", "val_mae"):
        report.far(column, [float(row[column]) for row in log], history[column], 1e-4, head)
    report.far("learning rates", [float(row["learning_rate"]) for row in log], rates, 1e-6, head)
    saved, now = read_safetensors(path("s.safetensors")), weights_now(model)
    for n in now:
        report.far("final weights", saved[n], now[n], 1e-3, [f"{head[0]} {n}", *head[1:]], 1e-2)


def kept_rows(rows, share):
    """Rows that train, as the program tells."""
    return rows - int(rows * share + 0.5)


def callbacks_part():
    report = Report()
    for number in range(args.start, args.start + args.cases):
        tried(report, f"callbacks {number}", callback_case, number)
    return report.done("callbacks")


# --- metrics

THRESHOLDS = {"thresholds": [0.3, 0.6, 0.0, 1.0]}
AT = {"num_thresholds": [20, 1, 50], "class_id": [0, 1]}
METRICS = {  # families it is tried with: (class of Keras, options that are always drawn, options that may be)
    "accuracy": ("sparse hot binary", None, {}, {}), "acc": ("sparse hot binary", None, {}, {}),
    "sparse_categorical_accuracy": ("sparse", "SparseCategoricalAccuracy", {}, {}),
    "categorical_accuracy": ("hot", "CategoricalAccuracy", {}, {}),
    "binary_accuracy": ("hot binary", "BinaryAccuracy", {}, {"threshold": [0.3, 0.7]}),
    "sparse_top_k_categorical_accuracy": ("sparse", "SparseTopKCategoricalAccuracy", {"k": [1, 2]}, {}),
    "top_k_categorical_accuracy": ("hot", "TopKCategoricalAccuracy", {"k": [1, 2]}, {}),
    "precision": ("hot binary", "Precision", {}, THRESHOLDS | {"top_k": [1, 2], "class_id": [0, 1]}),
    "recall": ("hot binary", "Recall", {}, THRESHOLDS | {"top_k": [1, 2], "class_id": [0, 1]}),
    "true_positives": ("hot binary", "TruePositives", {}, THRESHOLDS), "false_positives": ("hot binary", "FalsePositives", {}, THRESHOLDS),
    "true_negatives": ("hot binary", "TrueNegatives", {}, THRESHOLDS), "false_negatives": ("hot binary", "FalseNegatives", {}, THRESHOLDS),
    "f1_score": ("hot binary", "F1Score", {"average": ["macro", "micro", "weighted"]}, {"threshold": [0.3, 0.6]}),
    "fbeta_score": ("hot binary", "FBetaScore", {"average": ["macro", "micro", "weighted"]}, {"beta": [0.5, 2.0], "threshold": [0.3, 0.6]}),
    "auc": ("hot binary", "AUC", {}, {"num_thresholds": [20, 2, 50], "curve": ["ROC", "PR", "PRGAIN"], "summation_method": ["interpolation", "majoring", "minoring"]}),
    "auc_pr": ("hot binary", "AUC", {}, {"num_thresholds": [20, 50], "summation_method": ["interpolation", "majoring", "minoring"]}),
    "sensitivity_at_specificity": ("hot binary", "SensitivityAtSpecificity", {"specificity": [0.3, 0.7]}, AT),
    "specificity_at_sensitivity": ("hot binary", "SpecificityAtSensitivity", {"sensitivity": [0.3, 0.7]}, AT),
    "precision_at_recall": ("hot binary", "PrecisionAtRecall", {"recall": [0.3, 0.7]}, AT),
    "recall_at_precision": ("hot binary", "RecallAtPrecision", {"precision": [0.3, 0.6]}, AT),
    "binary_crossentropy": ("hot binary", "BinaryCrossentropy", {}, {"label_smoothing": [0.1]}),
    "categorical_crossentropy": ("hot", "CategoricalCrossentropy", {}, {"label_smoothing": [0.1]}),
    "sparse_categorical_crossentropy": ("sparse", "SparseCategoricalCrossentropy", {}, {}),
    "kl_divergence": ("hot", "KLDivergence", {}, {}), "poisson": ("hot", "Poisson", {}, {}),
    "mean_squared_error": ("hot binary numbers", "MeanSquaredError", {}, {}), "mean_absolute_error": ("hot binary numbers", "MeanAbsoluteError", {}, {}),
    "root_mean_squared_error": ("hot binary numbers", "RootMeanSquaredError", {}, {}),
    "mean_absolute_percentage_error": ("numbers", "MeanAbsolutePercentageError", {}, {}),
    "mean_squared_logarithmic_error": ("hot binary numbers", "MeanSquaredLogarithmicError", {}, {}),
    "log_cosh_error": ("numbers", "LogCoshError", {}, {}),
    "r2_score": ("hot numbers", "R2Score", {}, {"class_aggregation": ["uniform_average", "variance_weighted_average"], "num_regressors": [1, 2]}),
    "cosine_similarity": ("hot numbers", "CosineSimilarity", {}, {}), "pearson_correlation": ("hot numbers", "PearsonCorrelation", {}, {}),
    "concordance_correlation": ("hot numbers", "ConcordanceCorrelation", {}, {}),
    "hinge": ("binary numbers", "Hinge", {}, {}), "squared_hinge": ("binary numbers", "SquaredHinge", {}, {}),
    "categorical_hinge": ("hot", "CategoricalHinge", {}, {}),
}
METRIC_ALIASES = {"f_beta_score": "fbeta_score", "bce": "binary_crossentropy", "kullback_leibler_divergence": "kl_divergence", "kld": "kl_divergence",
                  "mse": "mean_squared_error", "mae": "mean_absolute_error", "rmse": "root_mean_squared_error", "mape": "mean_absolute_percentage_error",
                  "msle": "mean_squared_logarithmic_error", "log_cosh": "log_cosh_error", "logcosh": "log_cosh_error"}
FAMILIES = {"sparse": ("sparse_categorical_crossentropy", "softmax"), "hot": ("categorical_crossentropy", "softmax"),
            "binary": ("binary_crossentropy", "sigmoid"), "numbers": ("mse", "linear")}
TWO_AXES = ("f1_score", "fbeta_score", "r2_score", "pearson", "concordance")


def metric_case(report, word, number, folder):
    name = METRIC_ALIASES.get(word.lower(), word)
    rng, path = np.random.default_rng([args.seed, 6, hash_of(name), number]), path_in(folder)
    families, of, always, table = METRICS[name]
    family = some(rng, families.split())
    loss, last = FAMILIES[family]
    options = chance(rng, {n: some(rng, v) for n, v in always.items()}, 0.5, **table)
    rows, out = one(rng, 6, 40), one(rng, 2 if family != "binary" else 1, 5)
    if name in ("pearson_correlation", "concordance_correlation"):
        out = one(rng, 3, 5)
    lead = () if name.startswith(TWO_AXES) or maybe(rng, 0.6) else (one(rng, 2, 4),)
    if options.get("class_id", 0) >= out or lead and "class_id" in options:
        options.pop("class_id", None)
    if options.get("top_k", 0) > out or out == 1:
        options.pop("top_k", None)
    if out == 1 and name.endswith("_score") and name != "r2_score":
        options.setdefault("threshold", 0.5)  # the one output is always the largest one, says Keras; ours begins at a half
    logits = maybe(rng, 0.3) and name.endswith("crossentropy")
    if logits:
        last, options["from_logits"] = "linear", True
    if name == "auc" and maybe(rng, 0.3):
        last, options["from_logits"] = "linear", True
    # Keras' other metrics know nothing of masks, ours leave masked positions out.
    masked = len(lead) == 1 and maybe(rng, 0.4) and (of is None or issubclass(getattr(K.metrics, of), K.metrics.MeanMetricWrapper))
    x = rows_of(rng, (*lead, 3), rows)
    layers = [("dense", {"units": out, "activation": Call(last)})]
    if masked:
        layers.insert(0, ("masking", {"mask_value": 0.5}))
        x[rng.random((rows, *lead)) < 0.3] = 0.5
    y = targets_of(loss if family != "numbers" else "mean_absolute_percentage_error", rng, rows, lead, out)
    if family in ("hot", "binary") and maybe(rng, 0.8):
        y = np.round(y) if family == "binary" else np.eye(out)[y.argmax(-1)]
    lines = ["input " + "x".join(map(str, (*lead, 3)))] + [line_of(k, o, rng) for k, o in layers]
    model = model_of((*lead, 3), layers)
    w = draw_weights(model, rng)
    spelt = word + "".join(f":{n}={text(v)}" for n, v in options.items())
    given = dict(options)
    if name == "auc_pr":
        given["curve"] = "PR"
    measure = word if of is None else getattr(K.metrics, of)(name="measure", **given)
    rate, batch = 0.05, some(rng, [3, 8, rows])
    of_loss = loss if last != "linear" or family == "numbers" else getattr(K.losses, LOSSES[loss][0])(from_logits=True)
    model.compile(optimizer=K.optimizers.SGD(rate), loss=of_loss, metrics=[measure], jit_compile=False)
    sparse = family == "sparse"
    recipe = ["data npy x.npy y.npy", *lines, f"compile optimizer=sgd learning_rate={rate} loss={loss} metrics={spelt}"
              + (" from_logits=yes" if last == "linear" and family != "numbers" else ""), f"fit epochs=1 batch_size={batch}"]
    head = [f"{word} {number} ({family}{' masked' if masked else ''})", *recipe, f"x {x.shape} y {y.shape}"]
    save_rows(path("x.npy"), x, False)
    save_rows(path("y.npy"), y, sparse)
    write_safetensors(path("w.safetensors"), w)
    open(path("r.strata"), "w").write("\n".join(recipe) + "\n")
    key = word if of is None else "measure"
    wanted = model.evaluate(x, y, batch_size=batch, verbose=0, return_dict=True)
    # Keras gives evaluate's words: loss and the metric's; ours stands under what is written in metrics=
    told = json.loads(run("evaluate", path("r.strata"), "--weights", path("w.safetensors"), "--part", "train", "--json").splitlines()[-1])
    floor = 1.0 if "score" not in name else 1e-1
    compare_figure(report, "evaluated", told, spelt, wanted, key, head, floor)
    history = model.fit(x, y, batch_size=batch, epochs=1, shuffle=False, verbose=0).history
    told = json.loads(run("train", path("r.strata"), "--init", path("w.safetensors"), "--no-shuffle", "--quiet", "--json").splitlines()[-1])
    compare_figure(report, "epoch's", told, spelt, {n: v[0] for n, v in history.items()}, key, head, floor)
    report.cases += 1


def compare_figure(report, what, told, spelt, wanted, key, head, floor):
    if spelt not in told:
        return report.tell(head, f"{what}: no {spelt} in {sorted(told)}")
    key = key if key in wanted else next(k for k in wanted if k != "loss")
    nan = lambda v: float("nan") if v is None else float(v)
    report.far(f"{what} loss", nan(told["loss"]), nan(wanted["loss"]), 1e-5, head)
    report.far(what, nan(told[spelt]), nan(wanted[key]), 1e-5, head, floor)


def metrics_part():
    total = 0
    for word in chosen(listed("metrics")):
        name = METRIC_ALIASES.get(word.lower(), word)
        if name == "perplexity":  # not Keras' own
            continue
        if name not in METRICS:
            print(f"DIFFERS no experiment draws {word}")
            total += 1
            continue
        report = Report()
        for number in range(args.start, args.start + (args.cases if word == name else 1)):
            tried(report, f"{word} {number}", metric_case, word, number)
        total += report.done(f"metric {word}")
    return total


# --- whole nets


def images(rng):
    return ((12, 12, one(rng, 1, 3)), [
        ("conv2d", {"filters": 6, "kernel_size": 3, "activation": Call("relu"), "padding": some(rng, ["same", "valid"])}), ("max_pooling2d", {"pool_size": 2}),
        ("conv2d", {"filters": 8, "kernel_size": 3, "activation": Call("relu")}), ("average_pooling2d", {"pool_size": 2}), ("flatten", {}),
        ("dropout", {"rate": 0.0}), ("dense", {"units": 12, "activation": Call("relu")}), ("dense", {"units": 4, "activation": Call("softmax")})], None)


def normalized_images(rng):
    return ((10, 10, 2), [
        ("rescaling", {"scale": 0.5, "offset": 0.1}), ("conv2d", {"filters": 6, "kernel_size": 3, "use_bias": False}),
        ("batch_normalization", {"momentum": 0.9}), ("relu", {}), ("separable_conv2d", {"filters": 8, "kernel_size": 3, "padding": "same", "use_bias": False}),
        ("batch_normalization", {"momentum": 0.8, "center": maybe(rng)}), ("leaky_relu", {}), ("depthwise_conv2d", {"kernel_size": 3, "strides": 2}),
        ("group_normalization", {"groups": 4}), ("global_average_pooling2d", {}), ("dense", {"units": 4, "activation": Call("softmax")})], None)


def normalized(rng):
    return ((6,), [
        ("dense", {"units": 16, "use_bias": False}), ("batch_normalization", {}), ("activation", {"activation": Call("relu")}), ("dense", {"units": 8, "activation": Call("tanh")}),
        ("layer_normalization", {"center": False}), ("batch_normalization", {"momentum": 0.5}), ("dense", {"units": 4, "activation": Call("softmax")})], None)


def words_both_ways(rng):
    kind = some(rng, ["lstm", "gru"])
    return ((9,), [
        ("embedding", {"input_dim": 20, "output_dim": 6, "mask_zero": maybe(rng)}),
        ("bidirectional", {"layer": Wrapped(kind, {"units": 5, "return_sequences": True})}), ("bidirectional", {"layer": Wrapped("lstm", {"units": 4})}),
        ("dense", {"units": 6, "activation": Call("relu")}), ("dense", {"units": 4, "activation": Call("softmax")})], 20)


def words_convolved(rng):
    return ((16,), [
        ("embedding", {"input_dim": 30, "output_dim": 8}), ("conv1d", {"filters": 8, "kernel_size": 5, "activation": Call("relu")}),
        ("max_pooling1d", {"pool_size": 2}), ("conv1d", {"filters": 6, "kernel_size": 3, "padding": "causal", "dilation_rate": 2, "activation": Call("relu")}),
        (some(rng, ["global_max_pooling1d", "global_average_pooling1d"]), {}), ("dense", {"units": 4, "activation": Call("softmax")})], 30)


def steps_told(rng):
    return ((6, 3), [
        ("masking", {"mask_value": 0.5}) if maybe(rng) else ("gaussian_noise", {"stddev": 0.0}),
        ("lstm", {"units": 7, "return_sequences": True}), ("gru", {"units": 6, "return_sequences": True, "reset_after": maybe(rng)}),
        ("time_distributed", {"layer": Wrapped("dense", {"units": 4, "activation": Call("softmax")})})], None)


def pictures_in_time(rng):
    return ((3, 8, 8, 1), [
        ("time_distributed", {"layer": Wrapped("conv2d", {"filters": 4, "kernel_size": 3, "activation": Call("relu")})}),
        ("time_distributed", {"layer": Wrapped("max_pooling2d", {"pool_size": 2})}), ("time_distributed", {"layer": Wrapped("flatten", {})}),
        ("simple_rnn", {"units": 8}), ("dense", {"units": 4, "activation": Call("softmax")})], None)


def copied(rng):
    return ((5,), [
        ("dense", {"units": 6, "activation": Call("relu")}), ("repeat_vector", {"n": 4}), ("gru", {"units": 6, "return_sequences": True, "go_backwards": maybe(rng)}),
        ("conv1d_transpose", {"filters": 5, "kernel_size": 3, "strides": 2}), ("permute", {"dims": [2, 1]}), ("up_sampling1d", {"size": 2}), ("prelu", {}),
        ("flatten", {}), ("dense", {"units": 4, "activation": Call("softmax"), "kernel_regularizer": Call("l2", 0.01)})], None)


NETS = [images, normalized_images, normalized, words_both_ways, words_convolved, steps_told, pictures_in_time, copied]


def net_case(report, make, number, folder):
    rng = np.random.default_rng([args.seed, 7, hash_of(make.__name__), number])
    shape, layers, vocabulary = make(rng)
    rows, batch = one(rng, 20, 50), one(rng, 6, 20)
    x = rng.integers(0, vocabulary, (rows, *shape)) if vocabulary else rows_of(rng, shape, rows)
    if layers[0][0] == "masking":
        x[rng.random(x.shape[:2]) < 0.3] = 0.5
    model = model_of(shape, layers)
    y = rng.integers(0, 4, (rows, *model.output_shape[1:-1]))
    name = some(rng, ["adam", "sgd", "rmsprop", "adamw"])
    options = {"clipnorm": 1.0} if maybe(rng, 0.3) else {}
    rate = {"sgd": 0.05}.get(name, 0.003)
    model.compile(optimizer=getattr(K.optimizers, OPTIMIZERS[name][0])(rate, **options), loss="sparse_categorical_crossentropy", jit_compile=False)
    lines = ["input " + "x".join(map(str, shape))] + [line_of(k, o, rng) for k, o in layers]
    epochs = -(-50 // -(-rows // batch))
    compare_stack(report, f"{make.__name__} {number}", lines, model, x, bool(vocabulary), y,
                  f"compile optimizer={name} learning_rate={rate} loss=sparse_categorical_crossentropy" + said(options), rng, folder,
                  epochs=epochs, batch=batch, weights=draw_weights(model, rng, 0.2))


def stateful_training(model, x, y, epochs, batch):
    """Keras' own steps fail with Torch for lstm and gru, which change states in place; so states go in by hand and plain
    gradient descent is written out. An epoch ends no state: that is the layer's to keep."""
    losses, states = [], {}
    for _ in range(epochs):
        for at in range(0, len(x), batch):
            for v in model.trainable_variables:
                v.value.requires_grad_(True)
                v.value.grad = None
            out = torch.tensor(x[at : at + batch])
            for layer in model.layers:
                if not getattr(layer, "stateful", False):
                    out = layer(out)
                    continue
                layer.stateful, layer.return_state = False, True
                begin = states.get(layer.name)
                told = layer(out, initial_state=begin) if begin else layer(out)
                out, states[layer.name] = told[0], [s.detach().clone() for s in told[1:]]
                layer.stateful, layer.return_state = True, False
            loss = ((out - torch.tensor(y[at : at + batch])) ** 2).mean()
            loss.backward()
            losses.append(float(loss.detach()))
            with torch.no_grad():
                for v in model.trainable_variables:
                    v.value.sub_(0.05 * v.value.grad)
    for v in model.trainable_variables:
        v.value.requires_grad_(False)
    return losses


def stateful_case(report, kind, number, folder):
    """Rows of a batch go on where the rows of the batch before ended."""
    rng, path = np.random.default_rng([args.seed, 8, hash_of(kind), number]), path_in(folder)
    batch, steps, units = one(rng, 1, 4), one(rng, 2, 5), one(rng, 2, 5)
    rows = batch * one(rng, 2, 4)
    more = chance(rng, {}, return_sequences=YES, go_backwards=YES)
    layers = [(kind, {"units": units, "stateful": True, **more})]
    if maybe(rng, 0.4) and more.get("return_sequences"):
        layers.append(("lstm", {"units": 3, "stateful": True}))
    layers.append(("dense", {"units": 2}))
    model = model_of((steps, 3), layers, batch)
    w = draw_weights(model, rng)
    x, y = rows_of(rng, (steps, 3), rows), rows_of(rng, model.output_shape[1:], rows)
    model.compile(optimizer=K.optimizers.SGD(0.05), loss="mse", jit_compile=False)
    recipe = ["data npy x.npy y.npy", f"input {steps}x3", *[line_of(k, o, rng) for k, o in layers], "compile optimizer=sgd learning_rate=0.05 loss=mse",
              f"fit epochs=2 batch_size={batch}"]
    open(path("r.strata"), "w").write("\n".join(recipe) + "\n")
    save_rows(path("x.npy"), x, False)
    save_rows(path("y.npy"), y, False)
    write_safetensors(path("w.safetensors"), w)
    head = [f"stateful {kind} {number}", *recipe, f"x {x.shape}"]
    run("train", path("r.strata"), "--init", path("w.safetensors"), "--no-shuffle", "--quiet", "--log", path("log.csv"), "--log-every", "step", "--save", path("s.safetensors"))
    log = [float(row["loss"]) for row in csv.DictReader(open(path("log.csv")))]
    report.far("stateful losses", log, stateful_training(model, x, y, 2, batch), 1e-4, head)
    saved, now = read_safetensors(path("s.safetensors")), weights_now(model)
    for name in now:
        report.far("stateful weights", saved[name], now[name], 1e-3, [f"{head[0]} {name}", *head[1:]], 1e-2)
    report.cases += 1


def adapted_case(report, number, folder):
    """normalization learns its numbers from the training rows before the run."""
    rng, path = np.random.default_rng([args.seed, 9, number]), path_in(folder)
    shape, rows = any_shape(rng), one(rng, 5, 20)
    axis = some(rng, [-1, None, len(shape), 1, list(range(1, len(shape) + 1))])
    options = chance(rng, {"axis": axis}, 0.3, invert=YES)
    x = f4(rng.normal(2, 3, (rows, *shape)))
    y = rows_of(rng, (2,), rows)
    layers = [("normalization", options), ("flatten", {}), ("dense", {"units": 2})]
    model = model_of(shape, layers)
    model.layers[0].adapt(x)
    w = {}
    for v in model.layers[-1].weights:
        value = f4(rng.normal(0, 0.5, tuple(v.shape)))
        v.assign(value)
        w["dense/" + v.name] = value
    model.compile(optimizer=K.optimizers.SGD(0.01), loss="mse", jit_compile=False)
    recipe = ["data npy x.npy y.npy", "input " + "x".join(map(str, shape)), *[line_of(k, o, rng) for k, o in layers],
              "compile optimizer=sgd learning_rate=0.01 loss=mse", f"fit epochs=3 batch_size={max(1, rows // 2)}"]
    open(path("r.strata"), "w").write("\n".join(recipe) + "\n")
    save_rows(path("x.npy"), x, False)
    save_rows(path("y.npy"), y, False)
    head = [f"adapted {number}", *recipe, f"x {x.shape}"]
    run("train", path("r.strata"), "--epochs", "1", "--set", "compile learning_rate=0", "--quiet", "--save", path("s.safetensors"))
    saved = read_safetensors(path("s.safetensors"))
    told = {n: v for n, v in saved.items() if n.startswith("normalization/")}
    theirs = {"normalization/" + v.name: np.asarray(v.value) for v in model.layers[0].weights if v.name != "count"}
    for name in set(told) & set(theirs):
        report.far("adapted " + name.split("/")[1], told[name].reshape(-1), theirs[name].reshape(-1), 1e-5, head)
    if set(told) != set(theirs):
        report.tell(head, f"saved {sorted(told)}, Keras {sorted(theirs)}")
    write_safetensors(path("w.safetensors"), {**saved, **w})
    run("train", path("r.strata"), "--init", path("w.safetensors"), "--no-shuffle", "--quiet", "--log", path("log.csv"), "--log-every", "step")
    log = [float(row["loss"]) for row in csv.DictReader(open(path("log.csv")))]
    report.far("adapted losses", log, train_keras(model, x, y, 3, max(1, rows // 2)), 1e-4, head)
    report.cases += 1


def nets_part():
    total = 0
    for make in [m for m in NETS if not args.kind or m.__name__ in args.kind.split(",")]:
        report = Report()
        for number in range(args.start, args.start + args.cases):
            tried(report, f"{make.__name__} {number}", net_case, make, number)
        total += report.done(f"net {make.__name__}")
    for kind in chosen(["simple_rnn", "lstm", "gru"]):
        report = Report()
        for number in range(args.start, args.start + args.cases):
            tried(report, f"stateful {kind} {number}", stateful_case, kind, number)
        total += report.done(f"stateful {kind}")
    if not args.kind or "normalization" in args.kind:
        report = Report()
        for number in range(args.start, args.start + args.cases):
            tried(report, f"adapted {number}", adapted_case, number)
        total += report.done("normalization adapted to the data")
    return total


# --- signatures

LEFT_OUT = {"self", "seed", "dtype", "data_format", "name", "trainable", "sparse", "lora_rank", "lora_alpha", "quantization_config", "kwargs", "args",
            "weights", "activity_regularizer", "synchronized", "reduction", "fn", "use_cudnn", "unroll", "zero_output_for_mask", "rms_scaling"}


def signature_of(of):
    return {n: p.default for n, p in inspect.signature(of.__init__).parameters.items() if n not in LEFT_OUT}


def as_text(value):
    if value is inspect.Parameter.empty:
        return None
    if inspect.isclass(value) or callable(value):
        return "?"
    if isinstance(value, (tuple, list)) and len(value) > 1 and len(set(map(str, value))) == 1:
        return as_text(value[0])
    return text(value)


def same(a, b):
    """The same default, whichever way a number is written."""
    try:
        return float(a) == float(b)
    except (TypeError, ValueError):
        return a == b or (a in ("none", "linear", "") and b in ("none", "linear", ""))


def compare_signature(word, topic, of, report, skip=()):
    ours, theirs = options_of(word, topic), signature_of(of)
    report.cases += 1
    lacking = [n for n in theirs if n not in ours and n not in skip]
    if lacking:
        report.tell([f"{topic} {word}"], "lacks " + ", ".join(f"{n}={as_text(theirs[n])}" for n in lacking))
    both = [n for n in theirs if n in ours]
    order = [n for n in ours if n in theirs]
    if both != order:
        report.tell([f"{topic} {word}"], f"order {order}, Keras {both}")
    deliberate = {"thresholds": "none", "average": "none", "curve": "ROC"} if topic == "metric" else {}  # one figure, not a list
    for n in both:
        a, b = ours[n][0], as_text(theirs[n])
        report.values += 1
        if not same(a, b) and deliberate.get(n) != b and b != "Zeros":
            report.tell([f"{topic} {word}"], f"{n}={a}, Keras {b}")
    extra = [n for n in ours if n not in theirs and n not in LEFT_OUT and n not in skip]
    if extra:
        print(f"   {topic} {word}: options of its own: {' '.join(extra)}")


def signatures_part():
    report = Report()
    for kind in chosen(LAYERS):
        compare_signature(kind, "layer kind", class_of(kind), report, ("layer", "backward_layer"))
    for loss in chosen(LOSSES):
        compare_signature(loss, "loss", getattr(K.losses, LOSSES[loss][0]), report)
    for name in chosen(OPTIMIZERS):
        compare_signature(name, "optimizer", getattr(K.optimizers, OPTIMIZERS[name][0]), report)
    for name in chosen(SCHEDULES):
        compare_signature(name, "schedule", getattr(K.optimizers.schedules, SCHEDULES[name][0]), report, ("initial_learning_rate",))
    for name in chosen(METRICS):
        if METRICS[name][1]:
            compare_signature(name, "metric", getattr(K.metrics, METRICS[name][1]), report)
    for kinds, word in ((K.layers, "layers"), (K.losses, "losses"), (K.optimizers, "optimizers"), (K.optimizers.schedules, "schedules"), (K.metrics, "metrics"),
                        (K.activations, "activations"), (K.initializers, "initializers"), (K.constraints, "constraints"), (K.regularizers, "regularizers")):
        mine = {"layers": [class_of(k).__name__ for k in LAYERS], "losses": [v[0] for v in LOSSES.values()], "optimizers": [v[0] for v in OPTIMIZERS.values()],
                "schedules": [v[0] for v in SCHEDULES.values()], "metrics": [v[1] for v in METRICS.values()],
                "activations": [*ACTIVATIONS, *OURS], "initializers": ["".join(w.capitalize() for w in n.split("_")) for n in INITIALIZERS],
                "constraints": list(CONSTRAINT.values()), "regularizers": list(REGULARIZER.values())}[word]
        names = [n for n in dir(kinds) if (n[0].isupper() if word != "activations" else n[0].islower()) and callable(getattr(kinds, n)) and n not in mine]
        print(f"   Keras' {word} that are not here: {' '.join(names)}")
    return report.done("signatures")


PARTS = {"layers": layers_part, "activations": activations_part, "initializers": initializers_part, "losses": losses_part,
         "optimizers": optimizers_part, "callbacks": callbacks_part, "metrics": metrics_part, "nets": nets_part, "signatures": signatures_part}


def main():
    K.config.disable_interactive_logging()
    bad = 0
    for name, part in PARTS.items():
        if not args.only or name in args.only.split(","):
            bad += part()
    print(f"{bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
