"""The command that trains a run again."""

from __future__ import annotations

import shlex
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language import tell
from pellucid.run.record import DataRecord, RunRecord
from pellucid.sections.section import Command, Section
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.model import FactorySpec, ModelSpec
from pellucid.spec.reading import ReadSpec
from pellucid.spec.recipes import RECIPES, Recipe, recipe
from pellucid.spec.train import TrainSpec
from pellucid.text import printable, shortened
from pellucid.words import counted

FILE = "recipe.json"
OPTIONS = {"augmentation": "augment", "test_time_augmentation": "test-time-augment"}
SWITCHES = {"validation_split": "--no-validation", "test_split": "--no-test", "group_column": "--no-groups"}


def repeat_section(record: RunRecord) -> Section:
    """A command that trains the same network in the same way on the same data.

    Where not all of it can be said by options, the recipe goes to a file, whose content is given.

    Args:
        record: Of the run.
    """
    words, file = command_of(record)
    machine = record.environment
    where = tell(
        "Pellucid {version} and torch {torch} with {threads} on {machine} gave these figures; elsewhere they"
        " may differ in the last digits.",
        version=shortened(record.pellucid_version),
        torch=shortened(machine.versions.get("torch", "?")),
        threads=counted(machine.threads, "thread"),
        machine=shortened(machine.device_name),
    )
    saved = [tell("Save this as {file}:", file=FILE), Command(printable(file.strip(), keep="\n"))] if file else []
    return Section(
        title=tell("The command that repeats it"),
        document={"command": words, "recipe": file},
        body=(*saved, Command(printable(shlex.join(words)))),
        remarks=(where,),
    )


def command_of(record: RunRecord) -> tuple[list[str], str | None]:
    """The words of the command, and the content of the recipe file that it reads, if any."""
    data, machine = record.data, record.environment
    head = ["pellucid", "train", data.location or data.name]
    tail = ["--precision", machine.precision, *([] if machine.device == "cpu" else ["--device", machine.device])]
    tail += _reading_options(data)
    options = _recipe_options(record)
    if options is not None:
        return [*head, *options, *tail], None
    start = record.train.start_from
    train = record.train.replace(start_from=start and start.replace(digest=None))
    whole = Recipe(model=record.model, train=train, name=record.recipe)
    return [*head, "--recipe", FILE, *tail], whole.to_json()


def _recipe_options(record: RunRecord) -> list[str] | None:
    """Options that make the network and the training what they were; None where options cannot say it."""
    named = _named(record)
    options, base = ([], TrainSpec()) if named is None else (["--recipe", record.recipe], named.train)
    if named is None or named.model != record.model:
        text = _model_text(record.model)
        if text is None:
            return None
        options += ["--model", text]
    start = record.train.start_from
    wanted = record.train.replace(start_from=start and start.replace(digest=None))
    differing = {name: getattr(wanted, name) for name in type(wanted).model_fields if name != "seed"}
    texts: dict[str, Any] = {name: _text(value) for name, value in differing.items() if value != getattr(base, name)}
    texts["seed"] = str(wanted.seed)
    try:
        again = base.replace(**texts)  # as the command line will
    except PellucidError:
        return None
    if again != wanted:
        return None
    return options + [word for name, text in texts.items() for word in _option(name, text)]


def _named(record: RunRecord) -> Recipe | None:
    """The recipe of that name as it would be fitted to the data; None of a recipe that only a file has."""
    if record.recipe not in RECIPES:
        return None
    counts, own = record.data.counts, record.data.validation_fingerprint
    images = counts.get("train", 0) + (0 if own else counts.get("validation", 0))
    return recipe(record.recipe, record.input_shape, record.model.classes, images)


def _model_text(model: ModelSpec | FactorySpec) -> str | None:
    """A network as `--model` takes it; None where that would not be the same."""
    if isinstance(model, FactorySpec):
        return model.factory
    try:
        text = model.to_shorthand()
        same = ModelSpec.from_shorthand(text, model.input_shape, model.classes) == model
    except PellucidError:
        return None
    return text if same else None


def _text(value: Any) -> Any:
    """The value of an option; None switches off."""
    if value is None:
        return None
    if isinstance(value, AugmentSpec):
        fields = type(value).model_fields.items()
        given = {name: getattr(value, name) for name, field in fields if getattr(value, name) != field.default}
        return ",".join(f"{name}={_number(each)}" for name, each in given.items())
    if isinstance(value, dict):
        return ",".join(f"{name}={_number(weight)}" for name, weight in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(getattr(value, "kind", None) or getattr(value, "run", None) or _number(value))


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, bool | float) and value == int(value) else value


def _option(name: str, text: str | None) -> list[str]:
    """Words of the command line; an option that cannot be switched off has none."""
    if text is None:
        return [SWITCHES[name]] if name in SWITCHES else []
    return [f"--{OPTIONS.get(name, name).replace('_', '-')}", text]


def _reading_options(data: DataRecord) -> list[str]:
    """Options that read the files as they were read."""
    if data.reading is None:
        return []
    fresh, words = ReadSpec(), list[str]()
    for name in ReadSpec.model_fields:
        value = getattr(data.reading, name)
        if value != getattr(fresh, name):
            parted = {"image_size": "x", "value_range": ":"}.get(name, ",")
            text = parted.join(f"{_number(each)}" for each in value) if isinstance(value, tuple) else _text(value)
            words += _option(name, text)
    return words
