from __future__ import annotations

import pytest

from pellucid.data.dataset import DataSplits
from pellucid.spec.recipes import Recipe
from pellucid.train.choice import choose

TINY = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"


@pytest.fixture(scope="session")
def subject(bars: DataSplits) -> Recipe:
    """A network that learns the bars well, but not perfectly, in an instant."""
    return choose(bars, model=TINY, epochs=3, batch_size=16, learning_rate=0.01)
