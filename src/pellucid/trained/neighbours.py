"""The training images that a network sees as most alike to those that it answers wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from numpy import ndarray
from torch import Tensor, nn

from pellucid.batches.images import as_input, evaluation_batch_size
from pellucid.data.dataset import ImageDataset
from pellucid.data.spread import evenly_spread
from pellucid.device import autocast
from pellucid.judge.evaluation import Evaluation, Neighbour
from pellucid.model.vote import members_of
from pellucid.predict.predictor import Predictor
from pellucid.trained.splits import Split

MOST_MISTAKES, NEAREST = 20, 3
MOST_SEARCHED = 5_000  # training images, evenly spread


def with_neighbours(
    predictor: Predictor, evaluation: Evaluation, judged: ImageDataset, training: Split, *, same: bool = False
) -> Evaluation:
    """The same evaluation, whose 20 worst mistakes have the three nearest of at most 5,000 training images.

    Near is what the layer before the last gives much the same for: why the network may have thought so.

    Args:
        predictor: The network.
        evaluation: Its judgement.
        judged: The images that were judged.
        training: What it was trained on.
        same: Whether the judged images are those of the training, one by one; then none is its own neighbour.
    """
    worst = evaluation.mistakes[:MOST_MISTAKES]
    if not worst:
        return evaluation
    indices = [mistake.index for mistake in worst]
    asked = last_features(predictor, judged.images[indices])
    rows = training.rows[evenly_spread(len(training), MOST_SEARCHED)]
    left_out = training.rows[indices] if same else np.full(len(worst), -1)
    distances, places = _nearest(predictor, asked, training.dataset, rows, left_out)
    lengths = asked.norm(dim=1).clamp(min=1e-12).cpu().numpy()
    found = [
        mistake.model_copy(update={"nearest": _told(training.dataset, rows[places[k]], distances[k] / lengths[k])})
        for k, mistake in enumerate(worst)
    ]
    return evaluation.model_copy(update={"mistakes": (*found, *evaluation.mistakes[len(worst) :])})


def _told(
    dataset: ImageDataset, rows: Int64[ndarray, " near"], distances: Float[ndarray, " near"]
) -> tuple[Neighbour, ...]:
    return tuple(
        Neighbour(
            index=row,
            source=dataset.sources[row] if dataset.sources else None,
            label=dataset.class_names[dataset.labels[row]],
            distance=float(distance),
        )
        for row, distance in zip(rows.tolist(), distances, strict=True)
        if np.isfinite(distance)
    )


def _nearest(
    predictor: Predictor,
    asked: Float[Tensor, "asked features"],
    dataset: ImageDataset,
    rows: Int64[ndarray, " rows"],
    left_out: Int64[ndarray, " asked"],
) -> tuple[Float[ndarray, "asked near"], Int64[ndarray, "asked near"]]:
    """The least distances, and the places of their images among the rows; a batch of features at a time is kept.

    The distance to the row that is left out for an image is infinite.
    """
    distances = torch.empty((len(asked), 0), device=asked.device)
    places = torch.empty((len(asked), 0), dtype=torch.int64, device=asked.device)
    at_once = evaluation_batch_size(torch.from_numpy(np.empty((0, *dataset.input_shape), np.uint8)))
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        new = torch.cdist(asked, last_features(predictor, dataset.images[part]))
        new[torch.from_numpy(left_out[:, None] == part).to(new.device)] = torch.inf
        own = torch.arange(start, start + len(part), device=asked.device).expand(len(asked), -1)
        distances, places = torch.cat((distances, new), dim=1), torch.cat((places, own), dim=1)
        best = distances.topk(min(NEAREST, distances.shape[1]), dim=1, largest=False)
        distances, places = best.values, places.gather(1, best.indices)
    return distances.cpu().numpy(), places.cpu().numpy()


def last_features(
    predictor: Predictor, images: UInt8[ndarray, "count height width channels"]
) -> Float[Tensor, "count features"]:
    """What the last layer that has weights takes; of a vote, of each member."""
    batch = as_input(torch.from_numpy(np.ascontiguousarray(images)).to(predictor.device))
    found = []
    with torch.inference_mode(), autocast(predictor.device, predictor.precision):
        for member in members_of(predictor.model):
            with _taken_last(member) as taken:
                member(batch)
            found.append((taken[-1] if taken else batch).float().flatten(1))
    return torch.cat(found, dim=1)


@contextmanager
def _taken_last(network: nn.Module) -> Iterator[list[Tensor]]:
    """Within this context the list holds what the layer with weights took that was called last."""
    taken: list[Tensor] = []

    def keep(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        if given and isinstance(given[0], Tensor):
            taken[:] = given[:1]

    layers = [module for module in network.modules() if any(True for _ in module.parameters(recurse=False))]
    handles = [layer.register_forward_pre_hook(keep) for layer in layers]
    try:
        yield taken
    finally:
        for handle in handles:
            handle.remove()
