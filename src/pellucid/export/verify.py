"""An export proved again, later and elsewhere, without the run; without torch too, unless torch is what answers."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from jaxtyping import Shaped, UInt8
from numpy import ndarray

from pellucid.errors import RunError
from pellucid.export.accuracy import compare_accuracy, require_not_beyond
from pellucid.export.exported import Exported
from pellucid.export.folder import ExportFolder
from pellucid.export.formats.table import RAW, format_named
from pellucid.export.held_out import answered
from pellucid.export.parity import Agreement, PairedAccuracy, Parity, RawAgreement, alone, compare, versions_of
from pellucid.export.raw import RawEngine
from pellucid.export.raw_proof import compare_raw


@dataclass(frozen=True)
class Verified:
    """What was found of an export.

    Attributes:
        path: The folder.
        parity: What was proved when it was made.
        agreements: How far it answers here as the run did, one for each size of batch; none where the folder holds no
            images to ask about.
        accuracy: How well it answers here beside the run; None where the probabilities are proved.
        raw_images: How images of any size are resized inside here; None where no file does, or there are no images.
        versions: Versions of what answered here.
    """

    path: Path
    parity: Parity
    agreements: tuple[Agreement, ...]
    accuracy: PairedAccuracy | None
    raw_images: RawAgreement | None
    versions: dict[str, str]


def verify_export(path: str | PathLike[str], *, trust: bool = False) -> Verified:
    """See that an export is as it was when it was proved, and answers here as the run did.

    Args:
        path: The folder.
        trust: Let code run that the folder holds, in the formats torch and c; anybody may have written it.

    Raises:
        RunError: A file is missing, damaged or has changed, or is code that is not trusted; or answers differ, and the
            images are named.
        PellucidError: ONNX Runtime or a compiler is missing.
    """
    export = Exported.load(path, trust=trust)
    ExportFolder(export.path).require_unchanged(export.parity.files)
    form, proof = format_named(export.parity.format), export.proof()
    versions = versions_of("pellucid", *form.libraries, "numpy")
    if proof is None:
        return Verified(export.path, export.parity, (), None, None, versions)
    _require_fitting(export, proof)
    images, run = proof["images"], proof["probabilities"]
    every, at_once = np.arange(len(images)), export.engine.at_once
    asked = {1: alone(len(images)), at_once: every}  # what takes one at a time is asked about all so
    found = {
        size: answered(export.engine.probabilities, images[rows], size, f"in batches of {size}")
        for size, rows in asked.items()
    }
    agreements = [
        compare(run[rows], found[size], size, [f"proof image {row}" for row in rows], exact=form.exact)
        for size, rows in asked.items()
    ]
    accuracy = None
    if export.parity.accuracy:
        accuracy = compare_accuracy(run, found[at_once], proof["labels"], export.parity.accuracy.margin)
        require_not_beyond(accuracy)
    return Verified(export.path, export.parity, tuple(agreements), accuracy, _raw_again(export, images), versions)


def _raw_again(export: Exported, images: UInt8[ndarray, "count height width channels"]) -> RawAgreement | None:
    """Hold what a file that resizes sees against how Pellucid reads images here.

    Raises:
        RunError: It is more than one grey level off.
    """
    if not export.parity.raw_images:
        return None
    raw = RawEngine(ExportFolder(export.path).read(RAW, export.parity.files), export.path / RAW)
    return compare_raw(raw, export.engine, images, export.own_reading)


def _require_fitting(export: Exported, proof: dict[str, Shaped[ndarray, ...]]) -> None:
    """See that a proof is of images that the network takes.

    Raises:
        RunError: It is not.
    """
    count = sum(proof["images"].shape[:1]) if "images" in proof else 0
    wanted = {"images": (np.uint8, export.input_shape), "probabilities": (np.float32, (len(export.class_names),))}
    if export.parity.accuracy:
        wanted["labels"] = (np.int64, ())
    fits = all(
        name in proof and (proof[name].dtype, proof[name].shape) == (kind, (count, *shape))
        for name, (kind, shape) in wanted.items()
    )
    if not count or not fits:
        raise RunError(f"{export.path} holds a proof whose images or answers do not fit its network.")
