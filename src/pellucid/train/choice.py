"""What is to be trained, and how: from what a user gives to specifications."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike, fspath
from typing import Any, Unpack

from torch import nn

from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, Fault, SpecError
from pellucid.model.build import build
from pellucid.model.factory import build_from_factory
from pellucid.model.vote import Vote
from pellucid.spec.model import FactorySpec, ModelSpec, read_model
from pellucid.spec.recipes import Recipe
from pellucid.spec.recipes import recipe as named_recipe
from pellucid.spec.train import TrainSettings, TrainSpec

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
        recipe: The name of a recipe, the path of a .json file of one, or a `Recipe`. ``fast`` when there is no model
            either; a model without a recipe is trained with the defaults of `TrainSpec`, and called ``custom``.
        settings: Settings of `TrainSpec` that differ from the recipe's.

    Raises:
        SpecError: The model does not fit the data, or a setting breaks a rule; all faults are named.
        DataError: There are fewer than two classes.
    """
    shape, classes = data.train.input_shape, len(data.class_names)
    if classes < 2:
        raise DataError(f"A classifier needs at least 2 classes; {data.name} has {classes}.")
    if recipe is None and model is not None:
        return Recipe(model=_specify(model, shape, classes), train=TrainSpec().replace(**settings))
    chosen = recipe or DEFAULT_RECIPE
    if not isinstance(chosen, Recipe):
        chosen = named_recipe(fspath(chosen), shape, classes, len(data.train))
    chosen = chosen.replace(train=chosen.train.replace(**settings))
    if model is not None:
        return chosen.replace(model=_specify(model, shape, classes))
    chosen.model.check(shape, classes)
    return chosen


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


def build_chosen(model: Any, spec: ModelSpec | FactorySpec, train: TrainSpec) -> nn.Module:
    """The network to be trained, with fresh weights: of its specification, or by calling what the user gave.

    Raises:
        SpecError: A factory cannot be imported or called, or gives a module whose output does not fit.
    """
    if isinstance(spec, ModelSpec) or not callable(model):  # None where a recipe gives the network
        return build(spec, train.seed, train.vote)
    if train.vote > 1:
        return Vote.of(lambda seed: build_from_factory(model, spec, seed), train.seed, train.vote)
    return build_from_factory(model, spec, train.seed)
