"""What a server serves: a run by torch, or an export without it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from numpy import ndarray

from pellucid.export.exported import Exported
from pellucid.export.interface import MODEL
from pellucid.export.load import load_classifier
from pellucid.names import user_path
from pellucid.predict.classifier import Classifier
from pellucid.untrusted import read

if TYPE_CHECKING:
    from pellucid.predict.predictor import Predictor

# What the layers of these names, or all, make of an image [height, width, channels]; at most so many values.
Maps = Callable[[ndarray, Sequence[str], bool, int], list[dict[str, Any]]]


@dataclass(frozen=True, eq=False)
class Model:
    """A trained classifier, and what is told of it.

    Attributes:
        classifier: What answers.
        name: What it is called.
        version: SHA-256 of its weights, by which answers are known to be of the same network.
        test: ``accuracy`` and ``accuracy_interval`` on the test split; None where it was not judged on one.
        maps: What its layers make of an image; None where that cannot be had.
    """

    classifier: Classifier
    name: str
    version: str
    test: dict[str, Any] | None = None
    maps: Maps | None = None

    @classmethod
    def of_run(cls, run: Predictor) -> Model:
        """A run, which is asked by torch.

        Raises:
            RunError: It is of an earlier version, and its weights are gone.
        """
        from pellucid.predict.weights import weights_in
        from pellucid.serve.maps import maps_of

        name = run.folder.path.resolve().name if run.folder else "run"
        version = run.record.weights_sha256 or (weights_in(run.folder)[1] if run.folder else "")
        test = run.record.results.test if run.record.results else None
        judged = test and test.model_dump(mode="json", include={"accuracy", "accuracy_interval"})
        return cls(run, name, version, judged, lambda *asked: maps_of(run, *asked))

    @classmethod
    def load(cls, path: str | PathLike[str], *, device: str = "auto") -> Model:
        """Load what is to be served; see `load_classifier`.

        Raises:
            RunError: There is no such run or export; or a file of it is missing, damaged or has changed.
            DeviceError: The machine does not offer the device.
        """
        found = load_classifier(path, device=device)
        if not isinstance(found, Exported):
            return cls.of_run(found)  # pyright: ignore[reportArgumentType]
        place = user_path(path).resolve()
        if found.proved:
            version = found.parity.weights_sha256
        else:
            version = hashlib.sha256(read(place / MODEL if place.is_dir() else place)).hexdigest()
        return cls(found, place.name, version)
