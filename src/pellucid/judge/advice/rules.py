"""All rules.

Each is a function from facts to an advice or None. Differences count where their interval excludes chance: a bare
difference of 1% says nothing of 100 images and much of 10,000. A rule that lacks its facts says nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from pellucid.judge.advice.facts import Advice, Facts
from pellucid.judge.advice.images import dead_filters, imbalance, leaks, saturated, split_by_writer, too_few_to_tell
from pellucid.judge.advice.training import (
    learning_rate_high,
    learning_rate_low,
    overfitting,
    underfitting,
    unstable_validation,
)

RULES: tuple[Callable[[Facts], Advice | None], ...] = (
    leaks,
    learning_rate_high,
    learning_rate_low,
    overfitting,
    underfitting,
    unstable_validation,
    imbalance,
    split_by_writer,
    dead_filters,
    too_few_to_tell,
    saturated,
)


def advise(facts: Facts) -> tuple[Advice, ...]:
    """What the facts give reason to do; what matters most stands first."""
    return tuple(advice for rule in RULES if (advice := rule(facts)))
