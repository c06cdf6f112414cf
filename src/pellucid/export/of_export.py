"""What an export answers for the held-out images of its run, in a process of its own, without the run's network."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.export.formats.table import RAW, format_named
from pellucid.export.held_out import answered, held_out_images
from pellucid.export.parity import alone, versions_of
from pellucid.export.raw import RawEngine
from pellucid.export.raw_proof import compare_raw
from pellucid.export.witness import IN_BATCHES, ONE_BY_ONE, Question, answer
from pellucid.run.folder import RunFolder
from pellucid.untrusted import trusting


def ask_export(question: Question) -> dict[str, Any]:
    """Leave the probabilities in the folder of the question: all images in batches, and some of them one by one.

    Raises:
        RunError: The export cannot be loaded.
        DataError: There are no held-out images.
    """
    form = format_named(question.form)
    with trusting():  # it has been written just now
        engine = form.module.load({name: (question.work / name).read_bytes() for name in form.files}, question.work)
    record = RunFolder(question.run).read_record()
    held = held_out_images(record, question)
    images, some = held.images, held.images[alone(len(held.images))]
    for file, asked, at_once in ((IN_BATCHES, images, engine.at_once), (ONE_BY_ONE, some, 1)):
        told = f"the export answers, in batches of {at_once}"
        np.save(question.work / file, answered(engine.probabilities, asked, at_once, told))
    raw, facts = question.work / RAW, {}
    if raw.exists():
        found = compare_raw(RawEngine(raw.read_bytes(), raw), engine, images, record.reading)
        facts["raw_images"] = found.model_dump(mode="json")
    versions = versions_of(*form.libraries, "numpy", "pillow")
    return facts | {"data": held.data.model_dump(), "at_once": engine.at_once, "versions": versions}


if __name__ == "__main__":
    answer(ask_export)
