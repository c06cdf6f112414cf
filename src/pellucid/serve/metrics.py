"""What a server counts, in the format that Prometheus reads."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from pellucid.serve.gate import Gate

PREDICT, FEATURE_MAPS, MODEL = "/v1/predict", "/v1/feature-maps", "/v1/model"
HEALTH, READY, METRICS, DOCUMENT = "/healthz", "/readyz", "/metrics", "/openapi.json"
PATHS = (PREDICT, FEATURE_MAPS, MODEL, HEALTH, READY, METRICS, DOCUMENT)
MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
OTHER = "other"  # one name for all paths that there are not, since clients make them up
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
IMAGES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The counts of one server.

    Args:
        gate: What is under way; it is asked when the counts are read.
        model: Name of the model.
        version: Digest of its weights.
    """

    def __init__(self, gate: Gate, model: str, version: str) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter(
            "pellucid_requests",
            "Requests by path and status; 499 where the client left.",
            ("path", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "pellucid_request_seconds", "Seconds of a request.", ("path",), buckets=SECONDS, registry=registry
        )
        self._images = Counter("pellucid_images", "Images answered, by what was said.", ("answer",), registry=registry)
        self._batches = Histogram(
            "pellucid_batch_images", "Images answered at once.", buckets=IMAGES, registry=registry
        )
        self._restarts = Counter("pellucid_decoder_restarts", "Decoding processes started anew.", registry=registry)
        self.refused = Counter(
            "pellucid_refused", "Requests refused as soon as their header was read, under overload.", registry=registry
        )
        waiting = Gauge("pellucid_waiting_images", "Images that wait for their answer.", registry=registry)
        waiting.set_function(lambda: gate.waiting)
        buffered = Gauge("pellucid_buffered_bytes", "Bytes of bodies under way.", registry=registry)
        buffered.set_function(lambda: gate.buffered)
        idle = Gauge("pellucid_idle_connections", "Connections without a whole request.", registry=registry)
        idle.set_function(lambda: len(gate.idle))
        info = Gauge("pellucid_model_info", "The model that answers.", ("name", "version"), registry=registry)
        info.labels(model, version).set(1)

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        path = path if path in PATHS else OTHER
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def gathered(self, images: int) -> None:
        """Count images that were answered at once."""
        self._batches.observe(images)

    def said(self, *, unknown: bool | None) -> None:
        """Count an answer."""
        self._images.labels("unknown" if unknown else "class").inc()

    def restarted(self) -> None:
        """Count a decoding process that was ended."""
        self._restarts.inc()

    def text(self) -> bytes:
        """All counts."""
        return generate_latest(self._registry)
