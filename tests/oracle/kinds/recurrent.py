"""Keras' recurrent layers, step by step as its cells write them."""
import torch
from .common import DROPOUT, activation, options, stream

PLACES = ["units", "activation", "recurrent_activation", "use_bias"]


def flag(o, name, default="no"):
    return o.get(name, default) == "yes"


class Recurrent:
    """gates: columns of the kernels; mask: [rows, steps] of booleans or None, and held: the states to begin with
    or None, set by who knows them; layer: index that keys dropout."""
    gates, places = 1, PLACES

    def __init__(self, words, shape, rng, layer=0):
        o = self.o = options(words, self.places)
        self.units, self.layer, self.mask, self.held = int(o["units"]), layer, None, None
        self.act, self.inside = o.get("activation", "tanh"), o.get("recurrent_activation", "sigmoid")
        self.rate, self.state_rate = float(o.get("dropout", 0)), float(o.get("recurrent_dropout", 0))
        self.backwards = flag(o, "go_backwards")
        wide = self.gates * self.units
        self.weights = {"kernel": torch.tensor(rng.normal(size=(shape[-1], wide)) / shape[-1]**0.5),
                        "recurrent_kernel": torch.tensor(rng.normal(size=(self.units, wide)) / self.units**0.5)}
        if flag(o, "use_bias", "yes"):
            self.weights["bias"] = torch.tensor(rng.normal(size=self.bias_shape(wide)) * 0.5)

    def bias_shape(self, wide):
        return (wide,)

    def masks(self, rows, features, mode):
        """Factors of the inputs and of the state, one a gate."""
        copies = self.gates if self.state_rate > 0 else 1
        inputs = copies * features if self.rate > 0 else 0
        states = self.gates * self.units if self.state_rate > 0 else 0
        x, h = torch.ones(rows, self.gates, features), torch.ones(rows, self.gates, self.units)
        if mode == "infer":
            return x, h
        seed, step = (int(n) for n in mode.split(":")[1:])
        number = stream(int(self.o.get("seed", seed)), DROPOUT, self.layer, step)

        def draw(row, at, rate):
            return 0.0 if number(row * (inputs + states) + at) < int(rate * 2**32) else 1 / (1 - rate)
        for r in range(rows):
            for g in range(self.gates):
                for j in range(features if inputs else 0):
                    x[r, g, j] = draw(r, (g % copies) * features + j, self.rate)
                for j in range(self.units if states else 0):
                    h[r, g, j] = draw(r, inputs + g * self.units + j, self.state_rate)
        return x, h

    def columns(self, name, gate):
        return self.weights[name][..., gate * self.units:(gate + 1) * self.units]

    def into(self, x, mask, gate):
        z = (x * mask[:, gate]) @ self.columns("kernel", gate)
        if "bias" in self.weights:
            bias = self.columns("bias", gate)
            z = z + (bias[0] if bias.ndim == 2 else bias)
        return z

    def __call__(self, x, mode):
        rows, steps, features = x.shape
        drop_x, drop_h = self.masks(rows, features, mode)
        states = self.held or [torch.zeros(rows, self.units) for _ in range(2)]
        outputs, last = [], torch.zeros(rows, self.units)
        zeros = flag(self.o, "zero_output_for_mask")
        for t in reversed(range(steps)) if self.backwards else range(steps):
            z = [self.into(x[:, t], drop_x, g) for g in range(self.gates)]
            new = self.cell(z, states, drop_h)
            y = new[0]
            if self.mask is not None:
                counts = self.mask[:, t:t + 1]
                new = [torch.where(counts, n, s) for n, s in zip(new, states)]
                y = torch.where(counts, y, torch.zeros_like(y) if zeros else last)
            states, last = new, y
            outputs.append(last)
        self.left = [s.detach() for s in states]
        return torch.stack(outputs, 1) if flag(self.o, "return_sequences") else last


class SimpleRNN(Recurrent):
    places = ["units", "activation", "use_bias"]

    def cell(self, z, states, drop):
        h = activation(self.act, z[0] + (states[0] * drop[:, 0]) @ self.weights["recurrent_kernel"])
        return [h, h]


class LSTM(Recurrent):
    gates = 4

    def cell(self, z, states, drop):
        h, c = states
        i, f, g, o = (z[k] + (h * drop[:, k]) @ self.columns("recurrent_kernel", k) for k in range(4))
        i, f, o = (activation(self.inside, v) for v in (i, f, o))
        c = f * c + i * activation(self.act, g)
        return [o * activation(self.act, c), c]


class GRU(Recurrent):
    gates = 3

    def bias_shape(self, wide):
        return (2, wide) if flag(self.o, "reset_after", "yes") else (wide,)

    def cell(self, x, states, drop):
        h, after = states[0], flag(self.o, "reset_after", "yes")

        def inner(gate, state):
            v = (state * drop[:, gate]) @ self.columns("recurrent_kernel", gate)
            return v + self.columns("bias", gate)[1] if after and "bias" in self.weights else v
        z = activation(self.inside, x[0] + inner(0, h))
        r = activation(self.inside, x[1] + inner(1, h))
        candidate = activation(self.act, x[2] + (r * inner(2, h) if after else inner(2, r * h)))
        h = z * h + (1 - z) * candidate
        return [h, h]


class Embedding:
    def __init__(self, words, shape, rng):
        o = self.o = options(words, ["input_dim", "output_dim"])
        self.weights = {"embeddings": torch.tensor(rng.normal(size=(int(o["input_dim"]), int(o["output_dim"]))))}

    def __call__(self, x, mode):
        return self.weights["embeddings"][x.detach().long()]


class Masking:
    def __init__(self, words, shape, rng):
        self.value, self.weights = float(options(words, ["mask_value"]).get("mask_value", 0)), {}

    def __call__(self, x, mode):
        return torch.where((x != self.value).any(-1, keepdim=True), x, torch.zeros_like(x))


KINDS = {"embedding": Embedding, "masking": Masking, "simple_rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}
