"""Where the work is done: the device, and the precision of activations there."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn

from pellucid.errors import DeviceError, SettingError, unknown
from pellucid.machine import lacks_memory
from pellucid.model.terms import lay_out

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
FIRST_TENSOR_CORES = (7, 0)  # compute capability from which GPUs gain by fp16
HALF_MULTIPLY_ADDS = 20e6  # an update, from which half precision pays for its conversions; see docs/benchmarks.md


def choose_device(name: str = "auto") -> torch.device:
    """The device of a name; ``auto`` takes CUDA, then MPS, then the CPU.

    Raises:
        SettingError: The name is none of a device.
        DeviceError: This machine does not offer the device.
    """
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if _available(kind)))
    try:
        device = torch.device(name)
    except RuntimeError:
        raise SettingError([unknown("device", name, ("auto", "cpu", "cuda", "cuda:0", "mps"))]) from None
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    if not _available(device.type) or (device.index or 0) >= count:
        raise DeviceError(f"This machine offers no device {name}; available: {', '.join(available_devices())}.")
    return device


def available_devices() -> list[str]:
    """The devices that may be chosen, best first."""
    cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return [*cuda, *(["mps"] if _available("mps") else []), "cpu"]


def choose_precision(name: str, device: torch.device, multiply_adds: float = 0) -> str:
    """The precision of activations: ``fp32``, ``bf16`` or ``fp16``. Weights and gradients are fp32 always.

    ``auto`` goes by a rule, and not by a race, so that the same command gives the same network. Where a mini-batch is
    enough work to pay for the conversions, it takes bf16 if the device computes in it natively, else fp16 on GPUs that
    do; fp32 otherwise.

    Args:
        name: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        device: Where the network is.
        multiply_adds: What a mini-batch costs in training; 0 where that is not known, and in prediction.

    Raises:
        SettingError: The name is unknown.
        DeviceError: The device cannot compute in that precision.
    """
    if name not in ("auto", *PRECISIONS):
        raise SettingError([unknown("precision", name, ("auto", *PRECISIONS))])
    offered = precisions(device)
    if name == "auto":
        halves = ("bf16", "fp16") if device.type == "cuda" else ("bf16",)
        native = [half for half in halves if offered[half] == "native"]
        return native[0] if native and multiply_adds >= HALF_MULTIPLY_ADDS else "fp32"
    if offered[name] == "not offered":
        raise DeviceError(f"{name} is not offered on {device.type}. Use --precision fp32.")
    return name


def place(model: nn.Module, device: torch.device) -> nn.Module:
    """Move a network to a device, in the order in memory that its terms say; see `lay_out`."""
    return lay_out(model.to(device))


def precisions(device: torch.device) -> dict[str, str]:
    """For each precision, whether the device computes in it natively or emulates it."""
    if device.type == "mps":
        return {"fp32": "native", "bf16": "not offered", "fp16": "not offered"}
    if device.type == "cuda":
        with torch.cuda.device(device):
            bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        fp16 = torch.cuda.get_device_capability(device) >= FIRST_TENSOR_CORES
    else:
        bf16 = _any_capability("avx512_bf16", "amx_bf16", "bf16")
        fp16 = _any_capability("avx512_fp16", "amx_fp16")
    said = {True: "native", False: "emulated"}
    return {"fp32": "native", "bf16": said[bf16], "fp16": said[fp16]}


def _any_capability(*names: str) -> bool:
    return any(cpu_capabilities().get(name) for name in names)


def cpu_capabilities() -> Mapping[str, object]:
    """What torch knows of the processor; empty before torch 2.11, which was the first to tell."""
    return getattr(torch.cpu, "get_capabilities", dict)()


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Within this context the network computes its activations in the precision."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, PRECISIONS[precision])


@contextmanager
def repeatable() -> Iterator[None]:
    """Within this context cuDNN takes only algorithms that give the same sums each time."""
    before = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = before


def seed_generators(device: torch.device, seed: int) -> None:
    """Seed the generators from which layers on this device draw, and no others."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


@contextmanager
def enough_memory() -> Iterator[None]:
    """Within this context a failed allocation becomes a message for the user.

    Raises:
        DeviceError: The memory of the machine or the device does not suffice.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        text = (str(error).splitlines() or [""])[0]
        raise DeviceError(f"The memory does not suffice ({text}). Try a smaller batch_size or network.") from error


def cap_gpu_memory(device: torch.device, mib: int) -> None:
    """Let torch take at most so much memory of a GPU; the allocator grows on demand up to it.

    Raises:
        DeviceError: The device is not a CUDA GPU, or has less memory.
    """
    if device.type != "cuda":
        raise DeviceError(f"A GPU memory cap needs a CUDA device; received {device.type}. Leave the cap out.")
    total = torch.cuda.get_device_properties(device).total_memory / 2**20
    if not 0 < mib <= total:
        raise DeviceError(f"The GPU memory cap must be above 0 and at most {total:.0f} MiB; received {mib}.")
    index = torch.cuda.current_device() if device.index is None else device.index
    torch.cuda.set_per_process_memory_fraction(mib / total, index)


def processor() -> str:
    """The processor as the system names it."""
    return str(cpu_capabilities().get("cpu_name") or platform.processor() or platform.machine())


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Within this context torch works with so many threads: sums are split over them, so that bits depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device_name(device: torch.device) -> str:
    """The device as its maker names it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else processor()


def _available(kind: str) -> bool:
    checks = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available, "cpu": lambda: True}
    return checks.get(kind, lambda: False)()
