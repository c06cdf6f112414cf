from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import pellucid as pl
from pellucid.run.folder import RunFolder

Make = Callable[..., pl.Predictor]


@pytest.fixture(scope="session")
def made(bars_run: Path) -> Make:
    """Makes an untrained run with the classes of the bars from shorthand."""
    record = RunFolder(bars_run).read_record()

    def make(
        layers: str, shape: tuple[int, int, int] = (8, 8, 1), seed: int = 1, names: tuple[str, ...] = ()
    ) -> pl.Predictor:
        spec = pl.ModelSpec.from_shorthand(layers, shape)
        data = record.data.model_copy(update={"class_names": names or record.data.class_names})
        own = record.model_copy(update={"model": spec, "data": data})
        return pl.Predictor(pl.build(spec, seed), own, torch.device("cpu"))

    return make


@pytest.fixture
def predictor(bars_run: Path) -> pl.Predictor:
    """A trained run, whose network a test may change."""
    return pl.Predictor.load(bars_run)
