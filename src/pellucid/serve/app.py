"""The API: what it is asked for, and which documents it answers with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pellucid.serve import documents, metrics
from pellucid.serve.documents import IMAGE_TYPES, JSON_TYPE, problem_responses, read_images, to_json
from pellucid.serve.guard import BODY, Guard
from pellucid.serve.problem import ProblemError
from pellucid.serve.service import Service
from pellucid.version import __version__

COMPACT = 20  # times as many values in base64
BY_STATUS = {404: "not_found", 405: "method_not_allowed"}
ALWAYS = (400, 401, 421, 431)
Invert = Annotated[bool, Query(description="Exchange dark and bright, as for dark ink on bright paper.")]
IMAGES_BODY = {
    "required": True,
    "content": {
        **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in IMAGE_TYPES},
        JSON_TYPE: {"schema": {"$ref": "#/components/schemas/Images"}},
    },
}


def application(service: Service, token: str | None = None, hosts: Collection[str] | None = None) -> Guard:
    """The ASGI application of a service, which it starts and ends with itself.

    Args:
        service: What answers.
        token: What clients must give; see `Guard`.
        hosts: Names that the server answers under; see `Guard`.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service:
            yield

    app = FastAPI(
        title="Pellucid",
        summary="A trained image classifier.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        openapi_url=metrics.DOCUMENT,
    )
    _add_answers(app, service)
    _add_states(app, service)
    _add_problems(app)
    _describe(app, secured=token is not None)
    return Guard(app, service.gate, service.metrics, token, hosts)


def _add_answers(app: FastAPI, service: Service) -> None:
    """The paths that images are sent to, and the one that tells of the model."""
    given: dict[str, Any] = {
        "responses": problem_responses(*ALWAYS, 408, 413, 415, 422, 429, 500),
        "openapi_extra": {"requestBody": IMAGES_BODY},
    }

    @app.post(metrics.PREDICT, summary="Answer for images", response_model=None, **_with(given, documents.Answers))
    async def predict(request: Request, invert: Invert = False) -> Response:
        """Class, probabilities, and whether it is unknown: for one image as the body, or for several as JSON."""
        answered = await service.answer(_files(request, service.limits.images), invert=invert)
        predictions = []
        for decoded, prediction in answered:
            document = vars(prediction) | {"remarks": list(decoded.remarks)}
            del document["classes"]  # for which the API does not ask
            predictions.append(document)
        return _json({"model_version": service.model.version, "predictions": predictions})

    @app.post(
        metrics.FEATURE_MAPS,
        summary="What each layer makes of an image",
        response_model=None,
        **_with(given | {"responses": given["responses"] | problem_responses(404)}, documents.FeatureMaps),
    )
    async def feature_maps(
        request: Request,
        layer: Annotated[
            list[str] | None, Query(description="Names of layers; all unless given.", examples=["input"])
        ] = None,
        encoding: Annotated[
            Literal["list", "base64"], Query(description="Values as nested lists, or as float32 in base64.")
        ] = "list",
        invert: Invert = False,
    ) -> Response:
        """The maps of the layers for one image."""
        if (maps := service.model.maps) is None:
            raise ProblemError("not_found", "An export gives no feature maps. Serve the run that it was made of.")
        (file,) = _files(request, 1)
        packed = encoding == "base64"
        most = service.limits.values * (COMPACT if packed else 1)

        def ask(image: Any) -> bytes:
            return to_json({"model_version": service.model.version, "layers": maps(image, layer or (), packed, most)})

        return Response(await service.in_network(file, ask, invert=invert), media_type=JSON_TYPE)

    @app.get(
        metrics.MODEL,
        summary="The model that answers",
        response_model=None,
        **_with({"responses": problem_responses(*ALWAYS)}, documents.ModelFacts),
    )
    async def model() -> Response:
        """Its version, its classes, the images that it takes, and how good it is."""
        return _json(service.facts())


def _add_states(app: FastAPI, service: Service) -> None:
    """The paths that a machine watches."""
    state = _with({"responses": problem_responses(400, 421, 431)}, documents.State)

    @app.get(metrics.HEALTH, summary="Whether the server lives", response_model=None, **state)
    async def healthz() -> Response:
        """Answered under overload too, and without a token."""
        return _json({"status": "ok"})

    state["responses"] |= problem_responses(503)

    @app.get(metrics.READY, summary="Whether the server answers for images", response_model=None, **state)
    async def readyz() -> Response:
        """Answered under overload too, and without a token."""
        if not service.is_ready:
            raise ProblemError("not_ready", "The server starts or ends. Ask again.")
        return _json({"status": "ready"})

    text = {"description": "Counts", "content": {"text/plain": {"schema": {"type": "string"}}}}
    responses = {200: text, **problem_responses(*ALWAYS)}

    @app.get(metrics.METRICS, summary="What the server counted", response_model=None, responses=responses)
    async def counts() -> Response:
        """In the format that Prometheus reads."""
        return Response(service.metrics.text(), media_type=metrics.MEDIA_TYPE)


def _add_problems(app: FastAPI) -> None:
    """Whatever is raised becomes a problem as JSON."""

    def response(problem: ProblemError) -> Response:
        return Response(problem.body(), problem.status, problem.headers, problem.all_headers()["content-type"])

    @app.exception_handler(ProblemError)
    async def problem(_: Request, error: ProblemError) -> Response:
        return response(error)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = BY_STATUS.get(error.status_code, "malformed_request")
        detail = f"{request.method} {request.url.path[:200]}: see {metrics.DOCUMENT} for what there is."
        return response(ProblemError(code, detail, error.headers))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return response(ProblemError("invalid_request", f"{'.'.join(map(str, first['loc']))}: {first['msg']}."))

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        return response(ProblemError("failed", f"{type(error).__name__}; the server's log says more."))


def _describe(app: FastAPI, *, secured: bool) -> None:
    """Add to OpenAPI's document what FastAPI does not see: the body's documents, and the token."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            found = made()
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            for kind in (documents.Images, documents.Problem):
                schemas[kind.__name__] = kind.model_json_schema(ref_template="#/components/schemas/{model}")
            if secured:
                found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
                for path, operations in found["paths"].items():
                    for operation in operations.values():
                        operation["security"] = [] if path in {metrics.HEALTH, metrics.READY} else [{"token": []}]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = openapi


def _files(request: Request, most: int) -> list[bytes]:
    """The images of a request.

    Raises:
        ProblemError: The body is of another kind, or not as it should be.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body: bytes = request.scope[BODY]
    if kind != JSON_TYPE and kind != IMAGE_TYPES[0] and not kind.startswith("image/"):
        rule = f"A body is an image (Content-Type: image/…, or {IMAGE_TYPES[0]}) or JSON ({JSON_TYPE})"
        raise ProblemError("unsupported_media_type", f"{rule}; received {kind[:100] or 'none'!r}.")
    if not body:
        raise ProblemError("invalid_request", "The body must hold an image; it is empty.")
    return read_images(body, most) if kind == JSON_TYPE else [body]


def _json(document: dict[str, Any]) -> Response:
    return Response(to_json(document), media_type=JSON_TYPE)


def _with(settings: dict[str, Any], kind: type[documents.Document]) -> dict[str, Any]:
    """Settings of a path that answers with a document of a kind."""
    return settings | {"responses": {200: {"model": kind, "description": "The answer"}, **settings["responses"]}}
