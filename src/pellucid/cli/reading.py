"""Options that say how images are read from files: one list of them for every command that reads data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.output import print_table, say

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits
    from pellucid.spec.reading import ReadSpec

Reading: TypeAlias = dict[str, Any]  # the settings of `ReadSpec` that were given
Command: TypeAlias = Callable[..., None]


class Option(NamedTuple):
    """One option of reading.

    Attributes:
        kind: Type of what is given.
        text: What it says, as help.
        default: What holds where it is not given, in words; empty where its text says so.
        metavar: What stands for the value in the help, where its type does not say enough.
    """

    kind: Any
    text: str
    default: str = ""
    metavar: str | None = None

    def parameter(self, name: str, default: str | None) -> inspect.Parameter:
        """The option as an argument of a command, with other words for what holds where it is not given, if any."""
        told = default if default and self.default else self.default
        text = f"{self.text}  [default: {told}]" if told else self.text
        is_flag = self.kind is bool
        flags = (f"--{name.replace('_', '-')}",) if is_flag else ()
        option = typer.Option(False if is_flag else None, *flags, help=text, metavar=self.metavar)
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=self.kind)


OPTIONS = {
    "image_size": Option(str | None, "Height x width that images are brought to.", "as they are, or 64x64"),
    "channels": Option(int | None, "Channels of an image, 1 or 3.", "colour where any image has it"),
    "fit": Option(str | None, "How to bring images to the size: stretch, pad or crop.", "stretch"),
    "background": Option(int | None, "Grey value below what is transparent or padded, 0 to 255.", "0"),
    "value_range": Option(
        str | None,
        "Values in the files that become black and white; full: what the files' format can hold; fractions: 0 to 1 in "
        "arrays and tables; auto: what fits, or the training images' own range where it is below an eighth of that.",
        "auto",
        "LOW:HIGH",
    ),
    "max_bad": Option(float | None, "Share of the files that may be unreadable.", "0.01"),
    "test_split": Option(float | None, "Share held out for testing where the data have no test split.", "0.1"),
    "no_test": Option(bool, "Hold out no test split."),
    "label_from": Option(
        str | None,
        "Take the classes from the files' names: a regular expression for the whole name without its suffix, whose one "
        'group is the class. "(.*)_\\d+" makes cat of cat_001.jpg.',
        metavar="PATTERN",
    ),
    "image_column": Option(
        str | None, "Column of a table that holds the images or their paths, where its name does not say it."
    ),
    "label_column": Option(
        str | None,
        "Column of the class, where its name does not say it; of a table of pixels without header, first or last.",
    ),
    "split_column": Option(str | None, "Column that says train, validation or test, where its name does not say it."),
    "group_column": Option(
        str | None,
        "Column of what is never parted, unless it is called group, patient, subject or writer (with or without _id).",
    ),
    "no_groups": Option(bool, "Let a split part rows of one group, patient or writer."),
}
SPLITS = frozenset({"test_split", "no_test"})  # idle where no test split is held out
AS_THEY_ARE = SPLITS | {"max_bad"}  # set by `as_they_are`
SHAPE = frozenset({"image_size", "channels"})  # a run's own, once it is trained
OF_IMAGES = frozenset({"fit", "background", "value_range", "label_column"})  # labels are passed over
AS_THE_RUN = "as the run read its own"


def reads_data(*, without: Collection[str] = (), default: str | None = None) -> Callable[[Command], Command]:
    """Give a command the options of reading.

    They stand in the place of its argument ``reading``, which is given what the user set, as `reading_settings` does.

    Args:
        without: Names of the options that would change nothing there.
        default: What holds where an option is not given, in words, where that is not what else holds.
    """

    def with_options(command: Command) -> Command:
        options = [option.parameter(name, default) for name, option in OPTIONS.items() if name not in without]
        names = [option.name for option in options]

        @wraps(command)
        def read(**arguments: Any) -> None:
            given = {name: arguments.pop(name) for name in names}
            command(**arguments, reading=reading_settings(**given))

        signature = inspect.signature(command, eval_str=True)
        parameters = []
        for parameter in signature.parameters.values():
            parameters += options if parameter.name == "reading" else [parameter]
        vars(read)["__signature__"] = signature.replace(parameters=parameters)
        return read

    return with_options


def reading_settings(
    *,
    image_size: str | None = None,
    test_split: float | None = None,
    no_test: bool = False,
    no_groups: bool = False,
    **others: Any,
) -> Reading:
    """Settings of `ReadSpec` from those options that were given.

    Raises:
        typer.BadParameter: Two options contradict each other, or the size is none.
    """
    if no_test and test_split is not None:
        raise typer.BadParameter("give either --test-split or --no-test")
    settings = {name: value for name, value in others.items() if value is not None}
    if image_size is not None:
        sizes = image_size.lower().replace("\u00d7", "x").split("x")
        if len(sizes) > 2 or not all(size.isdecimal() for size in sizes):
            raise typer.BadParameter(f"--image-size must be like 64x64 or 64; received {image_size!r}")
        settings["image_size"] = (int(sizes[0]), int(sizes[-1]))
    if ":" in settings.get("value_range", ""):
        settings["value_range"] = _value_range(settings["value_range"])
    if test_split is not None or no_test:
        settings["test_split"] = None if no_test else test_split
    if no_groups:
        if others.get("group_column") is not None:
            raise typer.BadParameter("give either --group-column or --no-groups")
        settings["group_column"] = None
    return settings


def _value_range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(number) for number in text.split(":"))
    except ValueError:
        rule = "--value-range must be like 0:4095, or full, fractions or auto"
        raise typer.BadParameter(f"{rule}; received {text!r}") from None
    return low, high


def require_idle(reading: Reading, what: str) -> None:
    """See that nothing was said of how data are read where none are.

    Args:
        reading: What was said.
        what: What is taken instead of data.

    Raises:
        typer.BadParameter: Something was said.
    """
    if reading:
        given = ", ".join(f"--{name.replace('_', '-')}" for name in _options_of(reading))
        raise typer.BadParameter(f"{what}: leave out {given}, or give data")


def _options_of(reading: Reading) -> list[str]:
    """The options that settings came from."""
    negative = {"test_split": "no_test", "group_column": "no_groups"}
    return [negative[name] if value is None else name for name, value in reading.items()]


def load(data: str, reading: Reading) -> DataSplits:
    """The data, with what should be known of them said on stderr."""
    with uninterrupted():
        from pellucid.data.load import load_data
        from pellucid.sections.data_notes import data_notes
    splits = load_data(data, progress=True, **reading)
    for note in data_notes(splits):
        say(note)
    return splits


def as_they_are(data: str, reading: Reading) -> tuple[DataSplits, ReadSpec]:
    """The data as they are: all that can be read, and no split that they do not bring; and how they were read.

    Args:
        data: A data set's name, or the path of images.
        reading: What was said of how to read them, but for `AS_THEY_ARE`.
    """
    from pellucid.data.load import load_data
    from pellucid.spec.reading import ReadSpec

    spec = ReadSpec(max_bad=1.0, test_split=None).replace(**reading)
    return load_data(data, spec, progress=True), spec


def tell_classes(splits: DataSplits) -> None:
    """Say on stderr which classes there are, and how many images each has in each split."""
    from pellucid.sections.data import class_table

    table = class_table(splits)
    say(table.caption)
    print_table(table.header, table.rows, left=table.left, err=True)
