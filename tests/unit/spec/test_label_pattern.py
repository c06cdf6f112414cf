import re
from unicodedata import normalize

import pytest

from pellucid.errors import DataError, SettingError
from pellucid.spec.label_pattern import label_in, require_quick
from pellucid.spec.reading import ReadSpec


@pytest.mark.parametrize(
    ("pattern", "stem", "label"),
    [
        (r"(.*)_\d+", "cat_001", "cat"),
        (r"(.*)_\d+", "big_cat_001", "big_cat"),
        (r"(cat|dog)\.\d+", "dog.17", "dog"),
        (r"\d+-(?P<label>[^-]+)-.*", "3-猫-x", "猫"),
        (r"(?:img|photo)?_?([a-z]+)\d+", "photo_owl7", "owl"),
        (r"(.*)_\d+", "cat", None),
        (r"(.*)_\d+", "cat_001_b", None),
        (r"(.*)_\d+", "_1", None),
        (r"(a)?b", "b", None),
        (r"([]()*+]+)_\)+", "(*_))", "(*"),
    ],
)
def test_the_group_is_the_class_where_the_pattern_fits_the_whole_name(
    pattern: str, stem: str, label: str | None
) -> None:
    assert ReadSpec(label_from=pattern).label_from == pattern
    require_quick(pattern, len(stem))
    assert label_in(stem, pattern) == label


def test_the_unicode_form_of_a_name_does_not_matter() -> None:
    composed, decomposed = (normalize(form, "café_1") for form in ("NFC", "NFD"))
    for stem in (composed, decomposed):
        assert label_in(stem, r"(....)_\d") == "caf\u00e9"
        assert label_in(stem, f"({decomposed[:-2]})_1") == "caf\u00e9"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(.*", "label_from must be a regular expression (missing ), unterminated subpattern at position 0)"),
        (r".*_\d+", "label_from must have one group, the class; received 0 in '.*_\\\\d+'. Put the part that is"),
        (r"(.*)_(\d+)", "one group, the class; received 2"),
        (r"(a+)+", "label_from may not repeat a group; received '(a+)+'. Repeat single letters or sets of them."),
        (r"(?:a|b)*(c)", "label_from may not repeat a group"),
        (r"(a){2,9}", "label_from may not repeat a group"),
        (r"(?x)(a+) +", "label_from may have no groups but (...), (?:...) and (?P<name>...)"),
        (r"(?=.*)(a)", "label_from may have no groups but"),
        ("(a)" + "b" * 300, "label_from must have at most 200 letters; received 303."),
    ],
)
def test_other_patterns_are_refused(pattern: str, message: str) -> None:
    with pytest.raises(SettingError, match=re.escape(message)):
        ReadSpec(label_from=pattern)


@pytest.mark.parametrize(
    "pattern", [".*.*.*.*.*(x)", "(a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?)", "(.*)" + "|a" * 40]
)
def test_a_pattern_that_could_take_for_ever_is_refused_before_it_is_tried(pattern: str) -> None:
    ReadSpec(label_from=pattern)
    with pytest.raises(DataError, match="could take too long for names of 255 letters"):
        require_quick(pattern, 255)


def test_a_pattern_goes_to_json_and_back_and_older_readings_have_none() -> None:
    reading = ReadSpec(label_from=r"(.*)_\d+")
    assert ReadSpec.model_validate_json(reading.model_dump_json()) == reading
    assert ReadSpec.model_validate_json('{"fit": "pad"}').label_from is None
