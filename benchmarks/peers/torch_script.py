"""The usual PyTorch script: Dataset, DataLoader, eager, the network and settings of the well-known MNIST example.

About 1.2 million parameters, mini-batches of 64, Adadelta with a learning rate of 1.0 that falls by 0.7 an epoch, 14
epochs. It is judged on the test images once, at the end, and its images are tensors already; both can only make it
faster.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
import torch
from measurement import UpdateClock, arguments, report
from torch import Tensor, nn, optim
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

MEAN, DEVIATION = 0.1307, 0.3081
STEPS_BETWEEN_REPORTS = 100


class Digits(Dataset[tuple[Tensor, int]]):
    """Images that become normalised floats one by one."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.images, self.labels = torch.from_numpy(images), labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = self.images[index].unsqueeze(0).float().div(255)
        return image.sub(MEAN).div(DEVIATION), int(self.labels[index])


def example_network() -> nn.Module:
    """The network of the well-known example, 1,199,882 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )


def tutorial_network() -> nn.Module:
    """The tutorial's network, 34,826 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1600, 10),
    )


def load(file: str, images: int | None) -> tuple[Digits, Digits]:
    """Training and test images."""
    with np.load(file) as arrays:
        return Digits(arrays["x_train"][:images], arrays["y_train"][:images]), Digits(
            arrays["x_test"], arrays["y_test"]
        )


def prepare(network: str) -> tuple[nn.Module, optim.Optimizer]:
    """A network and its optimizer: the example's Adadelta, or the tutorial's Adam."""
    model = example_network() if network == "example" else tutorial_network()
    if network == "example":
        return model, optim.Adadelta(model.parameters(), lr=1.0)
    return model, optim.Adam(model.parameters(), lr=0.001)


def update(model: nn.Module, optimizer: optim.Optimizer, images: Tensor, labels: Tensor) -> Tensor:
    """One mini-batch; returns its loss."""
    optimizer.zero_grad()
    loss = cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


def train(options: argparse.Namespace, digits: Digits, test: Digits) -> dict[str, Any]:
    """All epochs, and one judgement."""
    model, optimizer = prepare(options.network)
    gamma = 0.7 if options.network == "example" else 1.0
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=gamma)
    loader = DataLoader(digits, batch_size=options.batch_size, shuffle=True)
    started, history = time.perf_counter(), []
    for epoch in range(1, options.epochs + 1):
        model.train()
        for step, (images, labels) in enumerate(loader):
            loss = update(model, optimizer, images, labels)
            if step % STEPS_BETWEEN_REPORTS == 0:
                print(f"epoch {epoch}, step {step}, loss {loss.item():.4f}", file=sys.stderr)
        scheduler.step()
        history.append({"epoch": epoch, "seconds": time.perf_counter() - started})
    fit_seconds = time.perf_counter() - started
    figures = {"fit_seconds": fit_seconds, "test_accuracy": accuracy(model, test)}
    return {**figures, "epochs": options.epochs, "history": history}


def accuracy(model: nn.Module, test: Digits) -> float:
    """Share of the test images that are told right."""
    model.eval()
    right = 0
    with torch.no_grad():
        for images, labels in DataLoader(test, batch_size=1000):
            right += int((model(images).argmax(dim=1) == labels).sum())
    return right / len(test)


def throughput(options: argparse.Namespace, digits: Digits) -> dict[str, Any]:
    """Updates at each batch size."""
    return {"images_per_second": {size: speed(options, digits, size) for size in options.throughput}}


def speed(options: argparse.Namespace, digits: Digits, size: int) -> float:
    """Images a second at one batch size."""
    model, optimizer = prepare(options.network)
    model.train()
    loader, clock = (
        DataLoader(digits, batch_size=size, shuffle=True, drop_last=True),
        UpdateClock(size, options.seconds),
    )
    while True:
        for images, labels in loader:
            update(model, optimizer, images, labels)
            if clock.tick():
                return clock.images_per_second


def main() -> None:
    """Train or measure, and print one line."""
    parser = arguments(__doc__, epochs=14, batch_size=64)
    parser.add_argument("--network", choices=("example", "tutorial"), default="example")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    digits, test = load(options.data, options.images)
    figures = throughput(options, digits) if options.throughput else train(options, digits, test)
    libraries = ("torch", "numpy")
    report("torch_script", libraries, backend="torch", network=options.network, images=len(digits), **figures)


if __name__ == "__main__":
    main()
