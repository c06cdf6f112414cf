"""The proof of an export: run and export answer the same held-out images, each in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import safetensors.numpy
from jaxtyping import Float32
from numpy import ndarray

from pellucid.errors import RunError
from pellucid.export.accuracy import compare_accuracy, require_within
from pellucid.export.formats.table import format_named
from pellucid.export.held_out import HeldOut
from pellucid.export.parity import Agreement, PairedAccuracy, RawAgreement, alone, compare
from pellucid.export.witness import EXPORT, IN_BATCHES, ONE_BY_ONE, RUN, RUN_ANSWERS, Question, ask
from pellucid.spec.seeds import derive_seed

MOST_PROOF_BYTES = 16 * 2**20


@dataclass(frozen=True, eq=False)
class Proof:
    """What was proved.

    Attributes:
        held: The images.
        answers: Probabilities, as the run gives them.
        agreements: How far the export answers alike, one for each size of batch.
        accuracy: How well both answer; None where they must answer alike.
        raw_images: How images of any size are resized inside; None where no file does.
        versions: Versions of what answered, for the ``run`` and for the ``export``.
    """

    held: HeldOut
    answers: Float32[ndarray, "images classes"]
    agreements: tuple[Agreement, ...]
    accuracy: PairedAccuracy | None
    raw_images: RawAgreement | None
    versions: dict[str, dict[str, str]]

    def some(self, most: int) -> list[int]:
        """Numbers of some of the images: by chance, the same each time, within a bound of memory."""
        count = len(self.held.images)
        most = min(most, count, max(1, MOST_PROOF_BYTES // self.held.images[0].nbytes))
        return sorted(np.random.default_rng(derive_seed(0, "proof images")).permutation(count)[:most].tolist())

    def file_of(self, rows: list[int]) -> bytes:
        """Some of the images and what the run answers for them, as a safetensors file."""
        content = {"images": self.held.images[rows], "probabilities": self.answers[rows]}
        if self.held.labels is not None:
            content["labels"] = self.held.labels[rows]
        return safetensors.numpy.save({name: np.ascontiguousarray(part) for name, part in content.items()})


def prove(question: Question, held: HeldOut, margin: float) -> Proof:
    """Ask both, and hold their answers against each other.

    Args:
        question: What they are asked; the export lies in its folder.
        held: The images, as this process finds them.
        margin: How much accuracy the export may cost, where it need not answer exactly as the run does.

    Raises:
        RunError: Answers differ, and the images are named; or too much accuracy is lost.
    """
    run, export = ask(RUN, question), ask(EXPORT, question)
    if not run["data"] == export["data"] == held.data.model_dump():
        raise RunError(f"{held.data.name} has changed meanwhile. Export the run anew.")
    answers, names, at_once = np.load(question.work / RUN_ANSWERS), held.names(), export["at_once"]
    every, exact = np.arange(len(answers)), format_named(question.form).exact
    asked = [(ONE_BY_ONE, alone(len(every)), 1), (IN_BATCHES, every, at_once)]
    agreements = [
        compare(answers[rows], np.load(question.work / file), size, [names[row] for row in rows], exact=exact)
        for file, rows, size in asked[at_once == 1 :]  # what takes one at a time has been asked about all so
    ]
    accuracy = None
    if not exact and held.labels is not None:
        accuracy = compare_accuracy(answers, np.load(question.work / IN_BATCHES), held.labels, margin)
        require_within(accuracy)
    raw = RawAgreement.model_validate(export["raw_images"]) if "raw_images" in export else None
    return Proof(
        held, answers, tuple(agreements), accuracy, raw, {"run": run["versions"], "export": export["versions"]}
    )
