"""A network answers again and again, so that it is known how long it takes on this machine."""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray
from torch import nn

from pellucid.batches.images import evaluation_batch_size
from pellucid.device import choose_device, choose_precision, device_name, enough_memory, place
from pellucid.judge.speed import Speed
from pellucid.machine import keep_freed_memory
from pellucid.model.build import build
from pellucid.predict.answer import probabilities
from pellucid.spec.model import ModelSpec

UNCOUNTED, LEAST_ANSWERS, LEAST_SECONDS = 2, 5, 0.5


def measure_speed(spec: ModelSpec, networks: int = 1, *, device: str = "auto", precision: str = "fp32") -> Speed:
    """Let a network with fresh weights answer, again and again for about a second; weights do not change its time.

    Args:
        spec: The network.
        networks: How many such networks answer by a vote.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.

    Raises:
        DeviceError: The machine does not offer the device or precision, or has too little memory.
    """
    chosen = choose_device(device)
    chosen_precision = choose_precision(precision, chosen)
    keep_freed_memory()
    with enough_memory():
        network = place(build(spec, vote=networks), chosen).eval()
        one = np.random.default_rng(0).integers(256, size=(1, *spec.input_shape), dtype=np.uint8)
        batch = np.repeat(one, evaluation_batch_size(torch.from_numpy(one)), axis=0)
        alone, together = (_seconds(network, images, chosen, chosen_precision) for images in (one, batch))
    return Speed(
        alone_ms=1000 * alone,
        in_batch_ms=1000 * together / len(batch),
        batch_size=len(batch),
        device_name=device_name(chosen),
        threads=torch.get_num_threads(),
        precision=chosen_precision,
    )


def _seconds(
    network: nn.Module, images: UInt8[ndarray, "batch height width channels"], device: torch.device, precision: str
) -> float:
    """Median seconds of an answer; the first ones, which prepare kernels and memory, do not count."""
    taken: list[float] = []
    while len(taken) < UNCOUNTED + LEAST_ANSWERS or sum(taken) < LEAST_SECONDS:
        start = time.perf_counter()
        probabilities(network, images, device, precision=precision)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[UNCOUNTED:])
