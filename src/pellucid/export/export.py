"""A run exported: its network in another format, in a folder that holds the proof that it answers as the run does."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import warnings
from os import PathLike
from pathlib import Path

from pellucid.errors import Fault, PellucidWarning, RunError, SettingError
from pellucid.export.accuracy import MARGIN
from pellucid.export.engine import require_library
from pellucid.export.exported import Exported
from pellucid.export.folder import DOUBT, LABELS, PARITY, PROOF, README, ExportFolder
from pellucid.export.formats.table import FORMATS, Format, format_named
from pellucid.export.held_out import held_out_images
from pellucid.export.interface import IMAGES, PROBABILITIES
from pellucid.export.parity import TOLERANCE, Parity, now
from pellucid.export.proof import prove
from pellucid.export.source import Source
from pellucid.export.usage import Usage
from pellucid.export.witness import Question
from pellucid.judge.doubt_file import read_doubts
from pellucid.run.folder import GO_ON, WEIGHTS, RunFolder
from pellucid.run.record import RunRecord
from pellucid.untrusted import trusted
from pellucid.version import __version__
from pellucid.words import counted

EXPORTS = Path("exports")
PROOF_IMAGES = 200


def export_folder(
    run: RunFolder,
    out: str | PathLike[str] | None = None,
    *,
    form: str = "onnx",
    maps: bool = False,
    raw_images: bool = False,
    margin: float | None = None,
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
        form: One of `FORMATS`.
        maps: Let the export give what each layer makes of an image, too.
        raw_images: Write a file for images of any size, too, which resizes them inside.
        margin: How much accuracy a format may cost that does not answer exactly; 0.01 unless given.
        data: Data to take the held-out images from, where the run's own are not to serve.
        arrays: A folder with images as arrays, for data that are nowhere else; see `held_out_images`.
        proof_images: How many of the images are put into the folder, to prove it again; 0 leaves them out.
        overwrite: Let the export take the place of an older one.
        name: What the run is called; as its folder unless given.

    Raises:
        RunError: The run is incomplete or damaged, answers differ, or the folder cannot be written.
        DataError: There are no held-out images.
        SettingError: There is no such format, or it does not heed a setting.
        SpecError: The format cannot hold the network; nothing has been written then.
        PellucidError: A library or a compiler is missing.
    """
    chosen = format_named(form)
    _require_heeded(chosen, {"maps": maps or None, "raw_images": raw_images or None, "margin": margin})
    for library in chosen.libraries:
        require_library(library)
    name = name or run.path.resolve().name
    target = ExportFolder(out or EXPORTS / name)
    target.require_free(overwrite=overwrite)
    record = run.read_record()
    _require_trained(run, record)
    with tempfile.TemporaryDirectory(prefix="pellucid-export-") as work:
        question = Question(run.path, Path(work), form, data, arrays, trust=trusted())
        facts = chosen.module.write(Source(run, record, question, maps, raw_images))
        proof = prove(question, held_out_images(record, question), MARGIN if margin is None else margin)
        made = [file for file in (*chosen.files, *chosen.asked_for) if (question.work / file).exists()]
        files = {file: (question.work / file).read_bytes() for file in made}
    files |= {LABELS: _labels(record), **(_doubt(run, record) if chosen.exact else {})}
    if rows := proof.some(proof_images):
        files[PROOF] = proof.file_of(rows)
    parity = Parity(
        pellucid_version=__version__,
        made=now(),
        format=form,
        opset=chosen.opset,
        run=name,
        weights_sha256=hashlib.sha256(run.read_bytes(WEIGHTS)).hexdigest(),
        files={file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
        data=proof.held.data,
        tolerance=TOLERANCE if chosen.exact else None,
        agreements=proof.agreements,
        accuracy=proof.accuracy,
        raw_images=proof.raw_images,
        facts=facts,
        proof_images=len(rows),
        versions=proof.versions,
    )
    files |= {README: chosen.module.usage(Usage(record, parity)).encode(), PARITY: parity.to_json().encode()}
    target.write(files, overwrite=overwrite)
    return Exported.load(target.path, trust=True)  # it has been written just now


def _require_heeded(chosen: Format, given: dict[str, object]) -> None:
    """See that a format heeds the settings that were given and that only some formats heed.

    Raises:
        SettingError: It does not, or the margin is no share.
    """
    faults, margin = [], given["margin"]
    if isinstance(margin, int | float) and not 0 <= margin <= 1:
        faults.append(Fault("margin must be a share, from 0 to 1", str(margin)))
    for setting, value in given.items():
        if value is not None and setting not in chosen.settings:
            those = " and ".join(entry.name for entry in FORMATS.values() if setting in entry.settings)
            faults.append(
                Fault(f"{setting} is a setting of {those} only", f"the format {chosen.name}", "Leave it out.")
            )
    if faults:
        raise SettingError(faults)


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
