"""What Pellucid keeps in JSON files of its own, and reads again from anybody: frozen, and of finite numbers."""

from __future__ import annotations

import math
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator


def finite(value: Any) -> Any:
    """The same value of JSON, all of whose numbers are finite.

    Raises:
        ValueError: One of them is not.
    """
    parts = [value]
    while parts:
        part = parts.pop()
        if isinstance(part, float) and not math.isfinite(part):
            raise ValueError("Input should be of finite numbers")
        parts += part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
    return value


FiniteDict = Annotated[dict[str, Any], AfterValidator(finite)]


class Record(BaseModel):
    """A record, or a part of one. Keys that a later version adds are passed over."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, protected_namespaces=())


class OpenRecord(Record):
    """A record, or a part of one, in which keys that a later version adds are kept."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def _finite_keys(self) -> Self:
        finite(self.__pydantic_extra__)
        return self
