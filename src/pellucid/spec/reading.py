"""How images are read from files: size, channels, and where a table has what."""

from __future__ import annotations

import contextlib
import math
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pellucid.errors import Fault, SettingError
from pellucid.spec.base import Spec, own_faults
from pellucid.spec.image_reading import Fit, ValueRange
from pellucid.spec.label_pattern import faults_in


def _word_or_rising(value: object) -> object:
    """A range of values as it is given, looked at before pydantic names a fault for each form that it may have."""
    with contextlib.suppress(TypeError, ValueError):
        if value in {"auto", "full", "fractions"}:
            return value
    with contextlib.suppress(TypeError, ValueError):
        low, high = (float(number) for number in value)  # pyright: ignore[reportGeneralTypeIssues]
        if -math.inf < low < high < math.inf:
            return low, high
    raise own_faults(
        [Fault("value_range must be auto, full, fractions, or (low, high) with low below high", repr(value)[:60])]
    )


def _usable(pattern: str) -> str:
    if faults := faults_in(pattern):
        raise own_faults(faults)
    return pattern


Side = Annotated[int, Field(ge=1, le=4096)]
BY_NAME = ""


class ReadSpec(Spec):
    """How images are brought to one shape, and how a table is understood.

    Attributes:
        image_size: (height, width); None takes the images' own where all agree, else 64 x 64.
        channels: 1 or 3; None keeps colour where any image has it.
        fit: How an image of another shape is brought to the size: ``stretch``, ``pad`` (keep its proportions, fill up
            with the background) or ``crop`` (keep its proportions, cut off what is too much).
        background: Grey value, 0 to 255, below what is transparent and beside what is padded.
        value_range: (low, high): the values of a file that become black and white; what lies beyond is cut off.
            ``full`` takes what the file's format can hold. ``fractions`` takes 0 to 1 in arrays and tables of pixels,
            and in files whose format says nothing, as of floats; else it is ``full``. ``auto`` takes ``fractions``
            where arrays hold no others, and else ``full``; but the range of the training images where that is less
            than an eighth of it, so that they would be nearly black. Data that were read have one of the other three.
        max_bad: Share of the files that may be unreadable before reading stops.
        test_split: Share that is held out for testing where the data have no test split; None holds out nothing.
        image_column: Column of the image path or its bytes; None finds it by name.
        label_column: Column of the class; None finds it by name.
        split_column: Column that says train, validation or test; None finds it by name.
        group_column: Column of what belongs together (patient, writer) and is never parted; empty finds it by name,
            None takes none.
        label_from: Regular expression for the whole name of a file without its suffix, whose one group is the class;
            None takes the classes from folders.
    """

    error_kind: ClassVar = SettingError

    image_size: tuple[Side, Side] | None = None
    channels: Literal[1, 3] | None = None
    fit: Fit = "stretch"
    background: Annotated[int, Field(ge=0, le=255)] = 0
    value_range: Annotated[ValueRange, BeforeValidator(_word_or_rising)] = "auto"
    max_bad: Annotated[float, Field(ge=0, le=1)] = 0.01
    test_split: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=0.1, description="Use None (--no-test) to hold out nothing."
    )
    image_column: str | None = None
    label_column: str | None = None
    split_column: str | None = None
    group_column: str | None = BY_NAME
    label_from: Annotated[str, AfterValidator(_usable)] | None = None
