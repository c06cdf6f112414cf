"""What came of images that were answered some at a time: which are wanted, which copied, and what is said of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.to_answer import ToAnswer
from pellucid.predict.classifier import Classifier, TrainedOn
from pellucid.predict.copies import SortedCopies
from pellucid.predict.drift import DriftWatch
from pellucid.predict.prediction import Prediction
from pellucid.predict.rows import row_of
from pellucid.predict.stream import Pair
from pellucid.predict.where import where as test_of
from pellucid.sections.brightness import images_hint
from pellucid.sections.drift import wide_sets
from pellucid.sections.prediction import prediction_section
from pellucid.sections.section import Section
from pellucid.words import counted

MOST_HINTS = 1_000


class Tally:
    """What came of the images so far.

    Attributes:
        faults: What kept images from being read.

    Args:
        classifier: What answers.
        where: A test of the answers that are wanted; None where all are.
        copy_to: Where images are copied to, in a folder for each class; None where they are not.
        places: What is answered for.
        how: How the classifier is asked; see `Asking`.
        invert: Whether dark and bright are exchanged.
    """

    def __init__(
        self,
        classifier: Classifier,
        where: str | None,
        copy_to: Path | None,
        places: Sequence[Path],
        how: dict[str, Any],
        *,
        invert: bool,
    ) -> None:
        self.faults: list[str] = []
        self._classifier, self._invert = classifier, invert
        self._wanted = test_of(where) if where is not None else None
        self._limits = classifier.limits(how["keep"]) if how["unknown"] else None
        doubts = classifier.doubts if self._limits else None
        self._watch = DriftWatch(doubts, classifier.class_names) if doubts else None
        self._copies = SortedCopies(copy_to, classifier.class_names) if copy_to else None
        if self._copies:
            self._copies.require_apart(places)
        self._hints: dict[str, str] = {}
        self._answered = self._given = 0

    def take(self, batch: Sequence[Pair]) -> list[tuple[ToAnswer, Prediction]]:
        """Take answers in, and give those that are wanted."""
        self.faults += [image.fault for image, answer in batch if answer is None]
        answered = [(image, answer) for image, answer in batch if answer]
        wanted = [
            (image, answer)
            for image, answer in answered
            if self._wanted is None or self._wanted(row_of(image.name, answer))
        ]
        if self._watch:
            for _, answer in answered:
                self._watch.hear(answer)
        if self._copies:
            for image, answer in wanted:
                self._copies.add(image, answer)
        if usual := self._classifier.trained_on:
            self._hint(batch, usual)
        self._answered += len(answered)
        self._given += len(wanted)
        return wanted

    def _hint(self, batch: Sequence[Pair], usual: TrainedOn) -> None:
        """Look whether the images of a place are bright where those trained on were dark."""
        for place, pairs in groupby(batch, key=lambda pair: pair[0].place):
            pixels = [image.pixels for image, _ in pairs if image.pixels is not None]
            if pixels and place not in self._hints and len(self._hints) < MOST_HINTS:
                hint = images_hint(place, np.stack(pixels), usual, self._invert)
                self._hints |= {place: hint} if hint else {}

    def section(self, coverage: float | None) -> Section:
        """All that is said at the end."""
        return prediction_section(
            {},
            [],
            [],
            faults=self.faults,
            hints=list(self._hints.values()),
            limits=self._limits,
            drift=self._watch and self._watch.found(),
            coverage=coverage,
            remarks=[*self._remarks(), *self._wide_sets(coverage)],
        )

    def _wide_sets(self, coverage: float | None) -> tuple[str, ...]:
        doubts, names = self._classifier.doubts, self._classifier.class_names
        return () if coverage is None or doubts is None else wide_sets(doubts.labels, names, coverage)

    def _remarks(self) -> Iterator[str]:
        if self._wanted is not None:
            yield f"The test holds for {self._given:,} of {counted(self._answered, 'answer', separator=',')}."
        if self._copies:
            yield f"Copied to {self._copies.folder}: {counted(self._copies.count, 'image', separator=',')}."
        if self.faults and self._answered + len(self.faults) > 1:
            read = counted(self._answered, "image", separator=",")
            yield f"Answered for {read}; {len(self.faults):,} could not be read."
