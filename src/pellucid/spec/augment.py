"""Data augmentation: how far training images are moved, bent and changed, in Keras's words where it has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import Field, NonNegativeFloat, model_validator

from pellucid.errors import Fault, SettingError
from pellucid.spec.base import Spec, own_faults

Area = Annotated[float, Field(gt=0, le=1)]
# What only says how another setting acts.
MANNERS = frozenset({"elastic_smoothness", "erasing_area", "probability"})
# What has sides, so that a test-time view can be of each.
SIDED = ("shift", "rotation", "scale", "shear", "horizontal_flip")
SIDES = (1, -1)


class Move(NamedTuple):
    """What a test-time view does to an image, in the order flip, scale, shear, rotation, shift.

    Attributes:
        shift: How far the image moves down and to the right, as shares of height and width.
        rotation: Degrees by which it turns anticlockwise about its centre.
        scale: How many times its size it grows to, about its centre.
        shear: Degrees by which its upright lines lean to the right.
        flip: Whether left and right are exchanged.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    scale: float = 1.0
    shear: float = 0.0
    flip: bool = False


class AugmentSpec(Spec):
    """How training images are varied. Alone, it changes nothing.

    Each image draws numbers of its own. A setting gives the most that may happen to either side, unless it says
    otherwise; what comes in from beyond the image is black.

    Attributes:
        shift: Share of the height, and by a draw of its own of the width, up to which an image is moved.
        rotation: Degrees up to which an image is turned about its centre.
        scale: Relative share by which an image grows or shrinks: 0.1 gives 0.9 to 1.1 times the size.
        shear: Degrees by which the upright lines of an image lean.
        elastic: Displacement of the pixels, along each axis, in pixels (standard deviation).
        elastic_smoothness: Pixels over which neighbours are displaced alike (sigma of a Gaussian). Counts with elastic.
        erasing: Probability that a rectangle of an image is made black.
        erasing_area: Least and greatest share of the image that the rectangle covers. Counts with erasing.
        brightness: Most that is added to all its pixels, as a share of the range from black to white.
        contrast: Relative share by which the pixels' distance from the mean of their channel grows or shrinks.
        noise: Standard deviation of the Gaussian noise on each value, where black is 0 and white is 1.
        horizontal_flip: Whether half of the images, by chance, are mirrored left to right. Not for digits or letters.
        probability: Share of the images, by chance, that are varied at all. What is moved is interpolated, and so a
            little blurred: below 1, the network also sees images as sharp as those that it will have to answer.

    Source: Simard et al. 2003, ICDAR, section 2 (elastic); Zhong et al. 2017, arXiv:1708.04896 (erasing).
    """

    error_kind: ClassVar = SettingError

    shift: float = Field(default=0.0, ge=0, le=0.5, description="Give a share of the height and width, such as 0.1.")
    rotation: float = Field(default=0.0, ge=0, le=180, description="Give degrees, such as 10.")
    scale: float = Field(default=0.0, ge=0, le=0.9, description="Give a share, such as 0.1 for 0.9 to 1.1 times.")
    shear: float = Field(default=0.0, ge=0, le=60, description="Give degrees, such as 10.")
    elastic: NonNegativeFloat = Field(default=0.0, description="Give pixels, such as 1.")
    elastic_smoothness: float = Field(default=4.0, ge=1, description="Give pixels, such as 4.")
    erasing: float = Field(default=0.0, ge=0, le=1, description="Give a probability, such as 0.5.")
    erasing_area: tuple[Area, Area] = Field(default=(0.02, 0.33), description="Give two shares, such as 0.02 and 0.33.")
    brightness: float = Field(default=0.0, ge=0, le=1, description="Give a share, such as 0.1.")
    contrast: float = Field(default=0.0, ge=0, le=1, description="Give a share, such as 0.1 for 0.9 to 1.1 times.")
    noise: float = Field(default=0.0, ge=0, le=1, description="Give a share of white, such as 0.05.")
    horizontal_flip: bool = False
    probability: float = Field(default=1.0, gt=0, le=1, description="Give a probability, such as 0.5.")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read ``shift=0.1,rotation=10,horizontal_flip``; a name alone switches on what is on or off.

        Raises:
            SettingError: A setting is unknown or out of range; all are named.
        """
        given = [part.partition("=") for part in text.replace(" ", "").split(",") if part]
        switches = {name for name, field in cls.model_fields.items() if field.annotation is bool}
        settings: dict[str, Any] = {
            name: True if name in switches and not value else _number(value) for name, _, value in given
        }
        return cls(**settings)

    @model_validator(mode="after")
    def _area_goes_up(self) -> Self:
        least, greatest = self.erasing_area
        if least > greatest:
            rule = "erasing_area must be the least share, then the greatest"
            raise own_faults([Fault(rule, f"{least} and {greatest}", f"Use ({greatest}, {least}).")])
        return self

    @property
    def active(self) -> bool:
        """Whether any setting changes images at all."""
        return any(getattr(self, name) for name in self.setting_names() if name not in MANNERS)

    def moves(self) -> Iterator[Move]:
        """The test-time views beside the image itself: each sided setting alone, as far as it goes, to either side."""
        if self.shift:
            for down, across in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                yield Move(shift=(down * self.shift, across * self.shift))
        for side in SIDES:
            if self.rotation:
                yield Move(rotation=side * self.rotation)
            if self.scale:
                yield Move(scale=1 + side * self.scale)
            if self.shear:
                yield Move(shear=side * self.shear)
        if self.horizontal_flip:
            yield Move(flip=True)

    @property
    def sideless(self) -> list[str]:
        """The settings other than their defaults that a test-time view cannot follow."""
        fields = type(self).model_fields.items()
        return [name for name, field in fields if name not in SIDED and getattr(self, name) != field.default]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
