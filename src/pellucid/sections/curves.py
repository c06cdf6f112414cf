"""How a training went: accuracy and loss against epoch."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pellucid.language import sentences, tell
from pellucid.run.folder import CURVES
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.sections.section import Picture, Section
from pellucid.trained.curves import curves_of, require_epochs, title_of
from pellucid.words import counted, number, percent


def curves_section(history: History, record: RunRecord, path: Path) -> Section:
    """Accuracy and loss of the training and the validation split after each epoch.

    Args:
        history: The finished epochs.
        record: Of the run.
        path: Its folder.

    Raises:
        RunError: No epoch was finished.
    """
    require_epochs(history)
    last = history.epochs[-1]
    text = tell(
        "Two line charts over {epochs}: accuracy, at last {accuracy} on the training images, and loss, at last {loss}.",
        epochs=counted(len(history.epochs), "epoch"),
        accuracy=percent(last.accuracy),
        loss=number(last.loss),
    )
    if last.val_accuracy is not None:
        share = percent(last.val_accuracy)
        text = sentences(text, tell("On the validation images the accuracy is at last {accuracy}.", accuracy=share))
    numbers = {name: history[name] for name in ("epoch", "accuracy", "loss", "val_accuracy", "val_loss")}
    return Section(
        title=title_of(record),
        document={"run": str(path)},
        pictures=(Picture(Path(CURVES).stem, text, partial(curves_of, history, record), numbers),),
    )
