"""What libraries warn of and log while a command runs: kept, and told once each when it ends."""

from __future__ import annotations

import logging
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typing_extensions import override

from pellucid.cli.output import say
from pellucid.errors import PellucidWarning

MOST_SAID = 20  # warnings of our own from one place in the code


class _Kept(logging.Handler):
    """Texts by the place in the code that they come from, in the order in which they came first."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: dict[tuple[str, int], dict[str, None]] = {}
        self.said: Counter[tuple[str, int]] = Counter()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.keep(record.getMessage(), record.pathname, record.lineno)

    def keep(self, text: str, file: str, line: int) -> None:
        self.texts.setdefault((file, line), {})[" ".join(text.split())] = None

    def show_warning(self, message: Warning | str, kind: type[Warning], file: str, line: int, *_: Any) -> None:
        """Take the place of Python's function; our own warnings are said at once, as other messages are."""
        if issubclass(kind, PellucidWarning):
            self.said[file, line] += 1
            if self.said[file, line] <= MOST_SAID:
                say(f"pellucid: {message}")
        else:
            self.keep(str(message), file, line)

    def lines(self) -> Iterator[str]:
        """A line for each place, however often it was reached; of our own, for those that had too much to say."""
        for count in self.said.values():
            if count > MOST_SAID:
                yield f"pellucid: and {count - MOST_SAID:,} more of this kind."
        for (file, _), texts in self.texts.items():
            library = next((part for part in reversed(Path(file).parts[:-1]) if part in sys.modules), Path(file).name)
            more = f" (and {len(texts) - 1:,} more like it)" if len(texts) > 1 else ""
            yield f"pellucid: {library} warns: {next(iter(texts))}{more}"


@contextmanager
def libraries_heard() -> Iterator[None]:
    """Within this context what libraries warn of is kept; at its end each is told on stderr, in a line."""
    kept, root = _Kept(), logging.getLogger()
    root.addHandler(kept)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = kept.show_warning
            yield
    finally:
        root.removeHandler(kept)
        for line in kept.lines():
            say(line)
