"""A run exported: its network in another format, in a folder that holds the proof that it answers as the run does."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import warnings
from os import PathLike
from pathlib import Path

import safetensors.numpy
from numpy import ndarray
from safetensors import SafetensorError

from pellucid.errors import Fault, PellucidWarning, RunError, SettingError, SpecError, unknown
from pellucid.export.engine import require_library
from pellucid.export.exported import Exported
from pellucid.export.folder import DOUBT, LABELS, MODEL, PARITY, PROOF, README, ExportFolder
from pellucid.export.held_out import held_out_images
from pellucid.export.interface import IMAGES, OPSET, PROBABILITIES
from pellucid.export.parity import TOLERANCE, Parity, now
from pellucid.export.proof import prove
from pellucid.export.usage import usage_of
from pellucid.export.witness import TRACE, Question, ask
from pellucid.judge.doubt_file import read_doubts
from pellucid.model.trust import require_trust
from pellucid.run.folder import GO_ON, WEIGHTS, RunFolder, require_whole
from pellucid.run.record import RunRecord
from pellucid.spec.model import FactorySpec
from pellucid.version import __version__
from pellucid.words import counted

FORMATS = ("onnx",)
EXPORTS = Path("exports")
PROOF_IMAGES = 200


def export_folder(
    run: RunFolder,
    out: str | PathLike[str] | None = None,
    *,
    form: str = "onnx",
    maps: bool = False,
    data: str | None = None,
    arrays: Path | None = None,
    proof_images: int = PROOF_IMAGES,
    overwrite: bool = False,
    name: str | None = None,
) -> Exported:
    """Write the network of a run in another format, when it is proved to answer as the run does.

    Run and export answer the same held-out images, each in a process of its own.

    Args:
        run: The run folder.
        out: The folder to write; ``exports/`` and the name of the run unless given.
        form: ``onnx``.
        maps: Let the export give what each layer makes of an image, too.
        data: Data to take the held-out images from, where the run's own are not to serve.
        arrays: A .npy file with the held-out images, for data that are nowhere else.
        proof_images: How many of the images are put into the folder, to prove it again; 0 leaves them out.
        overwrite: Let the export take the place of an older one.
        name: What the run is called; as its folder unless given.

    Raises:
        RunError: The run is incomplete or damaged, answers differ, or the folder cannot be written.
        DataError: There are no held-out images.
        SpecError: The format cannot hold the network; nothing has been written then.
        PellucidError: A library is missing.
    """
    if form not in FORMATS:
        raise SettingError([unknown("format", form, FORMATS)])
    for library in ("onnx", "onnxruntime"):
        require_library(library)
    name = name or run.path.resolve().name
    target = ExportFolder(out or EXPORTS / name)
    target.require_free(overwrite=overwrite)
    record = run.read_record()
    _require_trained(run, record)
    with tempfile.TemporaryDirectory(prefix="pellucid-export-") as work:
        question = Question(run.path, Path(work), data, arrays, trust=isinstance(record.model, FactorySpec))
        _write_model(run, record, question, maps)
        proof = prove(question, held_out_images(record, data, arrays))
        files = {MODEL: (question.work / MODEL).read_bytes(), LABELS: _labels(record), **_doubt(run, record)}
    if chosen := proof.some(proof_images):
        files[PROOF] = proof.file_of(chosen)
    parity = Parity(
        pellucid_version=__version__,
        made=now(),
        format=form,
        opset=OPSET,
        run=name,
        weights_sha256=hashlib.sha256(run.read_bytes(WEIGHTS)).hexdigest(),
        files={file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
        data=proof.held.data,
        tolerance=TOLERANCE,
        agreements=proof.agreements,
        proof_images=len(chosen),
        versions=proof.versions,
    )
    files |= {
        README: usage_of(record, proof_images=len(chosen), doubt=DOUBT in files).encode(),
        PARITY: parity.to_json().encode(),
    }
    target.write(files)
    return Exported.load(target.path)


def _require_trained(run: RunFolder, record: RunRecord) -> None:
    """See that there is a network, and tell what is odd about it.

    Raises:
        RunError: The training is not done yet.
    """
    if not run.has_weights:
        going_on = GO_ON.format(run.path) if run.checkpoints else "Train it to its end first."
        raise RunError(f"{run.path} has no {WEIGHTS} yet: its training is not done. {going_on}")
    if record.status == "interrupted" and record.results:
        told = f"was interrupted after {counted(record.results.epochs, 'epoch')}; it is exported as it is"
        warnings.warn(f"{run.path} {told}.", PellucidWarning, stacklevel=3)
    if _numbers(record.pellucid_version) > _numbers(__version__):
        told = f"is of Pellucid {record.pellucid_version}, which is newer than this one, {__version__}"
        remedy = "What only the newer one knows is left out"
        warnings.warn(f"{run.path} {told}. {remedy}.", PellucidWarning, stacklevel=3)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _write_model(run: RunFolder, record: RunRecord, question: Question, maps: bool) -> None:
    """Put the file into the folder of the question.

    Raises:
        SpecError: The format cannot hold the network.
        RunError: The weights are missing or damaged, or torch's exporter fails.
    """
    import onnx

    from pellucid.export.graph import graph_of

    if isinstance(record.model, FactorySpec):
        require_trust(record.model, run.path)
        _require_plain(record, maps)
        ask(TRACE, question)
    else:
        content = graph_of(
            record.model,
            _weights(run, record),
            vote=record.train.vote,
            test_time=record.train.test_time_augmentation,
            temperature=record.temperature,
            maps=maps,
        )
        (question.work / MODEL).write_bytes(content)
    onnx.checker.check_model(question.work / MODEL, full_check=True)


def _require_plain(record: RunRecord, maps: bool) -> None:
    """See that a network of the user's own code is asked for what can be had of it.

    Raises:
        SpecError: It is not.
    """
    received, faults = "a network of one's own code", []
    if maps:
        faults.append(Fault("Maps are given for networks of layers only", received, "Leave --maps out."))
    if record.train.test_time_augmentation:
        faults.append(Fault("Test-time augmentation is exported for networks of layers only", received))
    if faults:
        raise SpecError(faults)


def _weights(run: RunFolder, record: RunRecord) -> dict[str, ndarray]:
    raw = run.read_bytes(WEIGHTS)
    require_whole(run, record.weights_sha256, hashlib.sha256(raw).hexdigest())
    try:
        return safetensors.numpy.load(raw)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{run.path / WEIGHTS} is truncated or not safetensors ({error}).") from None


def _doubt(run: RunFolder, record: RunRecord) -> dict[str, bytes]:
    """What the run knows of its doubt, as far as probabilities tell it; nothing where it knows nothing."""
    known = read_doubts(run, record.doubt.sha256) if record.doubt else None
    return {DOUBT: known.without_features().to_bytes()} if known else {}


def _labels(record: RunRecord) -> bytes:
    reading = record.reading.model_dump(mode="json", include={"fit", "background", "value_range"})
    document = {
        "classes": list(record.data.class_names),
        "input": {"name": IMAGES, "type": "uint8", "shape": list(record.input_shape), "channels": "last"},
        "output": {"name": PROBABILITIES, "type": "float32"},
        "reading": reading,
        "trained_on": record.data.model_dump(mode="json", include={"mean_brightness", "look"}),
    }
    return (json.dumps(document, indent=2) + "\n").encode()
