"""Fixtures for tests/unit/test_schedule.c: schedules.h. Keras 3's formulas in double
(learning_rate_schedule.py) and PyTorch's own OneCycleLR."""
from math import ceil, cos, floor, log, pi

from fixture import array, write

STEPS = 24


def exponential_decay(step, rate, decay_steps, decay_rate, staircase=False):
    p = step / decay_steps
    return rate * decay_rate ** (floor(p) if staircase else p)


def inverse_time_decay(step, rate, decay_steps, decay_rate, staircase=False):
    p = step / decay_steps
    return rate / (1 + decay_rate * (floor(p) if staircase else p))


def polynomial_decay(step, rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False):
    if cycle:
        decay_steps *= 1.0 if step == 0 else ceil(step / decay_steps)
    else:
        step = min(step, decay_steps)
    return (rate - end_learning_rate) * (1 - step / decay_steps) ** power + end_learning_rate


def piecewise_constant_decay(step, rate, boundaries, values):
    for boundary, value in zip(boundaries, values):
        if step <= boundary:
            return value
    return values[-1]


def cosine_decay(step, rate, decay_steps, alpha=0.0, warmup_target=0.0, warmup_steps=0):
    if warmup_target:
        step = min(step, decay_steps + warmup_steps)
        if step < warmup_steps:
            return (warmup_target - rate) * (step / warmup_steps) + rate
        step, rate = step - warmup_steps, warmup_target
    step = min(step, decay_steps)
    return rate * ((1 - alpha) * (0.5 * (1 + cos(pi * step / decay_steps))) + alpha)


def cosine_decay_restarts(step, rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0):
    fraction = step / first_decay_steps
    if t_mul == 1.0:
        i = floor(fraction)
        fraction -= i
    else:
        i = floor(log(1 - fraction * (1 - t_mul)) / log(t_mul))
        fraction = (fraction - (1 - t_mul**i) / (1 - t_mul)) / t_mul**i
    return rate * ((1 - alpha) * (0.5 * m_mul**i * (1 + cos(pi * fraction))) + alpha)


def one_cycle(step, rate, total_steps, max_learning_rate, pct_start=0.3, final_div_factor=1e4):
    """OneCycleLR, which wants to be stepped; behind its end the last rate stays."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_learning_rate, total_steps=total_steps, pct_start=pct_start,
        div_factor=max_learning_rate / rate, final_div_factor=final_div_factor, cycle_momentum=False)
    optimizer.step()
    for _ in range(min(step, total_steps - 1)):
        schedule.step()
    return schedule.get_last_lr()[0]


RULES = {rule.__name__: rule for rule in (exponential_decay, inverse_time_decay, polynomial_decay,
                                          piecewise_constant_decay, cosine_decay, cosine_decay_restarts, one_cycle)}

CASES = [
    ("none", 0.1, {}),
    ("exponential_decay", 0.1, {"decay_steps": 10, "decay_rate": 0.9}),
    ("exponential_decay", 0.1, {"decay_steps": 4, "decay_rate": 0.5, "staircase": True}),
    ("inverse_time_decay", 0.1, {"decay_steps": 3, "decay_rate": 0.5}),
    ("inverse_time_decay", 0.1, {"decay_steps": 2.5, "decay_rate": 2, "staircase": True}),
    ("polynomial_decay", 0.1, {"decay_steps": 15}),
    ("polynomial_decay", 0.1, {"decay_steps": 15, "end_learning_rate": 0.01, "power": 0.5}),
    ("polynomial_decay", 0.1, {"decay_steps": 7, "power": 2, "cycle": True}),
    ("piecewise_constant_decay", 0.1, {"boundaries": [3, 10], "values": [1.0, 0.5, 0.1]}),
    ("piecewise_constant_decay", 0.1, {"boundaries": [0, 1, 5, 20], "values": [0.1, 0.2, 0.0, 1e-3, 4]}),
    ("cosine_decay", 0.1, {"decay_steps": 20}),
    ("cosine_decay", 0.1, {"decay_steps": 12, "alpha": 0.2}),
    ("cosine_decay", 0.01, {"decay_steps": 10, "alpha": 0.1, "warmup_target": 0.3, "warmup_steps": 6}),
    ("cosine_decay", 0.01, {"decay_steps": 10, "warmup_target": 0.3}),
    ("cosine_decay_restarts", 0.1, {"first_decay_steps": 5}),
    ("cosine_decay_restarts", 0.1, {"first_decay_steps": 6, "t_mul": 1, "m_mul": 0.5, "alpha": 0.1}),
    ("cosine_decay_restarts", 0.1, {"first_decay_steps": 3, "t_mul": 1.5, "m_mul": 0.9}),
    ("one_cycle", 0.004, {"total_steps": 20, "max_learning_rate": 0.1}),
    ("one_cycle", 0.05, {"total_steps": 17, "max_learning_rate": 0.2, "pct_start": 0.5, "final_div_factor": 10}),
]


def words(name, rate, options):
    said = [f"optimizer=sgd loss=mse learning_rate={rate} schedule={name}"]
    for key, value in options.items():
        value = ",".join(map(str, value)) if isinstance(value, list) else "yes" if value is True else value
        said.append(f"{key}={value}")
    return " ".join(said)


def rates(name, rate, options, steps):
    return [RULES[name](step, rate, **options) if name in RULES else rate for step in range(steps)]


def main():
    lines = [
        f"enum {{ SCHEDULE_STEPS = {STEPS} }};",
        "",
        "typedef struct ScheduleCase {",
        "    const char *words;",
        "    double rate[SCHEDULE_STEPS];",
        "} ScheduleCase;",
        "",
        "static const ScheduleCase schedule_cases[] = {",
    ]
    for name, rate, options in CASES:
        lines.append(f'    {{"{words(name, rate, options)}",')
        lines.append(f"     {array(rates(name, rate, options, STEPS))}}},")
    lines.append("};")
    write("schedules.h", "ORACLE_SCHEDULES_H", lines)


if __name__ == "__main__":
    main()
