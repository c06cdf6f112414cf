"""Files of each kind that Pellucid reads, made small, and how each is read: what `mutants` changes."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from PIL import Image

import pellucid as pl
from pellucid.data.decode import read_image
from pellucid.data.index import INDEX
from pellucid.data.load import load_data
from pellucid.explore.write import explorer_page
from pellucid.export.exported import Exported
from pellucid.export.folder import ExportFolder
from pellucid.export.graph import graph_of
from pellucid.export.parity import Parity, ProofData
from pellucid.export.verify import verify_export
from pellucid.judge.evaluation import Evaluation
from pellucid.run.folder import RunFolder, list_runs
from pellucid.run.resolver import latest_folder
from pellucid.sections.curves import curves_section
from pellucid.sections.evaluation import evaluation_section
from pellucid.sections.runs import comparison_section, runs_section
from pellucid.sections.section import Section
from pellucid.sections.shapes import shapes_section
from pellucid.sections.training import training_section
from pellucid.spec.model import ModelSpec
from pellucid.spec.reading import ReadSpec
from pellucid.spec.recipes import recipe
from pellucid.study.folder import StudyFolder
from pellucid.study.kinds import KINDS as STUDIES
from pellucid.study.runner import resume_study
from pellucid.study.space import read_space
from pellucid.train.callbacks import Callback

NETWORK = "conv 2 3x3 relu, flatten, dense 2"
PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)
LABELS = np.arange(12) % 2


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        make: Makes the file, with what belongs to it, in an empty folder, and gives its path.
        read: Has Pellucid read it; a `PellucidError` when it is refused.
        mend: What a stranger would do to a changed file so that its digests are right; None where there are none.
        whole: Whether every change must be refused, or come to what the unchanged file does.
        one_in: One case of so many is tried, where each takes long.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], object]
    mend: Callable[[Path], object] | None = None
    whole: bool = False
    one_in: int = 1


def _array(mode: str) -> np.ndarray:
    if mode == "I;16":
        return PIXELS[0].astype(np.uint16) * 257
    if mode == "F":
        return PIXELS[0].astype(np.float32) / 255
    return PIXELS[0] if mode in {"L", "1", "P"} else np.stack([PIXELS[0]] * len(mode), axis=-1)


def _image(format_: str, mode: str, options: dict[str, Any]) -> Kind:
    def make(folder: Path) -> Path:
        path = folder / "image.png"
        image = Image.fromarray(_array(mode))
        image = image.convert(mode) if image.mode != mode and mode in {"1", "P"} else image
        buffer = io.BytesIO()
        image.save(buffer, format_, **options)
        path.write_bytes(buffer.getvalue())
        return path

    reading = ReadSpec(value_range=(0, 1) if mode == "F" else "auto")
    return Kind(make, lambda path: read_image(path, (6, 6, 1), reading))


IMAGES = {
    **{f"png {mode}": _image("PNG", mode, {}) for mode in ("1", "L", "P", "RGB", "RGBA", "I;16")},
    "png exif": _image(
        "PNG", "L", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}
    ),
    "jpeg": _image("JPEG", "RGB", {}),
    "gif": _image("GIF", "L", {}),
    "webp": _image("WEBP", "RGB", {}),
    "bmp": _image("BMP", "RGB", {}),
    "dib": _image("DIB", "L", {}),
    **{
        f"tiff {name}": _image("TIFF", "RGB", {"compression": name}) for name in ("raw", "tiff_lzw", "jpeg", "packbits")
    },
    "tiff 16": _image("TIFF", "I;16", {}),
    "tiff float": _image("TIFF", "F", {"compression": "tiff_adobe_deflate"}),
    "ppm": _image("PPM", "RGB", {}),
    "ico": _image("ICO", "RGBA", {}),
    "avif": _image("AVIF", "RGB", {}),
    "jpeg2000": _image("JPEG2000", "RGB", {}),
    "qoi": _image("QOI", "RGB", {}),
}


def _pngs() -> dict[str, bytes]:
    files = {}
    for number, (pixels, label) in enumerate(zip(PIXELS, LABELS, strict=True)):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        files[f"{'ab'[label]}/{number}.png"] = buffer.getvalue()
    return files


def _table() -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("path", "label", "split", "group"))
    rows.writerows((name, name[0], "train", f"g{number}") for number, name in enumerate(_pngs()))
    return text.getvalue()


def _read_data(path: Path, **settings: Any) -> object:
    splits = load_data(path, progress=False, test_split=None, **settings)
    return splits.train.fingerprint, [str(fault) for fault in splits.rejected]


_read_files = partial(_read_data, max_bad=1.0)


def _zip(folder: Path, *, table: bool = False) -> Path:
    path = folder / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in _pngs().items():
            archive.writestr(f"images/{name[2:]}" if table else name, raw)
        if table:
            archive.writestr("table.csv", _table().replace("a/", "images/").replace("b/", "images/"))
    return path


def _tar(folder: Path, kind: str) -> Path:
    path = folder / f"data.tar{kind and '.'}{kind}"
    with tarfile.open(path, f"w:{kind}", format=tarfile.GNU_FORMAT if kind == "gz" else tarfile.PAX_FORMAT) as archive:
        for number, (name, raw) in enumerate(_pngs().items()):
            info = tarfile.TarInfo(name if number else f"a/{'long' * 40}.png")
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return path


def _beside(name: str, content: str | bytes, folder: Path) -> Path:
    """A table with its images beside it."""
    for image, raw in _pngs().items():
        (folder / image).parent.mkdir(exist_ok=True)
        (folder / image).write_bytes(raw)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / name


def _json_lines() -> str:
    rows = [{"image": {"bytes": base64.b64encode(raw).decode()}, "label": name[0]} for name, raw in _pngs().items()]
    return "\n".join(map(json.dumps, rows))


def _parquet(folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    names, raws = zip(*_pngs().items(), strict=True)
    images = [{"bytes": raw, "path": name} for name, raw in zip(names, raws, strict=True)]
    parquet.write_table(pa.table({"image": images, "label": [name[0] for name in names]}), folder / "data.parquet")
    return folder / "data.parquet"


def _pixel_table(folder: Path) -> Path:
    rows = [",".join(["label", *(f"pixel{number}" for number in range(64))])]
    rows += [",".join(map(str, [label, *image.ravel()])) for label, image in zip(LABELS, PIXELS, strict=True)]
    (folder / "pixels.csv").write_text("\n".join(rows) + "\n")
    return folder / "pixels.csv"


def _npz(folder: Path, *, packed: bool = False) -> Path:
    write = np.savez_compressed if packed else np.savez
    write(folder / "data.npz", x_train=PIXELS, y_train=np.array(["a", "b"])[LABELS])
    return folder / "data.npz"


def _npy(folder: Path) -> Path:
    np.save(folder / "y_train.npy", LABELS)
    np.save(folder / "x_train.npy", PIXELS)
    return folder / "x_train.npy"


def _idx(folder: Path, *, packed: bool = False) -> Path:
    images = struct.pack(">HBBIII", 0, 8, 3, *PIXELS.shape) + PIXELS.tobytes()
    path = folder / f"train-images-idx3-ubyte{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(images) if packed else images)
    labels = struct.pack(">HBBI", 0, 8, 1, len(LABELS)) + LABELS.astype(np.uint8).tobytes()
    (folder / "train-labels-idx1-ubyte").write_bytes(labels)
    return path


def _annotations(folder: Path) -> Path:
    lines = [f"{Path(name).name}\t{name[0]}\t0\t0\n" for name in _pngs()]
    (folder / "val").mkdir()
    for name, raw in _pngs().items():
        (folder / "val" / Path(name).name).write_bytes(raw)
    return _beside("val/val_annotations.txt", "".join(lines), folder)


def _cached(folder: Path) -> Path:
    _beside("table.csv", _table(), folder)
    os.environ["PELLUCID_CACHE"] = str(folder / "cache")
    _read_files(folder / "table.csv")
    (index,) = (folder / "cache").rglob(INDEX)
    return index


def _read_cached(index: Path) -> object:
    os.environ["PELLUCID_CACHE"] = str(index.parents[2])
    return _read_files(index.parents[3] / "table.csv")


DATA = {
    "zip": Kind(_zip, _read_files),
    "zip with a table": Kind(partial(_zip, table=True), _read_files),
    **{f"tar {kind}".strip(): Kind(partial(_tar, kind=kind), _read_files) for kind in ("", "gz", "bz2", "xz")},
    "csv": Kind(partial(_beside, "table.csv", _table()), _read_files),
    "tsv": Kind(partial(_beside, "table.tsv", _table().replace(",", "\t")), _read_files),
    "jsonl": Kind(partial(_beside, "table.jsonl", _json_lines()), _read_files),
    "metadata": Kind(
        partial(_beside, "metadata.csv", _table().replace("path", "file_name", 1)),
        lambda path: _read_files(path.parent),
    ),
    "parquet": Kind(_parquet, _read_files),
    "pixels": Kind(_pixel_table, _read_data),
    "npz": Kind(_npz, _read_data),
    "npz packed": Kind(partial(_npz, packed=True), _read_data),
    "npy": Kind(_npy, lambda path: _read_data(path.parent)),
    "idx": Kind(_idx, lambda path: _read_data(path.parent)),
    "idx.gz": Kind(partial(_idx, packed=True), lambda path: _read_data(path.parent)),
    "annotations": Kind(_annotations, lambda path: _read_files(path.parents[1])),
    "cache": Kind(_cached, _read_cached, whole=True),
}


class _Stop(Callback):
    """Ends a training as Ctrl-C does, after one epoch."""

    def on_epoch_end(self, epoch: object) -> None:
        signal_interrupt()


def signal_interrupt() -> None:
    """What Ctrl-C does."""
    import signal

    signal.raise_signal(signal.SIGINT)


def _run(folder: Path, name: str, *, interrupted: bool = False) -> Path:
    """A file of a run that was trained on arrays beside it, and judged."""
    images = np.concatenate([PIXELS] * 3)[..., np.newaxis]
    labels = np.concatenate([LABELS] * 3)
    np.savez(folder / "data.npz", x_train=images, y_train=labels, x_test=images[:8], y_test=labels[:8])
    data = load_data(folder / "data.npz", progress=False)
    callbacks = [_Stop()] if interrupted else []
    run = pl.fit(
        data, model=NETWORK, epochs=2, batch_size=16, out=folder / "runs" / "one", callbacks=callbacks, progress=False
    )
    if not interrupted:
        run.evaluate()
    if name == "robustness.json":
        run.robustness(data)
    path = folder / "runs" / "one"
    return next(path.glob("checkpoints/*.safetensors")) if name == "checkpoint" else path / name


def _told(*sections: Section) -> None:
    """As `--json` prints them."""
    for section in sections:
        json.dumps(section.document, allow_nan=False)


def _read_run(path: Path) -> object:
    """As `runs`, `predict`, `evaluate`, `plot` and `shapes` do."""
    runs = path.parent.parent
    found, faults = list_runs(runs)
    _told(runs_section(found, faults), *(comparison_section([one, one]) for one in found))
    for fault in faults:
        raise fault
    latest_folder(RunFolder, runs)
    run = pl.load_run(path.parent)
    _told(training_section(run.record, path.parent), curves_section(run.history, run.record, path.parent))
    if isinstance(run.record.model, ModelSpec):
        _told(shapes_section(run.record.model))
    [run.history[column] for column in run.history]
    answers = run.predict(PIXELS[:2, ..., np.newaxis]) if run.predictor.input_shape == (8, 8, 1) else []
    json.dumps([answer.probabilities for answer in answers], allow_nan=False)
    _told(evaluation_section(run.evaluate(), path.parent))
    return answers


def _read_pages(path: Path) -> object:
    """As `report` and `explore` do."""
    page = explorer_page(path.parent, whole=False, device="cpu")
    return page, pl.write_report(path.parent, whole=False, device="cpu").read_text()


def _read_evaluation(path: Path) -> object:
    evaluation = Evaluation.from_json(RunFolder(path.parent).read_bytes(path.name), path)
    _told(evaluation_section(evaluation, path.parent))
    return evaluation


def _digest_in_record(path: Path) -> None:
    record = json.loads((path.parent / "run.json").read_text())
    record["weights_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (path.parent / "run.json").write_text(json.dumps(record))


def _digest_in_name(path: Path) -> Path:
    return path.rename(path.with_name(f"{path.name[:8]}-{hashlib.sha256(path.read_bytes()).hexdigest()}.safetensors"))


def _read_checkpoint(path: Path) -> object:
    run = pl.resume(path.parents[1], progress=False)
    return run.record.weights_sha256


def _study(folder: Path, name: str) -> Path:
    data = _run(folder, "run.json").parents[2] / "data.npz"
    splits = load_data(data, progress=False)
    subject = pl.Recipe(
        model=ModelSpec.from_shorthand(NETWORK, (8, 8, 1), 2), train=pl.TrainSpec(epochs=1, batch_size=16)
    )
    pl.run_study(pl.SeedStudy(subject=subject, n=2), splits, out=folder / "runs" / "study", progress=False)
    return folder / "runs" / "study" / name


def _read_study(path: Path) -> object:
    """As `study resume` does of a study that is done; where a trial is missing, training is not what is tried here."""
    folder = StudyFolder(path.parent)
    record = folder.read_record()
    if record.kind not in STUDIES:
        return resume_study(path.parent, progress=False)
    question = STUDIES[record.kind].model_validate(record.question)
    done = {question.key(row) for row in folder.read_rows(question.row)}
    data = load_data(path.parents[2] / "data.npz", progress=False)
    if set(question.plan(data)) - done:
        return record
    return resume_study(path.parent, data=data, progress=False)


DONE = Kind(partial(_run, name="run.json"), _read_run)
RUNS = {
    "run.json": DONE,
    "history.csv": Kind(partial(_run, name="history.csv"), _read_run),
    "weights": Kind(partial(_run, name="model.safetensors"), _read_run, whole=True),
    "weights of a stranger": Kind(partial(_run, name="model.safetensors"), _read_run, mend=_digest_in_record),
    "evaluation.json": Kind(partial(_run, name="evaluation.json"), _read_evaluation),
    "checkpoint": Kind(partial(_run, name="checkpoint", interrupted=True), _read_checkpoint, whole=True),
    "checkpoint of a stranger": Kind(
        partial(_run, name="checkpoint", interrupted=True), _read_checkpoint, mend=_digest_in_name
    ),
    "study.json": Kind(partial(_study, name="study.json"), _read_study),
    "trials.csv": Kind(partial(_study, name="trials.csv"), _read_study),
}


PAGES = {
    f"pages of {name}": Kind(partial(_run, name=name), _read_pages, one_in=20)
    for name in ("run.json", "history.csv", "evaluation.json", "robustness.json", "doubt.safetensors")
}


def _export(folder: Path, name: str) -> Path:
    """A file of an export of a run, which is not proved: that is tried elsewhere, and takes long."""
    run = RunFolder(_run(folder, "run.json").parent)
    record, raw = run.read_record(), run.read_bytes("model.safetensors")
    assert isinstance(record.model, ModelSpec)
    labels = {"classes": record.data.class_names, "input": {"shape": record.input_shape}}
    images = PIXELS[..., np.newaxis]
    answers = pl.load_run(run.path, device="cpu").predictor.probabilities(images)
    files = {
        "model.onnx": graph_of(record.model, safetensors.numpy.load(raw), temperature=record.temperature),
        "labels.json": json.dumps(labels, indent=2).encode(),
        "proof.safetensors": safetensors.numpy.save({"images": images, "probabilities": answers}),
    }
    parity = Parity(
        pellucid_version="1",
        made="2026-01-01T00:00:00+00:00",
        format="onnx",
        opset=17,
        run="one",
        weights_sha256=hashlib.sha256(raw).hexdigest(),
        files={file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
        data=ProofData(name="data", split="test", images=8),
        tolerance=1e-4,
        agreements=(),
        proof_images=len(images),
        versions={},
    )
    ExportFolder(folder / "export").write(files | {"parity.json": parity.to_json().encode()})
    return folder / "export" / name


def _read_export(path: Path) -> object:
    export = Exported.load(path.parent)
    answers = export.probabilities(PIXELS[:2, ..., np.newaxis]) if export.input_shape == (8, 8, 1) else None
    verify_export(path.parent)
    return export.class_names, export.input_shape, answers


def _digest_in_parity(path: Path) -> None:
    place = path.parent / "parity.json"
    parity = json.loads(place.read_text())
    parity["files"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    place.write_text(json.dumps(parity))


EXPORTS = {
    name: Kind(partial(_export, name=name), _read_export, whole=True)
    for name in ("model.onnx", "labels.json", "parity.json", "proof.safetensors")
} | {
    f"{name} of a stranger": Kind(partial(_export, name=name), _read_export, mend=_digest_in_parity)
    for name in ("model.onnx", "labels.json", "proof.safetensors")
}


def _recipe(folder: Path) -> Path:
    made = recipe("tiny", (8, 8, 1), 2)
    (folder / "mine.json").write_text(made.to_json())
    return folder / "mine.json"


def _model(folder: Path) -> Path:
    (folder / "model.json").write_text(recipe("fast", (8, 8, 1), 2).model.model_dump_json())
    return folder / "model.json"


def _text(text: str, folder: Path) -> Path:
    (folder / "file").write_text(text)
    return folder / "file"


def _read_shorthand(path: Path) -> object:
    spec = ModelSpec.from_shorthand(path.read_bytes().decode("utf-8", "surrogateescape"), (28, 28, 1), 10)
    _told(shapes_section(spec))
    return spec


SPACE = (
    '{"learning_rate": {"low": 0.001, "high": 0.1, "log": true}, "batch_size": [16, 32], "optimizer": ["adam", "sgd"]}'
)
SHORTHAND = (
    "input 28x28x1, conv 32 3x3 relu same, batchnorm momentum 0.9, maxpool 2x2, flatten, dropout 0.5, dense 10 softmax"
)
SPECS = {
    "recipe": Kind(_recipe, lambda path: recipe(str(path), (8, 8, 1), 2)),
    "model": Kind(_model, lambda path: _told(shapes_section(ModelSpec.from_file(str(path), 2)))),
    "shorthand": Kind(partial(_text, SHORTHAND), _read_shorthand),
    "space": Kind(partial(_text, SPACE), read_space),
}
KINDS: dict[str, Kind] = IMAGES | DATA | RUNS | PAGES | EXPORTS | SPECS
