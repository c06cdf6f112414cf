"""What is said of two contenders."""

from __future__ import annotations

from statistics import median

from pellucid.judge.pairs import McNemar
from pellucid.record import Record
from pellucid.words import letter_of


class Comparison(Record):
    """Two contenders, compared.

    Attributes:
        first: Letter and name of one contender.
        second: Letter and name of the other contender.
        difference: Accuracy of the second less that of the first, the mean over seeds.
        image_interval: Bootstrap interval of the difference over images: what other images would give these networks.
        seed_interval: Student's interval of the difference over seeds: what other trainings would give; None for one
            seed. Of several pairs, all intervals of a kind together hold their differences in 95% of studies
            (Bonferroni).
        mcnemar: McNemar's test, seed by seed.
        times_slower: The second's training time over the first's, seed by seed; empty unless times are compared.
    """

    first: str
    second: str
    difference: float
    image_interval: tuple[float, float]
    seed_interval: tuple[float, float] | None
    mcnemar: tuple[McNemar, ...]
    times_slower: tuple[float, ...]

    @property
    def is_shown(self) -> bool:
        """Whether a difference is shown: no interval of it holds 0."""
        intervals = [self.image_interval, *([self.seed_interval] if self.seed_interval else [])]
        return not any(low <= 0 <= high for low, high in intervals)

    @property
    def letters(self) -> str:
        """The difference of two contenders, by their letters."""
        return f"{letter_of(self.second)} \u2212 {letter_of(self.first)}"

    def words(self) -> str:
        """The comparison in a few sentences."""
        verdict = f"No difference shown between {self.first} and {self.second}"
        if self.is_shown:
            better, worse = (self.second, self.first) if self.difference > 0 else (self.first, self.second)
            verdict = f"{better} is better than {worse}"
        over = f"over images {_points(self.image_interval)}"
        over += f", over seeds {_points(self.seed_interval)}" if self.seed_interval else ""
        p_values = ", ".join(f"{test.p_value:.3g}" for test in self.mcnemar)
        text = f"{verdict}: {self.letters} is {100 * self.difference:+.2f} percentage points ({over}); "
        text += f"McNemar's p by seed: {p_values}."
        if self.times_slower:
            ratios = f"{median(self.times_slower):.2f} ({min(self.times_slower):.2f} to {max(self.times_slower):.2f})"
            text += f" {letter_of(self.second)} trains {ratios} times as long as {letter_of(self.first)}."
        return text


def _points(interval: tuple[float, float]) -> str:
    low, high = (100 * bound for bound in interval)
    return f"{low:+.2f} to {high:+.2f}"
