"""What a run folder says of data and of the machine."""

from __future__ import annotations

import platform

import torch

from pellucid.data.dataset import DataSplits
from pellucid.device import device_name
from pellucid.judge.look import look_of
from pellucid.machine import versions
from pellucid.model.terms import OWN
from pellucid.run.record import DataRecord, Environment
from pellucid.threads import spinning


def describe_data(data: DataSplits, counts: dict[str, int]) -> DataRecord:
    """What a run folder says of its data."""
    return DataRecord(
        name=data.name,
        fingerprint=data.train.fingerprint,
        validation_fingerprint=data.validation.fingerprint if data.validation else None,
        counts=counts,
        class_names=data.class_names,
        mean_brightness=data.train.mean_brightness,
        look=look_of(data.train.images),
        location=data.location,
        reading=data.reading,
    )


def describe_environment(device: torch.device, precision: str, memory_format: str = OWN.memory_format) -> Environment:
    """What a run folder says of the machine, and of how it was used."""
    return Environment(
        versions=versions(),
        platform=platform.platform(),
        device=str(device),
        device_name=device_name(device),
        threads=torch.get_num_threads(),
        thread_spinning=spinning(),
        precision=precision,
        memory_format=memory_format,
    )
