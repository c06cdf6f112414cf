"""A run at hand exported, whether it lies in a folder or in memory only."""

from __future__ import annotations

import tempfile
from os import PathLike
from pathlib import Path

import numpy as np

from pellucid.errors import RunError
from pellucid.export.export import EXPORTS, PROOF_IMAGES, export_folder
from pellucid.export.exported import Exported
from pellucid.export.held_out import LABELS, TRAINING, some_to_calibrate
from pellucid.run.folder import RunFolder
from pellucid.trained.data import is_there
from pellucid.trained.run import Run
from pellucid.untrusted import trusting

IN_MEMORY = "run"


def export_run(
    run: Run,
    path: str | PathLike[str] | None = None,
    *,
    form: str = "onnx",
    maps: bool = False,
    raw_images: bool = False,
    margin: float | None = None,
    proof_images: int = PROOF_IMAGES,
    overwrite: bool = False,
) -> Exported:
    """Write the network of a run in another format, when it is proved to answer as the run does.

    The run and the export answer the held-out images, each in a process of its own: the test split, or the validation
    split where there is none. Greatest difference, differing answers, versions and digests stand in parity.json.

    Args:
        run: The run, as it is in memory.
        path: The folder to write; ``exports/`` and the name of the run unless given.
        form: The format: ``onnx``; ``int8`` (ONNX in 8 bits, a third as large, not exact); ``torch`` (a program of
            torch.export); ``safetensors`` (weights, and the network as JSON); ``c`` (one C99 file).
        maps: Let the export give what each layer makes of an image, too; ``onnx`` only.
        raw_images: Write raw.onnx, too, which takes images of any size and resizes them inside; ``onnx`` only.
        margin: How much accuracy an export in ``int8`` may cost, as a share; 0.01 unless given.
        proof_images: How many of the held-out images are put into the folder, to prove it again elsewhere; 0 leaves
            them out.
        overwrite: Let the export take the place of an older one.

    Returns:
        The export, which answers without torch.

    Raises:
        RunError: Answers differ by more than 1e-4 of a probability, or in ``int8`` too much accuracy is lost; or the
            folder cannot be written.
        DataError: There are no held-out images.
        SpecError: The format cannot hold the network.
        PellucidError: A library is missing, ``pip install 'pellucid[export]'``, or for ``c`` a compiler.
    """
    name = run.path.resolve().name if run.path else IN_MEMORY
    with tempfile.TemporaryDirectory(prefix="pellucid-run-") as place, trusting():
        folder = RunFolder(place)
        run.write(folder)
        arrays = None if is_there(run.record) else _arrays_of(run, Path(place) / "arrays")
        return export_folder(
            folder,
            path or EXPORTS / name,
            form=form,
            maps=maps,
            raw_images=raw_images,
            margin=margin,
            arrays=arrays,
            proof_images=proof_images,
            overwrite=overwrite,
            name=name,
        )


def _arrays_of(run: Run, place: Path) -> Path:
    """A folder with the images of data that are in memory only; see `held_out_images`."""
    if run.data is None:
        raise RunError("An export is proved on held-out images; the data of the run are not here. Bring them back.")
    split = "test" if run.data.has_test else "validation"
    held = run.split_of(run.data, split)
    place.mkdir()
    np.save(place / f"{split}.npy", held.images)
    np.save(place / LABELS, held.labels)
    np.save(place / TRAINING, some_to_calibrate(run.split_of(run.data, "train")))
    return place
