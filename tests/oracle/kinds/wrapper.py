"""Keras' wrappers: around a recurrent layer and its twin, around any layer at every time step."""
import importlib
import torch
from . import recurrent

FAMILIES = ["recurrent", "dense", "elementwise", "shape", "conv", "normalization"]
TWIN = 65536  # added to the layer's index: the twin's key of dropout


def kind_of(name):
    for family in FAMILIES:
        try:
            kinds = importlib.import_module("kinds." + family).KINDS
        except ModuleNotFoundError:
            continue
        if name in kinds:
            return kinds[name]
    raise SystemExit(f"unknown kind {name}")


class Bidirectional:
    def __init__(self, words, shape, rng, layer=0):
        own = [w for w in words if w.startswith("merge_mode=")]
        words = [w for w in words if w not in own]
        self.mode = own[0].split("=")[1] if own else "concat"
        at = next(i for i, w in enumerate(words) if "=" not in w)
        self.name = words.pop(at)
        kind = recurrent.KINDS[self.name]
        sequences = "return_sequences=yes" in words
        zeros = ["zero_output_for_mask=yes"] if sequences else []
        self.sides = {"forward_": kind(words + zeros, shape, rng, layer),
                      "backward_": kind(words + zeros + ["go_backwards=yes"], shape, rng, layer + TWIN)}
        self.sequences, self.mask = sequences, None
        self.weights = {side + self.name + "/" + name: w for side, l in self.sides.items()
                        for name, w in l.weights.items()}

    def __call__(self, x, mode):
        for side, layer in self.sides.items():
            layer.weights = {name: self.weights[side + self.name + "/" + name] for name in layer.weights}
            layer.mask = self.mask
        a, b = (layer(x, mode) for layer in self.sides.values())
        self.said = [a, b]
        if self.sequences:
            b = torch.flip(b, [1])
        return {"concat": lambda: torch.cat([a, b], -1), "sum": lambda: a + b, "mul": lambda: a * b,
                "ave": lambda: (a + b) / 2}[self.mode]()


class TimeDistributed:
    """To the wrapped layer a row of so many steps is as many rows, dropout's numbers among them; but Keras calls
    it step by step, and so the statistics of a batch are those of one step."""

    def __init__(self, words, shape, rng):
        self.kind, self.layer = words[0], kind_of(words[0])(words[1:], shape[1:], rng)
        self.apart = words[0] == "batch_normalization"
        self.weights = {f"{self.kind}/{name}": value for name, value in self.layer.weights.items()}
        self.frozen = {f"{self.kind}/{name}" for name in getattr(self.layer, "frozen", set())}

    def __call__(self, x, mode):
        self.layer.weights = {name.split("/", 1)[1]: value for name, value in self.weights.items()}
        if self.apart:
            return torch.stack([self.layer(x[:, t], mode) for t in range(x.shape[1])], 1)
        y = self.layer(x.reshape(-1, *x.shape[2:]), mode)
        return y.reshape(x.shape[0], x.shape[1], *y.shape[1:])


KINDS = {"bidirectional": Bidirectional, "time_distributed": TimeDistributed}
