"""PyTorch's side of the benchmark: a dense relu network, Adam, a tight loop over rows held in memory.

usage: torch_dense.py THREADS BATCH ROWS IN UNITS [UNITS...]   prints samples a second
"""
import sys, time
import torch

threads, batch, rows = (int(word) for word in sys.argv[1:4])
sizes = [int(word) for word in sys.argv[4:]]
torch.set_num_threads(threads)
torch.manual_seed(7)
layers = []
for i in range(len(sizes) - 1):
    layers.append(torch.nn.Linear(sizes[i], sizes[i + 1]))
    if i < len(sizes) - 2:
        layers.append(torch.nn.ReLU())
model = torch.nn.Sequential(*layers)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7)
loss_of = torch.nn.CrossEntropyLoss()
x = torch.randn(rows, sizes[0])
y = torch.randint(0, sizes[-1], (rows,))


def epoch():
    order = torch.randperm(rows)
    for at in range(0, rows - batch + 1, batch):
        index = order[at : at + batch]
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(x[index]), y[index]).backward()
        optimizer.step()
    return rows // batch * batch


end = time.perf_counter() + 0.5
while time.perf_counter() < end:
    epoch()
samples, start = 0, time.perf_counter()
while time.perf_counter() < start + 1.5:
    samples += epoch()
print(round(samples / (time.perf_counter() - start)))
