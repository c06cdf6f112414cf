"""Names of picture files after what users call images, classes and layers."""

from __future__ import annotations

import re
from pathlib import Path


def attribution_name(image: str, target: str | None, untrained: bool) -> str:
    """After the image and the class as the user names them."""
    parts = ["attribution", image, *([] if target is None else ["class", target]), *(["untrained"] * untrained)]
    return "-".join(re.sub(r"\W+", "-", Path(part).name).strip("-") for part in parts)


def feature_maps_name(layer: str | None, description: str, untrained: bool) -> str:
    """After the layer and the image."""
    text = "-".join(["feature-maps", *([layer] if layer else []), description]) + "-untrained" * untrained
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text)
    return "-".join(part for part in plain.split("-") if part)


def single_name(method: str, target: str) -> str:
    """After the method and what a picture maximises."""
    label = "".join(letter if letter.isalnum() or letter in "_.," else "-" for letter in target)
    return f"{method}-{label}"
