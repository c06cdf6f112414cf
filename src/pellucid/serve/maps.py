"""Feature maps as JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from pellucid.arrays import UInt8
from pellucid.errors import suggest
from pellucid.interpret.feature_maps import LayerMaps, feature_maps
from pellucid.predict.predictor import Predictor
from pellucid.serve.problem import ProblemError


def maps_of(
    run: Predictor, image: UInt8[ndarray, "height width channels"], layers: Sequence[str], packed: bool, most: int
) -> list[dict[str, Any]]:
    """What layers make of an image, as documents.

    Args:
        run: The network.
        image: The image as it takes it.
        layers: Names of layers; all unless given.
        packed: Whether values are written in base64, and not as lists.
        most: How many values there may be.

    Raises:
        ProblemError: A layer is unknown, or there are too many values.
    """
    found = {maps.name: maps for maps in feature_maps(run, image)}
    for name in layers:
        if name not in found:
            raise ProblemError("invalid_request", f"Unknown layer {name[:100]!r}. {suggest(name[:100], found)}")
    chosen = [maps for name, maps in found.items() if not layers or name in layers]
    if (count := sum(maps.values.size for maps in chosen)) > most:
        rule = f"An answer may have {most:,} values in this encoding; these layers have {count:,}"
        raise ProblemError("invalid_request", f"{rule}. Name layers by ?layer=NAME, or take ?encoding=base64.")
    return [_document(maps, packed) for maps in chosen]


def _document(maps: LayerMaps, packed: bool) -> dict[str, Any]:
    raw = np.ascontiguousarray(maps.values, "<f4")
    values = base64.b64encode(raw.tobytes()).decode() if packed else raw.tolist()
    return {"name": maps.name, "shape": list(raw.shape), "values": values}
