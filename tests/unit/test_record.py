"""What stands in Pellucid's own JSON files is of finite numbers, whoever wrote it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

import pellucid
from pellucid.record import FiniteDict, OpenRecord, Record
from pellucid.serve.documents import Document


class Score(OpenRecord):
    """An example."""

    value: float
    about: FiniteDict | None = None


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400"])
@pytest.mark.parametrize(
    "text",
    [
        '{"value": #}',
        '{"value": 1, "later": #}',
        '{"value": 1, "later": [{"a": #}]}',
        '{"value": 1, "about": {"a": [#]}}',
    ],
)
def test_a_number_that_is_not_finite_is_refused_wherever_it_stands(text: str, number: str) -> None:
    with pytest.raises(ValidationError, match=r"finite number"):
        Score.model_validate_json(text.replace("#", number))
    assert Score.model_validate_json(text.replace("#", "2.5"))


def test_keys_of_a_later_version_are_kept() -> None:
    text = '{"value":1.0,"about":{"a":[1]},"later":{"b":[null,"c"]}}'
    assert Score.model_validate_json(text).model_dump_json() == text


def subclasses(of: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for kind in of.__subclasses__():
        yield kind
        yield from subclasses(kind)


def test_all_that_is_read_from_json_is_such_a_record() -> None:
    for module in pkgutil.walk_packages(pellucid.__path__, "pellucid."):
        importlib.import_module(module.name)
    kinds = [kind for kind in subclasses(BaseModel) if kind.__module__.startswith("pellucid.")]
    others = [kind for kind in kinds if not issubclass(kind, Record | Document)]
    assert len(kinds) > 50
    assert others == []
    assert all(kind.model_config.get("frozen") for kind in kinds if issubclass(kind, Record))
    assert not any(kind.model_config.get("allow_inf_nan", True) for kind in kinds if issubclass(kind, Record))
