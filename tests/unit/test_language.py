from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import pellucid
from pellucid import language
from pellucid.language import ENGLISH, LANGUAGES, sentences, speaking, spoken, tell
from pellucid.words import counted, plural

SOURCE = Path(pellucid.__file__).parent
OTHERS = [name for name in LANGUAGES if name != ENGLISH]


def told() -> dict[str, set[str]]:
    """All texts that are told, and of how many things modules that tell speak, by kind."""
    found: dict[str, set[str]] = {"texts": set(), "counts": set()}
    for file in (*SOURCE.rglob("*.py"), *SOURCE.rglob("*.jinja")):
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".jinja":
            found["texts"] |= set(re.findall(r'tell\("([^"]*)"', text))
            continue
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and node.args]
        own = {ast.unparse(call.func): call for call in calls}
        for call in calls:
            words = call.args[1] if ast.unparse(call.func) == "counted" and len(call.args) > 1 else call.args[0]
            if not isinstance(words, ast.Constant) or not isinstance(words.value, str):
                continue
            if ast.unparse(call.func) == "tell" and "language" in text:
                found["texts"].add(words.value)
            elif ast.unparse(call.func) == "counted" and "tell" in own and file.parent.name == "sections":
                found["counts"].add(f"{{number}} {plural(words.value)}")
    return found


def places(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w*)}", text))


@pytest.mark.parametrize("name", OTHERS)
def test_all_that_is_told_is_told_in_each_language(name: str) -> None:
    catalogue = json.loads((SOURCE / "languages" / f"{name}.json").read_text(encoding="utf-8"))
    found = told()
    assert found["texts"] | found["counts"] <= catalogue.keys()
    left_over = {text for text in catalogue.keys() - found["texts"] if not text.startswith("{number} ")}
    assert left_over == set()
    assert {text for text, other in catalogue.items() if set(places(text)) != set(places(other))} == set()


def test_things_are_counted_in_each_language() -> None:
    assert (counted(1, "class"), counted(2000, "class", separator=",")) == ("1 class", "2,000 classes")
    with speaking("zh"):
        assert counted(1, "class") == "1 个类别"


def test_english_is_told_as_it_is_written_with_its_values() -> None:
    assert tell("{count} of {whole}", count=3, whole="{count}") == "3 of {count}"


def test_another_language_is_spoken_within_the_block_alone(monkeypatch) -> None:
    monkeypatch.setattr(language, "_texts", {"en": {}, "zh": {"accuracy {share}": "准确率 {share}"}}.__getitem__)
    with speaking("zh"):
        assert (spoken(), tell("accuracy {share}", share="99%")) == ("zh", "准确率 99%")
        assert tell("not translated") == "not translated"
    assert (spoken(), tell("accuracy {share}", share="99%")) == ("en", "accuracy 99%")


def test_sentences_stand_as_the_language_sets_them() -> None:
    assert sentences("One.", "", "Two.") == "One. Two."
    with speaking("zh"):
        assert sentences("一。", "", "二。") == "一。二。"
