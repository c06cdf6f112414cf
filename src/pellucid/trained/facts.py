"""What is known of a trained run that advice may follow from."""

from __future__ import annotations

import numpy as np

from pellucid.audit.duplicates import leaks
from pellucid.judge.advice.facts import DeadFilters, Facts
from pellucid.judge.comparison import read_evaluation
from pellucid.judge.writers import writers_of
from pellucid.run.contents import EVALUATION
from pellucid.run.folder import RunFolder
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
    data, evaluation = run.data, run.evaluation
    if evaluation is None and run.folder and (run.folder.path / EVALUATION).exists():
        evaluation = read_evaluation(run.folder)
    facts = {"record": run.record, "history": run.history, "run": str(run.path or "latest"), "evaluation": evaluation}
    if data is None:
        return Facts(**facts, dead=dead)
    counts = np.bincount(data.train.labels, minlength=len(data.class_names)).tolist()
    judged = evaluation is not None and data.has_test
    small = judged and data.train.images.nbytes + data.test.images.nbytes <= MOST_BYTES
    return Facts(
        **facts,
        class_counts=dict(zip(data.class_names, counts, strict=True)),
        dead=dead,
        leaked=_leaked(run) if with_leaks and small else None,
        writers=writers_of(data.train, data.test) if judged else None,
    )


def facts_in(folder: RunFolder) -> Facts:
    """What the files of a run tell, without its network.

    Raises:
        RunError: A file is missing or damaged.
    """
    evaluation = read_evaluation(folder) if (folder.path / EVALUATION).exists() else None
    return Facts(folder.read_record(), folder.read_history(), str(folder.path), evaluation)


def _leaked(run: Run) -> int:
    """How many test images stand in the training split too."""
    groups = leaks(run.data) if run.data else ()
    return sum(member.split == "test" for group in groups for member in group.members)
