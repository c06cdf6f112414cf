from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.listing import Content
from pellucid.data.to_answer import ToAnswer
from pellucid.errors import RunError
from pellucid.predict.copies import SortedCopies
from pellucid.predict.prediction import Prediction

HOSTILE = ("../up", "/etc", "..", "\x1b[31m\u202e<b>evil", "a/b", "a b", "A-B", "W" * 300, "unknown", "", "7")


def answer(label: str, *, unknown: bool = False) -> Prediction:
    return Prediction(label, 1.0, {label: 1.0}, unknown=unknown)


def image(path: Path, name: str | None = None) -> ToAnswer:
    return ToAnswer(name or str(path), 1, str(path), np.zeros((2, 2, 1), np.uint8), Content(str(path)))


def test_each_class_has_a_folder_of_its_own_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"content")
    copies = SortedCopies(tmp_path / "sorted" / "here", HOSTILE)
    places = [copies.add(image(tmp_path / "x.png"), answer(label)) for label in HOSTILE]
    places.append(copies.add(image(tmp_path / "x.png"), answer("7", unknown=True)))
    folders = [place.parent for place in places]
    assert len({str(folder).casefold() for folder in folders}) == len(HOSTILE) + 1
    assert {folder.parent for folder in folders} == {tmp_path / "sorted" / "here"}
    assert all(folder.name.isprintable() and len(folder.name.encode()) < 255 for folder in folders)
    assert all(place.read_bytes() == b"content" for place in places)
    assert folders[-1].name == "unknown"
    assert folders[HOSTILE.index("unknown")].name == "unknown-2"
    assert copies.count == len(HOSTILE) + 1
    assert {place.name for place in tmp_path.iterdir()} == {"x.png", "sorted"}


def test_nothing_is_written_over_and_an_image_that_is_there_is_not_copied_again(tmp_path: Path) -> None:
    for folder, content in (("a", b"one"), ("b", b"two"), ("c", b"one")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(content)
    (tmp_path / "sorted" / "7").mkdir(parents=True)
    (tmp_path / "sorted" / "7" / "x-2.png").symlink_to(tmp_path / "outside")
    copies = SortedCopies(tmp_path / "sorted", ("7",))
    names = [copies.add(image(tmp_path / folder / "x.png"), answer("7")).name for folder in "abcb"]
    assert names == ["x.png", "x-3.png", "x.png", "x-3.png"]
    assert (tmp_path / "sorted" / "7" / "x.png").read_bytes() == b"one"
    assert not (tmp_path / "outside").exists()
    assert (tmp_path / "a" / "x.png").read_bytes() == b"one"
    own = tmp_path / "sorted" / "7" / "x.png"
    assert copies.add(image(own), answer("7")) == own  # as a search finds it that is still under way
    assert len(list((tmp_path / "sorted" / "7").iterdir())) == 3


def test_what_has_no_file_is_written_as_the_network_took_it(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    copies = SortedCopies(tmp_path, ("7",))
    place = copies.add(ToAnswer("t.csv, row 3", 3, "data/t.csv", pixels), answer("7"))
    assert place.name == "t-3.png"
    assert np.array_equal(np.asarray(Image.open(place)), pixels)


def test_copies_do_not_lie_among_what_is_answered(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    SortedCopies(tmp_path / "sorted", ("7",)).require_apart([tmp_path / "scans"])
    for inside in (tmp_path / "scans", tmp_path / "scans" / "more" / "sorted"):
        with pytest.raises(RunError, match=r"must lie outside of what is answered; .* is in .*scans\. Move it"):
            SortedCopies(inside, ("7",)).require_apart([tmp_path / "scans"])


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"content")
    (tmp_path / "sorted").write_text("a file")
    with pytest.raises(RunError, match=r"x\.png cannot be copied to .*sorted/7 \("):
        SortedCopies(tmp_path / "sorted", ("7",)).add(image(tmp_path / "x.png"), answer("7"))
