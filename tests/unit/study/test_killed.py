"""A study that is killed within a trial comes to the same as one that is not."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data.dataset import DataSplits
from pellucid.errors import PellucidWarning
from pellucid.run.checkpoints import Checkpoints
from pellucid.spec.recipes import Recipe
from pellucid.study.compare import CompareStudy
from pellucid.study.folder import StudyFolder
from pellucid.study.folds import FoldStudy
from pellucid.study.question import Question
from pellucid.study.runner import StudyResult, resume_study, run_study
from pellucid.study.search import SearchStudy
from pellucid.study.seeds import SeedStudy
from pellucid.train import course
from pellucid.train.checkpoint import Checkpointer
from pellucid.train.choice import choose

RICH = "conv 2 3x3, batchnorm, relu, maxpool 2x2, flatten, dropout 0.3, dense 3"


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def subject(bars: DataSplits) -> Recipe:
    return choose(bars, model=RICH, epochs=2, batch_size=60, augmentation="shift=0.1", schedule="one_cycle")


def questions(subject: Recipe) -> dict[str, Question]:
    return {
        "seeds": SeedStudy(subject=subject, n=2),
        "folds": FoldStudy(subject=subject, k=2),
        "compare": CompareStudy(contenders=(subject, subject.replace(name="other")), seeds=1),
        "search": SearchStudy(subject=subject, trials=2, space={"learning_rate": {"low": 0.001, "high": 0.1}}),
    }


def told(done: StudyResult) -> tuple[Any, ...]:
    """All that a study says, but for times, and the names of its files."""

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: timeless(part) for name, part in value.items() if "seconds" not in name}
        return value

    findings = done.findings.model_dump(mode="json", exclude={"conclusion"})
    arrays = {
        file.name: {name: values.tobytes() for name, values in np.load(file).items()}
        for file in done.path.glob("*.npz")
    }
    names = sorted(file.name for file in done.path.iterdir())
    return [timeless(asdict(row)) for row in done.trials], timeless(findings), arrays, names


def kill_after(monkeypatch: pytest.MonkeyPatch, updates: int) -> None:
    """The process dies after so many updates of all trials, where each update is put down."""
    left = updates

    class Deadly(Checkpointer):
        seconds, share = 0.0, math.inf

        def on_step_end(self, *what: Any) -> None:
            nonlocal left
            super().on_step_end(*what)
            left -= 1
            if left == 0:
                raise Killed

    monkeypatch.setattr(course, "Checkpointer", Deadly)


@pytest.mark.parametrize("kind", ["seeds", "folds", "compare", "search"])
def test_trials_go_on_within_to_the_same(
    subject: Recipe, bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    question = questions(subject)[kind]
    whole = told(run_study(question, bars, out=tmp_path / "whole"))
    updates = 4 if kind == "folds" else 8  # of a trial
    for update in (2, updates + 3):
        path = tmp_path / f"killed-{update}"
        with monkeypatch.context() as patched:
            kill_after(patched, update)
            with pytest.raises(Killed):
                run_study(question, bars, out=path)
        (trial,) = (path / "trials").iterdir()
        assert Checkpoints(trial)
        made = []
        with monkeypatch.context() as patched:
            kill_after(patched, -1)
            patched.setattr(course.Course, "run", _counting(course.Course.run, made))
            assert told(resume_study(path, data=bars)) == whole
        assert made[0] == update % updates  # it went on from there, and did not begin anew


def _counting(run: Any, made: list[int]) -> Any:
    def counted(self: course.Course, *what: Any) -> Any:
        made.append(self.training.steps)
        return run(self, *what)

    return counted


def test_a_training_that_was_done_is_not_made_again(
    subject: Recipe, bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = SeedStudy(subject=subject, n=2)
    whole = told(run_study(question, bars, out=tmp_path / "whole"))

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(StudyFolder, "end_trial", die)
        run_study(question, bars, out=tmp_path / "study")
    (tmp_path / "study" / "trials.csv").write_text(
        (tmp_path / "whole" / "trials.csv").read_text().split("\n")[0] + "\n"
    )
    with monkeypatch.context() as patched:
        made: list[int] = []
        patched.setattr(course.Course, "run", _counting(course.Course.run, made))
        assert told(resume_study(tmp_path / "study", data=bars)) == whole
    assert made == [0]  # the second trial alone


def test_a_trial_that_cannot_be_gone_on_with_is_made_anew(
    subject: Recipe, bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = SeedStudy(subject=subject, n=2)
    whole = told(run_study(question, bars, out=tmp_path / "whole"))
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 3)
        run_study(question, bars, out=tmp_path / "study")
    for file in (tmp_path / "study" / "trials" / "0" / "checkpoints").glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.warns(PellucidWarning, match="A trial is made anew. .*damaged are"):
        assert told(resume_study(tmp_path / "study", data=bars)) == whole
