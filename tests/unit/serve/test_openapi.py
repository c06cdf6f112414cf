"""The API is as its OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from pellucid.serve.documents import Images, Problem
from pellucid.serve.problem import PROBLEMS

from .conftest import Api, Live

EXAMPLES = 8
FEW = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
BYTES_ARE_NO_IMAGE = [positive_data_acceptance]  # a body that is described as bytes need not be an image


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_the_answer_is_documented(live: Live, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{live.port}/openapi.json")
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        @FEW
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case) -> None:
            tried.add(case.operation.path)
            case.call_and_validate(excluded_checks=BYTES_ARE_NO_IMAGE, headers={"connection": "close"})

        with contextlib.suppress(Unsatisfiable):  # a path without a body has nothing that could be wrong
            answered()
    assert {"/v1/predict", "/v1/feature-maps"} <= tried


def test_the_document_names_all_paths_with_examples_and_all_problems(api: Api) -> None:
    document = api.ask("GET", "/openapi.json").json()
    assert document["paths"].keys() == {
        *("/v1/predict", "/v1/feature-maps", "/v1/model"),
        *("/healthz", "/readyz", "/metrics"),
    }
    for name in ("Images", "Answers"):
        assert document["components"]["schemas"][name]["examples"]
    Images.model_validate(document["components"]["schemas"]["Images"]["examples"][0])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            for status, response in operation["responses"].items():
                for kind, content in response["content"].items():
                    if status != "200":
                        assert kind == "application/problem+json"
                        assert Problem.model_validate(content["example"]).code in PROBLEMS
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))) <= known
