"""Fixtures for tests/unit/test_metric.c: metrics.h. Keras 3's definitions written out with NumPy in double, from
the thresholds up: nothing is put into buckets or added up batch by batch here."""
import numpy as np

from fixture import Noise, array, integers, write

ROWS, EPSILON = 23, 1e-7


def noise(seed, *shape):
    return np.array(Noise(seed).take(int(np.prod(shape)))).reshape(shape)


def rounded(values):
    """What a float holds exactly, so that both builds are given the same."""
    return np.asarray(values, dtype="f4").astype(float)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Data:
    """Rows of a name: outputs, targets or labels, and perhaps a mask. t, y: the positions that count."""

    def __init__(self, y, targets=None, labels=None, mask=None):
        self.out = rounded(y)
        self.targets = None if targets is None else rounded(targets)
        self.labels, self.mask = labels, mask
        width = self.out.shape[2]
        keep = np.ones(self.out.shape[:2], bool) if mask is None else mask.astype(bool)
        full = np.eye(width)[labels] if labels is not None else self.targets
        self.y, self.t = self.out[keep], full[keep]
        self.label = None if labels is None else labels[keep]


# ---- definitions: each takes Data and its options ----


def divide(a, b):
    return np.where(b == 0, 0.0, a / np.where(b == 0, 1, b))


def top(y, k):
    """Which are the k largest of their row; of equals the first."""
    order = np.argsort(-y, axis=-1, kind="stable")[:, :k]
    mask = np.zeros(y.shape)
    np.put_along_axis(mask, order, 1.0, -1)
    return mask


def in_top(d, k, label):
    own = np.take_along_axis(d.y, label[:, None], -1)
    return ((d.y > own).sum(-1) < k).mean()


def confusion(d, thresholds, top_k=None, class_id=None):
    """tp, fp, tn, fn at each threshold."""
    y, t = d.y, d.t != 0
    if top_k is not None:
        chosen = top(y, top_k)
        y = y * chosen - 1e10 * (1 - chosen)
    if class_id is not None:
        y, t = y[:, class_id], t[:, class_id]
    yes = y.reshape(1, -1) > np.asarray(thresholds, float)[:, None]
    t = t.reshape(1, -1)
    return [np.sum(c, 1).astype(float) for c in (yes & t, yes & ~t, ~yes & ~t, ~yes & t)]


def counts(d, threshold=None, top_k=None, class_id=None):
    if threshold is None:
        threshold = 0.5 if top_k is None else -1e10
    return [c[0] for c in confusion(d, [threshold], top_k, class_id)]


def precision(d, *options):
    tp, fp, _, _ = counts(d, *options)
    return divide(tp, tp + fp)


def recall(d, *options):
    tp, _, _, fn = counts(d, *options)
    return divide(tp, tp + fn)


def fbeta(d, average="macro", beta=1.0, threshold=None):
    if threshold is None and d.y.shape[1] > 1:
        yes = (d.y >= d.y.max(-1, keepdims=True)) & (np.abs(d.y) > 1e-9)
    else:
        yes = d.y > (0.5 if threshold is None else threshold)
    yes = yes.astype(float)
    axis = None if average == "micro" else 0
    tp, fp, fn = (yes * d.t).sum(axis), (yes * (1 - d.t)).sum(axis), ((1 - yes) * d.t).sum(axis)
    p, r = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
    score = p * r / (beta**2 * p + r + EPSILON) * (1 + beta**2)
    if average == "weighted":
        weights = d.t.sum(0)
        return (score * (weights / (weights.sum() + EPSILON))).sum()
    return score.mean()


def auc(d, count=200, curve="ROC", method="interpolation", logits=False):
    inner = [(i + 1) / (count - 1) for i in range(count - 2)]
    whole, d = d, Data(d.out, d.targets, d.labels, d.mask)
    d.y = 1 / (1 + np.exp(-whole.y)) if logits else np.clip(whole.y, 0, 1)
    tp, fp, tn, fn = confusion(d, [-EPSILON] + inner + [1 + EPSILON])
    if curve == "PR" and method == "interpolation":
        dtp, p = tp[:-1] - tp[1:], tp + fp
        slope = divide(dtp, np.maximum(p[:-1] - p[1:], 0))
        intercept = tp[1:] - slope * p[1:]
        ratio = np.where((p[:-1] > 0) & (p[1:] > 0), divide(p[:-1], p[1:]), 1.0)
        return divide(slope * (dtp + intercept * np.log(ratio)), tp[1:] + fn[1:]).sum()
    share = divide(tp, tp + fn)
    if curve == "ROC":
        x, y = divide(fp, fp + tn), share
    elif curve == "PR":
        x, y = share, divide(tp, tp + fp)
    else:
        scale = divide(tp + fn, tn + fp)
        x = np.maximum(np.where(tp == 0, 0.0, 1 - scale * divide(fn, tp)), 0)
        y = np.where(tp == 0, 1.0, 1 - scale * divide(fp, tp))
    heights = {"interpolation": (y[:-1] + y[1:]) / 2, "minoring": np.minimum(y[:-1], y[1:]),
               "majoring": np.maximum(y[:-1], y[1:])}[method]
    return ((x[:-1] - x[1:]) * heights).sum()


