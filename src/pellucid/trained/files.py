"""The files of a run's folder, as a run that is trained or judged leaves them."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping

import safetensors.torch

from pellucid.errors import PellucidWarning, RunError
from pellucid.judge.refusal import Doubts
from pellucid.predict.predictor import Predictor
from pellucid.run.folder import DOUBT, HISTORY, WEIGHTS, RunFolder
from pellucid.run.history import History
from pellucid.run.record import RunRecord


def write_files(predictor: Predictor, history: History, folder: RunFolder, doubts: Doubts | None) -> None:
    """Write weights, history and record, the record last: what it says is then there.

    Args:
        predictor: The network; its record gets the digest of the weights.
        history: One row an epoch.
        folder: Where to.
        doubts: What is known of its doubt. Where there is no room for it, the run goes without.

    Raises:
        RunError: The disk is full or read-only.
    """
    # Copies, since safetensors refuses tensors that share memory, as tied weights do.
    state = predictor.model.state_dict().items()
    weights = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in state}
    # One entry of metadata only: safetensors writes several in no fixed order, and equal runs give equal files.
    raw = safetensors.torch.save(weights, {"format": "pt"})
    digest = hashlib.sha256(raw).hexdigest()
    predictor.record = predictor.record.model_copy(update={"weights_sha256": digest})
    folder.write(WEIGHTS, raw)
    if predictor.record.doubt and doubts:
        try:
            folder.write(DOUBT, doubts.to_bytes())
        except RunError as error:
            warnings.warn(f"What tells of doubt is not kept: {error}", PellucidWarning, stacklevel=4)
            predictor.record = predictor.record.model_copy(update={"doubt": None})
    folder.write(HISTORY, history.to_csv())
    folder.write_record(predictor.record)


def add_files(folder: RunFolder, record: RunRecord, files: Mapping[str, bytes | str], what: str) -> None:
    """Write what judged a run to its folder, the record last; if that fails the judgement is there all the same.

    Args:
        folder: Of the run.
        record: What run.json is to say.
        files: What to write, by name.
        what: What is lost if that fails, for the warning.

    Warns:
        PellucidWarning: It cannot be written.
    """
    try:
        for name, text in files.items():
            folder.write(name, text)
        folder.write_record(record)
        folder.tidy()
    except RunError as error:
        warnings.warn(f"{what} is not kept: {error}", PellucidWarning, stacklevel=5)


def file_of(folder: RunFolder | None, name: str) -> bytes | None:
    """What a file of a run's folder holds; None where there is none."""
    return folder.read_bytes(name) if folder and (folder.path / name).exists() else None
