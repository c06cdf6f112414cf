"""Each rule where it must speak, and where it must not; and that each remedy is a command that the program knows."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import typer

from pellucid.cli.app import app
from pellucid.data.dataset import ImageDataset
from pellucid.judge.advice.facts import Advice, DeadFilters, Facts
from pellucid.judge.advice.images import dead_filters, imbalance, leaks, saturated, split_by_writer, too_few_to_tell
from pellucid.judge.advice.rules import RULES, advise
from pellucid.judge.advice.training import (
    learning_rate_high,
    learning_rate_low,
    overfitting,
    underfitting,
    unstable_validation,
)
from pellucid.judge.evaluation import Answers, Evaluation, evaluation_of
from pellucid.judge.writers import Writers, writers_of
from pellucid.run.history import Epoch, History
from pellucid.run.record import RunRecord
from pellucid.spec.recipes import recipe
from pellucid.spec.shorthand import write

CLASSES = tuple("0123456789")
CHOSEN = recipe("fast", (28, 28, 1), 10)


def record(trained: int = 54_000, validated: int = 6_000, updates: int = 1_000, **changes: Any) -> RunRecord:
    train = changes.pop("train", {})
    made = {
        "pellucid_version": "1",
        "status": "done",
        "started": "2026-01-01T00:00:00+00:00",
        "recipe": "fast",
        "model": CHOSEN.model.model_dump(),
        "train": CHOSEN.train.model_dump() | train,
        "data": {
            "name": "mnist",
            "fingerprint": "f",
            "counts": {"train": trained, "validation": validated},
            "class_names": CLASSES,
            "mean_brightness": 0.1,
        },
        "environment": {
            "versions": {},
            "platform": "Linux",
            "device": "cpu",
            "device_name": "a processor",
            "threads": 1,
            "precision": "fp32",
        },
        "results": {
            "epochs": 1,
            "steps": updates,
            "train_seconds": 1.0,
            "total_seconds": 1.0,
            "peak_memory_mib": 1.0,
            "validation": None,
        },
    }
    return RunRecord.model_validate(made | changes)


def history(
    accuracy: Sequence[float],
    loss: Sequence[float] | None = None,
    val_accuracy: Sequence[float] | None = None,
    val_loss: Sequence[float] | None = None,
) -> History:
    loss = loss or [1 - share for share in accuracy]
    val_accuracy = val_accuracy or accuracy
    val_loss = val_loss or [1 - share for share in val_accuracy]
    rows = zip(accuracy, loss, val_loss, val_accuracy, strict=True)
    return History(
        [Epoch(number, los, acc, vlos, vacc, 0.01, 1.0) for number, (acc, los, vlos, vacc) in enumerate(rows, 1)]
    )


def facts(told: History | None = None, **more: Any) -> Facts:
    return Facts(more.pop("record", record()), told or history([0.957], [0.645], [0.988]), "runs/one", **more)


def judged(wrong: dict[int, int], each: int = 100) -> Evaluation:
    """So many wrong answers for images of each class; the class has so many images."""
    labels = np.repeat(np.arange(10), each)
    predicted = labels.copy()
    for label, count in wrong.items():
        predicted[label * each : label * each + count] = (label + 1) % 10
    data = ImageDataset(np.zeros((len(labels), 2, 2, 1), np.uint8), labels, CLASSES)
    return evaluation_of(data, Answers(predicted, np.ones(len(labels), np.float32), np.ones(len(labels))), data="mnist")


HIGH = history([0.9, 0.85, 0.8, 0.86])
GUESSING = history([0.1, 0.1, 0.1], [2.6, 2.31, 2.32])
LOW = history([0.12, 0.2, 0.3], [2.29, 2.2, 2.1])
OVER = history([0.95, 0.99, 0.999], val_accuracy=[0.97, 0.975, 0.975], val_loss=[0.08, 0.07, 0.09])
UNDER = history([0.5, 0.6, 0.65], [1.4, 1.1, 1.0])
FLAT = history([0.8, 0.8, 0.8], [0.6, 0.58, 0.57])
UNSTABLE = history([0.9, 0.93, 0.95, 0.96, 0.97, 0.98], val_accuracy=[0.8, 0.9, 0.95, 0.9, 0.96, 0.91])
COUNTS = dict.fromkeys(CLASSES, 1000)
RARE = COUNTS | {"3": 50}
ON_BOTH_SIDES = Writers(groups=20, in_both=12, example="w07", images=300)
Case = tuple[Callable[[Facts], Advice | None], Facts, str]

SPEAKS: list[Case] = [
    (leaks, facts(leaked=3), "3 test images are training images too"),
    (learning_rate_high, facts(HIGH), "the training accuracy fell in 2 of 3 epochs, last from 85.00% to 80.00%"),
    (learning_rate_high, facts(GUESSING), "the training loss of epoch 3 is 2.320; guessing has 2.303"),
    (learning_rate_low, facts(LOW), "the first epoch's 333 updates left the loss at 2.290, where guessing has 2.303"),
    (overfitting, facts(OVER), "the validation loss rose from 0.0700 after epoch 2 to 0.0900"),
    (
        overfitting,
        facts(history([0.8, 0.99], val_accuracy=[0.7, 0.8]), record=record(500, 200)),
        "accuracy 99.00% on training images, 80.00% on validation images",
    ),
    (underfitting, facts(UNDER), "in epoch 3 it answered 65.00% of its own 54,000 training images right"),
    (underfitting, facts(FLAT), "80.00% of its own"),
    (unstable_validation, facts(UNSTABLE), "it fell by more than chance 2 times, at last from 96.00% to 91.00%"),
    (imbalance, facts(evaluation=judged({3: 40, 1: 2}), class_counts=RARE), "3 has 50 training images"),
    (split_by_writer, facts(writers=ON_BOTH_SIDES), "20 ways, as by writer or session; 12 of them, such as w07"),
    (dead_filters, facts(dead=(DeadFilters("conv2d_1", 4, 16, 500),)), "4 of the 16 filters of conv2d_1"),
    (too_few_to_tell, facts(evaluation=judged({1: 5}, each=6)), "with 60 test images the accuracy is somewhere from"),
    (saturated, facts(evaluation=judged({1: 5})), "5 of 1,000 test images are wrong"),
]
SILENT: list[tuple[Callable[[Facts], Advice | None], Facts]] = [
    (leaks, facts(leaked=0)),
    (leaks, facts()),
    (learning_rate_high, facts(HIGH, record=record(trained=60))),  # chance, with so few images
    (learning_rate_high, facts(LOW)),  # it falls steadily
    (learning_rate_high, facts(History())),
    (learning_rate_high, facts(HIGH, record=record(train={"epochs": 2, "vote": 2}))),  # the last network got better
    (learning_rate_high, facts(HIGH, record=record(train={"epochs": 3, "vote": 2}))),  # which epochs are whose?
    (learning_rate_high, facts(history([0.9, 0.95, 0.9, 0.95]), record=record(further=(2,)))),
    (learning_rate_low, facts(LOW, record=record(updates=30))),  # few updates, and no small rate
    (learning_rate_low, facts(UNDER)),
    (learning_rate_low, facts(GUESSING)),
    (overfitting, facts(OVER, record=record(trained=200, validated=40))),
    (overfitting, facts(OVER, record=record(updates=99))),  # the averages of batch normalisation lag behind
    (learning_rate_high, facts(HIGH, record=record(updates=99))),  # a training hardly began
    (overfitting, facts(history([0.95, 0.999], val_accuracy=[0.97, 0.99], val_loss=[0.08, 0.07]))),
    (overfitting, facts(history([0.99], val_accuracy=[0.97]), record=record(validated=0))),
    (underfitting, facts(LOW)),  # the learning rate is at fault
    (underfitting, facts(history([0.9], [0.5], [0.96]))),  # the validation images are learnt
    (underfitting, facts(history([0.93], [0.4], [0.85]))),  # it overfits
    (unstable_validation, facts(UNSTABLE, record=record(validated=50))),
    (unstable_validation, facts(history([0.9] * 6, val_accuracy=[0.9, 0.8, 0.9, 0.9, 0.9, 0.9]))),
    (imbalance, facts(evaluation=judged({3: 40}), class_counts=COUNTS)),
    (imbalance, facts(evaluation=judged({3: 1, 1: 1}), class_counts=RARE)),  # few images, and answered as well
    (
        imbalance,
        facts(evaluation=judged({3: 40}), class_counts=RARE, record=record(class_weights={"3": 4.0})),
    ),
    (imbalance, facts(evaluation=judged({3: 40}))),
    (split_by_writer, facts(writers=Writers(groups=20, in_both=0, example="", images=0))),
    (split_by_writer, facts()),
    (dead_filters, facts(dead=(DeadFilters("conv2d_1", 1, 16, 500),))),
    (dead_filters, facts(dead=(DeadFilters("conv2d_1", 4, 16, 500),), record=record(updates=99))),
    (too_few_to_tell, facts(evaluation=judged({1: 5}))),
    (saturated, facts(evaluation=judged({1: 6}))),
    (saturated, facts(evaluation=judged({}, each=3))),  # too few to tell
]
NAMES = [f"{rule.__name__}-{number}" for number, (rule, *_) in enumerate(SPEAKS)]


@pytest.mark.parametrize(("rule", "known", "evidence"), SPEAKS, ids=NAMES)
def test_a_rule_speaks_where_it_has_evidence(rule: Callable, known: Facts, evidence: str) -> None:
    found = rule(known)
    assert found is not None
    assert evidence in found.evidence
    assert found in advise(known)


@pytest.mark.parametrize(("rule", "known"), SILENT, ids=[f"{r.__name__}-{n}" for n, (r, _) in enumerate(SILENT)])
def test_a_rule_is_silent_where_it_has_none(rule: Callable, known: Facts) -> None:
    assert rule(known) is None


def test_each_rule_is_tried_both_ways() -> None:
    assert {case[0] for case in SPEAKS} == {case[0] for case in SILENT} == set(RULES)


def test_a_usual_run_is_given_none() -> None:
    usual = facts(
        evaluation=judged(dict.fromkeys(range(10), 1)), class_counts=COUNTS, leaked=0, record=record(updates=212)
    )
    assert advise(usual) == ()
    assert advise(Facts(record(), History(), "latest")) == ()


@pytest.mark.parametrize(("rule", "known", "evidence"), SPEAKS, ids=NAMES)
def test_each_remedy_is_a_command_that_the_program_understands(rule: Callable, known: Facts, evidence: str) -> None:
    words = shlex.split(rule(known).remedy)
    assert words[0] == "pellucid"
    understood(words[1:])


def understood(words: list[str]) -> dict[str, Any]:
    """What the program makes of a line; it refuses options that it does not know."""
    command: Any = typer.main.get_command(app)
    context = typer.Context(command)
    while hasattr(command, "commands"):
        _, command, words = command.resolve_command(context, words)
        context = typer.Context(command)
    return command.make_context(command.name, list(words)).params


def test_the_training_is_told_as_it_was() -> None:
    own = record(train={"epochs": 4, "seed": 3, "learning_rate": 0.5}, recipe="custom")
    named = own.model_copy(update={"data": own.data.model_copy(update={"location": "my images/$x"})})
    found = overfitting(facts(OVER, record=named))
    assert found
    params = understood(shlex.split(found.remedy)[1:])
    assert params["data"] == "my images/$x"
    assert params["model"] == write(CHOSEN.model.layers)
    assert (params["epochs"], params["seed"], params["learning_rate"], params["patience"]) == (4, 3, 0.5, 3)
    varied = record(train={"augmentation": {"shift": 0.1}})
    assert "--augment" not in overfitting(facts(OVER, record=varied)).remedy


def named(names: Sequence[str], labels: Sequence[int], groups: Sequence[str] | None = None) -> ImageDataset:
    images = np.zeros((len(names), 2, 2, 1), np.uint8)
    return ImageDataset(images, np.array(labels, np.int64), CLASSES, tuple(names), tuple(groups) if groups else None)


def images_of(writers: Sequence[str], count: int, start: int = 0) -> ImageDataset:
    names = [f"digits/{number % 10}/{who}_{number}.png" for who in writers for number in range(start, start + count)]
    return named(names, [number % 10 for _ in writers for number in range(start, start + count)])


def test_names_of_files_tell_of_writers() -> None:
    writers = [f"w{number:02}" for number in range(6)]
    assert writers_of(images_of(writers, 20), images_of(writers, 5, start=20)) == Writers(6, 6, "w00", 30)
    apart = writers_of(images_of(writers[:4], 20), images_of(writers[4:], 20))
    assert apart is not None
    assert (apart.groups, apart.in_both, apart.images) == (6, 0, 0)


@pytest.mark.parametrize(
    "name",
    ["img_{n}.png", "{n}.png", "{n}_{label}.png", "{label}_{n}.png", "train {n}.png"],
    ids=["one beginning", "no parts", "a beginning each", "the class", "one word"],
)
def test_other_names_tell_of_none(name: str) -> None:
    def split(start: int) -> ImageDataset:
        numbers = range(start, start + 60)
        return named([name.format(n=n, label=CLASSES[n % 10]) for n in numbers], [n % 10 for n in numbers])

    assert writers_of(split(0), split(60)) is None


def test_data_that_say_what_belongs_together_or_have_no_names_are_left_alone() -> None:
    writers = [f"w{number:02}" for number in range(6)]
    train, test = images_of(writers, 20), images_of(writers, 5)
    grouped = named(train.sources or (), train.labels.tolist(), ["a"] * len(train))
    assert writers_of(grouped, test) is None
    assert writers_of(ImageDataset(train.images, train.labels, CLASSES), test) is None
