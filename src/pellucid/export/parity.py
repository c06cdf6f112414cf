"""Whether an export answers as its run does: the comparison, and parity.json, which tells it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

import numpy as np
from jaxtyping import Bool, Float32
from numpy import ndarray
from pydantic import Field

from pellucid.errors import RunError
from pellucid.export.formats.table import Facts
from pellucid.record import OpenRecord
from pellucid.words import counted, some

TOLERANCE = 1e-4  # of a probability
MOST_ALONE = 1000  # of the images are asked one by one
MOST_NAMED = 10


class Agreement(OpenRecord):
    """How far two answer alike.

    Attributes:
        batch_size: How many images at once the export was asked about.
        images: How many images both answered.
        greatest_difference: The greatest absolute difference of two probabilities of one class for one image.
        differing_answers: Images whose most probable class is another.
        ties: Those among them whose two classes are equally probable within the tolerance.
    """

    batch_size: int
    images: int
    greatest_difference: float
    differing_answers: int
    ties: int


class PairedAccuracy(OpenRecord):
    """How well run and export answer the same images.

    Attributes:
        images: How many both answered.
        run: Share that the run answers right.
        export: Share that the export answers right.
        only_run: Images that the run alone answers right.
        only_export: Images that the export alone answers right.
        difference: The export's share less the run's.
        interval: Lower and upper bound of the difference, by Tango's score interval.
        confidence: Share of such intervals that hold the true difference.
        margin: How far the lower bound may be below 0.
    """

    images: int
    run: float
    export: float
    only_run: int
    only_export: int
    difference: float
    interval: tuple[float, float]
    confidence: float
    margin: float


class RawAgreement(OpenRecord):
    """How far an export that resizes by itself sees and answers images as Pellucid does, over images of several sizes.

    Attributes:
        images: How many there are.
        sizes: Their heights and widths.
        greatest_level_difference: The greatest difference of a pixel as the network sees it, in grey levels.
        exact_pixels: Share of the values that are the same.
        greatest_difference: The greatest absolute difference of two probabilities of one class for one image.
        differing_answers: Images whose most probable class is another.
    """

    images: int
    sizes: tuple[tuple[int, int], ...]
    greatest_level_difference: int
    exact_pixels: float
    greatest_difference: float
    differing_answers: int


class ProofData(OpenRecord):
    """The held-out images that an export was proved on.

    Attributes:
        name: Name of the data set.
        split: ``test``, or ``validation`` where the data have no test split.
        images: How many there are.
        fingerprint: SHA-256 of them; see `ImageDataset.fingerprint`. None where they were arrays in memory.
    """

    name: str
    split: str
    images: int
    fingerprint: str | None = None


class Parity(OpenRecord):
    """The whole of parity.json.

    Attributes:
        pellucid_version: Version of Pellucid that wrote it.
        made: When the export was proved: UTC time, ISO 8601.
        format: What it was written in.
        opset: Version of ONNX's operators; None for what is not ONNX.
        run: Name of the run.
        weights_sha256: Digest of the weights of the run.
        files: Digest of each other file of the folder that matters to an answer, by name.
        data: The images that it was proved on.
        tolerance: How far probabilities may be apart; None where ``accuracy`` is what is proved.
        agreements: How far apart they are, one for each size of batch.
        accuracy: How well run and export answer; None where the probabilities are proved.
        raw_images: How images of any size are resized inside; None where no file does.
        facts: What else there is to tell of the files, by name, such as bytes of memory that they need.
        proof_images: How many of the images lie in the folder, so that it can be proved again.
        versions: Versions of what answered, for the ``run`` and for the ``export``.
    """

    pellucid_version: str
    made: str
    format: str
    opset: int | None = None
    run: str
    weights_sha256: str
    files: dict[str, str]
    data: ProofData
    tolerance: float | None
    agreements: tuple[Agreement, ...]
    accuracy: PairedAccuracy | None = None
    raw_images: RawAgreement | None = None
    facts: Facts = Field(default_factory=dict)
    proof_images: int
    versions: dict[str, dict[str, str]]

    def to_json(self) -> str:
        """The text of parity.json."""
        return self.model_dump_json(indent=2) + "\n"


def compare(
    run: Float32[ndarray, "images classes"],
    export: Float32[ndarray, "images classes"],
    batch_size: int,
    names: Sequence[str],
    *,
    exact: bool = True,
) -> Agreement:
    """Hold the answers of an export against those of its run.

    Args:
        run: Probabilities, as the run gives them.
        export: The same as the export gives them.
        batch_size: How many images at once the export was asked about.
        names: What each image is called.
        exact: Whether they must answer alike; else how far they do is
            measured, and what is not finite is refused.

    Raises:
        RunError: Probabilities differ by more than the tolerance, or answers differ that are no tie; the images are
            named.
    """
    difference = np.abs(run - export).max(axis=1)
    differs, ties = _differing(run, export)
    wrong = ~(difference <= TOLERANCE) | (differs & ~ties) if exact else ~np.isfinite(difference)
    if wrong.any():
        worst = np.flatnonzero(wrong)[np.argsort(-np.nan_to_num(difference[wrong], nan=np.inf), kind="stable")]
        told = some([f"{names[row]} (by {difference[row]:.2g})" for row in worst], MOST_NAMED)
        rule = f"An export must answer as its run does, within {TOLERANCE:g} of each probability"
        received = (
            f"other answers for {counted(len(worst), 'image')} of {len(run):,} in batches of {batch_size}: {told}"
        )
        raise RunError(f"{rule}; received {received}. It is not to be used.")
    return Agreement(
        batch_size=min(batch_size, len(run)),
        images=len(run),
        greatest_difference=float(difference.max()),
        differing_answers=int(differs.sum()),
        ties=int(ties.sum()),
    )


def _differing(
    run: Float32[ndarray, "images classes"], export: Float32[ndarray, "images classes"]
) -> tuple[Bool[ndarray, " images"], Bool[ndarray, " images"]]:
    """Where the most probable class is another, and where that is a tie."""
    rows, told, received = np.arange(len(run)), run.argmax(axis=1), export.argmax(axis=1)
    differs = told != received
    return differs, differs & (run[rows, told] - run[rows, received] <= TOLERANCE)


def alone(count: int) -> ndarray:
    """Which of so many images are asked one by one: all of few, of many some that are evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_ALONE)).astype(np.int64))


def versions_of(*libraries: str) -> dict[str, str]:
    """Versions of Python and of some libraries, those that are missing left out."""
    found = {"python": python_version()}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def now() -> str:
    """UTC time, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
