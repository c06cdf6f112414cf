from __future__ import annotations

import pytest

from pellucid.errors import SettingError
from pellucid.predict.prediction import Prediction
from pellucid.predict.rows import row_of
from pellucid.predict.where import where

SURE = row_of("a.png", Prediction("7", 0.95, {"7": 0.95, "1": 0.03, "4": 0.02}, unknown=False, doubtful=0.05))
TORN = row_of(
    "b.png",
    Prediction("4", 0.5, {"7": 0.1, "1": 0.4, "4": 0.5}, True, "doubtful", "between 4 and 1", doubtful=0.5),
)


@pytest.mark.parametrize(
    ("text", "sure", "torn"),
    [
        ("probability<0.9", False, True),
        (" probability < .9 ", False, True),
        ("0.9 >= probability", False, True),
        ("0.4 < probability <= 0.5", False, True),
        ("margin > 0.5", True, False),
        ("label == 7", True, False),
        ("label=='7'", True, False),
        ("label != seven", True, True),
        ('label in ("4", 9)', False, True),
        ("label not in (4, 9)", True, False),
        ("unknown", False, True),
        ("not unknown and label == '7'", True, False),
        ("unknown == False", True, False),
        ("kind == doubtful or probability > 0.9", True, True),
        ("not (kind == 'doubtful')", True, False),
        ("kind != 'foreign'", False, True),  # of an answer that is believed there is no kind
        ("foreign > 0", False, False),  # nor a distance where none was measured
        ("foreign > -1 or doubtful < 0.1", True, False),
        ("image > 'a.png'", False, True),
    ],
)
def test_comparisons_of_columns_choose_answers(text: str, sure: bool, torn: bool) -> None:
    test = where(text)
    assert (test(SURE), test(TORN)) == (sure, torn)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "--where must be comparisons of an answer's columns. Compare columns as in: probability<0.9"),
        ("probability", "probability is no yes or no: compare it with something."),
        ("probabilty < 0.9", "There is no column 'probabilty' in an answer. Did you mean probability?"),
        ("probability < high", "received high. probability is compared with a number."),
        ("probability = 0.9", "received probability = 0.9. Compare columns as in"),
        ("label == True", "label is compared with a text."),
        ("unknown < 1", "unknown is compared with True or False."),
        ("unknown < True", "received unknown < True. Compare columns as in"),
        ("__import__('os').system('touch x')", "must be comparisons"),
        ("probability < __import__('os').getpid()", "probability is compared with a number."),
        ("(lambda: 1)() < probability", "probability is compared with a number."),
        ("label == f'{unknown}'", "label is compared with a text."),
        ("probability < 0.5 + 0.4", "probability is compared with a number."),
        ("probability is None", "must be comparisons"),
        ("(" * 300 + "unknown" + ")" * 300, "must be comparisons"),
        ("not " * 400 + "unknown", "must be comparisons"),
        ("probability < 1" + "0" * 400, "must be comparisons"),
        ("unknown\0", "must be comparisons"),
    ],
)
def test_what_is_no_comparison_is_refused_and_never_run(text: str, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        where(text)
    assert told in str(refused.value)
    assert len(str(refused.value)) < 400
