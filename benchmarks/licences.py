"""List the licences of all that Pellucid needs, as docs/licences.md (`make licences`).

They are read from the metadata of what is installed here, with the extras: each package that Pellucid names, and those
that these need in turn.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
# The licences that a package may have, of which one suffices where it offers several; MPL covers its own files alone.
SUITABLE = {
    *(
        "0BSD",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
    ),
    *("ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib"),
}
CLASSIFIED = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
HEAD = """# Licences

What Pellucid needs, and under which licence that is, as its packages themselves say. Pellucid is under Apache-2.0. The
list is made by `make licences` from what is installed with all extras; a wheel of PyTorch for CUDA brings libraries of
NVIDIA besides, which have licences of their own.

| package | needed for | licence |
|---|---|---|
"""


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "licences.md")
    parser.parse_args().out.write_text(table(), encoding="utf-8")


def table() -> str:
    """The whole document."""
    lines = [f"| {name} | {reason} | {licence(name)} |" for name, reason in sorted(needed().items())]
    return HEAD + "\n".join(lines) + "\n"


def declared() -> dict[str, str]:
    """What pyproject.toml names, with the extra that it is for; development is none of the user's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"Pellucid": project["dependencies"]} | {
        f"extra `{extra}`": named for extra, named in project["optional-dependencies"].items() if extra != "dev"
    }
    return {canonicalize_name(Requirement(text).name): group for group, texts in groups.items() for text in texts}


def needed() -> dict[str, str]:
    """What is declared, and what that needs in turn where it is installed, each with what it is needed for."""
    found = dict(declared())
    left = list(found)
    while left:
        name = left.pop(0)
        for other in _needs(name):
            if other not in found:
                found[other] = name
                left.append(other)
    return found


def licence(name: str) -> str:
    """The licence of an installed package, as its metadata say: an expression, a classifier, or a short text."""
    said: Any = metadata(name)  # which offers more than its type tells
    if expression := said.get("License-Expression"):
        return expression
    classifiers = [text.split(" :: ")[-1] for text in said.get_all("Classifier") or [] if text.startswith("License")]
    known = [str(CLASSIFIED.get(text, text)) for text in classifiers if text != "OSI Approved"]
    text = " OR ".join(known) or (said.get("License") or "unknown").splitlines()[0]
    return CLASSIFIED.get(text, text)


def is_suitable(text: str) -> bool:
    """Whether a licence is among the suitable: all that is joined by AND, and one of what is joined by OR."""
    return all(
        any(one.strip(" ()") in SUITABLE for one in re.split(r"\bOR\b", part)) for part in re.split(r"\bAND\b", text)
    )


def _needs(name: str) -> Iterator[str]:
    try:
        texts = requires(name) or []
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, texts):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            other = canonicalize_name(requirement.name)
            if _is_installed(other):
                yield other


def _is_installed(name: str) -> bool:
    try:
        metadata(name)
    except PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    main()
