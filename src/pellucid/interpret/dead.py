"""Dead filters in all layers of a network."""

from __future__ import annotations

from pellucid.errors import PellucidError
from pellucid.interpret.filters import filters_of
from pellucid.interpret.layers import convolutions_of
from pellucid.judge.advice.facts import DeadFilters
from pellucid.trained.run import Run
from pellucid.trained.sample import training_sample

MOST_IMAGES = 500


def dead_filters_of(run: Run, most: int = MOST_IMAGES) -> tuple[DeadFilters, ...]:
    """How many filters of each convolution are dead, on images that the run was trained on; see `filters_of`.

    Args:
        run: The run, whose data must be to be had. It is left as it was.
        most: The most images to look at.

    Returns:
        A row for each convolution behind which a ReLU tells; none where the data are gone or there is none.
    """
    try:
        images = training_sample(run, most)
        found = [filters_of(run, name, images) for name in convolutions_of(run.model)]
    except PellucidError:  # advice is an extra, which must not keep an evaluation from being shown
        return ()
    return tuple(
        DeadFilters(layer.layer, len(layer.dead), len(layer.filters), layer.images)
        for layer in found
        if layer.measured_at != layer.layer
    )
