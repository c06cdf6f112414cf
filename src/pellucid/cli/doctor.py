"""`pellucid doctor`."""

from __future__ import annotations

from typing import Any

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Json
from pellucid.cli.output import print_json, print_text


def doctor(as_json: Json = False) -> None:
    """Print what matters to speed and results here: versions, processor, threads, devices, precisions.

    \b
    Examples:
      pellucid doctor
      pellucid doctor --json
    """
    document = _examine()
    if as_json:
        print_json(document)
        return
    for part, values in document.items():
        print_text(part)
        for name, value in values.items():
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            print_text(f"  {name:<20}{text}")


def _examine() -> dict[str, dict[str, Any]]:
    import platform

    with uninterrupted():
        import torch

        from pellucid import device, machine
        from pellucid.threads import spinning
        from pellucid.version import __version__

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
