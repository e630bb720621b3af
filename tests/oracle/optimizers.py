"""Fixtures for tests/unit/test_optimizer.c: optimizers.h. Keras 3's formulas in double, one weight after the
other, as its sources write them; ten steps, the learning rate halved after the fifth."""
from math import sqrt

from fixture import Noise, array, write

COUNT, STEPS = 37, 10


def sgd(w, g, t, rate, kept, momentum=0.0, nesterov=False):
    m = kept.get("m", 0.0)
    if momentum == 0:
        return w - rate * g
    m = kept["m"] = momentum * m - rate * g
    return w + (momentum * m - rate * g if nesterov else m)


def rmsprop(w, g, t, rate, kept, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    v = kept["v"] = rho * kept.get("v", 0.0) + (1 - rho) * g * g
    if centered:
        a = kept["a"] = rho * kept.get("a", 0.0) + (1 - rho) * g
        v -= a * a
    step = rate * g / sqrt(v + epsilon)
    if momentum > 0:
        step = kept["m"] = momentum * kept.get("m", 0.0) + step
    return w - step


def adam(w, g, t, rate, kept, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = kept["m"] = kept.get("m", 0.0) + (g - kept.get("m", 0.0)) * (1 - beta_1)
    v = kept["v"] = kept.get("v", 0.0) + (g * g - kept.get("v", 0.0)) * (1 - beta_2)
    alpha = rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - m * alpha / (sqrt(v) + epsilon)


CASES = [
    ("sgd", sgd, 0.01, {}, 0),
    ("sgd", sgd, 0.1, {"momentum": 0.9}, 0),
    ("sgd", sgd, 0.1, {"momentum": 0.9, "nesterov": True}, 0.01),
    ("rmsprop", rmsprop, 0.001, {}, 0),
    ("rmsprop", rmsprop, 0.01, {"rho": 0.8, "momentum": 0.5}, 0),
    ("rmsprop", rmsprop, 0.01, {"centered": True, "epsilon": 0.001}, 0.02),
    ("rmsprop", rmsprop, 0.01, {"momentum": 0.9, "centered": True}, 0),
    ("adam", adam, 0.001, {}, 0),
    ("adam", adam, 0.05, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.01}, 0.1),
    ("adamw", adam, 0.001, {}, 0.004),
    ("adamw", adam, 0.01, {"beta_1": 0.5}, 0.3),
]


def words(name, rate, options, decay):
    said = [f"optimizer={name}", "loss=mse", f"learning_rate={rate}"]
    said += [f"{k}={'yes' if v is True else v}" for k, v in options.items()]
    if decay or name != "adamw":
        said.append(f"weight_decay={decay}")
    return " ".join(said)


def main():
    noise = Noise(21)
    start = noise.take(COUNT)
    gradients = [noise.take(COUNT) for _ in range(STEPS)]
    gradients[3][5] = 0.0
    lines = [
        f"enum {{ OPTIMIZER_COUNT = {COUNT}, OPTIMIZER_STEPS = {STEPS} }};",
        "",
        f"static const double optimizer_start[OPTIMIZER_COUNT] = {array(start)};",
        "static const double optimizer_gradients[OPTIMIZER_STEPS][OPTIMIZER_COUNT] = {",
        *[f"    {array(g)}," for g in gradients],
        "};",
        "",
        "typedef struct OptimizerCase {",
        "    const char *words;",
        "    double after[OPTIMIZER_COUNT]; /* all steps */",
        "} OptimizerCase;",
        "",
        "static const OptimizerCase optimizer_cases[] = {",
    ]
    for name, step, rate, options, decay in CASES:
        after = []
        for i, w in enumerate(start):
            kept = {}
            for t in range(1, STEPS + 1):
                now = rate if t <= 5 else rate / 2
                w -= w * decay * now
                w = step(w, gradients[t - 1][i], t, now, kept, **options)
            after.append(w)
        lines.append(f'    {{"{words(name, rate, options, decay)}", {array(after)}}},')
    lines.append("};")
    write("optimizers.h", "ORACLE_OPTIMIZERS_H", lines)


main()