def best(d, wanted, held, least, count=200, class_id=None):
    tp, fp, tn, fn = confusion(d, [0.5] if count == 1 else np.arange(count) / (count - 1), None, class_id)
    shares = {"recall": divide(tp, tp + fn), "precision": divide(tp, tp + fp), "specificity": divide(tn, tn + fp)}
    return np.max(np.where(shares[held] >= least, shares[wanted], 0), initial=0)


def clip(p):
    return np.clip(p, EPSILON, 1 - EPSILON)


def log_softmax(z):
    return z - z.max(-1, keepdims=True) - np.log(np.exp(z - z.max(-1, keepdims=True)).sum(-1, keepdims=True))


def bce(d, logits=False, smoothing=0.0):
    t = d.t * (1 - smoothing) + 0.5 * smoothing
    if logits:
        return (np.maximum(d.y, 0) - d.y * t + np.log1p(np.exp(-np.abs(d.y)))).mean()
    return -(t * np.log(clip(d.y)) + (1 - t) * np.log(1 - clip(d.y))).mean()


def cce(d, logits=False, smoothing=0.0):
    t = d.t * (1 - smoothing) + smoothing / d.t.shape[-1]
    log_p = log_softmax(d.y) if logits else np.log(clip(d.y / d.y.sum(-1, keepdims=True)))
    return -(t * log_p).sum(-1).mean()


def scce(d, logits=False, ignore=None):
    log_p = log_softmax(d.y) if logits else np.log(clip(d.y))
    values = -np.take_along_axis(log_p, d.label[:, None], -1)[:, 0]
    return np.where(d.label == ignore, 0, values).mean() if ignore is not None else values.mean()


def kl(d):
    t, y = np.clip(d.t, EPSILON, 1), np.clip(d.y, EPSILON, 1)
    return (t * np.log(t / y)).sum(-1).mean()


def hinge(d, power=1):
    t = 2 * d.t - 1 if np.all((d.t == 0) | (d.t == 1)) else d.t
    return (np.maximum(1 - t * d.y, 0) ** power).mean()


def categorical_hinge(d):
    return np.maximum(((1 - d.t) * d.y).max(-1) - (d.t * d.y).sum(-1) + 1, 0).mean()


def r2(d, aggregation="uniform_average", regressors=0):
    width = d.out.shape[1] * d.out.shape[2]
    t, y = d.targets.reshape(-1, width), d.out.reshape(-1, width)
    mask = np.ones(d.out.shape[:2]) if d.mask is None else d.mask
    w = np.repeat(mask, d.out.shape[2], axis=1)
    count = w.sum(0)
    total = (w * t * t).sum(0) - (w * t).sum(0) * (w * t).sum(0) / count
    raw = 1 - (w * (t - y) ** 2).sum(0) / np.where(total == 0, 1, total)
    raw = np.where(total == 0, 0, raw)
    score = raw.mean() if aggregation == "uniform_average" else (total * raw).sum() / total.sum()
    rows = (w.sum(1) > 0).sum()
    if regressors and regressors < rows - 1:
        score = 1 - (1 - score) * (rows - 1) / (rows - regressors - 1)
    return score


def cosine(d):
    unit = lambda v: v / np.sqrt(np.maximum((v * v).sum(-1, keepdims=True), EPSILON**2))
    return (unit(d.t) * unit(d.y)).sum(-1).mean()


def pearson(d):
    unit = lambda v: (v - v.mean(-1, keepdims=True)) / v.std(-1, keepdims=True)
    return (unit(d.t) * unit(d.y)).mean(-1).mean()


def concordance(d):
    mean = lambda v: v.mean(-1, keepdims=True)
    covariance = (d.t - mean(d.y)) * (d.y - mean(d.y))
    norm = d.t.var(-1, keepdims=True) + d.y.var(-1, keepdims=True) + (mean(d.t) - mean(d.y)) ** 2
    return (2 * covariance / (norm + EPSILON)).mean(-1).mean()


