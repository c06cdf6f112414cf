"""How far the probabilities of answers can be believed, before and after a temperature was fitted."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.judge.calibration import CalibrationScore, Reliability
from pellucid.judge.evaluation import Evaluation
from pellucid.language import sentences, tell
from pellucid.sections.section import Picture, Section, Table
from pellucid.text import shortened
from pellucid.words import counted, number, percent

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure

NAME = "calibration"


def calibration_section(evaluation: Evaluation, path: Path | None) -> Section:
    """What judged images show of a run's probabilities.

    Args:
        evaluation: The judgement; one that an earlier version made says nothing of it.
        path: The run folder; None for a run in memory.
    """
    score, title = evaluation.calibration, tell("Calibration: can the probabilities be believed?")
    document = {"run": str(path), "calibration": score.model_dump(mode="json") if score else None}
    if score is None:
        remedy = tell("An earlier version judged this run, and did not look at that. Judge it again.")
        return Section(title=title, document=document, body=(remedy,))
    return Section(
        title=title,
        document=document,
        body=(_verdict(score), _table(score)),
        pictures=(_picture(score, evaluation),),
        remarks=(_meaning(score),),
    )


def _verdict(score: CalibrationScore) -> str:
    after = score.after
    low, high = after.error_interval
    error = tell(
        "Answers that are sure to some degree are right as often, but for {error} on average"
        " (95% interval {low} to {high}; {chance} would be chance alone).",
        error=percent(after.error),
        low=percent(low),
        high=percent(high),
        chance=percent(after.error_by_chance),
    )
    if score.temperature is None:
        return sentences(error, tell("The run is not calibrated, as it has no validation images to learn from."))
    fitted = tell(
        "Its probabilities are calibrated at temperature {temperature}, fitted on {images}; before, they were off by"
        " {before}.",
        temperature=number(score.temperature, 3),
        images=counted(score.fitted_on or 0, "validation image", separator=","),
        before=percent(score.before.error),
    )
    return sentences(error, fitted)


def _table(score: CalibrationScore) -> Table:
    def row(name: str, told: Reliability) -> tuple[str, ...]:
        low, high = told.error_interval
        interval = tell("{low} to {high}", low=percent(low), high=percent(high))
        chance = percent(told.error_by_chance)
        return name, percent(told.error), interval, chance, number(told.brier), number(told.log_loss)

    rows = [row(_name(None), score.before)]
    if score.temperature is not None:
        rows.append(row(_name(score.temperature), score.after))
    header = (
        "",
        tell("calibration error"),
        tell("95% interval"),
        tell("by chance"),
        tell("Brier score"),
        tell("log loss"),
    )
    return Table(header, tuple(rows), caption=tell("how far probabilities are off; less is better"))


def _name(temperature: float | None) -> str:
    if temperature is None:
        return tell("as trained")
    return tell("at temperature {temperature}", temperature=number(temperature, 3))


def _meaning(score: CalibrationScore) -> str:
    before = score.before
    sure = sum(each.count * (each.confidence - each.accuracy) for each in before.bins)
    if before.error <= 2 * before.error_by_chance:
        return tell("Chance alone can put the network as trained as far off as it is, with so many images.")
    if sure > 0:
        return tell("The network as trained is surer of its answers than they deserve.")
    return tell("The network as trained is less sure of its answers than they deserve, as label smoothing makes it.")


def _picture(score: CalibrationScore, evaluation: Evaluation) -> Picture:
    series = {_name(None): score.before}
    if score.temperature is not None:
        series[_name(score.temperature)] = score.after
    text = tell(
        "Reliability diagram of {count} images: the share of right answers against confidence in {bins}. On average"
        " they are {error} apart.",
        count=f"{evaluation.count:,}",
        bins=counted(len(score.after.bins), "bin"),
        error=percent(score.after.error),
    )
    columns = ("count", "confidence", "accuracy", "interval")
    numbers = {
        f"{when}_{column}": [getattr(each, column) for each in told.bins]
        for when, told in (("before", score.before), ("after", score.after))
        for column in columns
    }
    return Picture(NAME, text, partial(_draw, series, evaluation), numbers)


def _draw(series: dict[str, Reliability], evaluation: Evaluation) -> Figure:
    from pellucid.plots.calibration import Point, reliability_figure

    points = {
        name: [Point(each.confidence, each.accuracy, each.interval) for each in told.bins]
        for name, told in series.items()
    }
    labels = (
        tell("confidence (probability of the answer)"),
        tell("share of right answers"),
        tell("bin of equally many images, the least sure first"),
        tell("share of right answers less confidence"),
    )
    split = f"{shortened(evaluation.data)}, {tell(evaluation.split)}"
    title = tell("How often answers are right, against how sure they are: {split}", split=split)
    return reliability_figure(points, labels, title)
