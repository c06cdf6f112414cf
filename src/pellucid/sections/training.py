"""What came out of a training."""

from __future__ import annotations

from pathlib import Path

from pellucid.run.record import Results, RunRecord
from pellucid.sections.section import Section
from pellucid.text import shortened
from pellucid.words import percent

WEIGHTS_SHOWN = 20


def training_section(record: RunRecord, path: Path) -> Section:
    """The score on the test split, where the data have one, the time and the memory that it took.

    Args:
        record: Of the run.
        path: Its folder.
    """
    results, name = record.results, shortened(record.data.name)
    untested = results is not None and results.test is None
    return Section(
        title=f"{shortened(record.recipe)} on {name}",
        document={"run": str(path), **record.model_dump(mode="json")},
        body=(*((_words(results),) if results else ()), *_ways(record)),
        remarks=(f"{name} has no test split, so there is no test accuracy.",) if untested else (),
    )


def _ways(record: RunRecord) -> tuple[str, ...]:
    """What was unusual about the way: weights of another run, classes that count more than others."""
    weights = record.class_weights or {}
    shown = ", ".join(f"{name} {weight:.3g}" for name, weight in list(weights.items())[:WEIGHTS_SHOWN])
    more = f" and {len(weights) - WEIGHTS_SHOWN} more" if len(weights) > WEIGHTS_SHOWN else ""
    told = (record.beginning, f"class weights: {shown}{more}" if weights else "")
    return tuple(text for text in told if text)


def _words(results: Results) -> str:
    cost = f"trained in {results.train_seconds:.1f} s, peak memory {results.peak_memory_mib:.0f} MiB"
    if results.test is None:
        return cost
    low, high = results.test.accuracy_interval
    interval = f"95% interval {percent(low)} to {percent(high)}"
    return f"test accuracy {percent(results.test.accuracy)} ({interval}), test loss {results.test.loss:.4f}\n{cost}"
