"""Names of picture files after what users call images, classes and layers."""

from __future__ import annotations

from pathlib import Path

from pellucid.names import plain_name


def attribution_name(image: str, target: str | None, untrained: bool) -> str:
    """After the image and the class as the user names them."""
    parts = ["attribution", image, *([] if target is None else ["class", target]), *(["untrained"] * untrained)]
    return plain_name("-".join(Path(part).name for part in parts))


def feature_maps_name(layer: str | None, description: str, untrained: bool) -> str:
    """After the layer and the image."""
    return plain_name("-".join(["feature-maps", *([layer] if layer else []), description]) + "-untrained" * untrained)


def single_name(method: str, target: str) -> str:
    """After the method and what a picture maximises."""
    return f"{method}-{plain_name(target, keep='.,')}"
