"""What of an image a network sees: worked out by hand, and against a network that is really asked."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.model.build import build
from pellucid.spec.coverage import Coverage, field_of
from pellucid.spec.model import ModelSpec
from pellucid.spec.recipes import RECIPES, recipe


def coverage(layers: str, height: int, width: int) -> Coverage:
    return ModelSpec.from_shorthand(f"{layers}, dense 3", (height, width, 1)).coverage()


@pytest.mark.parametrize(
    ("layers", "size", "seen"),
    [
        ("flatten", 5, [(0, 4)]),
        ("globalavgpool", 5, [(0, 4)]),
        ("maxpool 2x2, flatten", 6, [(0, 5)]),
        ("maxpool 2x2, flatten", 7, [(0, 5)]),
        ("maxpool 3x3 stride 2, flatten", 7, [(0, 6)]),  # windows from 0, 2 and 4
        ("maxpool 2x2 same, flatten", 7, [(0, 6)]),
        ("conv 1 7x7 stride 3, flatten", 32, [(0, 30)]),  # the last of 9 windows begins at 24
        ("conv 1 3x3, maxpool 2x2, flatten", 9, [(0, 7)]),  # 7 rows, of which 0 to 5 are pooled; the last sees 5 to 7
        ("conv 1 3x3 same, maxpool 2x2, flatten", 9, [(0, 8)]),  # of 9 rows 0 to 7 are pooled; row 7 sees 6 to 8
        ("conv 1 2x2 stride 5, flatten", 12, [(0, 1), (5, 6), (10, 11)]),  # gaps between the windows
        ("conv 1 1x1 stride 2, conv 1 1x1 stride 2, flatten", 9, [(0, 0), (4, 4), (8, 8)]),
        ("conv 1 1x1 stride 4 same, flatten", 6, [(0, 0), (4, 4)]),
        ("relu, batchnorm, dropout 0.5, maxpool 4x4, flatten", 9, [(0, 7)]),
    ],
)
def test_what_is_seen_is_what_was_worked_out_by_hand(layers: str, size: int, seen: list[tuple[int, int]]) -> None:
    found = coverage(layers, size, size)
    assert list(found.rows) == list(found.columns) == seen
    share = (sum(last - first + 1 for first, last in seen) / size) ** 2
    assert found.seen_share == pytest.approx(share)
    assert found.blind_share == pytest.approx(1 - share)


def test_rows_and_columns_are_seen_independently() -> None:
    found = coverage("maxpool 3x2, flatten", 7, 8)
    assert (found.rows, found.columns) == (((0, 5),), ((0, 7),))
    assert found.seen_share == 6 / 7
    assert found.blind_to() == "the last row"
    assert found.causes() == "max_pooling2d_1 leaves out 1 row of its 7x8 map"


def test_what_is_not_seen_is_said_in_words() -> None:
    found = coverage("conv 1 2x3 stride 5x3, maxpool 2x2, flatten", 12, 20)
    # 3 windows of 2 rows, of which two are pooled; 6 windows of 3 columns.
    assert found.blind_to() == "8 of 12 rows and the last 2 columns"
    assert found.causes() == (
        "conv2d_1 leaves out 6 rows and 2 columns of its 12x20 map; max_pooling2d_1 leaves out 1 row of its 3x6 map"
    )
    assert coverage("flatten", 5, 5).blind_to() == ""


@pytest.mark.parametrize(
    "layers",
    [
        "conv 2 3x2 stride 2x3, avgpool 2x2, flatten",
        "conv 2 4x3 stride 3 same, avgpool 2x3 stride 2, flatten",
        "avgpool 3x2 same, conv 2 2x1 stride 3x2, globalavgpool",
    ],
)
def test_a_network_answers_otherwise_where_a_pixel_is_seen_and_nowhere_else(layers: str) -> None:
    """The gradient of the built network; averages and convolutions hide no pixel from it."""
    spec = ModelSpec.from_shorthand(f"{layers}, dense 3", (11, 14, 1))
    image = torch.rand(1, 1, 11, 14, requires_grad=True)
    build(spec)(image)[0, 0].backward()
    assert image.grad is not None
    found = spec.coverage()
    rows, columns = (
        {place for first, last in ranges for place in range(first, last + 1)} for ranges in (found.rows, found.columns)
    )
    seen = {tuple(place) for place in image.grad[0, 0].nonzero().tolist()}
    assert seen == {(row, column) for row in rows for column in columns}


WHOLE = sorted(set(RECIPES) - {"tutorial"})


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("first", range(8, 513, 101))
def test_recipes_see_the_whole_of_images_of_every_size(name: str, first: int) -> None:
    for size in range(first, min(first + 101, 513)):
        assert recipe(name, (size, 520 - size, 1), 10).model.coverage().blind_share == 0


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=40)
@given(height=st.integers(1, 512), width=st.integers(1, 512))
def test_recipes_see_the_whole_of_images_of_every_shape(name: str, height: int, width: int) -> None:
    assert recipe(name, (height, width, 3), 10).model.coverage().blind_share == 0


def test_recipes_at_28x28_are_the_networks_they_have_been() -> None:
    norm = "batchnorm momentum 0.9, relu"
    networks = {name: recipe(name, (28, 28, 1), 10).model.to_shorthand().partition(", ")[2] for name in WHOLE}
    assert networks["fast"] == (
        f"conv 16 7x7 stride 3x3 nobias, {norm}, conv 32 3x3 nobias, maxpool 2x2, {norm}, "
        f"conv 96 3x3 nobias, {norm}, globalmaxpool, dense 10 softmax"
    )
    assert networks["tiny"] == (
        f"conv 8 3x3 nobias, {norm}, conv 16 3x3 nobias, maxpool 2x2, {norm}, conv 16 3x3 nobias, {norm}, "
        f"conv 24 3x3 nobias, maxpool 2x2, {norm}, globalmaxpool, dense 10 softmax"
    )
    assert networks["accurate"] == (
        f"conv 32 5x5 nobias, maxpool 2x2, {norm}, conv 64 3x3 nobias, {norm}, conv 96 3x3 nobias, maxpool 2x2, "
        f"{norm}, conv 128 3x3 same nobias, {norm}, globalmaxpool, dense 10 softmax"
    )


def test_a_recipe_widens_what_would_leave_a_remainder_on_that_side_alone() -> None:
    # 7 at stride 3 leave over 1 of 32 rows and none of 28 columns; then a 2x2 pool leaves 1 of 7 rows, none of 6.
    layers = recipe("fast", (32, 28, 1), 10).model.layers
    assert (layers[0].kernel_size, layers[4].pool_size, layers[4].strides) == ((8, 7), (3, 2), (2, 2))


def test_what_one_output_sees_lies_where_the_strides_and_margins_put_it() -> None:
    steps = ModelSpec.from_shorthand(
        "input 28x28x1, conv 4 3x3, maxpool 2x2, conv 4 3x3 same, flatten, dense 2 softmax"
    ).walk()
    assert field_of(steps[:1], (13, 0)) == ((13, 16), (0, 3))
    assert field_of(steps[:3], (5, 0)) == ((8, 16), (0, 6))  # two of its eight columns lie beyond
