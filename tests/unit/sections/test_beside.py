"""What is said of images other than a run's own, and what to try."""

import numpy as np
import pytest

import pellucid as pl
from pellucid.judge.evaluation import Evaluation
from pellucid.predict.classifier import Shown, TrainedOn
from pellucid.run.record import Look
from pellucid.sections.beside import classes_of, hints_of, look_table
from pellucid.sections.brightness import images_hint
from pellucid.sections.evaluation import evaluation_section

DIGITS = Look(brightness=0.13, background=0.0, drawn=0.8, height=0.7, width=0.5, off_centre=0.02)


@pytest.fixture
def worse(run: pl.Run) -> Evaluation:
    """Answered worse than the run's own images, though they look alike."""
    own = pl.Run(run.predictor, data=run.own_data()).evaluate()
    beside = {"test": own.score, "mean_brightness": 0.13, "trained_on": DIGITS, "judged": DIGITS}
    return Evaluation.model_validate(own.model_dump() | {"accuracy_interval": (0.4, 0.6), "beside": beside})


def looking(evaluation: Evaluation, trained: Look | None = DIGITS, inverted: bool = False, **look: float) -> Evaluation:
    beside = evaluation.beside.model_copy(update={"judged": DIGITS.model_copy(update=look), "trained_on": trained})
    return evaluation.model_copy(update={"beside": beside, "inverted": inverted})


BRIGHT = {"brightness": 0.87, "background": 1.0, "drawn": 0.2}


@pytest.mark.parametrize(
    ("look", "hint"),
    [
        (
            BRIGHT,
            "These images are bright where the training images are dark (mean brightness 0.87, of those 0.13):"
            " try --invert.",
        ),
        (
            {"height": 0.35, "width": 0.2},
            "What is drawn takes 35% of a side, in the training images 70%: try cutting the images closer to it.",
        ),
        (
            {"height": 0.95},
            "What is drawn takes 95% of a side, in the training images 70%: try leaving a margin around it.",
        ),
        (
            {"off_centre": 0.14},
            "What is drawn lies 14% of a side off the middle, in the training images 2%: try moving it to the middle.",
        ),
        (
            {"height": 0.75, "off_centre": 0.05, "background": 0.1},
            "They are answered worse than the run's own images, and neither brightness, size nor place tells why.",
        ),
    ],
)
def test_hints_come_from_what_was_measured(worse: Evaluation, look: dict, hint: str) -> None:
    assert hints_of(looking(worse, **look)) == (hint,)


def test_it_is_said_which_classes_are_there(worse: Evaluation) -> None:
    absent = worse.per_class[0].model_copy(update={"support": 0, "recall": None})
    some = worse.model_copy(update={"per_class": (absent, *worse.per_class[1:])})
    assert classes_of(some) == ("There are images of 2 of the run's 3 classes: upright, aslant.",)
    assert classes_of(worse) == classes_of(some.model_copy(update={"beside": None})) == ()


def test_who_has_inverted_is_told_to_leave_it_out(worse: Evaluation) -> None:
    assert hints_of(looking(worse, inverted=True, **BRIGHT))[0].endswith(": leave --invert out.")


def test_what_is_drawn_faintly_or_not_at_all_gives_no_reason(worse: Evaluation) -> None:
    hints = hints_of(looking(worse, background=0.5, drawn=0.4, height=0.0, width=0.0))
    assert hints[0].startswith("They are answered worse")


def test_runs_of_earlier_versions_know_the_mean_alone(worse: Evaluation) -> None:
    old = looking(worse, trained=None, **BRIGHT)
    assert hints_of(old)[0].endswith("mean brightness is 0.87, that of the training images 0.13; try --invert.")
    assert look_table(old.beside).rows[0] == ("mean brightness", "0.87", "0.13")
    assert look_table(old.beside).rows[1] == ("brightness of the background", "1.00", "-")


def test_where_they_are_answered_as_well_nothing_is_advised(worse: Evaluation) -> None:
    well = worse.model_copy(update={"accuracy_interval": worse.beside.test.accuracy_interval})
    assert hints_of(looking(well, **BRIGHT)) == ()


def test_the_runs_own_score_stands_beside(worse: Evaluation) -> None:
    worse = worse.model_copy(update={"unknown": None})
    section = evaluation_section(looking(worse, inverted=True, **BRIGHT), None)
    assert section.title.startswith("bars, inverted, test split")
    assert section.body[1].startswith("On its own test split the run has an accuracy of ")
    assert section.tables[0].caption.startswith("how the images look")
    assert set(section.document["hints"]) <= set(section.remarks)
    unjudged = worse.model_copy(update={"beside": worse.beside.model_copy(update={"test": None})})
    assert evaluation_section(unjudged, None).body[1] == "On its own test split the run has not been judged yet."
    plain = evaluation_section(worse.model_copy(update={"beside": None}), None)
    assert (len(plain.tables), plain.document["hints"]) == (2, [])
    assert not set(section.document["hints"]) & set(plain.remarks)


def test_only_what_is_drawn_the_other_way_round_is_to_be_inverted() -> None:
    """A bright sky among photographs of every brightness is as it should be; so is dark ink for who has no record."""
    ink = np.full((1, 8, 8, 1), 255, np.uint8)
    ink[:, 2:6, 3:5] = 20
    sky = np.full((1, 8, 8, 1), 240, np.uint8)
    photographs = Look(brightness=0.13, background=0.41, drawn=0.42, height=0.8, width=0.8, off_centre=0.25)

    def hint(images: np.ndarray, look: Look | None) -> str | None:
        shown = Shown(look.brightness, look.background, look.drawn) if look else None
        return images_hint("x", images, TrainedOn(0.13, shown), inverted=False)

    assert hint(ink, DIGITS) == "x: its mean brightness is 0.88, that of the training images 0.13; try --invert."
    assert hint(ink, None) == hint(ink, DIGITS)
    assert hint(sky, DIGITS) is hint(sky, photographs) is hint(ink, photographs) is hint(255 - ink, DIGITS) is None
