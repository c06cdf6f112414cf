"""What each kind of study may be told: fields alone, without torch, so that the command line reads them for its help.

The text of a field says what it is; the command line shows it, and the default.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, PositiveInt
from typing_extensions import Doc

from pellucid.errors import Fault, SettingError
from pellucid.spec.base import Spec, own_faults
from pellucid.spec.model import FactorySpec, names_factory
from pellucid.spec.recipes import Recipe
from pellucid.study.space import DEFAULT

Positive = Annotated[float, Field(gt=0)]


def _with_named_factory(recipe: Recipe) -> Recipe:
    if isinstance(recipe.model, FactorySpec) and not names_factory(recipe.model.factory):
        rule = "A study builds its network many times, so that a factory must be known by its name"
        raise own_faults([Fault(rule, recipe.model.factory, "Give package.module:factory.")])
    return recipe


Subject = Annotated[Recipe, AfterValidator(_with_named_factory)]


class StudySettings(Spec):
    """Settings of every study."""

    error_kind: ClassVar = SettingError

    device: Annotated[str, Doc("Where to train, as `fit` takes it.")] = "auto"
    precision: Annotated[str, Doc("Precision of the activations, as `fit` takes it.")] = "auto"
    processes: Annotated[PositiveInt, Doc("How many trials at once; they share the cores.")] = 1


class BatchSizeSettings(StudySettings):
    """Settings of a study of batch sizes."""

    subject: Annotated[Subject, Doc("What is trained.")]
    sizes: Annotated[tuple[PositiveInt, ...], Field(min_length=1), Doc("How many images a mini-batch has.")] = (
        1,
        10,
        32,
        128,
        512,
    )
    seeds: Annotated[PositiveInt, Doc("How many trainings each size gets.")] = 3
    images: Annotated[
        PositiveInt, Doc("How many training images are taken at most; by default as many as in the tutorial.")
    ] = 50_000
    epochs: Annotated[PositiveInt, Doc("Accuracies are compared after so many epochs.")] = 1
    updates: Annotated[int, Field(ge=20), Doc("Accuracies are compared after so many updates.")] = 500
    seconds: Annotated[Positive, Doc("Accuracies are compared after so many seconds.")] = 5.0
    scaling: Annotated[
        Literal["none", "sqrt", "linear"],
        Doc("How the learning rate grows with the size, from the recipe's own: none, sqrt or linear."),
    ] = "none"
    minutes: Annotated[
        Positive, Doc("Minutes that all trials may take; longer epochs are timed in part, the longest first.")
    ] = 10.0
    full: Annotated[bool, Doc("Make every epoch whole, however long it takes.")] = False
    update_seconds: Annotated[
        dict[int, float], Doc("What an update takes here at each size; measured by a short probe before the trials.")
    ] = Field(default={})
    look_seconds: Annotated[float, Doc("What the measuring of a trial takes here; measured by the same probe.")] = 0.0


class LearningRateSettings(StudySettings):
    """Settings of a study of learning rates."""

    subject: Annotated[Subject, Doc("Whose learning rate is asked for.")]
    seeds: Annotated[PositiveInt, Doc("How many range tests.")] = 3
    low: Annotated[Positive, Doc("The first learning rate.")] = 1e-6
    high: Annotated[Positive, Doc("The last learning rate.")] = 10.0
    updates: Annotated[int, Field(ge=50), Doc("How many updates each range test makes.")] = 200


class FoldSettings(StudySettings):
    """Settings of a cross-validation."""

    subject: Annotated[Subject, Doc("What is trained, without patience, on all folds but one each time.")]
    k: Annotated[int, Field(ge=2), Doc("How many folds, at least 2 and at most the images of the smallest class.")] = 10
    all_splits: Annotated[
        bool,
        Doc("Keep what each network answers for the validation and the test split; else the test split is not read."),
    ] = False


class SeedSettings(StudySettings):
    """Settings of a study of seeds."""

    subject: Annotated[Subject, Doc("What is trained; its seed is the first.")]
    n: Annotated[int, Field(ge=2), Doc("How many seeds, at least 2.")] = 10


class CompareSettings(StudySettings):
    """Settings of a comparison."""

    contenders: Annotated[tuple[Subject, ...], Field(min_length=2), Doc("Two or more recipes, with names that differ.")]
    runs: Annotated[
        tuple[str, ...],
        Doc(
            "Folders of runs that are compared as they are, one for each contender; a contender then only says how its"
            " run was trained."
        ),
    ] = ()
    seeds: Annotated[PositiveInt, Doc("From how many seeds each is trained; runs are as they are.")] = 3
    split: Annotated[
        Literal["validation", "test"],
        Doc(
            "What they are judged on. Who compares in order to choose takes validation; test is for the last word. Runs"
            " have held out different images for validation, so that test alone serves for them."
        ),
    ] = "validation"
    validation_split: Annotated[
        float,
        Field(gt=0, lt=1),
        Doc(
            "Share of the training images that is held out, the same images in every trial and instead of what each"
            " contender would hold out, where the data bring no validation split."
        ),
    ] = 0.1
    time: Annotated[
        bool, Doc("Compare training times as well, in turns, which leaves no room for several processes.")
    ] = False


class SearchSettings(StudySettings):
    """Settings of a search."""

    subject: Annotated[Subject, Doc("Gives what the space does not.")]
    trials: Annotated[PositiveInt, Doc("How many choices are tried.")] = 50
    space: Annotated[dict[str, Any], Doc("What is varied; see pellucid.study.space.")] = DEFAULT


def text_of(kind: type[Spec], name: str) -> str:
    """What a setting is, in words."""
    return next(part.documentation for part in kind.model_fields[name].metadata if isinstance(part, Doc))
