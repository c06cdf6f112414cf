"""What a run gives reason to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pellucid.judge.advice.facts import Advice
from pellucid.language import tell
from pellucid.sections.section import Command, Section
from pellucid.text import printable

BRIEFLY = 2  # told in a line each


def advice_section(given: Sequence[Advice]) -> Section:
    """Each advice: what is the matter, the evidence, and the command that is its remedy.

    Args:
        given: As `advise` gives it.
    """
    told = tuple(
        part
        for one in given
        for part in (f"{_sentence(one.what)}\n{_sentence(one.evidence)}", Command(printable(one.remedy)))
    )
    nothing = tell("Nothing that was looked at gives a reason to do anything else.")
    return Section(
        title=tell("Advice"),
        document={"advice": [asdict(one) for one in given]},
        body=told or (nothing,),
    )


def briefly(given: Sequence[Advice]) -> list[str]:
    """The same in three lines at most."""
    lines = [
        tell("{what}: {evidence}. Try: {remedy}", what=one.what, evidence=one.evidence, remedy=one.remedy)
        for one in given[:BRIEFLY]
    ]
    if len(given) > BRIEFLY:
        lines.append(tell("There is further advice, {count} in all, in the output of --json.", count=len(given)))
    return [printable(line) for line in lines]


def _sentence(text: str) -> str:
    """A text as a sentence of its own."""
    return printable(f"{text[:1].upper()}{text[1:]}.")
