"""How folders are arranged: which of them are classes, and which are splits."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pellucid.data.listing import SPLIT_NAMES
from pellucid.data.trees import Parts
from pellucid.errors import DataError

SPLIT_WORD = re.compile(
    rf"(?<![a-z])({'|'.join(sorted(SPLIT_NAMES, key=len, reverse=True))})(?:set)?(?![a-z])", re.IGNORECASE
)


class Place(NamedTuple):
    """What a folder says of the images in it.

    Attributes:
        label: Their class; None where it says none.
        split: train, validation, test; None where it says none.
        reason: Why there is no class.
    """

    label: str | None
    split: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Arrangement:
    """Where among the folders above an image its class and its split stand.

    Attributes:
        top: The folder in which all others lie.
        splits: The folders that are splits, right below the top; empty where there are none.
        wrapped: Those of the splits in which a folder of the same name holds all the rest.
        unlabelled: Those of the splits whose only folder is no class of the training images.
        below_classes: Whether the splits stand below the classes.
        notes: What the user should know of it.
    """

    top: Parts = ()
    splits: Mapping[str, str] = field(default_factory=dict)
    wrapped: Collection[str] = ()
    unlabelled: Collection[str] = ()
    below_classes: bool = False
    notes: tuple[str, ...] = ()

    def place(self, folder: Parts) -> Place:
        """What a folder says of the images that lie in it."""
        inner = folder[len(self.top) :] if folder[: len(self.top)] == self.top else ()
        if not inner:
            return Place(None, None, "no label: it lies in no class's folder")
        if self.below_classes:
            return Place(inner[0], SPLIT_NAMES.get(inner[1].lower()) if len(inner) > 1 else None)
        if not self.splits:
            return Place(inner[0])
        if inner[0] not in self.splits:
            return Place(None, None, f"no label: it lies beside the splits {_listed(self.splits)}")
        split, inner = self.splits[inner[0]], _unwrapped(inner, self.wrapped)
        if len(inner) == 1:
            return Place(None, split, "no label: it lies in no class's folder")
        if inner[0] in self.unlabelled:
            return Place(None, split, f"no label: {inner[1]} is no class of the training images")
        return Place(inner[1], split)


def arrangement_of(where: str, folders: Collection[Parts]) -> Arrangement:
    """See how the folders that hold images are arranged.

    Splits stand above the classes (``train/cat``) or below them (``cat/train``). They are called train, validation
    (val, valid, dev) and test, or have one of these words in their names: where the names differ by that word alone
    (``seg_train``, ``seg_test``), or what lies in the others lies in the training split as well.

    Args:
        where: The data, as messages name them.
        folders: Each folder that holds images itself, as the names of the folders above it and its own.

    Raises:
        DataError: The folders can be understood in two ways; the message tells how they are arranged.
    """
    top = _top(folders)
    inner = {folder[len(top) :] for folder in folders if folder[: len(top)] == top} - {()}
    below: dict[str, set[Parts]] = {parts[0]: set() for parts in inner}
    for parts in inner:
        below[parts[0]].add(parts[1:])
    # As some archives are packed, with all that a folder holds in one of the same name.
    wrapped = {name for name, own in below.items() if all(parts[:1] == (name,) for parts in own)}
    classes = {
        name: {rest[0] for parts in own if (rest := parts[1:] if name in wrapped else parts)}
        for name, own in below.items()
    }
    if splits := _splits(where, classes):
        return Arrangement(top, splits, wrapped, _unlabelled(splits, classes), notes=_notes(splits))
    if _are_below(where, inner):
        return Arrangement(top, below_classes=True, notes=("train and test below each class are taken for its splits",))
    return Arrangement(top)


def _top(folders: Collection[Parts]) -> Parts:
    """The folder in which all class folders lie, as archives have one around all the rest."""
    top: Parts = ()
    while top not in folders:
        below = {folder[len(top)] for folder in folders}
        if len(below) != 1 or all(len(folder) == len(top) + 1 for folder in folders):
            break
        top += tuple(below)
    return top


def _unwrapped(parts: Parts, wrapped: Collection[str]) -> Parts:
    return parts[:1] + parts[2:] if parts[0] in wrapped and parts[1:2] == parts[:1] else parts


def _splits(where: str, classes: Mapping[str, set[str]]) -> dict[str, str]:
    """The folders that are splits; empty where all are classes.

    Raises:
        DataError: Some are splits, and others hold folders too; or it cannot be told what they are.
    """
    exact = {name: SPLIT_NAMES[name.lower()] for name in classes if name.lower() in SPLIT_NAMES}
    if exact and len(exact) == len(classes):
        return exact
    worded = {name: split for name in classes if (split := _meaning(name))}
    training = {inner for name, split in worded.items() if split == "train" for inner in classes[name]}
    others = classes.keys() - worded.keys()
    are_several = "train" in worded.values() and len(set(worded.values())) > 1
    is_sure = "train" in exact.values()
    if any(classes[name] for name in others) or not are_several:
        if is_sure and training:
            raise _beside(where, exact, {name: classes[name] for name in others or classes.keys() - exact.keys()})
        return {}
    if not training:
        return worded if not others and (is_sure or _differ_by_word(worded)) else {}
    if is_sure or _differ_by_word(worded) or all(classes[name] <= training for name in worded):
        return _once(where, {name: split for name, split in worded.items() if classes[name]})
    seen = "; ".join(f"{name} holds {', '.join(sorted(classes[name])[:3]) or 'images'}" for name in sorted(worded))
    rule = f"the folders {_listed(worded)} are called like splits, but hold different classes"
    raise DataError(f"{where}: {rule}; received: {seen}. Call them train, validation and test if they are splits.")


def _differ_by_word(names: Iterable[str]) -> bool:
    """Whether names are alike but for the word of their split."""
    return len({SPLIT_WORD.sub("", name).lower() for name in names}) == 1


def _beside(where: str, splits: Iterable[str], others: Mapping[str, set[str]]) -> DataError:
    received = ", ".join(f"{name}/{min(inner)}" if (inner := others[name]) else name for name in sorted(others)[:3])
    return DataError(f"{where}: beside {_listed(splits)} only splits may stand; received {received}. Move them.")


def _once(where: str, splits: dict[str, str]) -> dict[str, str]:
    for split in sorted(set(splits.values())):
        names = [name for name in splits if splits[name] == split]
        if len(names) > 1:
            raise DataError(f"{where}: a split must be one folder; received {_listed(names)}. Put them together.")
    return splits


def _unlabelled(splits: Mapping[str, str], classes: Mapping[str, set[str]]) -> set[str]:
    """The splits that hold one folder, which is no class: images to be answered, as in ``test/images``."""
    training = {inner for name, split in splits.items() if split == "train" for inner in classes[name]}
    return {name for name in splits if len(training) > 1 and len(classes[name]) == 1 and not classes[name] & training}


def _are_below(where: str, inner: Collection[Parts]) -> bool:
    """Whether the splits stand below the classes: right below, in each of them.

    Raises:
        DataError: They do in some of them alone, or deeper.
    """
    for depth in range(1, max(map(len, inner), default=0)):
        inside = [parts for parts in inner if len(parts) > depth and parts[depth].lower() in SPLIT_NAMES]
        found: dict[Parts, set[str]] = {}
        for parts in inside:
            found.setdefault(parts[:depth], set()).add(SPLIT_NAMES[parts[depth].lower()])
        if not any({"train"} < splits for splits in found.values()):
            continue
        if depth == 1 and len(inside) == len(inner):
            return True
        others = sorted(set(inner) - set(inside))
        seen = ", ".join("/".join(parts) for parts in [*sorted(inside)[:3], *others[:2]])
        rule = "splits must stand above the classes (train/cat), or right below each class (cat/train)"
        raise DataError(f"{where}: {rule}; received {seen}. Move them, or rename what is no split.")
    return False


def _meaning(name: str) -> str | None:
    """The split that a name means, by the one word in it that means any."""
    found = {SPLIT_NAMES[word.lower()] for word in SPLIT_WORD.findall(name)}
    return found.pop() if len(found) == 1 else None


def _notes(splits: Mapping[str, str]) -> tuple[str, ...]:
    """Say how folders are taken that are not called as splits are."""
    if all(name.lower() in SPLIT_NAMES for name in splits):
        return ()
    return (", ".join(f"{name} is taken for the {splits[name]} split" for name in sorted(splits)),)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
