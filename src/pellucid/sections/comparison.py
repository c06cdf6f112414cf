"""Whether runs differ in accuracy: each two of them on the same test images."""

from __future__ import annotations

from pellucid.judge.comparison import RunComparison, RunPair
from pellucid.language import tell
from pellucid.sections.section import Section, Table
from pellucid.text import shortened
from pellucid.words import letter_of, percent, titles_of


def paired_section(compared: RunComparison) -> Section:
    """Accuracy of each run, and what is known of each two.

    Args:
        compared: The comparison.
    """
    count, data = f"{compared.count:,}", shortened(compared.data)
    title = tell(
        "Accuracy on the same images: {data}, {split} split, {count} images",
        data=data,
        split=tell(compared.split),
        count=count,
    )
    titles = dict(zip(compared.accuracies, titles_of([shortened(name) for name in compared.accuracies]), strict=True))
    return Section(
        title=title,
        document=compared.model_dump(mode="json"),
        body=(title, _runs(compared, titles), _pairs(compared, titles)),
        remarks=_remarks(compared),
    )


def _runs(compared: RunComparison, titles: dict[str, str]) -> Table:
    rows = tuple(
        (titles[name], percent(accuracy), *map(percent, compared.intervals[name]))
        for name, accuracy in compared.accuracies.items()
    )
    return Table((tell("run"), tell("accuracy"), tell("from"), tell("to")), rows, caption=tell("with 95% intervals"))


def _pairs(compared: RunComparison, titles: dict[str, str]) -> Table:
    header = (
        tell("difference"),
        tell("verdict"),
        tell("points"),
        tell("from"),
        tell("to"),
        tell("right: first only"),
        tell("second only"),
        tell("p"),
    )
    rows = tuple(_row(pair, letter_of(titles[pair.first]), letter_of(titles[pair.second])) for pair in compared.pairs)
    caption = tell(
        "in percentage points, each pair on the same images; intervals by Tango's score; p by McNemar's exact test"
    )
    return Table(header, rows, left=2, caption=caption)


def _row(pair: RunPair, first: str, second: str) -> tuple[str, ...]:
    return (
        f"{second} \u2212 {first}",
        _verdict(pair, second if pair.better == pair.second else first),
        *(f"{100 * value:+.2f}" for value in (pair.difference, *pair.interval)),
        str(pair.mcnemar.only_second),  # in the order of the row's name
        str(pair.mcnemar.only_first),
        f"{pair.p_corrected:.3g}",
    )


def _verdict(pair: RunPair, better: str) -> str:
    if pair.shown:
        text = tell("{run} is better, within the margin", run=better)
        return text if pair.within_margin else tell("{run} is better", run=better)
    return tell("the same within the margin") if pair.within_margin else tell("no difference shown")


def _remarks(compared: RunComparison) -> tuple[str, ...]:
    margin = tell(
        "A difference below the margin of {margin} points does not matter; within means the whole interval.",
        margin=f"{100 * compared.margin:g}",
    )
    trained = tell(
        "This is of these networks: another seed of the same training may differ as much. To compare trainings: "
        "pellucid study compare"
    )
    if len(compared.pairs) == 1:
        return (margin, trained)
    many = tell(
        "Of {pairs} pairs: p is corrected by Holm, and all intervals together hold in 95% of comparisons (Bonferroni).",
        pairs=len(compared.pairs),
    )
    return (margin, many, trained)
