"""What there is to say of suspected label errors."""

from __future__ import annotations

from functools import partial

from pellucid.data.dataset import DataSplits
from pellucid.sections.section import Picture, Section, Table
from pellucid.study.suspects import Suspect, Suspects, suspects_figure
from pellucid.words import percent

LINES_SHOWN = 10


def suspects_section(found: Suspects, splits: DataSplits, top: int) -> Section:
    """The first suspects of each split in tables, and in a picture where there are any.

    Args:
        found: The suspects.
        splits: The data that they stand in.
        top: How many suspects of each split are in the document and the picture.
    """
    document = found.model_dump(mode="json", exclude={"suspects"})
    document["suspects_total"] = {split: len(found.of(split)) for split in found.counts}
    document["suspects"] = [suspect.model_dump(mode="json") for suspect in found.first(top)]
    text = "The first suspected label errors of each split, with label, suggestion and its probability."
    picture = Picture("suspects", text, partial(suspects_figure, found, splits, top))
    return Section(
        title=f"Suspected label errors in {found.data}",
        document=document,
        body=(
            *(_table(found, split, min(top, LINES_SHOWN)) for split in found.counts),
            "A suspect may be an image that is only hard: judge by eye. Nothing was changed.",
        ),
        pictures=(picture,) if found.suspects else (),
    )


def _table(found: Suspects, split: str, top: int) -> Table | str:
    """The first suspects of a split; where there are none, that in words."""
    own, images = found.of(split), found.counts[split]
    how = "out of fold" if split == "train" else f"mean of {found.k} networks"
    caption = f"suspected label errors in {split}: {len(own):,} of {images:,} images ({how})"
    if not own:
        return caption
    header = ("image", "label", "suggestion", "its probability", "score")
    return Table(header, tuple(map(_line, own[:top])), 3, caption)


def _line(suspect: Suspect) -> tuple[str, ...]:
    what = suspect.source or str(suspect.index)
    return what, suspect.label, suspect.suggestion, percent(suspect.suggestion_probability), f"{suspect.score:.4f}"
