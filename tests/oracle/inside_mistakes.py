"""Fixtures for tests/unit/test_study_mistakes.c: inside_mistakes.h. Small networks, their data and what there is
to say of their mistakes, in double with NumPy, each figure from its definition: the matrix by counting pairs, the
area under the ROC curve by comparing every yes with every no, precision and recall by asking every threshold,
calibration by masks. (scikit-learn's definitions; undefined figures are NaN, not 0.)"""
import numpy as np

from fixture import Noise, array, integers, write


def take(noise, scale, *shape):
    return np.array(noise.take(int(np.prod(shape)))).reshape(shape) * scale


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def divide(a, b):
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.asarray(b) != 0, np.asarray(a, float) / b, np.nan)


def confusion(labels, answers, classes):
    m = np.array([[np.sum((labels == i) & (answers == j)) for j in range(classes)] for i in range(classes)])
    hits = np.diag(m)
    p, r = divide(hits, m.sum(0)), divide(hits, m.sum(1))
    f = divide(2 * p * r, p + r)
    off = m - np.diag(hits)
    worst = np.unravel_index(off.argmax(), off.shape)
    return m, p, r, f, worst


def curve(scores, yes):
    """auc, average precision, and (threshold, tpr, fpr, precision) of every threshold from the greatest down."""
    ups, downs = scores[yes], scores[~yes]
    wins = (ups[:, None] > downs).sum() + 0.5 * (ups[:, None] == downs).sum()
    points = []
    for t in np.unique(scores)[::-1]:
        said = scores >= t
        tp, fp = np.sum(said & yes), np.sum(said & ~yes)
        points.append((t, tp / yes.sum(), fp / (~yes).sum(), tp / (tp + fp)))
    before, ap = 0.0, 0.0
    for _, r, _, p in points:
        ap += (r - before) * p
        before = r
    return wins / (len(ups) * len(downs)), ap, points


def calibration(confidence, right):
    edges = np.arange(11) / 10
    count, conf, acc = np.zeros(10), np.full(10, np.nan), np.full(10, np.nan)
    for b in range(10):
        inside = (confidence > edges[b]) & (confidence <= edges[b + 1])
        if b == 0:
            inside |= confidence == 0
        count[b] = inside.sum()
        if count[b]:
            conf[b], acc[b] = confidence[inside].mean(), right[inside].mean()
    gap = np.abs(conf - acc)
    return count, conf, acc, np.nansum(count / len(right) * gap), np.nanmax(gap)


def lines(name, **values):
    out = []
    for key, value in values.items():
        value = np.asarray(value)
        if value.dtype.kind in "iu":
            out.append(f"static const int {name}_{key}[{max(1, value.size)}] = {integers(value.ravel())};")
        else:
            out.append(f"static const double {name}_{key}[{max(1, value.size)}] = {array(value.ravel())};")
    return out


def one_class(name, x, labels, weights, p, classes, answers, nll):
    rows = np.arange(len(labels))
    m, precision, recall, f1, worst = confusion(labels, answers, classes)
    confidence = p[rows, answers]
    wrong = rows[answers != labels]
    order = wrong[np.lexsort((wrong, -confidence[wrong]))]
    count, conf, acc, ece, mce = calibration(confidence, answers == labels)
    klass = 1
    auc, ap, points = curve(p[:, klass], labels == klass)
    cell = rows[(labels == worst[0]) & (answers == worst[1])]
    cell = cell[np.lexsort((cell, -confidence[cell]))]
    tops = np.argsort(-p[order[0]], kind="stable")
    out = [f"enum {{ {name.upper()}_ROWS = {len(labels)}, {name.upper()}_CLASSES = {classes} }};"]
    return out + lines(name, x=x, labels=labels, weights=weights, confusion=m, precision=precision, recall=recall, f1=f1,
                       macro=[np.nanmean(precision), np.nanmean(recall), np.nanmean(f1)], worst=np.array(worst),
                       row=order, confidence=confidence[order], true_probability=p[order, labels[order]],
                       loss=nll[order], cell=cell, tops=tops, top_probability=p[order[0]][tops],
                       bin_count=count, bin_confidence=conf, bin_accuracy=acc, calibration=[ece, mce],
                       curve=[auc, ap], points=np.array(points),
                       auc_by_class=[curve(p[:, k], labels == k)[0] if (labels == k).any() else np.nan
                                     for k in range(classes)])


def many():
    """4 inputs, tanh 5, softmax over 6; the data has 5 classes, and the sixth is never answered."""
    noise = Noise(5)
    x = take(noise, 4, 90, 4)
    labels = np.array([int((v + 0.5) * 5) for v in noise.take(90)])
    w0, b0 = take(noise, 2, 4, 5), take(noise, 1, 5)
    w1, b1 = take(noise, 4, 5, 6), take(noise, 1, 6)
    b1[5] = -64.0
    p = softmax(np.tanh(x @ w0 + b0) @ w1 + b1)
    weights = np.concatenate([v.ravel() for v in (w0, b0, w1, b1)])
    return one_class("many", x, labels, weights, p, 6, p.argmax(1), -np.log(p[np.arange(90), labels]))


def two():
    """3 inputs, relu 2, one sigmoid output. Where neither unit fires the score is the bias alone: ties."""
    noise = Noise(8)
    x = take(noise, 4, 70, 3)
    labels = (x.sum(1) + take(noise, 4, 70) > 0).astype(int)
    w0, b0 = take(noise, 2, 3, 2), np.array([-0.25, -0.5])
    w1, b1 = np.array([[1.5], [1.25]]), np.array([-0.75])
    z = np.maximum(x @ w0 + b0, 0) @ w1[:, 0] + b1[0]
    p = np.stack([1 - sigmoid(z), sigmoid(z)], 1)
    assert np.sum(z == -0.75) > 10
    weights = np.concatenate([v.ravel() for v in (w0, b0, w1, b1)])
    nll = np.log1p(np.exp(np.where(labels == 1, -z, z)))
    return one_class("two", x, labels, weights, p, 2, (p[:, 1] > 0.5).astype(int), nll)


def numbers():
    """A regression: 2 inputs, tanh 3, one output."""
    noise = Noise(13)
    x = take(noise, 4, 60, 2)
    target = np.float64(np.float32(100 + 8 * x[:, 0] + take(noise, 4, 60)))
    w0, b0, w1, b1 = take(noise, 2, 2, 3), take(noise, 1, 3), take(noise, 32, 3, 1), np.array([98.0])
    answer = np.tanh(x @ w0 + b0) @ w1[:, 0] + b1[0]
    r = target - answer
    largest = np.argsort(-np.abs(r), kind="stable")[:20]
    count, _ = np.histogram(r, 32)
    weights = np.concatenate([v.ravel() for v in (w0, b0, w1, b1)])
    figures = [r.mean(), r.std(), np.sqrt((r**2).mean()), np.abs(r).mean(),
               1 - (r**2).sum() / ((target - target.mean()) ** 2).sum()]
    return ["enum { NUMBERS_ROWS = 60 };"] + lines(
        "numbers", x=x, target=target, weights=weights, prediction=answer, residual=r, figures=figures,
        largest=largest, bin_count=count)


write("inside_mistakes.h", "TESTS_ORACLE_INSIDE_MISTAKES_H",
      ["#include <math.h>", ""] + many() + [""] + two() + [""] + numbers())
