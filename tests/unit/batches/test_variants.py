from __future__ import annotations

import numpy as np

import pellucid as pl
from pellucid.batches.variants import variants
from pellucid.data.dataset import DataSplits


def test_the_image_comes_first_and_the_seed_decides_on_the_rest(bars: DataSplits) -> None:
    spec, image = pl.AugmentSpec(rotation=20), bars.train.images[0]
    first, *others = variants(image, spec, 3, seed=1)
    assert np.allclose(first, image / 255)
    assert len(others) == 3
    assert all(other.shape == (8, 8, 1) and not np.array_equal(other, first) for other in others)
    again, changed = variants(image, spec, 3, seed=1), variants(image, spec, 3, seed=2)
    assert np.array_equal(again[1:], others)
    assert not np.array_equal(changed[1:], others)
