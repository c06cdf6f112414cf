"""When a run says "I don't know", and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.judge.evaluation import Evaluation
from pellucid.judge.unknown import Histogram, Unknown
from pellucid.language import tell
from pellucid.run.record import RunRecord
from pellucid.sections.drift import drift_remarks, shortfall
from pellucid.sections.section import Picture, Section, Table
from pellucid.text import printable, shortened
from pellucid.words import percent

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure


def doubt_section(evaluation: Evaluation, record: RunRecord, path: Path | None) -> Section:
    """How many images a run refuses to answer and why, how well it answers the others, and how the scores lie.

    Args:
        evaluation: The judgement of the images.
        record: How the run came about, which may be why it never refuses one.
        path: The run folder; None for a run in memory.
    """
    unknown = evaluation.unknown
    values = {"data": shortened(evaluation.data), "split": tell(evaluation.split)}
    title = tell("When it says “I don't know”: {data}, {split} split", **values)
    document = {"run": str(path), "unknown": None if unknown is None else unknown.model_dump(mode="json")}
    if unknown is None:
        unasked = tell("An earlier version judged this run, and did not look at that. Judge it again.")
        return Section(title, document, body=(never(record) or unasked,))
    return Section(
        title=title,
        document=document,
        body=(told(unknown, len(evaluation.mistakes)), _table(unknown, evaluation.count)),
        pictures=(_picture(unknown, title),),
        remarks=doubt_remarks(unknown),
    )


def told(unknown: Unknown, mistakes: int) -> str:
    """How many images are refused, how well the others are answered, and whether they have drifted, as a paragraph.

    Args:
        unknown: What came of the run's doubt.
        mistakes: Wrong answers, where every image is answered.
    """
    count = unknown.answered + unknown.foreign + unknown.doubtful
    refused = tell(
        "“I don't know” for {share} of the images: {foreign} unlike anything trained on, {doubtful} between classes",
        share=percent((count - unknown.answered) / count),
        foreign=unknown.foreign,
        doubtful=unknown.doubtful,
    )
    drifted = drift_remarks(unknown.drift)
    if unknown.accuracy is None or unknown.accuracy_interval is None:
        return "\n".join((refused, *drifted))
    low, high = unknown.accuracy_interval
    answered = tell(
        "accuracy of those answered {accuracy} (95% interval {low} to {high}); {caught} of {mistakes} mistakes refused",
        accuracy=percent(unknown.accuracy),
        low=percent(low),
        high=percent(high),
        caught=unknown.wrong_refused,
        mistakes=mistakes,
    )
    return "\n".join((refused, answered, *drifted))


def doubt_remarks(unknown: Unknown) -> tuple[str, ...]:
    """What is to be known of a run's doubt about judged images."""
    return shortfall(unknown.keep, unknown.promised, unknown.held_out)


def never(record: RunRecord) -> str:
    """Why a run never says "I don't know"; empty where it may."""
    if record.doubt:
        return ""
    if "validation" not in record.data.counts:
        return tell("This run never says “I don't know”, since no images were held out in its training.")
    if record.status == "interrupted":
        why = tell("its training was interrupted")
    else:
        why = tell("an earlier version trained it")
    return tell("This run never says “I don't know”, since {why}. It learns to by: pellucid evaluate RUN", why=why)


def _table(unknown: Unknown, count: int) -> Table:
    rows = (
        (tell("answered"), f"{unknown.answered:,}", percent(unknown.answered / count)),
        (tell("unlike anything trained on"), f"{unknown.foreign:,}", percent(unknown.foreign / count)),
        (tell("between classes"), f"{unknown.doubtful:,}", percent(unknown.doubtful / count)),
    )
    caption = tell(
        "limits keep {share} of images like the {count} held-out ones",
        share=percent(unknown.promised),
        count=f"{unknown.held_out:,}",
    )
    return Table(("", tell("images"), tell("share")), rows, caption=caption)


def _picture(unknown: Unknown, title: str) -> Picture:
    histograms = {each.kind: each for each in unknown.histograms}
    sides = [_beyond(each) for each in unknown.histograms]
    shown = tell("Histograms of the doubt about held-out and judged images, with the limits.")
    numbers = {
        f"{kind}_{name}": np.asarray(getattr(each, name))
        for kind, each in histograms.items()
        for name in ("edges", "held_out", "judged", "limit")
    }
    return Picture("doubt", " ".join((shown, *sides)), lambda: _figure(unknown, title), numbers)


def _beyond(histogram: Histogram) -> str:
    """Where the middle of the judged images lies, for who cannot see the picture."""
    halves = np.cumsum(histogram.judged) * 2 >= sum(histogram.judged)
    middle = histogram.edges[int(np.argmax(halves)) + 1]
    values = {"limit": f"{histogram.limit:.3g}", "middle": f"{middle:.3g}"}
    if histogram.kind == "foreign":
        return tell("Unlike anything trained on: limit {limit}, half of the judged images up to {middle}.", **values)
    return tell("Between classes: limit {limit}, half of the judged images up to {middle}.", **values)


def _figure(unknown: Unknown, title: str) -> Figure:
    # matplotlib takes most of a second to import, and what is printed need not wait for it.
    from pellucid.plots.doubt import doubt_figure

    return doubt_figure(unknown.histograms, printable(title))
