"""How long the training took, and how long an answer takes."""

from __future__ import annotations

import dataclasses

from pellucid.judge.speed import Speed
from pellucid.language import tell
from pellucid.run.record import RunRecord
from pellucid.sections.section import Section, Table
from pellucid.text import shortened


def speed_section(record: RunRecord, speed: Speed | None = None) -> Section:
    """Time and memory of the training, and time of an answer where that was measured.

    Args:
        record: Of the run, which has results.
        speed: How long its network takes to answer here.
    """
    results = record.results
    rows: list[tuple[str, str]] = []
    if results:
        rows += [
            (tell("training"), tell("{seconds} s", seconds=f"{results.train_seconds:.1f}")),
            (tell("peak memory of the training"), f"{results.peak_memory_mib:.0f} MiB"),
        ]
    if speed:
        batch = tell("an image in batches of {size}", size=speed.batch_size)
        rows += [
            (tell("an image alone"), f"{speed.alone_ms:.3g} ms"),
            (batch, f"{speed.in_batch_ms:.3g} ms"),
        ]
    on = shortened(speed.device_name) if speed else ""
    here = tell(
        "Answers were timed on {machine}, in {precision}.", machine=on, precision=speed.precision if speed else ""
    )
    return Section(
        title=tell("Speed"),
        document={"training": results and results.train_seconds, "answers": speed and dataclasses.asdict(speed)},
        body=(Table(("", ""), tuple(rows)),) if rows else (tell("Nothing was timed."),),
        remarks=(here,) if speed else (),
    )
