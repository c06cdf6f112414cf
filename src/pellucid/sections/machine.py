"""What matters to speed and results on this machine: versions, processor, threads, devices, precisions."""

from __future__ import annotations

import platform
from typing import Any

import torch

from pellucid import device, machine
from pellucid.sections.section import Section, Table
from pellucid.threads import spinning
from pellucid.version import __version__


def machine_section() -> Section:
    """The machine as Pellucid finds it, part by part."""
    found = _found()
    tables = [Table((part, ""), tuple(_row(*each) for each in values.items()), 2) for part, values in found.items()]
    return Section(title="This machine", document=found, body=tuple(tables))


def _row(name: str, value: Any) -> tuple[str, str]:
    return name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _found() -> dict[str, Any]:
    capabilities = device.cpu_capabilities()
    features = sorted(name for name, value in capabilities.items() if value is True and name.startswith(("avx", "amx")))
    devices = {name: device.device_name(torch.device(name)) for name in device.available_devices()}
    return {
        "versions": {"pellucid": __version__, **machine.versions()},
        "system": {"platform": platform.platform(), "python": platform.python_implementation()},
        "processor": {
            "name": device.processor(),
            "cores": machine.cores(),
            "threads": torch.get_num_threads(),
            "thread spinning": spinning(),
            "vector features": features,
        },
        "devices": {**devices, "auto takes": str(device.choose_device())},
        "precisions": {
            f"{name} {kind}": text for name in devices for kind, text in device.precisions(torch.device(name)).items()
        },
    }
