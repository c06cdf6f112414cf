"""A network without data: of a recipe, a line of shorthand or a file."""

from __future__ import annotations

from pellucid.errors import Fault, SpecError
from pellucid.spec.model import FactorySpec, ModelSpec, names_factory
from pellucid.spec.recipes import recipe as named_recipe

DEFAULT_SHAPE = (28, 28, 1)


def network(
    text: str | None = None,
    recipe: str = "fast",
    input_shape: tuple[int, int, int] | None = None,
    classes: int = 10,
) -> ModelSpec:
    """The network that is described.

    Args:
        text: Shorthand, or the path of a .json file, which has an input shape of its own; else the recipe counts.
        recipe: Name of a recipe, or the path of its .json file.
        input_shape: (height, width, channels) of one image; 28 x 28 x 1 unless given here or in the shorthand.
        classes: Number of classes, for a recipe.

    Raises:
        SettingError: No recipe has that name, or its file cannot be read.
        SpecError: The network has faults, or its layers are not known, as a factory's.
    """
    if text is None:
        return require_layers(named_recipe(recipe, input_shape or DEFAULT_SHAPE, classes).model)
    if names_factory(text):
        raise _no_layers(text)
    if text.endswith(".json"):
        return ModelSpec.from_file(text)
    says_input = text.lstrip().lower().startswith("input")
    return ModelSpec.from_shorthand(text, input_shape or (None if says_input else DEFAULT_SHAPE))


def require_layers(model: ModelSpec | FactorySpec) -> ModelSpec:
    """A network whose layers are known.

    Raises:
        SpecError: It comes from a factory.
    """
    if isinstance(model, FactorySpec):
        raise _no_layers(model.factory)
    return model


def _no_layers(factory: str) -> SpecError:
    return SpecError([Fault("Shapes are known for layers only", f"the factory {factory}")])