def log1(v):
    return np.log(np.maximum(v, EPSILON) + 1)


def sparse_accuracy(d):
    return (d.y.argmax(-1) == d.label).mean()


def categorical_accuracy(d):
    return (d.y.argmax(-1) == d.t.argmax(-1)).mean()


def binary_accuracy(d, threshold=0.5):
    return ((d.y > threshold) == d.t).mean()


# ---- data ----


def mask_of(seed, rows=ROWS):
    mask = (noise(seed, rows, 3) > -0.2).astype(float)
    mask[3], mask[4] = 0, 1
    return mask


def data():
    logits, steps = noise(31, ROWS, 1, 5) * 6, noise(32, ROWS, 3, 4) * 6
    label = ((noise(35, ROWS, 1) + 0.5) * 5).astype(int)
    label[:12, 0] = logits[:12, 0].argmax(-1)
    labels = ((noise(36, ROWS, 3) + 0.5) * 4).astype(int)
    hot, hots = np.eye(5)[label], np.eye(4)[labels]
    one = noise(33, ROWS, 1, 1) + 0.5
    yes = (one + noise(37, ROWS, 1, 1) * 0.8 > 0.5).astype(float)
    many = noise(41, ROWS, 1, 5) + 0.5
    several = (many + noise(38, ROWS, 1, 5) > 0.6).astype(float)
    edges = np.floor(many * 5) / 4  # on the thresholds of auc:5, 0 and 1 among them, many of them equal
    wrong = np.where(several > 0, 1 - many, many)
    numbers = noise(51, ROWS, 1, 5) * 4
    near = numbers + noise(34, ROWS, 1, 5)
    same = near.copy()
    same[:, 0, 2] = 0.25
    same[5] = 0
    long, longer = noise(52, ROWS, 3, 4), noise(53, ROWS, 3, 4)
    long[:, :, :2], longer[:, :, :2] = long[:, :, :2] + 0.5, longer[:, :, :2] + 0.5
    return {
        "label": Data(softmax(logits), labels=label),
        "hot": Data(softmax(logits), hot),
        "logits": Data(logits, labels=label),
        "hot_logits": Data(logits, hot),
        "unnormed": Data(np.abs(logits) / 3, hot),
        "ties": Data(np.round(logits), labels=label),
        "hot_ties": Data(np.round(logits), hot),
        "steps": Data(softmax(steps), labels=labels),
        "masked": Data(softmax(steps), labels=labels, mask=mask_of(61)),
        "hot_masked": Data(softmax(steps), hots, mask=mask_of(62)),
        "yes": Data(one, yes),
        "yes_logits": Data(one * 6 - 3, yes),
        "several": Data(many, several),
        "edges": Data(edges, several),
        "wrong": Data(wrong, several),
        "beyond": Data(many * 3 - 1, several),
        "long": Data(np.clip(long + 0.5, 0, 1), (longer > 0).astype(float), mask=mask_of(63)),
        "never": Data(many / 2.1, np.zeros_like(several)),
        "always": Data(many / 2.1 + 0.51, np.ones_like(several)),
        "numbers": Data(numbers, near),
        "same": Data(numbers, same),
        "steps_numbers": Data(long, longer, mask=mask_of(64)),
        "positive": Data(np.abs(numbers), np.abs(near)),
        "sides": Data(numbers, 2 * several - 1),
        "sides_masked": Data(long * 4, np.sign(longer), mask=mask_of(65)),
        "shares": Data(softmax(logits), softmax(near)),
        "nothing": Data(softmax(steps), labels=labels, mask=np.zeros((ROWS, 3))),
        "no_numbers": Data(long, longer, mask=np.zeros((ROWS, 3))),
    }


