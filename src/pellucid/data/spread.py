"""Some of many, evenly spread over them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64
from numpy import ndarray


def evenly_spread(count: int, most: int) -> Int64[ndarray, " some"]:
    """Places of at most so many, from the first to the last, rising; of one alone, the first.

    Args:
        count: How many there are.
        most: How many to take, if there are as many.
    """
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)
