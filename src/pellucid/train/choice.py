"""What is to be trained, and how: from what a user gives to specifications."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple, Unpack

from torch import nn

from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, Fault, SettingError, SpecError, unknown
from pellucid.model.build import build
from pellucid.model.factory import build_from_factory
from pellucid.model.trust import require_trust
from pellucid.model.vote import Vote
from pellucid.run.record import Origin
from pellucid.spec.model import FactorySpec, ModelSpec, read_model
from pellucid.spec.recipes import RECIPES, Recipe
from pellucid.spec.recipes import recipe as named_recipe
from pellucid.spec.train import StartFrom, TrainSettings, TrainSpec
from pellucid.train.start import begin, found, record_of

Model = ModelSpec | FactorySpec | str | Callable[..., nn.Module]
AnyRecipe = Recipe | str | PathLike[str]
DEFAULT_RECIPE = "fast"


def choose(
    data: DataSplits,
    *,
    model: Model | None = None,
    recipe: AnyRecipe | None = None,
    **settings: Unpack[TrainSettings],
) -> Recipe:
    """What is to be trained on these data, and how: from what `fit` takes to a whole recipe.

    Args:
        data: The data set.
        model: The network, as of `fit`; that of the recipe unless given.
        recipe: The name of a recipe, the path of a .json file of one, or a `Recipe`. When there is no model either,
            that of the run to start from, or else ``fast``; a model without a recipe is trained with the defaults of
            `TrainSpec`, and called ``custom``.
        settings: Settings of `TrainSpec` that differ from the recipe's.

    Returns:
        The recipe; a run to start from stands in it with its path and the digest of its weights.

    Raises:
        SpecError: The model does not fit the data, or a setting breaks a rule; all faults are named.
        DataError: There are fewer than two classes.
        RunError: The run to start from is not there, or its weights are others than they were.
    """
    chosen = _choose(data, model, recipe, settings)
    _require_classes(chosen.train, data.class_names)
    if chosen.train.start_from is None:
        return chosen
    return chosen.replace(train=chosen.train.replace(start_from=found(chosen.train.start_from)))


def _choose(data: DataSplits, model: Model | None, recipe: AnyRecipe | None, settings: TrainSettings) -> Recipe:
    shape, classes = data.train.input_shape, len(data.class_names)
    if classes < 2:
        raise DataError(f"A classifier needs at least 2 classes; {data.name} has {classes}.")
    if recipe is None and model is not None:
        return Recipe(model=_specify(model, shape, classes), train=TrainSpec().replace(**settings))
    start = TrainSpec().replace(start_from=settings.get("start_from")).start_from
    chosen = recipe or (_recipe_of(start, data) if start else DEFAULT_RECIPE)
    if not isinstance(chosen, Recipe):
        chosen = named_recipe(fspath(chosen), shape, classes, len(data.train))
    chosen = chosen.replace(train=chosen.train.replace(**settings))
    if model is not None:
        return chosen.replace(model=_specify(model, shape, classes))
    chosen.model.check(shape, classes)
    return chosen


def _recipe_of(start: StartFrom, data: DataSplits) -> Recipe:
    """The recipe of a run, fitted to other data: what its name stands for, or else its network and its settings.

    Raises:
        RunError: There is no such run, or it names code and is not trusted.
    """
    record = record_of(start)
    shape, classes = data.train.input_shape, len(data.class_names)
    require_trust(record.model, Path(start.run))
    fitted = RECIPES.get(record.recipe)
    if fitted and fitted(record.input_shape, len(record.data.class_names)).model == record.model:
        return named_recipe(record.recipe, shape, classes, len(data.train))
    train = record.train.replace(start_from=None, freeze=(), class_weights=None)
    return Recipe(model=record.model.for_data(shape, classes), train=train, name=record.recipe)


def _require_classes(train: TrainSpec, class_names: tuple[str, ...]) -> None:
    """See that the data have the classes that are weighted.

    Raises:
        SettingError: One is not theirs; near matches are suggested.
    """
    weights = train.class_weights
    strange = [name for name in weights if name not in class_names] if isinstance(weights, dict) else []
    if strange:
        raise SettingError([unknown("class in class_weights", name, class_names) for name in strange])


def _specify(model: Any, shape: tuple[int, int, int], classes: int) -> ModelSpec | FactorySpec:
    if isinstance(model, str):
        model = read_model(model, shape, classes)
    if isinstance(model, ModelSpec | FactorySpec):
        model.check(shape, classes)
        return model
    if isinstance(model, nn.Module) or not callable(model):
        rule = "model must be a specification, a text, or a callable that makes a torch.nn.Module"
        raise SpecError([Fault(rule, f"a {type(model).__name__}", "Give lambda: YourModule(...).")])
    name = f"{getattr(model, '__module__', '?')}:{getattr(model, '__qualname__', type(model).__qualname__)}"
    return FactorySpec(factory=name, input_shape=shape, classes=classes)


def multiply_adds(model: ModelSpec | FactorySpec) -> int:
    """Multiply-adds for one image; 0 for a network of the user's own code, where they are not known."""
    return model.multiply_adds if isinstance(model, ModelSpec) else 0


class Beginning(NamedTuple):
    """Where a training begins.

    Attributes:
        network: The network to be trained, on the CPU.
        origin: Which of its layers have the weights of another run; None where all are fresh.
    """

    network: nn.Module
    origin: Origin | None


def build_chosen(
    model: Any, spec: ModelSpec | FactorySpec, train: TrainSpec, class_names: tuple[str, ...]
) -> Beginning:
    """The network to be trained, with the weights that its training begins from.

    Args:
        model: The model, as of `fit`.
        spec: What `choose` made of it.
        train: How it is to be trained.
        class_names: Name of each class, in the order of the outputs.

    Raises:
        SpecError: A factory cannot be imported or called, or gives a module whose output does not fit; or no layer
            fits one of the run to start from.
        RunError: The run to start from is not there, or its weights are others than they were.
    """
    network = build_fresh(model, spec, train)
    return Beginning(network, begin(network, train, class_names))


def build_fresh(model: Any, spec: ModelSpec | FactorySpec, train: TrainSpec) -> nn.Module:
    """The network with fresh weights: of its specification, or by calling what the user gave.

    Raises:
        SpecError: A factory cannot be imported or called, or gives a module whose output does not fit.
    """
    if isinstance(spec, ModelSpec) or not callable(model):  # None where a recipe gives the network
        return build(spec, train.seed, train.vote)
    if train.vote > 1:
        return Vote.of(lambda seed: build_from_factory(model, spec, seed), train.seed, train.vote)
    return build_from_factory(model, spec, train.seed)
