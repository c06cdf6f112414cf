"""What each filter and each class is about: a picture that it answers most strongly, and the images that do so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy import ndarray
from torch import nn

from pellucid.batches.images import as_input
from pellucid.explore.sprite import CHANNELS, sprite
from pellucid.interpret.layers import layers_of, undisturbed, watched
from pellucid.interpret.maximize.ascent import maximize
from pellucid.interpret.maximize.targets import OUTPUT, Target, class_targets, filter_targets
from pellucid.model.vote import members_of
from pellucid.trained.material import OnStep
from pellucid.trained.run import Run

STARTS, STEPS = 2, 48
MOST_WORK = 2e11  # multiply-adds of pictures of all filters, about half a minute of a core
MOST_PIXELS = 400_000  # of the pictures of one layer
STRONGEST = 8
GREY = 128  # of the picture of a filter that nothing moves


def units_of(
    run: Run,
    images: UInt8[ndarray, "count height width channels"] | None,
    *,
    maximised: bool = True,
    on_step: OnStep | None = None,
) -> dict[str, Any]:
    """Pictures of each convolution's filters, by the name of the layer, and of the classes, by that of the last one.

    Of a vote, the convolutions of its first network.

    Args:
        run: The run.
        images: Those that are in the page; None where there are none.
        maximised: Make pictures that maximise them, which takes long.
        on_step: Told how far that has come.
    """
    targets = _targets(run)
    strongest = _strongest(run, images, [name for name, own in targets.items() if own[0].layer != OUTPUT])
    pictured = _pictured(run, targets, on_step) if maximised else {}
    return {
        name: {"maximised": pictured.get(name), "strongest": strongest.get(own[0].layer, [])}
        for name, own in targets.items()
    }


def _targets(run: Run) -> dict[str, list[Target]]:
    """What there is to be pictured, by the name of its layer in the page."""
    layers = layers_of(run.model)
    first = set(map(id, members_of(run.model)[0].modules()))
    names = [name for name, layer in layers.items() if isinstance(layer, nn.Conv2d) and id(layer) in first]
    last = [name for name, layer in layers.items() if any(True for _ in layer.parameters())][-1:]
    found = {name: filter_targets(run, name) for name in names}
    return found | {name.split(".")[-1]: class_targets(run) for name in last}


def _pictured(run: Run, targets: dict[str, list[Target]], on_step: OnStep | None) -> dict[str, dict[str, Any]]:
    height, width, channels = run.record.input_shape
    allowed = {name: own for name, own in targets.items() if len(own) * height * width <= MOST_PIXELS}
    together = [target for own in allowed.values() for target in own]
    multiply_adds = getattr(run.record.model, "multiply_adds", 0) * run.record.train.vote
    if channels not in CHANNELS or 3 * multiply_adds * len(together) * STARTS * STEPS > MOST_WORK or not together:
        return {}
    told = (lambda done, of: on_step("pictures of filters", done, of)) if on_step else None
    found = maximize(run, together, starts=STARTS, steps=STEPS, on_step=told)
    pictures = found.images[np.arange(len(together)), found.best]
    pixels = np.rint(pictures * 255).astype(np.uint8)
    pixels[found.dead] = GREY
    parts = np.split(pixels, np.cumsum([len(own) for own in allowed.values()])[:-1])
    return {name: sprite(part) for name, part in zip(allowed, parts, strict=True)}


def _strongest(
    run: Run, images: UInt8[ndarray, "count height width channels"] | None, layers: Sequence[str]
) -> dict[str, list[list[int]]]:
    """Numbers of the images that each unit answers most, the strongest first, by layer and for the classes."""
    if images is None or not len(images):
        return {}
    tops: dict[str, list[Float32[ndarray, "batch units"]]] = {name: [] for name in (*layers, OUTPUT)}
    with undisturbed(run.model), watched(run.model, layers) as seen, torch.inference_mode():
        for part in np.array_split(images, max(1, len(images) // 100)):
            logits = run.logits(as_input(torch.from_numpy(np.ascontiguousarray(part)).to(run.device)))
            for name, given in {**seen, OUTPUT: logits}.items():
                tops[name].append(
                    given.float().flatten(2).amax(dim=2).cpu().numpy()
                    if given.dim() > 2
                    else given.float().cpu().numpy()
                )
    return {name: _first(np.concatenate(own)) for name, own in tops.items() if own}


def _first(answers: Float32[ndarray, "count units"]) -> list[list[int]]:
    return np.argsort(-answers, axis=0, kind="stable")[:STRONGEST].T.tolist()
