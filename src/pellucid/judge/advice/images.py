"""What the images, the answers for them, and the filters that they pass give reason to do."""

from __future__ import annotations

from pellucid.judge.advice.commands import command, data_of, network_of, train_again
from pellucid.judge.advice.facts import Advice, Facts
from pellucid.judge.intervals import difference_interval
from pellucid.language import tell
from pellucid.text import shortened
from pellucid.words import percent

DEAD = 0.1  # of a layer's filters
RARE = 0.5  # of the images that a class would have if all had as many
WIDEST = 0.05  # interval of an accuracy
FEWEST_MISTAKES = 6  # with which McNemar's exact test can show a rival better that makes none: 2 / 2**6 < 0.05


def leaks(facts: Facts) -> Advice | None:
    """Test images that were trained on. One is enough, as it is no estimate: their answers were learnt by heart."""
    if not facts.leaked:
        return None
    return Advice(
        "leaks",
        tell("test images were trained on, so the test accuracy flatters"),
        tell("{leaked} test images are training images too, pixel by pixel", leaked=facts.leaked),
        command("pellucid", "data", "audit", data_of(facts.record)),
    )


def imbalance(facts: Facts) -> Advice | None:
    """A class with few images is answered worse than the others.

    That is, a class with less than half of an even share of the training images is answered right less often than all
    others together, by more than chance, and classes were not weighted.

    That there are fewer images is no fault by itself: the recall must suffer.
    """
    judged, counts = facts.evaluation, facts.class_counts
    if judged is None or counts is None or facts.record.class_weights:
        return None
    even = sum(counts.values()) / len(counts)
    hits = {score.name: (round((score.recall or 0.0) * score.support), score.support) for score in judged.per_class}
    right, total = (sum(values) for values in zip(*hits.values(), strict=True))
    worst: tuple[float, str] | None = None
    for name, (own, support) in hits.items():
        if not support or support == total or counts.get(name, 0) >= RARE * even:
            continue
        low, _ = difference_interval(right - own, total - support, own, support)
        if low > 0 and (worst is None or low > worst[0]):
            worst = low, name
    if worst is None:
        return None
    name = worst[1]
    own, support = hits[name]
    return Advice(
        "imbalance",
        tell("a class with few images is answered worse"),
        tell(
            "{name} has {count} training images where an even share is {even}; {recall} of its test images are right, "
            "of the others {others}",
            name=shortened(name),
            count=f"{counts.get(name, 0):,}",
            even=f"{even:,.0f}",
            recall=percent(own / support),
            others=percent((right - own) / (total - support)),
        ),
        train_again(facts.record, {"--class-weights": "balanced"}),
    )


def split_by_writer(facts: Facts) -> Advice | None:
    """Writers (or patients, sessions) stand on both sides of the test split, as the names of files tell.

    Images by new writers are then answered worse than the test accuracy says. See `writers_of`.
    """
    found = facts.writers
    if found is None or found.in_both < 2:
        return None
    return Advice(
        "split by writer",
        tell("the test split is not parted by writer, so the test accuracy may flatter"),
        tell(
            "names of files begin in {groups} ways, as by writer or session; {both} of them, such as {example}, stand "
            "in both splits, with {images} test images. List the images in a table with a column for it",
            groups=found.groups,
            both=found.in_both,
            example=shortened(found.example),
            images=f"{found.images:,}",
        ),
        command("pellucid", "train", "table.csv", "--group-column", "writer"),
    )


def dead_filters(facts: Facts) -> Advice | None:
    """A tenth or more of a layer's filters give nothing on any of the images: they cost time and say nothing.

    What is silent on all of n images fires on fewer than 3/n of such images, with 95% confidence (rule of three).
    """
    dead = [layer for layer in facts.dead if layer.dead >= DEAD * layer.filters and layer.images]
    if not dead or not facts.settled:
        return None
    worst = max(dead, key=lambda layer: layer.dead / layer.filters)
    return Advice(
        "dead filters",
        tell("many filters are dead"),
        tell(
            "{dead} of the {filters} filters of {layer} give nothing on {images} training images, so they fire on "
            "fewer than {share} of such images",
            dead=worst.dead,
            filters=worst.filters,
            layer=shortened(worst.layer),
            images=f"{worst.images:,}",
            share=percent(3 / worst.images, 1),
        ),
        train_again(facts.record, {"--learning-rate": f"{facts.record.train.learning_rate / 3:.2g}"}),
    )


def too_few_to_tell(facts: Facts) -> Advice | None:
    """The interval of the test accuracy is wider than 5 points: two runs must differ by more to be told apart."""
    judged = facts.evaluation
    if judged is None:
        return None
    low, high = judged.accuracy_interval
    if high - low <= WIDEST:
        return None
    return Advice(
        "too few images",
        tell("the test images are too few to tell good runs from better ones"),
        tell(
            "with {count} test images the accuracy is somewhere from {low} to {high}; folds judge on every image",
            count=f"{judged.count:,}",
            low=percent(low),
            high=percent(high),
        ),
        command("pellucid", "study", "folds", data_of(facts.record), *network_of(facts.record)),
    )


def saturated(facts: Facts) -> Advice | None:
    """Fewer than six mistakes: even a run that makes none would not be shown better (McNemar's exact test, p < 0.05).

    Where the test images are too few to tell at all, that is said instead.
    """
    judged = facts.evaluation
    if judged is None or too_few_to_tell(facts) or len(judged.mistakes) >= FEWEST_MISTAKES:
        return None
    return Advice(
        "saturated accuracy",
        tell("this test split cannot show a better run"),
        tell(
            "{mistakes} of {count} test images are wrong; a run without any mistake could not be told from this one by "
            "chance. Harder images can",
            mistakes=len(judged.mistakes),
            count=f"{judged.count:,}",
        ),
        command("pellucid", "evaluate", facts.run, "--robustness"),
    )
