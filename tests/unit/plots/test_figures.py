from pathlib import Path

import numpy as np
from PIL import Image

from pellucid.plots.animation import animation
from pellucid.plots.curves import curves
from pellucid.plots.figures import render
from pellucid.run.files import bears_mark
from pellucid.run.history import Epoch, History


def test_what_pellucid_draws_bears_its_mark(tmp_path: Path) -> None:
    history = History([Epoch(1, 0.5, 0.8, None, None, 0.1, 1.0)])
    drawn = {f"a.{kind}": render(curves(history, "t"), kind) for kind in ("png", "svg")}
    drawn["a.gif"] = animation(np.zeros((1, 1, 4, 4, 1), np.uint8), ["x"], "t")
    Image.new("L", (4, 4)).save(tmp_path / "mine.png")
    for name, raw in drawn.items():
        (tmp_path / name).write_bytes(raw)
    assert sorted(path.name for path in tmp_path.iterdir() if bears_mark(path)) == sorted(drawn)
    (tmp_path / "link.png").symlink_to("a.png")
    assert not bears_mark(tmp_path / "link.png")
    assert not bears_mark(tmp_path / "missing.png")
