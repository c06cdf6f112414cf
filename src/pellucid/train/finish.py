"""What follows on a training: it is judged, and its curves are drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pellucid.errors import RunError
from pellucid.run.folder import CURVES, FINISH
from pellucid.trained.run import Run


def finish(run: Run, out: Path, *, svg: bool = False, on_judged: Callable[[Run], None] | None = None) -> None:
    """Judge a run once on its test split, where there is one, and draw its curves.

    A training that was interrupted is not judged. The curves are drawn whatever happens before.

    Args:
        run: The run that was just trained.
        out: The run's folder.
        svg: Draw curves.svg as well as curves.png.
        on_judged: Told of the run before its curves are drawn, which takes longer than judging.

    Raises:
        RunError: A file cannot be written.
        KeyboardInterrupt: The user asked to stop.
    """
    try:
        try:
            if run.record.status != "interrupted" and run.data and run.data.has_test:
                run.evaluate()
            if on_judged:
                on_judged(run)
        finally:
            for kind in (".png", *([".svg"] if svg else [])):
                if run.history.epochs:
                    run.plot((out / CURVES).with_suffix(kind))
    except RunError as error:
        raise RunError(f"{error} {FINISH.format(out)}") from None
