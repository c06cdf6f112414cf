"""A trained classifier from wherever it lies: a run by torch, an export mostly without it."""

from __future__ import annotations

from os import PathLike

from pellucid.errors import RunError
from pellucid.export.exported import ONNX, Exported
from pellucid.export.folder import ExportFolder
from pellucid.export.interface import MODEL
from pellucid.names import user_path
from pellucid.predict.classifier import Classifier

ELSEWHERE = "Exports are asked on the processor alone (--device cpu)."


def load_classifier(path: str | PathLike[str] = "latest", *, device: str = "auto", trust: bool = False) -> Classifier:
    """Load what answers about images.

    Args:
        path: A run folder, a name below ``runs/``, or ``latest``; the folder of an export; or its ``.onnx`` file, with
            its ``labels.json`` beside it.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``; an export takes the processor.
        trust: Whether a run may name code that makes its network, or an export may hold some, which is run.

    Returns:
        A `Predictor`, which asks a run by torch; or an `Exported`, which asks an export by ONNX Runtime.

    Raises:
        RunError: There is no such run or export; a file of it is missing, damaged or has changed; or it asks for code.
        DeviceError: The machine does not offer the device.
        PellucidError: ONNX Runtime or a compiler is not installed.
    """
    place = user_path(path)
    is_export = place.suffix.lower() == ONNX or ExportFolder(place).has_parity
    if not is_export and (place / MODEL).is_file():  # of an export, without its proof
        place, is_export = place / MODEL, True
    if is_export:
        if device not in {"auto", "cpu"}:
            raise RunError(f"{place} is an export; received the device {device}. {ELSEWHERE}")
        return Exported.load(place, trust=trust)
    from pellucid.predict.predictor import Predictor  # by torch, which an export does not need
    from pellucid.run.folder import find_run

    return Predictor.load(find_run(str(path)), device=device, trust=trust)
