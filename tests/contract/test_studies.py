"""What every kind of study keeps to."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from pellucid.cli.study import app
from pellucid.data.dataset import DataSplits
from pellucid.run.table import columns_of, from_csv, rows_to_csv
from pellucid.study.kinds import KINDS
from pellucid.study.question import Question
from pellucid.train.choice import choose

TINY = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
MORE: dict[str, dict[str, Any]] = {"batch-size": {"sizes": (4, 16), "update_seconds": {4: 0.001, 16: 0.002}}}


@pytest.fixture(params=KINDS)
def question(request: pytest.FixtureRequest, bars: DataSplits) -> Question:
    """One of each kind, with the settings that it has by itself."""
    subject = choose(bars, model=TINY)
    named = [subject.replace(name=name) for name in ("one", "two")]
    given = {"contenders": named} if request.param == "compare" else {"subject": subject}
    return KINDS[request.param](**given, **MORE.get(request.param, {}))


def test_its_title_is_its_name_on_the_command_line(question: Question) -> None:
    assert KINDS[question.title] is type(question)
    assert question.title in {command.name for command in app.registered_commands}


def test_what_it_asks_goes_to_json_and_back(question: Question) -> None:
    text = json.dumps(question.model_dump(mode="json"))
    assert type(question).model_validate(json.loads(text)) == question


def test_its_trials_differ_and_are_described(question: Question, bars: DataSplits) -> None:
    question.check(bars)
    plan = list(question.plan(bars))
    assert len(set(plan)) == len(plan) > 1
    assert len({question.describe(key) for key in plan}) == len(plan)
    seconds = question.seconds_of(plan[0], bars)
    assert seconds is None or seconds > 0


def test_its_rows_are_found_again_by_their_key(question: Question, bars: DataSplits, tmp_path) -> None:
    key = list(question.plan(bars))[-1]
    made = dict.fromkeys(columns_of(question.row)) | _named(question, key)
    row = question.row(**{name: _like(hint, made[name]) for name, hint in _hints(question).items()})
    (tmp_path / "trials.csv").write_text(rows_to_csv(question.row, [row]))
    assert from_csv(question.row, tmp_path / "trials.csv", "a table") == [row]
    assert question.key(row) == key


def _named(question: Question, key: tuple) -> dict[str, Any]:
    """The columns that a key stands in: the first ones, but for `compare`, where a name stands between."""
    names = ("contender", "seed") if question.title == "compare" else columns_of(question.row)
    return dict(zip(names, key, strict=False))


def _hints(question: Question) -> dict[str, str]:
    return {field.name: str(field.type) for field in dataclasses.fields(question.row)}


def _like(hint: str, value: Any) -> Any:
    """The value itself, or something of the type."""
    if value is not None or "None" in hint:
        return value
    return {"int": 1, "float": 0.5, "str": "a", "bool": True}[hint]
