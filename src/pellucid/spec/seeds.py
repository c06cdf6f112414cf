"""Randomness as a function of (seed, purpose, counters), never of what ran before."""

from __future__ import annotations

import hashlib


def derive_seed(seed: int, purpose: str, *counters: int) -> int:
    """A seed of its own for one use of randomness.

    Two purposes, or two values of a counter, give unrelated seeds, so that a run can be repeated, and taken up at any
    step.

    Args:
        seed: The run's seed.
        purpose: What the numbers are for, such as ``shuffle``.
        counters: Where in the run, such as epoch and step.

    Returns:
        A number from 0 to 2**63 - 1, the same on every machine and Python version.
    """
    text = f"{seed}/{purpose}/" + "/".join(str(counter) for counter in counters)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1
