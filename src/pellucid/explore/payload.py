"""All that the page is told of a run, as one document; `web/src/payload.ts` has its types, and changes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.errors import PellucidError
from pellucid.explore.doubt import doubt_of
from pellucid.explore.held_out import HeldOut
from pellucid.explore.images import chosen, images_of
from pellucid.explore.network import layers_of, network_of
from pellucid.explore.places import map_of
from pellucid.explore.record import evaluation_of, history_of, reading_of, run_of
from pellucid.explore.sprite import CHANNELS
from pellucid.explore.units import units_of
from pellucid.language import spoken, tell
from pellucid.text import printable
from pellucid.trained.material import Material
from pellucid.version import __version__

FORMAT = 1


def payload_of(found: Material) -> dict[str, Any]:
    """The document of a run. What cannot be had stands in its remarks, and is done without.

    Args:
        found: What there is of the run.
    """
    return _Payload(found).document()


class _Payload:
    """A document that is being made.

    Attributes:
        found: What there is of the run.
        remarks: What could not be had, and why.
    """

    def __init__(self, found: Material) -> None:
        self.found = found
        self.remarks = list(found.lacking)

    def document(self) -> dict[str, Any]:
        """The whole."""
        record, run = self.found.record, self.found.run
        network = None
        lacking = tell("The network cannot be had.")
        if run is not None:
            try:
                network, lacking = network_of(run), None
            except PellucidError as error:
                lacking = printable(str(error))
        elif self.remarks:
            lacking = self.remarks[0]
        return {
            "format": FORMAT,
            "version": __version__,
            "language": spoken(),
            "run": run_of(self.found.path, record),
            "classes": list(record.data.class_names),
            "layers": layers_of(record.model),
            "network": network,
            "lacking": lacking,
            "doubt": self._had(lambda: doubt_of(run)) if run and network else None,
            "reading": reading_of(record),
            "evaluation": evaluation_of(self.found.evaluation),
            "history": history_of(self.found.history),
            **self._pictures(),
            "remarks": list(dict.fromkeys(self.remarks)),
        }

    def _pictures(self) -> dict[str, Any]:
        """Images, units and map."""
        run, found = self.found.run, self.found
        parts: dict[str, Any] = {"images": None, "units": {}, "map": None}
        if run is None:
            return parts
        held = self._had(lambda: HeldOut.of(run)) if found.data else None
        shown = None
        if held is not None and run.record.input_shape[2] in CHANNELS:
            places = self._had(lambda: chosen(held))
            if places is not None:
                shown = held.dataset.images[held.rows[places]]
                parts["images"] = images_of(held, places)
                parts["map"] = self._had(lambda: map_of(held, places))
        units = self._had(lambda: units_of(run, shown, maximised=found.whole, on_step=found.on_step))
        return parts | {"units": units or {}}

    def _had(self, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except PellucidError as error:
            self.remarks.append(printable(str(error)))
            return None
