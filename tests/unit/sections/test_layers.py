"""Sections about the layers of a network: filters, feature maps, shapes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import SettingError
from pellucid.interpret.filters import filters_on_data
from pellucid.interpret.images import ChosenImage, read_image_argument
from pellucid.judge.speed import Speed
from pellucid.sections.feature_maps import feature_maps_section
from pellucid.sections.filters import filters_section
from pellucid.sections.origin import Origin
from pellucid.sections.section import Section
from pellucid.sections.shapes import blind_note, shapes_section


def test_filters_with_images(run: pl.Run, origin: Origin) -> None:
    found, missing = filters_on_data(run)
    assert missing is None
    section = filters_section(found, origin)
    assert section.title == "conv2d_1: 4 filters of 3x3x1, kernels as learned. Run first, seed 3"
    assert [row[0] for row in section.tables[0].rows] == list("0123")
    assert section.remarks[0].endswith("conv2d_1_relu above 0, on 213 training images")
    (picture,) = section.pictures
    assert picture.name == "filters-conv2d_1"
    assert picture.numbers["duplicate_of"] == [-1] * 4
    assert picture.draw().axes


def test_filters_without_images(run: pl.Run, origin: Origin) -> None:
    found, _ = filters_on_data(run, with_images=False)
    section = filters_section(found, dataclasses.replace(origin, untrained=True), "It is gone.")
    assert section.warnings == ("It is gone. Dead filters are judged by their weights alone.",)
    assert len(section.remarks) == 1
    assert section.tables[0].rows[0][5] == "-"
    assert np.isnan(section.pictures[0].numbers["positive_share"]).all()
    assert section.pictures[0].name == "filters-conv2d_1-untrained"
    assert "before training (control)" in section.title


@pytest.fixture
def chosen(run: pl.Run) -> ChosenImage:
    return read_image_argument(run, "test:1")


def maps(run: pl.Run, chosen: ChosenImage, origin: Origin, layer: str | None = None) -> Section:
    return feature_maps_section(pl.feature_maps(run, chosen.pixels), chosen, run.class_names, origin, layer)


def test_feature_maps_of_all_layers(run: pl.Run, chosen: ChosenImage, origin: Origin) -> None:
    section = maps(run, chosen, origin)
    assert section.title.startswith("Every layer for bars, test image 1 (true class upright), answer upright (")
    assert section.tables[0].rows[1][:2] == ("conv2d_1", "6x6x4")
    assert sum(section.document["probabilities"].values()) == pytest.approx(1)
    assert section.pictures[0].name == "feature-maps-bars-test-image-1"
    assert section.pictures[0].draw().axes
    assert section.pictures[0].numbers["softmax"].shape == (3,)


def test_feature_maps_of_one_layer(run: pl.Run, chosen: ChosenImage, origin: Origin) -> None:
    section = maps(run, chosen._replace(label=None), origin, "conv2d_1")
    assert section.title.startswith("conv2d_1 for bars, test image 1, answer upright (")
    assert section.document["true_class"] is None
    assert section.pictures[0].draw().axes
    with pytest.raises(SettingError, match="Did you mean conv2d_1"):
        maps(run, chosen, origin, "conv2d1")


def test_shapes() -> None:
    spec = pl.ModelSpec.from_shorthand("conv 4 3x3, batchnorm, relu, maxpool 2x2, flatten, dense 3", (8, 8, 1))
    section = shapes_section(spec)
    walk, table, totals = section.body
    assert walk == "8×8×1 → 6×6×4 → 3×3×4 → 36 → 3"  # noqa: RUF001
    assert section.tables == [table]
    assert section.tables[0].rows[0] == ("conv2d_1", "6x6x4", "40", "1,296", "3x3")
    assert totals.splitlines() == [
        "167 parameters (8 of them tracked, not learned), 668 bytes in fp32",
        "1,404 multiply-adds an image",
        "1.1 KiB of activations an image at the peak, in fp32",
        "sees the whole image",
    ]
    assert section.document["parameters"] == 167
    assert section.document["weights_bytes"] == 167 * 4
    assert section.document["peak_activation_bytes"] == 2 * 6 * 6 * 4 * 4  # batch normalisation
    assert section.document["coverage"]["blind_share"] == 0
    assert section.document["speed"] is None
    assert section.warnings == ()


def test_shapes_of_a_blind_network_name_what_is_not_seen_and_where_it_is_left_out() -> None:
    section = shapes_section(pl.recipe("tutorial", (28, 28, 1), 10).model)
    assert section.body[-1].splitlines()[-1] == "sees 86.2% of the image"
    assert section.warnings == (
        "No output of the network depends on the last 2 rows and the last 2 columns of the image: "
        "max_pooling2d_2 leaves out 1 row and 1 column of its 11x11 map. "
        'A larger window there sees it; so does padding="same" where it is an edge.',
    )
    assert section.document["coverage"] == {
        "seen_share": 26 * 26 / 28**2,
        "blind_share": 1 - 26 * 26 / 28**2,
        "rows_seen": ((0, 25),),
        "columns_seen": ((0, 25),),
        "blind_layers": [{"name": "max_pooling2d_2", "map": (11, 11), "rows_left_out": 1, "columns_left_out": 1}],
    }


def test_a_training_tells_of_a_notable_blind_part_only() -> None:
    tutorial = pl.recipe("tutorial", (28, 28, 1), 10).model
    expected = "the network is blind to 13.8% of each image: the last 2 rows and the last 2 columns"
    assert blind_note(tutorial) == f"{expected} (pellucid shapes says why)"
    assert blind_note(pl.ModelSpec.from_shorthand("maxpool 2x1, flatten, dense 3", (101, 100, 1))) is None  # 1%
    assert blind_note(pl.FactorySpec(factory="a:b", input_shape=(28, 28, 1), classes=3)) is None


def test_shapes_of_a_vote_with_the_time_that_was_measured() -> None:
    speed = Speed(
        alone_ms=1.23456, in_batch_ms=0.0123, batch_size=500, device_name="A chip", threads=2, precision="fp32"
    )
    section = shapes_section(pl.ModelSpec.from_shorthand("flatten, dense 3", (8, 8, 1)), 3, speed)
    assert "3 such networks vote: 3 times the parameters and multiply-adds" in section.body[-1].splitlines()
    assert section.document["networks"] == 3
    assert "1.23 ms an image alone, 0.0123 ms in batches of 500 (A chip, fp32)" in section.body[-1].splitlines()
    assert section.document["speed"]["alone_ms"] == 1.23456
