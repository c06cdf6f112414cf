"""The networks of a vote, trained one after another; a network alone is a vote of one."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from pellucid.model.vote import Vote, members_of
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.spec.train import TrainSpec
from pellucid.train.callbacks import Callback, Outcome, Plan, tell
from pellucid.train.interrupt import Stop
from pellucid.train.learner import Ending, Learner, Progress, batches_of
from pellucid.train.loop import train
from pellucid.train.placed import PlacedSplit


def train_members(
    network: nn.Module,
    images: PlacedSplit,
    validation: PlacedSplit | None,
    spec: TrainSpec,
    *,
    record: RunRecord | None = None,
    precision: str = "fp32",
    callbacks: Sequence[Callback] = (),
    stop: Stop | None = None,
) -> tuple[nn.Module, Outcome]:
    """Train each member of a network in place; see `train`.

    Returns:
        The network without those members of a vote that an interruption kept from their end, of which nothing is told
        any more either (at least the first remains), and what the training came to.

    Raises:
        TrainingError: A loss or a weight is not finite, or a module of the user's failed.
        SettingError: The network cannot be trained on batches of that size.
    """
    members, made, outcome = members_of(network), list[Progress](), Outcome()
    steps = len(batches_of(network, spec, len(images)))
    plan = Plan(len(members) * spec.epochs, steps, len(images), record)
    try:
        tell(callbacks, "on_train_begin", plan)
        for number, member in enumerate(members):
            learner = Learner(member, spec, precision, member=number)
            made.append(learner.progress)
            try:
                train(learner, images, validation, spec, precision=precision, callbacks=callbacks, stop=stop)
            finally:
                for callback in callbacks:
                    callback.stop_training = False
            if learner.progress.ending == "interrupted":
                break
        outcome.ending = _ending(made)
    finally:
        kept = [progress for progress in made if progress.ending in {"finished", "stopped"}] or made[:1]
        outcome.history = History([epoch for progress in kept for epoch in progress.epochs])
        outcome.steps = sum(progress.steps for progress in made)
        tell(callbacks, "on_train_end", outcome)
    if len(kept) == len(members):
        return network, outcome
    return Vote(members[: len(kept)]) if len(kept) > 1 else members[0], outcome


def _ending(made: Sequence[Progress]) -> Ending:
    """How the training of all ended: as the one that ended least well."""
    endings: set[Ending | None] = {progress.ending for progress in made}
    return "interrupted" if "interrupted" in endings else "stopped" if "stopped" in endings else "finished"
