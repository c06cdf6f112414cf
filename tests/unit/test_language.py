from __future__ import annotations

from pellucid import language
from pellucid.language import speaking, spoken, tell


def test_english_is_told_as_it_is_written_with_its_values() -> None:
    assert tell("{count} of {whole}", count=3, whole="{count}") == "3 of {count}"


def test_another_language_is_spoken_within_the_block_alone(monkeypatch) -> None:
    monkeypatch.setattr(language, "_texts", {"en": {}, "zh": {"accuracy {share}": "准确率 {share}"}}.__getitem__)
    with speaking("zh"):
        assert (spoken(), tell("accuracy {share}", share="99%")) == ("zh", "准确率 99%")
        assert tell("not translated") == "not translated"
    assert (spoken(), tell("accuracy {share}", share="99%")) == ("en", "accuracy 99%")
