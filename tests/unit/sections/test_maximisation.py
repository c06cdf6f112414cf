from __future__ import annotations

import dataclasses

import pytest

import pellucid as pl
from pellucid.interpret.maximize.portraits import Portraits, portray
from pellucid.sections.maximisation import animation_of, maximisation_section, singles
from pellucid.sections.origin import Origin


@pytest.fixture(scope="module")
def found(run: pl.Run) -> Portraits:
    return portray(run, pl.class_targets(run), starts=1, steps=2, frames=2)


def test_each_picture_has_a_row_and_each_method_its_standing(found: Portraits, origin: Origin) -> None:
    section = maximisation_section(found, origin)
    assert [row[:2] for row in section.tables[0].rows] == [
        (name, method) for method in ("raw", "constrained") for name in ("across", "upright", "aslant")
    ]
    assert [remark.split(" ")[:4] for remark in section.remarks] == [
        [f"{method}:", "of", "3", "pictures"] for method in ("raw", "constrained")
    ]
    assert section.title == "What maximises class logits. Run first, seed 0"
    assert {key: section.document[key] for key in ("starts", "steps", "seed")} == {"starts": 1, "steps": 2, "seed": 0}


def test_the_card_of_a_target_stands_beside_the_nearest_images(found: Portraits, origin: Origin) -> None:
    (picture,) = maximisation_section(found, origin).pictures
    assert picture.name == "maximize-classes"
    texts = [text.get_text() for text in picture.draw().findobj(lambda part: hasattr(part, "get_text"))]
    assert "across" in texts
    assert any("of 1 start the one" in text and "of 213 training images" in text for text in texts)
    assert picture.numbers["raw_images"].shape == (3, 1, 8, 8, 1)


def test_without_data_nothing_is_judged(found: Portraits, origin: Origin) -> None:
    findings = tuple(tuple(dataclasses.replace(each, nearest=None) for each in row) for row in found.findings)
    bare = dataclasses.replace(found, reference=None, findings=findings, without_data="It is gone.")
    section = maximisation_section(bare, origin)
    assert section.warnings == ("It is gone. So there is no prior from data, and legibility is not measured.",)
    assert (section.remarks, section.document["reference"]) == ((), None)
    assert "training image" not in section.pictures[0].alternative_text
    assert section.pictures[0].draw().axes


def test_filters_are_named_by_their_layers(run: pl.Run, origin: Origin) -> None:
    targets = pl.filter_targets(run, "conv2d_1", [0])
    found = portray(run, targets, ["raw"], steps=1, untrained=True)
    section = maximisation_section(found, dataclasses.replace(origin, untrained=True))
    assert section.pictures[0].name == "maximize-conv2d_1-untrained"
    assert section.title.startswith("What maximises filters of conv2d_1, before training (control). Run first")
    assert section.document["starts"] == 2


def test_pictures_alone_and_on_their_way(found: Portraits) -> None:
    assert list(singles(found))[:2] == ["raw-across.png", "raw-upright.png"]
    assert all(raw.startswith(b"\x89PNG") for raw in singles(found).values())
    assert animation_of(found, "Title").startswith(b"GIF8")
