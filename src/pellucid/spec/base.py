"""The frozen base of every specification, and the translation of pydantic's errors into faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from pellucid.errors import Fault, SpecError, suggest
from pellucid.record import Record

OWN_FAULTS = "own_faults"
COMPARISONS = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "string_type": "a text",
    "model_type": "a mapping of settings",
    "model_attributes_type": "a mapping of settings",
}


class Spec(Record):
    """A frozen set of validated settings that goes to JSON and back without loss.

    Settings may be given by position in the order of their declaration, as in Keras. A field's description, where it
    has one, is the remedy that is offered when its value is out of range.

    Raises:
        SpecError: Something is out of range, of the wrong type, missing or unknown; all faults are named together.
    """

    model_config = ConfigDict(extra="forbid")
    error_kind: ClassVar[type[SpecError]] = SpecError

    if not TYPE_CHECKING:  # type checkers read the keyword signature from the fields

        def __init__(self, *values: Any, **settings: Any) -> None:
            try:
                super().__init__(**self._by_name(values, settings))
            except ValidationError as error:
                raise self.error_kind(faults_of(error, type(self))) from None

        # Tells pydantic that a spec inside another may be validated without a call of this, so that faults add up.
        __init__.__pydantic_base_init__ = True

        @classmethod
        def model_validate(cls, obj: Any, **options: Any) -> Self:
            """Read from a mapping; faults come as in the constructor."""
            try:
                return super().model_validate(obj, **options)
            except ValidationError as error:
                raise cls.error_kind(faults_of(error, cls)) from None

        @classmethod
        def model_validate_json(cls, json_data: str | bytes, **options: Any) -> Self:
            """Read from JSON text; faults come as in the constructor."""
            try:
                return super().model_validate_json(json_data, **options)
            except ValidationError as error:
                raise cls.error_kind(faults_of(error, cls)) from None

    @classmethod
    def setting_names(cls) -> list[str]:
        """The settings in the order in which they may be given by position."""
        return [name for name in cls.model_fields if name != "kind"]

    @classmethod
    def _by_name(cls, values: tuple[Any, ...], settings: dict[str, Any]) -> dict[str, Any]:
        names = cls.setting_names()
        if len(values) > len(names):
            raise cls.error_kind(
                [Fault(f"{cls.__name__} takes {len(names)} settings ({', '.join(names)})", f"{len(values)}")]
            )
        given = dict(zip(names, values, strict=False))
        twice = sorted(given.keys() & settings.keys())
        if twice:
            raise cls.error_kind([Fault(f"{cls.__name__} takes {twice[0]} once", "it by position and by name")])
        return given | settings

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What differs from the defaults, so that the representation is Python that makes an equal object."""
        for name in self.setting_names():
            if not self.is_default(name):
                yield name, getattr(self, name)

    def is_default(self, name: str) -> bool:
        """Whether a setting has the value that it gets when it is left out."""
        default = (
            type(self).model_fields[name].get_default(call_default_factory=True, validated_data=dict(self.__dict__))
        )
        return getattr(self, name) == default

    def replace(self, **settings: Any) -> Self:
        """A copy with some settings changed, validated anew."""
        unchanged = {name: getattr(self, name) for name in type(self).model_fields if name not in settings}
        return type(self)(**unchanged, **settings)


def faults_of(error: ValidationError, owner: type[BaseModel]) -> list[Fault]:
    """Translate what pydantic found into our wording.

    Args:
        error: The validation error.
        owner: The model that was validated; its field names serve for near matches.
    """
    faults: list[Fault] = []
    for detail in error.errors(include_url=False):
        if detail["type"] == OWN_FAULTS:
            faults += detail.get("ctx", {})["faults"]
        elif detail["type"] != "default_factory_not_called":  # what it follows from has a fault of its own
            faults.append(_fault(detail, owner))
    return list(dict.fromkeys(faults))


def own_faults(faults: Sequence[Fault]) -> PydanticCustomError:
    """What a validator raises to add faults of its own wording to those that pydantic finds."""
    return PydanticCustomError(OWN_FAULTS, "faults", {"faults": list(faults)})


def _fault(detail: ErrorDetails, owner: type[BaseModel]) -> Fault:
    kind, context, received = detail["type"], detail.get("ctx", {}), detail["input"]
    # A pair's half is named by its setting; the union's own marks in the path say nothing to a user.
    path = [part for part in detail["loc"] if isinstance(part, str) and "[" not in part]
    name = path[-1] if path else owner.__name__
    if kind == "extra_forbidden":
        return Fault(f"Unknown setting {name!r}", repr(received), suggest(name, owner.model_fields))
    if kind in {"missing", "too_long"} and isinstance(received, tuple | list):
        return Fault(f"{name} has too {'few' if kind == 'missing' else 'many'} numbers", _short(received))
    if kind == "missing":
        return Fault(f"{name} must be given")
    if kind == "literal_error":
        known = [word.strip(" '") for word in context["expected"].replace(" or ", ", ").split(", ")]
        return Fault(f"{name} must be one of these", repr(received), suggest(received, known))
    if kind in COMPARISONS:
        field = owner.model_fields.get(name)
        remedy = (field and field.description) or ""
        return Fault(f"{name} must be {COMPARISONS[kind].format(**context)}", _short(received), remedy)
    if kind == "json_invalid":
        return Fault("The text must be JSON", str(context.get("error", "")))
    return Fault(f"{name}: {detail['msg'].removeprefix('Value error, ')}", _short(received))


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
