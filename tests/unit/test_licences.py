"""docs/licences.md has all that pyproject.toml names, and nothing under a licence that does not suit Apache-2.0."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("licences", ROOT / "benchmarks" / "licences.py")
assert spec is not None
assert spec.loader is not None
licences = importlib.util.module_from_spec(spec)
spec.loader.exec_module(licences)


def listed() -> dict[str, str]:
    lines = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {name: licence for name, _, licence in rows[1:]}


def test_the_list_has_what_is_named_and_its_licence() -> None:
    found = listed()
    assert licences.declared().keys() <= found.keys(), "run: make licences"
    assert {name: found[name] for name in licences.declared()} == {
        name: licences.licence(name) for name in licences.declared()
    }


def test_every_licence_is_suitable() -> None:
    assert {name: text for name, text in listed().items() if not licences.is_suitable(text)} == {}
    assert {name: text for name in licences.needed() if not licences.is_suitable(text := licences.licence(name))} == {}


@pytest.mark.parametrize(
    ("text", "suitable"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-2.0-only OR MIT", True),
        ("unknown", False),
        ("(MIT OR GPL-2.0-only) AND BSD-3-Clause", True),
    ],
)
def test_what_is_suitable(text: str, suitable: bool) -> None:
    assert licences.is_suitable(text) is suitable
