"""The weights of a run: read, and given to a network."""

from __future__ import annotations

import hashlib

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from pellucid.errors import RunError
from pellucid.run.folder import WEIGHTS, RunFolder, require_whole

MOST_REASON = 300  # letters of what torch says, which names every weight


def weights_in(folder: RunFolder) -> tuple[dict[str, Tensor], str]:
    """The weights of a run, by name, and the SHA-256 of their file.

    Raises:
        RunError: The file is missing or damaged.
    """
    raw = folder.read_bytes(WEIGHTS)
    try:
        return safetensors.torch.load(raw), hashlib.sha256(raw).hexdigest()
    except SafetensorError as error:
        raise RunError(f"{folder.path / WEIGHTS} is truncated or not safetensors ({error}).") from None


def load_weights(model: nn.Module, folder: RunFolder, told: str | None) -> None:
    """Give a network the weights of a run.

    Args:
        model: The network, on the CPU; it is changed in place.
        folder: The run's folder.
        told: SHA-256 of the weights' file as run.json says it; None in runs of earlier versions.

    Raises:
        RunError: The file is missing or damaged, or of another network.
    """
    weights, found = weights_in(folder)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:MOST_REASON]
        raise RunError(f"{folder.path / WEIGHTS} holds the weights of another network ({reason}).") from None
    for name, weight in model.state_dict().items():
        if weights[name].dtype != weight.dtype:
            raise RunError(
                f"{folder.path / WEIGHTS} must hold {weight.dtype} in {name}; it holds {weights[name].dtype}."
            )
        if weight.is_floating_point() and not weight.isfinite().all():
            raise RunError(f"{folder.path / WEIGHTS} holds numbers in {name} that are not finite.")
    require_whole(folder, told, found)
