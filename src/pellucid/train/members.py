"""The networks of a vote, trained one after another; a network alone is a vote of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from pellucid.model.vote import Vote, members_of
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.spec.train import TrainSpec
from pellucid.train.callbacks import Callback, Outcome, Plan, tell
from pellucid.train.interrupt import Stop
from pellucid.train.learner import Ending, Learner, Progress, batches_of, part_of
from pellucid.train.loop import train
from pellucid.train.placed import PlacedSplit

MEMBER = "member.{}."


class Training:
    """The training of a network from its first update to its last: all that changes can be put down and taken up.

    Attributes:
        network: The network, alone or a vote.
        spec: How it is trained.
        precision: Precision of the activations.
        made: How far each member has come, of those that were begun, in the order of the members.
        learner: The member under way; None before the first is begun.
    """

    def __init__(self, network: nn.Module, spec: TrainSpec, precision: str = "fp32") -> None:
        self.network, self.spec, self.precision = network, spec, precision
        self.made: list[Progress] = []
        self.learner: Learner | None = None

    def begin(self, number: int) -> Learner:
        """The member of that number, ready to be trained: from its first update unless it is under way."""
        if self.learner is None or self.learner.progress.member != number:
            member = members_of(self.network)[number]
            self.learner = Learner(member, self.spec, self.precision, member=number)
            if number < len(self.made):
                self.learner.progress = self.made[number]
            else:
                self.made.append(self.learner.progress)
        return self.learner

    @property
    def steps(self) -> int:
        """Updates made of all members."""
        return sum(progress.steps for progress in self.made)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that what follows depends on: tensors by name, copied, and facts that JSON can hold."""
        learner = self.begin(0) if self.learner is None else self.learner
        tensors, facts = learner.state()
        for number, member in enumerate(members_of(self.network)):
            if number != learner.progress.member:
                prefix, weights = MEMBER.format(number), member.state_dict()
                tensors |= {f"{prefix}{name}": value.clone().contiguous() for name, value in weights.items()}
        others = [progress.facts() for progress in self.made if progress is not learner.progress]
        return tensors, {"before": others, "under_way": facts}

    def take_up(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from where another training of the same network and specification was put down; see `state`."""
        under_way = facts["under_way"]["member"]
        for number, member in enumerate(members_of(self.network)):
            if number != under_way:
                member.load_state_dict(part_of(tensors, MEMBER.format(number)))
        self.learner = Learner(members_of(self.network)[under_way], self.spec, self.precision, member=under_way)
        self.learner.take_up(tensors, facts["under_way"])
        made = [*(Progress.of(progress) for progress in facts["before"]), self.learner.progress]
        self.made = sorted(made, key=lambda progress: progress.member)


def train_members(
    training: Training,
    images: PlacedSplit,
    validation: PlacedSplit | None,
    *,
    record: RunRecord | None = None,
    callbacks: Sequence[Callback] = (),
    stop: Stop | None = None,
) -> tuple[nn.Module, Outcome]:
    """Train each member of a network in place, from wherever they stand; see `train`.

    Returns:
        The network without those members of a vote that an interruption kept from their end, of which nothing is told
        any more either (at least the first remains), and what the training came to.

    Raises:
        TrainingError: A loss or a weight is not finite, or a module of the user's failed.
        SettingError: The network cannot be trained on batches of that size.
    """
    spec, members, outcome = training.spec, members_of(training.network), Outcome()
    steps = len(batches_of(training.network, spec, len(images)))
    plan = Plan(len(members) * spec.epochs, steps, len(images), record, tuple(training.made))
    try:
        tell(callbacks, "on_train_begin", plan)
        for number in range(len(members)):
            if number < len(training.made) and training.made[number].ended:
                continue
            learner = training.begin(number)
            try:
                train(learner, images, validation, spec, precision=training.precision, callbacks=callbacks, stop=stop)
            finally:
                for callback in callbacks:
                    callback.stop_training = False
            if learner.progress.ending == "interrupted":
                break
        outcome.ending = _ending(training.made)
    finally:
        kept = [made for made in training.made if made.ended] or training.made[:1]
        outcome.history = History([epoch for made in kept for epoch in made.epochs])
        outcome.steps = training.steps
        tell(callbacks, "on_train_end", outcome)
    if len(kept) == len(members):
        return training.network, outcome
    return Vote(members[: len(kept)]) if len(kept) > 1 else members[0], outcome


def _ending(made: Sequence[Progress]) -> Ending:
    """How the training of all ended: as the one that ended least well."""
    endings: set[Ending | None] = {progress.ending for progress in made}
    return "interrupted" if "interrupted" in endings else "stopped" if "stopped" in endings else "finished"
