"""A PyTorch loop written by hand for speed, with the tutorial's network: the floor for anything built on PyTorch.

All images are float tensors in memory, a batch is taken by index, the channels stand last in memory, Adam is fused,
nothing waits for a step, and glibc keeps what a step frees.
"""

from __future__ import annotations

import argparse
import ctypes
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from measurement import UpdateClock, arguments, report
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

MALLOC_SETTINGS = {"M_TRIM_THRESHOLD": -1, "M_MMAP_THRESHOLD": -3}  # numbers as in glibc's malloc.h
LAYOUTS = {"channels_last": torch.channels_last, "channels_first": torch.contiguous_format}


def keep_memory() -> None:
    """Tell glibc, where there is one, to keep freed memory."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for setting in MALLOC_SETTINGS.values():
            mallopt(setting, 2**30)


def network(layout: str, compiled: bool) -> nn.Module:
    """The tutorial's network, which gives logits."""
    layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1600, 10))
    model = model.to(memory_format=LAYOUTS[layout])  # pyright: ignore[reportCallIssue]
    if compiled:
        model.compile(dynamic=False)
    return model


def load(file: str, images: int | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images as floats, [count, 1, 28, 28], and labels: those to train on, then those to test on."""
    with np.load(file) as arrays:
        x_train, x_test = (torch.from_numpy(arrays[name]).unsqueeze(1).float() / 255 for name in ("x_train", "x_test"))
        y_train, y_test = (torch.from_numpy(arrays[name]).long() for name in ("y_train", "y_test"))
    return x_train[:images], y_train[:images], x_test, y_test


def mixed(precision: str) -> AbstractContextManager[object]:
    """Within this context the network computes in the precision."""
    return torch.autocast("cpu", torch.bfloat16) if precision == "bf16" else nullcontext()


def updates(options: argparse.Namespace, model: nn.Module, images: Tensor, labels: Tensor, size: int) -> Iterator[None]:
    """One update after another, over shuffled images, without end."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
    layout = LAYOUTS[options.layout]
    while True:
        for rows in torch.randperm(len(images)).split(size):
            batch = images.index_select(0, rows).contiguous(memory_format=layout)
            with mixed(options.precision):
                logits = model(batch)
            loss = cross_entropy(logits.float(), labels.index_select(0, rows))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield


def train(
    options: argparse.Namespace, x_train: Tensor, y_train: Tensor, x_test: Tensor, y_test: Tensor
) -> dict[str, Any]:
    """All epochs on 90% of the images, as many as the tutorial trains on, and one judgement."""
    kept = len(x_train) - len(x_train) // 10
    steps_per_epoch, history = -(-kept // options.batch_size), []
    model = network(options.layout, options.compile)
    each = updates(options, model, x_train[:kept], y_train[:kept], options.batch_size)
    started = time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        for _ in range(steps_per_epoch):
            next(each)
        history.append({"epoch": epoch, "seconds": time.perf_counter() - started})
    fit_seconds = time.perf_counter() - started
    with torch.inference_mode():
        right = sum(
            int((model(images).argmax(dim=1) == labels).sum())
            for images, labels in zip(x_test.split(1000), y_test.split(1000), strict=True)
        )
    figures = {"fit_seconds": fit_seconds, "test_accuracy": right / len(y_test)}
    return {**figures, "epochs": options.epochs, "history": history}


def throughput(options: argparse.Namespace, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """Updates at each batch size."""
    rates = {}
    for size in options.throughput:
        clock, whole = UpdateClock(size, options.seconds), len(images) // size * size
        for _ in updates(options, network(options.layout, options.compile), images[:whole], labels[:whole], size):
            if clock.tick():
                break
        rates[size] = clock.images_per_second
    return {"images_per_second": rates}


def main() -> None:
    """Train or measure, and print one line."""
    parser = arguments(__doc__, epochs=15, batch_size=128)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--layout", choices=tuple(LAYOUTS), default="channels_last")
    parser.add_argument("--compile", action="store_true", help="with torch.compile, for each batch size anew")
    parser.add_argument("--threads", type=int, help="processor threads; torch's choice unless given")
    options = parser.parse_args()
    keep_memory()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data = load(options.data, options.images)
    figures = throughput(options, *data[:2]) if options.throughput else train(options, *data)
    facts: dict[str, Any] = {name: getattr(options, name) for name in ("precision", "layout", "compile")}
    facts["threads"] = torch.get_num_threads()
    report("torch_tight", ("torch", "numpy"), backend="torch", **facts, images=len(data[0]), **figures)


if __name__ == "__main__":
    main()
