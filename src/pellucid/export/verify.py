"""An export proved again, later and elsewhere, without torch and without the run."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from pellucid.errors import RunError
from pellucid.export.exported import Exported
from pellucid.export.held_out import answered
from pellucid.export.parity import Agreement, Parity, alone, compare, versions_of


@dataclass(frozen=True)
class Verified:
    """What was found of an export.

    Attributes:
        path: The folder.
        parity: What was proved when it was made.
        agreements: How far it answers here as the run did, one for each size of batch; none where the folder holds no
            images to ask about.
        versions: Versions of what answered here.
    """

    path: Path
    parity: Parity
    agreements: tuple[Agreement, ...]
    versions: dict[str, str]


def verify_export(path: str | PathLike[str]) -> Verified:
    """See that an export is as it was when it was proved, and answers here as the run did.

    Args:
        path: The folder.

    Raises:
        RunError: A file is missing, damaged or has changed, or answers differ; the images are named.
        PellucidError: ONNX Runtime is not installed.
    """
    export = Exported.load(path)
    versions = versions_of("pellucid", "onnxruntime", "numpy")
    proof = export.proof()
    if proof is None:
        return Verified(export.path, export.parity, (), versions)
    images, run = proof
    expected = ((len(images), *export.input_shape), (len(images), len(export.class_names)))
    if not len(images) or images.dtype != np.uint8 or (images.shape, run.shape) != expected:
        raise RunError(f"{export.path} holds a proof whose images or answers do not fit its network.")
    agreements = []
    for at_once, rows in ((1, alone(len(images))), (export.engine.at_once, np.arange(len(images)))):
        found = answered(export.engine.probabilities, images[rows], at_once, f"in batches of {at_once}")
        names = [f"proof image {row}" for row in rows]
        agreements.append(compare(run[rows], found, at_once, names))
    return Verified(export.path, export.parity, tuple(agreements), versions)
