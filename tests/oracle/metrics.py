"""Fixtures for tests/unit/test_metric.c: metrics.h. Definitions written out with NumPy."""
import numpy as np

from fixture import Noise, array, integers, write

ROWS = 23


def noise(seed, *shape):
    return np.array(Noise(seed).take(int(np.prod(shape)))).reshape(shape)


def r2(t, y):
    t, y = t.reshape(len(t), -1), y.reshape(len(y), -1)
    residual = ((t - y) ** 2).sum(0)
    total = ((t - t.mean(0)) ** 2).sum(0)
    return np.mean([1 - a / b if b > 0 else 0 for a, b in zip(residual, total)])


def main():
    y = noise(31, ROWS, 1, 5)
    steps = noise(32, ROWS, 3, 4)
    one = noise(33, ROWS, 1, 1) + 0.5
    near = y + noise(34, ROWS, 1, 5) / 4
    label = ((noise(35, ROWS, 1) + 0.5) * 5).astype(int)
    label[:12, 0] = y[:12, 0].argmax(-1)
    labels = ((noise(36, ROWS, 3) + 0.5) * 4).astype(int)
    yes = (noise(37, ROWS, 1, 1) > 0).astype(float)
    several = (noise(38, ROWS, 1, 5) > 0).astype(float)
    same = near.copy()
    same[:, 0, 2] = 0.25
    hot = np.eye(5)[label]
    none = np.zeros(0)
    cases = [
        ("sparse_categorical_accuracy", y, none, label, (y.argmax(-1) == label).mean()),
        ("accuracy", y, none, label, (y.argmax(-1) == label).mean()),
        ("accuracy", steps, none, labels, (steps.argmax(-1) == labels).mean()),
        ("acc", y, hot, none, (y.argmax(-1) == hot.argmax(-1)).mean()),
        ("categorical_accuracy", y, hot, none, (y.argmax(-1) == hot.argmax(-1)).mean()),
        ("accuracy", one, yes, none, ((one > 0.5) == yes).mean()),
        ("binary_accuracy", one, yes, none, ((one > 0.5) == yes).mean()),
        ("binary_accuracy", y + 0.5, several, none, ((y > 0) == several).mean()),
        ("mean_squared_error", y, near, none, ((y - near) ** 2).mean()),
        ("mse", y, near, none, ((y - near) ** 2).mean()),
        ("MSE", y, near, none, ((y - near) ** 2).mean()),
        ("mean_absolute_error", y, near, none, np.abs(y - near).mean()),
        ("mae", y, near, none, np.abs(y - near).mean()),
        ("MAE", one, yes, none, np.abs(one - yes).mean()),
        ("r2_score", y, near, none, r2(near, y)),
        ("r2_score", y, same, none, r2(same, y)),
        ("r2_score", one, yes, none, r2(yes, one)),
    ]
    lines = [
        f"enum {{ METRIC_ROWS = {ROWS} }};",
        "",
        "typedef struct MetricCase {",
        "    const char *name;",
        "    int positions, width;",
        "    bool sparse;",
        "    double y[METRIC_ROWS * 12], targets[METRIC_ROWS * 12];",
        "    int labels[METRIC_ROWS * 3];",
        "    double value;",
        "} MetricCase;",
        "",
        "static const MetricCase metric_cases[] = {",
    ]
    for name, out, targets, label, value in cases:
        lines += [
            f'    {{"{name}", {out.shape[1]}, {out.shape[2]}, {"true" if label.size else "false"},',
            f"     {array(out.flatten())},",
            f"     {array(targets.flatten())},",
            f"     {integers(label.flatten())},",
            f"     {float(value)!r}}},",
        ]
    lines.append("};")
    write("metrics.h", "ORACLE_METRICS_H", lines)


main()
