"""What libraries remark while they read a file: gathered, so that it can be told with the file's name, once."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from typing_extensions import override


class _Gathered(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts = list[str]()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def gathered() -> Iterator[list[str]]:
    """Within this context neither Python's warnings nor Pillow's log reach the user; afterwards the list has them."""
    found, caught = list[str](), list[warnings.WarningMessage]()
    logger, handler = logging.getLogger("PIL"), _Gathered()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:  # a list, which is filled as they come
            for kind in (UserWarning, RuntimeWarning):
                warnings.simplefilter("always", kind)
            yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
        texts = [*(str(warning.message) for warning in caught), *handler.texts]
        found += dict.fromkeys(" ".join(text.split()) for text in texts)
