from __future__ import annotations

import dataclasses

import pytest

import pellucid as pl
from pellucid.interpret.attribution.explanation import Explanation, explain
from pellucid.interpret.images import read_image_argument
from pellucid.sections.attribution import HOW_TO_READ, attribution_section
from pellucid.sections.origin import Origin


@pytest.fixture(scope="module")
def found(run: pl.Run) -> Explanation:
    return explain(run, read_image_argument(run, "test:1"), ["saliency", "grad_cam"], seed=5)


def test_each_method_has_a_row_and_chance_the_last(found: Explanation, origin: Origin) -> None:
    (table,) = attribution_section(found, origin).tables
    assert [row[:2] for row in table.rows] == [("saliency", "-"), ("grad_cam", "conv2d_1"), ("random order", "-")]
    assert table.caption.startswith("Which pixels speak for class upright (")


def test_the_title_names_class_image_run_and_seed(found: Explanation, origin: Origin) -> None:
    title = "Which pixels speak for class upright? bars, test image 1; run first; seed 5"
    section = attribution_section(found, origin)
    assert section.title == title
    control = attribution_section(found, dataclasses.replace(origin, untrained=True))
    assert control.title == title.replace("first;", "first, untrained (control);")
    assert control.document["untrained"]


def test_the_picture_holds_a_map_and_curves_for_each_method(found: Explanation, origin: Origin) -> None:
    (picture,) = attribution_section(found, origin, "mine").pictures
    assert picture.name == "mine"
    figure = picture.draw()
    texts = [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]
    shown = "\n".join(texts)
    assert "label upright\nanswer upright (" in shown
    assert "Grad-CAM, conv2d_1 6x6" in shown
    assert HOW_TO_READ[0] in shown
    assert picture.numbers["map_grad_cam"].shape == (8, 8)
    assert picture.numbers["deletion_random"].shape[0] == 8


def test_a_map_that_says_nothing_has_no_scores_but_a_warning(found: Explanation, origin: Origin) -> None:
    maps = tuple(dataclasses.replace(each, degenerate="all values are zero") for each in found.maps)
    scores = dataclasses.replace(
        found.scores,
        each=tuple(dataclasses.replace(each, curves=None, correlation=None) for each in found.scores.each),
    )
    section = attribution_section(dataclasses.replace(found, maps=maps, scores=scores), origin)
    assert section.warnings == tuple(f"{name}: no map: all values are zero" for name in ("saliency", "grad_cam"))
    assert section.tables[0].rows[0][2:] == ("-", "-", "-", "all values are zero")
    assert section.document["methods"]["saliency"]["deletion"] is None
    assert "deletion_saliency" not in section.pictures[0].numbers


def test_methods_that_were_left_out_are_named(found: Explanation, origin: Origin) -> None:
    section = attribution_section(dataclasses.replace(found, left_out=("grad_cam", "layer_cam")), origin)
    assert section.warnings[0].startswith("grad_cam, layer_cam: left out, since no layer")
