"""A small share of what `make torture-files` tries: every kind of file, changed at random, is read or refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .mutants import CHANGES, Bench, mutant
from .originals import KINDS

SLOW = {"checkpoint", "checkpoint of a stranger"}  # each case is a training
LEFT_OUT = {
    *("study.json", "trials.csv"),  # each case draws a figure
    "model.onnx of a stranger",  # ONNX Runtime reads it, and could end the process
    *(f"pages of {name}" for name in ("run.json", "history.csv", "robustness.json", "doubt.safetensors")),  # long, too
    *("labels.json", "proof.safetensors", "proof.safetensors of a stranger"),  # much the same as others of an export
}
LONG = 600.0  # only so as not to hang


@pytest.mark.parametrize("name", [name for name in KINDS if name not in LEFT_OUT])
def test_a_changed_file_is_read_or_refused_and_nothing_else(name: str, tmp_path: Path) -> None:
    bench = Bench(name, tmp_path)
    few = name in SLOW or KINDS[name].one_in > 1
    told = {number: bench.outcome(0, number, LONG) for number in range(2 if few else 5)}
    assert {number: text for number, text in told.items() if text not in {"read", "refused"}} == {}


def test_a_case_follows_from_its_number() -> None:
    content = bytes(range(256)) * 4 + b'{"a": 12.5, "b": null}'
    changed = [mutant(content, random.Random(f"0/x/{number}")) for number in range(100)]
    assert changed == [mutant(content, random.Random(f"0/x/{number}")) for number in range(100)]
    assert len(set(changed)) > 90
    assert all(change(bytearray(), random.Random(0)) is None for change in CHANGES)
