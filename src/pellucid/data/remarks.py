"""What libraries remark while they read a file: gathered, so that it can be told with the file's name, once."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from typing_extensions import override

# A line of libtiff: the module or the name of the file, which Pillow makes up, and what is wrong.
NATIVE = re.compile(rb"^(?:tempfile\.tif: )?((?:\w+: )?[ -~]+)\n", re.MULTILINE)
STDERR = 2


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


@contextmanager
def native_warned() -> Iterator[None]:
    """Within this context what a library that is not Python prints to stderr, as libtiff does, becomes a warning.

    What others print meanwhile, as a progress bar does with its escape codes, is passed on.
    """
    try:
        sys.stderr.flush()
        kept = os.dup(STDERR)
    except (OSError, ValueError, AttributeError):  # there is none, or it is closed
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)
            file.seek(0)
            printed = file.read()
            os.write(STDERR, NATIVE.sub(b"", printed))
    if lines := [line.decode() for line in NATIVE.findall(printed)]:
        more = f" (and {len(lines) - 1:,} more like it)" if len(lines) > 1 else ""
        warnings.warn(lines[0] + more, stacklevel=2)
