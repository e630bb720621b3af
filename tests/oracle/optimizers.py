"""Fixtures for tests/unit/test_optimizer.c: optimizers.h. Keras 3's formulas in double with NumPy, as its
sources write them (keras/src/optimizers); ten steps of two tensors, the learning rate halved after the fifth."""
import numpy as np

from fixture import Noise, array, write

COUNT, FIRST, STEPS = 37, 20, 10


def zeros(kept, name, like, start=0.0):
    return kept.setdefault(name, np.full_like(like, start))


def sgd(w, g, t, rate, kept, momentum=0.0, nesterov=False):
    if momentum == 0:
        return w - rate * g
    m = kept["m"] = zeros(kept, "m", w) * momentum - g * rate
    return w + (m * momentum - g * rate if nesterov else m)


def rmsprop(w, g, t, rate, kept, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    v = kept["v"] = rho * zeros(kept, "v", w) + (1 - rho) * g**2
    if centered:
        a = kept["a"] = rho * zeros(kept, "a", w) + (1 - rho) * g
        denominator = v - a**2 + epsilon
    else:
        denominator = v + epsilon
    increment = rate * g / np.sqrt(denominator)
    if momentum > 0:
        increment = kept["m"] = momentum * zeros(kept, "m", w) + increment
    return w - increment


def adagrad(w, g, t, rate, kept, initial_accumulator_value=0.1, epsilon=1e-7):
    a = kept["a"] = zeros(kept, "a", w, initial_accumulator_value) + g**2
    return w - rate * g / np.sqrt(a + epsilon)


def adadelta(w, g, t, rate, kept, rho=0.95, epsilon=1e-7):
    a = kept["a"] = rho * zeros(kept, "a", w) + (1 - rho) * g**2
    delta = -np.sqrt(zeros(kept, "d", w) + epsilon) * g / np.sqrt(a + epsilon)
    kept["d"] = rho * kept["d"] + (1 - rho) * delta**2
    return w + rate * delta


def adam(w, g, t, rate, kept, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    alpha = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    m = kept["m"] = zeros(kept, "m", w) + (g - zeros(kept, "m", w)) * (1 - beta_1)
    v = kept["v"] = zeros(kept, "v", w) + (g**2 - zeros(kept, "v", w)) * (1 - beta_2)
    if amsgrad:
        v = kept["hat"] = np.maximum(zeros(kept, "hat", w), v)
    return w - m * alpha / (np.sqrt(v) + epsilon)


def adamax(w, g, t, rate, kept, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = kept["m"] = zeros(kept, "m", w) + (g - zeros(kept, "m", w)) * (1 - beta_1)
    u = kept["u"] = np.maximum(beta_2 * zeros(kept, "u", w), np.abs(g))
    return w - rate * m / ((1 - beta_1**t) * (u + epsilon))


def nadam(w, g, t, rate, kept, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    u_t, u_next = (beta_1 * (1 - 0.5 * 0.96**s) for s in (t, t + 1))
    product = kept["product"] = kept.get("product", 1.0) * u_t
    m = kept["m"] = zeros(kept, "m", w) + (g - zeros(kept, "m", w)) * (1 - beta_1)
    v = kept["v"] = zeros(kept, "v", w) + (g**2 - zeros(kept, "v", w)) * (1 - beta_2)
    m_hat = u_next * m / (1 - product * u_next) + (1 - u_t) * g / (1 - product)
    return w - m_hat * rate / (np.sqrt(v / (1 - beta_2**t)) + epsilon)


def lion(w, g, t, rate, kept, beta_1=0.9, beta_2=0.99):
    m = zeros(kept, "m", w)
    kept["m"] = m * beta_2 + g * (1 - beta_2)
    return w - rate * np.sign(m * beta_1 + g * (1 - beta_1))


def ftrl(w, g, t, rate, kept, learning_rate_power=-0.5, initial_accumulator_value=0.1,
         l1_regularization_strength=0.0, l2_regularization_strength=0.0,
         l2_shrinkage_regularization_strength=0.0, beta=0.0):
    power, l1 = learning_rate_power, l1_regularization_strength
    l2 = l2_regularization_strength + beta / (2.0 * rate)
    n, z = zeros(kept, "n", w, initial_accumulator_value), zeros(kept, "z", w)
    used = g + 2 * l2_shrinkage_regularization_strength * w
    after = n + g**2
    z = kept["z"] = z + used - (after**-power - n**-power) / rate * w
    kept["n"] = after
    return (np.clip(z, -l1, l1) - z) / (after**-power / rate + 2 * l2)


def clipped(gradients, clipnorm=0.0, clipvalue=0.0, global_clipnorm=0.0):
    """base_optimizer.py: _clip_gradients; gradients of all tensors."""
    if clipnorm > 0:
        return [g * clipnorm / np.maximum(np.sqrt(np.sum(g**2)), clipnorm) for g in gradients]
    if global_clipnorm > 0:
        norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
        return [g * (global_clipnorm / max(norm, global_clipnorm)) for g in gradients]
    return [np.clip(g, -clipvalue, clipvalue) if clipvalue > 0 else g for g in gradients]


COMMON = {"weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum",
          "ema_overwrite_frequency"}


class Optimizer:
    """A kind with the options that all have: one update of all tensors after the other."""

    def __init__(self, name, options):
        self.rule = RULES[name]
        self.own = {k: v for k, v in options.items() if k not in COMMON}
        self.clip = {k: v for k, v in options.items() if k.startswith("clip") or k == "global_clipnorm"}
        self.decay = options.get("weight_decay", 0.004 if name == "adamw" else 0.0)
        self.ema, self.keep = options.get("use_ema", False), options.get("ema_momentum", 0.99)
        self.overwrite = options.get("ema_overwrite_frequency", 0)
        self.t, self.kept, self.average = 0, None, None

    def step(self, weights, gradients, rate):
        """The new weights, a list as the old ones are."""
        self.t += 1
        self.kept = self.kept or [{} for _ in weights]
        weights = [w - w * self.decay * rate for w in weights]
        gradients = clipped(gradients, **self.clip)
        weights = [self.rule(w, g, self.t, rate, kept, **self.own)
                   for w, g, kept in zip(weights, gradients, self.kept)]
        if self.ema:
            keep = self.keep if self.t > 1 else 0.0
            before = self.average or weights
            self.average = [keep * a + (1 - keep) * w for a, w in zip(before, weights)]
            if self.overwrite and self.t % self.overwrite == 0:
                weights = [a.copy() for a in self.average]
        return weights


RULES = {"sgd": sgd, "rmsprop": rmsprop, "adagrad": adagrad, "adadelta": adadelta, "adam": adam, "adamw": adam,
         "adamax": adamax, "nadam": nadam, "lion": lion, "ftrl": ftrl}

CASES = [
    ("sgd", 0.01, {}),
    ("sgd", 0.1, {"momentum": 0.9}),
    ("sgd", 0.1, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("sgd", 0.1, {"momentum": 0.9, "nesterov": True}),
    ("sgd", 0.5, {"clipvalue": 0.2}),
    ("sgd", 0.5, {"clipnorm": 0.7}),
    ("sgd", 0.5, {"clipnorm": 100}),
    ("sgd", 0.5, {"global_clipnorm": 0.9, "momentum": 0.5}),
    ("sgd", 0.5, {"global_clipnorm": 100, "weight_decay": 0.1}),
    ("sgd", 0.5, {"momentum": 0.5, "use_ema": True, "ema_momentum": 0.8}),
    ("sgd", 0.5, {"use_ema": True, "ema_overwrite_frequency": 3}),
    ("rmsprop", 0.001, {}),
    ("rmsprop", 0.01, {"rho": 0.8, "momentum": 0.5}),
    ("rmsprop", 0.01, {"centered": True, "epsilon": 0.001, "weight_decay": 0.02}),
    ("rmsprop", 0.01, {"momentum": 0.9, "centered": True}),
    ("rmsprop", 0.01, {"clipvalue": 0.1, "use_ema": True}),
    ("adagrad", 0.001, {}),
    ("adagrad", 0.1, {"initial_accumulator_value": 0, "epsilon": 0.01, "weight_decay": 0.1}),
    ("adagrad", 0.5, {"initial_accumulator_value": 0.7, "clipnorm": 0.5}),
    ("adadelta", 0.001, {}),
    ("adadelta", 1.0, {"rho": 0.5, "epsilon": 1e-3, "weight_decay": 0.05}),
    ("adadelta", 1.0, {"global_clipnorm": 0.5}),
    ("adam", 0.001, {}),
    ("adam", 0.05, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.01, "weight_decay": 0.1}),
    ("adam", 0.05, {"beta_2": 0.5, "amsgrad": True}),
    ("adam", 0.05, {"clipnorm": 0.01, "epsilon": 0.1, "use_ema": True, "ema_momentum": 0.5,
                    "ema_overwrite_frequency": 5}),
    ("adamw", 0.001, {}),
    ("adamw", 0.01, {"beta_1": 0.5, "weight_decay": 0.3, "amsgrad": True, "use_ema": True}),
    ("adamax", 0.001, {}),
    ("adamax", 0.05, {"beta_1": 0.7, "beta_2": 0.8, "epsilon": 0.01, "weight_decay": 0.1, "clipvalue": 0.3}),
    ("nadam", 0.001, {}),
    ("nadam", 0.05, {"beta_1": 0.7, "beta_2": 0.8, "epsilon": 0.01, "weight_decay": 0.1, "global_clipnorm": 1}),
    ("lion", 0.001, {}),
    ("lion", 0.01, {"beta_1": 0.5, "beta_2": 0.7, "weight_decay": 0.3, "clipvalue": 0.2}),
    ("ftrl", 0.001, {}),
    ("ftrl", 0.1, {"l1_regularization_strength": 0.3, "l2_regularization_strength": 0.2}),
    ("ftrl", 0.1, {"l2_shrinkage_regularization_strength": 0.2, "beta": 0.4, "weight_decay": 0.1}),
    ("ftrl", 0.1, {"learning_rate_power": -0.8, "initial_accumulator_value": 0.3, "beta": 0.1}),
    ("ftrl", 0.1, {"learning_rate_power": 0.0, "l1_regularization_strength": 0.01, "clipnorm": 0.5}),
]


def words(name, rate, options):
    said = [f"optimizer={name}", "loss=mse", f"learning_rate={rate}"]
    return " ".join(said + [f"{k}={'yes' if v is True else v}" for k, v in options.items()])


def main():
    noise = Noise(21)
    start = noise.take(COUNT)
    gradients = [noise.take(COUNT) for _ in range(STEPS)]
    gradients[3][5] = 0.0
    lines = [
        f"enum {{ OPTIMIZER_COUNT = {COUNT}, OPTIMIZER_FIRST = {FIRST}, OPTIMIZER_STEPS = {STEPS} }};",
        "",
        "/* Two tensors, the first of OPTIMIZER_FIRST weights. */",
        f"static const double optimizer_start[OPTIMIZER_COUNT] = {array(start)};",
        "static const double optimizer_gradients[OPTIMIZER_STEPS][OPTIMIZER_COUNT] = {",
        *[f"    {array(g)}," for g in gradients],
        "};",
        "",
        "typedef struct OptimizerCase {",
        "    const char *words;",
        "    double after[OPTIMIZER_COUNT], average[OPTIMIZER_COUNT]; /* all steps; average: 0 without use_ema */",
        "} OptimizerCase;",
        "",
        "static const OptimizerCase optimizer_cases[] = {",
    ]
    cut = lambda values: [np.array(values[:FIRST]), np.array(values[FIRST:])]
    for name, rate, options in CASES:
        optimizer, weights = Optimizer(name, options), cut(start)
        for t in range(STEPS):
            weights = optimizer.step(weights, cut(gradients[t]), rate if t < 5 else rate / 2)
        average = np.concatenate(optimizer.average) if optimizer.ema else [0.0] * COUNT
        lines.append(f'    {{"{words(name, rate, options)}",')
        lines.append(f"     {array(np.concatenate(weights))},")
        lines.append(f"     {array(average)}}},")
    lines.append("};")
    write("optimizers.h", "ORACLE_OPTIMIZERS_H", lines)


if __name__ == "__main__":
    main()
