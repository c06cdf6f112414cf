"""What is known of a trained run that advice may follow from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.audit.duplicates import leaks
from pellucid.data.dataset import DataSplits
from pellucid.judge.advice.facts import DeadFilters, Facts
from pellucid.judge.comparison import read_evaluation
from pellucid.judge.writers import writers_of
from pellucid.run.contents import EVALUATION

if TYPE_CHECKING:
    from pellucid.trained.run import Run

MOST_BYTES = 2**30  # of images, among which equal ones are sought; a few seconds of work


def facts_of(run: Run, *, with_leaks: bool = True, dead: tuple[DeadFilters, ...] = ()) -> Facts:
    """What the files and, where they are at hand, the data of a run tell.

    Args:
        run: The run. Its data are not loaded for this.
        with_leaks: Whether to seek test images that are training images too.
        dead: Dead filters by layer, where they were looked for.

    Raises:
        RunError: Its evaluation.json is damaged.
    """
    evaluation = run.evaluation
    if evaluation is None and run.folder and (run.folder.path / EVALUATION).exists():
        evaluation = read_evaluation(run.folder)
    files = Facts(run.record, run.history, str(run.path or "latest"), evaluation, dead=dead)
    return with_data(files, run.data, with_leaks=with_leaks)


def with_data(facts: Facts, data: DataSplits | None, *, with_leaks: bool = True) -> Facts:
    """The facts, with what the data of the run tell where they are at hand; for this no network is needed.

    Args:
        facts: What the files of a run tell.
        data: The run's own data; None where they are not at hand.
        with_leaks: Whether to seek test images that are training images too.
    """
    if data is None:
        return facts
    counts = np.bincount(data.train.labels, minlength=len(data.class_names)).tolist()
    judged = facts.evaluation is not None and data.has_test
    small = judged and data.train.images.nbytes + data.test.images.nbytes <= MOST_BYTES
    return replace(
        facts,
        class_counts=dict(zip(data.class_names, counts, strict=True)),
        leaked=_leaked(data) if with_leaks and small else None,
        writers=writers_of(data.train, data.test) if judged else None,
    )


def _leaked(data: DataSplits) -> int:
    """How many test images stand in the training split too."""
    return sum(member.split == "test" for group in leaks(data) for member in group.members)