def cases():
    """word, data, function, options"""
    out = []

    def add(words, names, function, *options):
        for word in words.split():
            out.extend((word, name, function, options) for name in names.split())

    add("sparse_categorical_accuracy accuracy acc", "label steps masked logits", sparse_accuracy)
    add("categorical_accuracy accuracy acc", "hot hot_masked hot_logits several", categorical_accuracy)
    add("binary_accuracy accuracy acc", "yes", binary_accuracy)
    add("binary_accuracy", "several long edges", binary_accuracy)
    add("binary_accuracy:0.7 binary_accuracy:threshold=0.7", "several", binary_accuracy, 0.7)
    add("binary_accuracy:0", "yes_logits", binary_accuracy, 0)
    for k in (1, 2, 3, 5, 9):
        known = f":{k}" if k != 5 else ""
        add("sparse_top_k_categorical_accuracy" + known, "label ties masked", lambda d, k: in_top(d, k, d.label), k)
        add("top_k_categorical_accuracy" + known, "hot hot_ties hot_masked",
            lambda d, k: in_top(d, k, d.t.argmax(-1)), k)
    everywhere = "label hot steps masked hot_masked yes several long edges never always"
    for word, function in (("precision", precision), ("recall", recall)):
        add(word, everywhere, function)
        add(word + ":0.7", "several label long yes", function, 0.7)
        add(word + ":thresholds=0", "yes_logits logits edges", function, 0)
        add(word + ":1", "several edges", function, 1)
        add(word + ":top_k=2", "label several hot_ties ties masked long edges", function, None, 2)
        add(word + ":0.3:2", "several label", function, 0.3, 2)
        add(word + "::3", "several", function, None, 3)
        add(word + ":0.4::1", "several label long", function, 0.4, None, 1)
        add(word + ":top_k=3:class_id=2", "several hot_masked", function, None, 3, 2)
    for i, word in enumerate(["true_positives", "false_positives", "true_negatives", "false_negatives"]):
        add(word, "label several masked long never always", lambda d, i: counts(d)[i], i)
        add(word + ":0.8", "several", lambda d, i: counts(d, 0.8)[i], i)
    add("f1_score", everywhere + " ties logits", fbeta)
    add("f1_score:micro", "label several masked long never", fbeta, "micro")
    add("f1_score:weighted", "label several masked long never", fbeta, "weighted")
    add("f1_score:macro:0.7 f1_score:threshold=0.7", "several yes long", fbeta, "macro", 1, 0.7)
    add("f1_score:weighted:0.4", "several", fbeta, "weighted", 1, 0.4)
    add("fbeta_score f_beta_score", "label yes", fbeta)
    add("fbeta_score:micro:2", "label several", fbeta, "micro", 2)
    add("fbeta_score:weighted:0.5:0.6", "several long", fbeta, "weighted", 0.5, 0.6)
    add("auc", everywhere + " wrong beyond", auc)
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "majoring", "minoring"):
            add(f"auc:curve={curve}:summation_method={method}", "several label wrong", auc, 200, curve, method)
        add(f"auc:5:{curve} auc:5:{curve.lower()}", "edges several never always", auc, 5, curve)
        add(f"auc:2:{curve}", "several", auc, 2, curve)
    add("auc:1000", "yes long", auc, 1000)
    add("auc:from_logits=yes", "yes_logits logits", auc, 200, "ROC", "interpolation", True)
    add("auc_pr", everywhere + " wrong", auc, 200, "PR")
    add("auc_pr:from_logits=yes", "yes_logits logits", auc, 200, "PR", "interpolation", True)
    add("auc_pr:50:majoring", "several", auc, 50, "PR", "majoring")
    for word, wanted, held in (("sensitivity_at_specificity", "recall", "specificity"),
                               ("specificity_at_sensitivity", "specificity", "recall"),
                               ("precision_at_recall", "precision", "recall"),
                               ("recall_at_precision", "recall", "precision")):
        for least in (0, 0.5, 0.75, 0.97, 1):
            add(f"{word}:{least}", "several label yes never always wrong", best, wanted, held, least)
        add(f"{word}:0.6:5", "edges long", best, wanted, held, 0.6, 5)
        add(f"{word}:0.6:1", "several", best, wanted, held, 0.6, 1)
        add(f"{word}:0.6:50:2", "several label beyond", best, wanted, held, 0.6, 50, 2)
    add("binary_crossentropy bce BCE", "yes several", bce)
    add("binary_crossentropy", "edges long", bce)
    add("binary_crossentropy:yes", "yes_logits hot_logits", bce, True)
    add("binary_crossentropy:no:0.2", "several", bce, False, 0.2)
    add("binary_crossentropy:yes:0.2", "hot_logits", bce, True, 0.2)
    add("categorical_crossentropy", "hot unnormed shares hot_masked", cce)
    add("categorical_crossentropy:label_smoothing=0.1", "hot unnormed", cce, False, 0.1)
    add("categorical_crossentropy:yes", "hot_logits", cce, True)
    add("categorical_crossentropy:yes:0.3", "hot_logits", cce, True, 0.3)
    add("sparse_categorical_crossentropy", "label steps masked", scce)
    add("sparse_categorical_crossentropy:from_logits=yes", "logits", scce, True)
    add("sparse_categorical_crossentropy:ignore_class=2", "label masked", scce, False, 2)
    add("perplexity", "label masked", lambda d: np.exp(scce(d)))
    add("perplexity", "hot hot_masked", lambda d: np.exp(cce(d)))
    add("perplexity:yes", "logits", lambda d: np.exp(scce(d, True)))
    add("kl_divergence kullback_leibler_divergence kld KLD", "hot shares", kl)
    add("kl_divergence", "hot_masked unnormed", kl)
    add("poisson", "positive several hot_masked", lambda d: (d.y - d.t * np.log(d.y + EPSILON)).mean())
    regression = "numbers same yes steps_numbers"
    add("mean_squared_error mse MSE", regression, lambda d: ((d.t - d.y) ** 2).mean())
    add("mean_absolute_error mae MAE", regression, lambda d: np.abs(d.t - d.y).mean())
    add("root_mean_squared_error rmse", regression, lambda d: np.sqrt(((d.t - d.y) ** 2).mean()))
    add("mean_absolute_percentage_error mape MAPE", regression,
        lambda d: 100 * np.abs((d.t - d.y) / np.maximum(np.abs(d.t), EPSILON)).mean())
    add("mean_squared_logarithmic_error msle MSLE", "positive numbers steps_numbers", lambda d: ((log1(d.y) - log1(d.t)) ** 2).mean())
    add("log_cosh_error log_cosh logcosh", regression, lambda d: np.log(np.cosh(d.y - d.t)).mean())
    add("r2_score", regression, r2)
    add("r2_score:variance_weighted_average", "numbers same steps_numbers", r2, "variance_weighted_average")
    add("r2_score:num_regressors=3", "numbers steps_numbers", r2, "uniform_average", 3)
    add("r2_score:uniform_average:22", "numbers", r2, "uniform_average", 22)
    add("cosine_similarity", "numbers same hot steps_numbers", cosine)
    add("pearson_correlation", "numbers steps_numbers shares", pearson)
    add("concordance_correlation", "numbers steps_numbers shares same", concordance)
    add("hinge", "sides several sides_masked numbers yes_logits", hinge)
    add("squared_hinge", "sides several sides_masked numbers yes_logits", hinge, 2)
    add("categorical_hinge", "hot hot_logits sides hot_masked", categorical_hinge)
    undefined = lambda d: float("nan")
    add("accuracy precision recall f1_score auc perplexity true_positives recall_at_precision:0.5", "nothing", undefined)
    add("binary_accuracy mse rmse r2_score hinge cosine_similarity", "no_numbers", undefined)
    return out


