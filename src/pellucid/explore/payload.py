"""All that the page is told of a run, as one document; `web/src/payload.ts` has its types, and changes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.explore.doubt import doubt_of
from pellucid.explore.held_out import HeldOut
from pellucid.explore.images import chosen, images_of
from pellucid.explore.network import layers_of, network_of
from pellucid.explore.places import map_of
from pellucid.explore.record import evaluation_of, history_of, reading_of, run_of
from pellucid.explore.sprite import CHANNELS
from pellucid.explore.units import units_of
from pellucid.language import spoken
from pellucid.text import printable
from pellucid.trained.material import Material
from pellucid.trained.run import Run
from pellucid.version import __version__

FORMAT = 1
NONE = np.zeros(0, np.int64)
# What there is of a run whose network cannot be had.
WITHOUT: dict[str, Any] = {"network": None, "lacking": None, "doubt": None, "images": None, "units": {}, "map": None}


def payload_of(found: Material, *, with_images: bool = True) -> dict[str, Any]:
    """The document of a run. What cannot be had stands in its remarks, and is done without.

    Args:
        found: What there is of the run.
        with_images: Whether held-out images are to be in the page.
    """
    return _Payload(found, with_images).document()


class _Payload:
    """A document that is being made.

    Attributes:
        found: What there is of the run.
        with_images: Whether held-out images are to be in the page.
        remarks: What could not be had, and why.
    """

    def __init__(self, found: Material, with_images: bool) -> None:
        self.found = found
        self.with_images = with_images
        self.remarks = list(found.lacking)

    def document(self) -> dict[str, Any]:
        """The whole."""
        found, record = self.found, self.found.record
        return {
            "format": FORMAT,
            "version": __version__,
            "language": spoken(),
            "run": run_of(found.path, record),
            "classes": list(record.data.class_names),
            "layers": layers_of(record.model),
            "reading": reading_of(record),
            "evaluation": evaluation_of(found.evaluation),
            "history": history_of(found.history),
            **(self._of_network(found.run) if found.run else WITHOUT | {"lacking": found.without_run}),
            "remarks": list(dict.fromkeys(self.remarks)),
        }

    def _of_network(self, run: Run) -> dict[str, Any]:
        """What is had of a run with its network."""
        parts, shown = dict(WITHOUT), None
        try:
            parts["network"] = network_of(run)
        except PellucidError as error:
            parts["lacking"] = printable(str(error))
        held = self._had(lambda: HeldOut.asked(run)) if self.found.data else None
        if parts["network"]:
            parts["doubt"] = self._had(lambda: doubt_of(run, held))
        if held is not None:
            shown_in = chosen(held) if self.with_images and run.record.input_shape[2] in CHANNELS else NONE
            if len(shown_in):
                shown = held.dataset.images[held.rows[shown_in]]
                parts["images"] = images_of(held, shown_in)
            parts["map"] = self._had(lambda: map_of(held, shown_in))
        units = self._had(lambda: units_of(run, shown, maximised=self.found.whole, on_step=self.found.on_step))
        return parts | {"units": units or {}}

    def _had(self, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except PellucidError as error:
            self.remarks.append(printable(str(error)))
            return None
