"""PyTorch's side of `strata bench`: a tight loop over rows held in memory, no DataLoader.

usage: torch_side.py THREADS
Answers every line "WORD SECONDS" on standard input with samples a second of that workload (app/workloads.c),
measured for so long after a third as much that warms up. Convolutions are measured in PyTorch's own layout and in
channels_last; the better counts.
"""
import sys, time
import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        self.dense = nn.Linear(128, 64)

    def forward(self, x):
        return self.dense(self.lstm(x)[0]).reshape(-1, 64)


def dense(*sizes, activation=nn.ReLU, end=None):
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(activation())
    return nn.Sequential(*layers, *([end()] if end else []))


def conv(end=None):
    layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10)]
    return nn.Sequential(*layers, *([end()] if end else []))


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7)


def timed(turn, seconds):
    """turn() does some samples and says how many"""
    start = time.perf_counter()
    while time.perf_counter() < start + seconds / 3:
        turn()
    samples, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        samples += turn()
    return samples / (time.perf_counter() - start)


def training(model, optimizer, loss_of, x, y, batch):
    rows = len(x)
    state = {"order": torch.randperm(rows), "at": 0}

    def turn():
        if state["at"] + batch > rows:
            state["order"], state["at"] = torch.randperm(rows), 0
        index = state["order"][state["at"] : state["at"] + batch]
        state["at"] += batch
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(x[index]), y[index].flatten() if y.dtype == torch.int64 else y[index]).backward()
        optimizer.step()
        return batch

    return turn


def predicting(model, x):
    model.eval()

    def turn():
        with torch.inference_mode():
            model(x)
        return len(x)

    return turn


def classes(rows, count, *more):
    return torch.randint(0, count, (rows, *more))


def train_dense(rows, batch, *sizes):
    model = dense(*sizes)
    return training(model, adam(model), nn.CrossEntropyLoss(), torch.randn(rows, sizes[0]), classes(rows, sizes[-1]), batch)


def train_conv(layout):
    model = conv().to(memory_format=layout)
    x = torch.randn(2048, 1, 28, 28).contiguous(memory_format=layout)
    return training(model, adam(model), nn.CrossEntropyLoss(), x, classes(2048, 10), 64)


def train_playground():
    model = dense(2, 8, 8, 1, activation=nn.Tanh, end=nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    return training(model, optimizer, nn.MSELoss(), torch.randn(500, 2), torch.rand(500, 1), 10)


def train_lstm():
    model = Lstm()
    return training(model, adam(model), nn.CrossEntropyLoss(), torch.randn(128, 128, 64), classes(128, 64, 128), 32)


def softmax():
    return nn.Softmax(dim=-1)


def predict_dense(rows):
    return predicting(dense(100, 64, 64, 10, end=softmax), torch.randn(rows, 100))


def predict_conv(rows, layout):
    x = torch.randn(rows, 1, 28, 28).contiguous(memory_format=layout)
    return predicting(conv(end=softmax).to(memory_format=layout), x)


both = (torch.contiguous_format, torch.channels_last)
workloads = {
    "article": [lambda: train_dense(10000, 32, 100, 64, 64, 10)],
    "digits": [lambda: train_dense(10000, 128, 784, 128, 10)],
    "wide": [lambda: train_dense(5120, 256, 784, 1024, 1024, 10)],
    "conv": [lambda layout=layout: train_conv(layout) for layout in both],
    "playground": [train_playground],
    "lstm": [train_lstm],
    "row": [lambda: predict_dense(1)],
    "image": [lambda layout=layout: predict_conv(1, layout) for layout in both],
    "rows": [lambda: predict_dense(1024)],
    "images": [lambda layout=layout: predict_conv(1024, layout) for layout in both],
}

print("ready", flush=True)
for line in sys.stdin:
    word, seconds = line.split()
    torch.manual_seed(7)
    print(max(timed(make(), float(seconds) / len(workloads[word])) for make in workloads[word]), flush=True)
