"""The page, made of the results alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Page = Callable[[dict[str, Any]], list[str]]
Picture = Callable[[dict[str, Any], Path], None]
TITLES = {
    "time-to-accuracy": "Time to the tutorial's accuracy",
    "throughput": "Training updates by batch size",
    "settings": "Automatic settings",
    "memory": "Memory",
    "startup": "Start-up",
    "growth": "Growth of cost",
    "stall": "No stall",
    "busy": "Beside busy processes",
    "predict": "Evaluation and prediction",
    "gpu": "On a GPU",
}
OPTIONS = {
    "time-to-accuracy": ("rounds", "second-epochs", "seeds"),
    "throughput": ("rounds", "seconds"),
    "settings": ("rounds", "seconds"),
    "stall": ("processes",),
    "predict": ("rounds", "seconds"),
}


def write_report(results: Path, page: Path, sections: Mapping[str, Page], pictures: Mapping[str, Picture]) -> None:
    """Write the page and its pictures from the results that there are.

    Args:
        results: Folder of the JSON files.
        page: The Markdown file; pictures go beside it.
        sections: Makes the lines of each section.
        pictures: Draws the pictures of those that have any.
    """
    page.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench`; every run stands in `benchmarks/results/`, the peers in `benchmarks/peers/`.",
        "Programs take turns (A B A B ...), every run in a fresh process. Figures are medians, with the least and",
        "greatest in parentheses; ratios are taken round by round.",
        "",
    ]
    for section, make in sections.items():
        file = results / f"{section}.json"
        lines.append(f"## {TITLES[section]}")
        if not file.exists():
            lines += [f"Not measured yet: `python -m benchmarks.compare {section}`.", ""]
            continue
        document = json.loads(file.read_text(encoding="utf-8"))
        lines += [*make(document), *_foot(document), ""]
        if section in pictures:
            pictures[section](document, page.parent)
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _foot(document: dict[str, Any]) -> list[str]:
    """How to repeat it, and on what it was measured."""
    machine, scale = document["machine"], document["scale"]
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    load = machine["load_average_at_start"][0]
    options = " ".join(
        f"--{name} {scale[name.replace('-', '_')]}" for name in OPTIONS.get(document["section"], ("rounds",))
    )
    return [
        "",
        f"`python -m benchmarks.compare {document['section']} {options}`, {document['started'][:10]};",
        f"{machine['processor']}, {machine['cores']} cores, {', '.join(machine['capabilities']) or 'no AVX'},",
        f"{machine['memory_gib']:g} GiB, load {load:g} at the start;",
        f"{versions}.",
    ]
