"""How long a network takes to answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Speed:
    """How long a network takes to answer on one machine: medians, from uint8 images in memory to probabilities.

    Attributes:
        alone_ms: Milliseconds for an image that comes alone.
        in_batch_ms: Milliseconds for each image of a batch.
        batch_size: How many images the batch has.
        device_name: The processor or the GPU.
        threads: How many threads torch uses on the CPU.
        precision: Precision of the activations.
    """

    alone_ms: float
    in_batch_ms: float
    batch_size: int
    device_name: str
    threads: int
    precision: str