def main():
    sets = data()
    most = max(d.out.size for d in sets.values())
    lines = [
        "#include <math.h>",
        "#include <stdbool.h>",
        "",
        f"enum {{ METRIC_ROWS = {ROWS}, METRIC_MOST = {most} }};",
        "",
        "typedef struct MetricData {",
        "    int positions, width;",
        "    bool sparse, masked;",
        "    double y[METRIC_MOST], targets[METRIC_MOST];",
        "    int labels[METRIC_ROWS * 3];",
        "    double mask[METRIC_ROWS * 3];",
        "} MetricData;",
        "",
        "typedef struct MetricCase {",
        "    const char *name, *data;",
        "    int set;",
        "    double value;",
        "} MetricCase;",
        "",
        "static const MetricData metric_data[] = {",
    ]
    for name, d in sets.items():
        lines += [
            f"    /* {name} */",
            f'    {{{d.out.shape[1]}, {d.out.shape[2]}, {"true" if d.labels is not None else "false"}, '
            f'{"true" if d.mask is not None else "false"},',
            f"     {array(d.out.flatten())},",
            f"     {array([] if d.targets is None else d.targets.flatten())},",
            f"     {integers([] if d.labels is None else d.labels.flatten())},",
            f"     {array([] if d.mask is None else d.mask.flatten())}}},",
        ]
    lines += ["};", "", "static const MetricCase metric_cases[] = {"]
    index = {name: i for i, name in enumerate(sets)}
    for word, name, function, options in cases():
        value = float(function(sets[name], *options))
        lines.append(f'    {{"{word}", "{name}", {index[name]}, {"NAN" if value != value else repr(value)}}},')
    lines.append("};")
    write("metrics.h", "ORACLE_METRICS_H", lines)


if __name__ == "__main__":
    main()
