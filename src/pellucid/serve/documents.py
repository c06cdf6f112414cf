"""The JSON documents of the API, as OpenAPI describes them. Requests are read by them; answers are as they say."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pellucid.serve.problem import MEDIA_TYPE, PROBLEMS, RETRY_SECONDS, ProblemError

# A grey PNG of 8 x 8 pixels, a bright bar on black.
EXAMPLE_IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEUlEQVR4nGNgwAkY7+CWwwAAJkUA3t+r++EAAAAASUVORK5CYII="
IMAGE_TYPES = ("application/octet-stream", "image/*")
JSON_TYPE = "application/json"


class Document(BaseModel):
    """A JSON object without further keys."""

    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())


class Images(Document):
    """Images of one request, encoded in base64."""

    images: Annotated[
        list[Annotated[str, Field(min_length=4, description="The bytes of an image file in base64.")]],
        Field(min_length=1, description="The images; /v1/model says how many may be sent at once."),
    ]

    model_config = ConfigDict(json_schema_extra={"examples": [{"images": [EXAMPLE_IMAGE]}]})


class Answer(Document):
    """The answer for one image."""

    label: Annotated[str, Field(description="The most probable class, whether the answer is to be believed or not.")]
    probability: Annotated[float, Field(description="Probability of that class.")]
    probabilities: Annotated[dict[str, float], Field(description="Probability of every class; they add up to 1.")]
    unknown: Annotated[
        bool | None, Field(description="Whether the answer is 'I don't know'; null where the run cannot tell.")
    ]
    kind: Annotated[
        Literal["foreign", "doubtful"] | None,
        Field(description="Why it is unknown: unlike anything trained on, or between two classes."),
    ]
    reason: Annotated[str | None, Field(description="The same in words.")]
    foreign: Annotated[float | None, Field(description="How far the image is from those trained on.")]
    doubtful: Annotated[float | None, Field(description="What the probability lacks to 1.")]
    remarks: Annotated[list[str], Field(description="What is damaged in the file, or beyond the range of values.")]


class Answers(Document):
    """The answers for the images of a request, in their order."""

    model_version: Annotated[str, Field(description="SHA-256 of the weights.")]
    predictions: list[Answer]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model_version": "5f0c…",
                    "predictions": [
                        {
                            "label": "7",
                            "probability": 0.98,
                            "probabilities": {"1": 0.02, "7": 0.98},
                            "unknown": False,
                            "kind": None,
                            "reason": None,
                            "foreign": 0.7,
                            "doubtful": 0.02,
                            "remarks": [],
                        }
                    ],
                }
            ]
        }
    )


class Maps(Document):
    """What one layer makes of the image."""

    name: Annotated[str, Field(description="Name of the layer; the image itself is input.")]
    shape: Annotated[list[int], Field(description="[height, width, channels], or [units].")]
    values: Annotated[
        list[Any] | str, Field(description="Nested lists, or float32 in base64, little-endian, the last axis fastest.")
    ]


class FeatureMaps(Document):
    """What the layers make of an image, in the order in which they are called."""

    model_version: Annotated[str, Field(description="SHA-256 of the weights.")]
    layers: list[Maps]


class Test(Document):
    """How the run answers its test split."""

    accuracy: float
    accuracy_interval: Annotated[list[float], Field(description="Lower and upper end of the 95% interval.")]


class Reading(Document):
    """How images are brought to the network's size."""

    fit: str
    background: int
    value_range: Any


class RequestLimits(Document):
    """What a request may have."""

    body_bytes: int
    pixels: Annotated[int, Field(description="Of an image in colour; a grey one may have more.")]
    images: Annotated[int, Field(description="Images in one request.")]


class ModelFacts(Document):
    """The network that answers."""

    name: str
    model_version: Annotated[str, Field(description="SHA-256 of the weights.")]
    pellucid_version: str
    classes: list[str]
    input_shape: Annotated[list[int], Field(description="[height, width, channels] of the images that it takes.")]
    reading: Reading
    formats: Annotated[list[str], Field(description="Formats of image files that are read.")]
    test: Test | None
    says_unknown: Annotated[bool, Field(description="Whether the run learned when to say 'I don't know'.")]
    keep: Annotated[float | None, Field(description="Share of images like those trained on that is answered.")]
    limits: RequestLimits


class State(Document):
    """Whether the server lives, or is ready."""

    status: str


class Problem(Document):
    """Why there is no answer (RFC 9457)."""

    code: Annotated[str, Field(description=f"One of: {', '.join(PROBLEMS)}.")]
    title: str
    status: int
    detail: Annotated[str, Field(description="The rule, what was received, and the remedy.")]


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of OpenAPI for problems.

    Args:
        statuses: Those that are possible.
    """
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        codes = [code for code, (number, _) in PROBLEMS.items() if number == status]
        example = {
            "code": codes[0],
            "title": PROBLEMS[codes[0]][1],
            "status": status,
            "detail": "The rule, the remedy.",
        }
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
        found[status] = {"description": " or ".join(PROBLEMS[code][1] for code in codes), "content": content}
        if status == 429:
            schema = {"type": "integer", "example": RETRY_SECONDS}
            found[status]["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": schema}}
    return found


def read_images(body: bytes, most: int) -> list[bytes]:
    """The images of a JSON body.

    Args:
        body: The body.
        most: How many there may be.

    Raises:
        ProblemError: It is not as `Images` says.
    """
    try:
        given = Images.model_validate_json(body).images
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        code = "malformed_request" if first["type"] == "json_invalid" else "invalid_request"
        example = 'Send {"images": ["<base64>", ...]}.'
        raise ProblemError(code, f"{where + ': ' if where else ''}{first['msg']}. {example}") from None
    if len(given) > most:
        raise ProblemError("invalid_request", f"A request may have {most} images; received {len(given)}.")
    return [_decoded(text, number) for number, text in enumerate(given, start=1)]


def _decoded(text: str, number: int) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: letters beyond ASCII
        hint = " Leave out what stands before the comma." if text.startswith("data:") else ""
        raise ProblemError("invalid_request", f"Image {number} must be base64.{hint}") from None


def to_json(document: dict[str, Any]) -> bytes:
    """A document as JSON, without numbers that JSON has not."""
    return json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
