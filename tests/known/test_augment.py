"""Augmentations whose answers were worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pellucid.batches.augment import Draw, apply

L = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.5, 0.0]])  # an upright stroke with a grey foot


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def shares(down: float, right: float) -> Tensor:
    return torch.tensor([[down, right]], dtype=torch.float64)


def changed(image: Tensor, drawn: Draw) -> list[list[float]]:
    """One image of one channel, rounded to where a float is exact."""
    return [[round(value, 4) for value in row] for row in apply(image[None, None], drawn)[0, 0].tolist()]


def pixel(height: int, width: int, row: int, column: int) -> Tensor:
    image = torch.zeros(height, width)
    image[row, column] = 1
    return image


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 0), (0, 3), (-1, 2), (1, -3)])
def test_a_shift_moves_a_pixel_by_its_share_of_height_and_width(down: int, right: int) -> None:
    # 5 rows and 8 columns: one pixel is a fifth of the height and an eighth of the width.
    moved = changed(pixel(5, 8, 2, 4), Draw(shift=shares(down / 5, right / 8)))
    assert moved == pixel(5, 8, 2 + down, 4 + right).tolist()


def test_what_is_shifted_out_is_gone_and_black_comes_in() -> None:
    assert changed(torch.ones(2, 4), Draw(shift=shares(0, 0.25))) == [[0, 1, 1, 1], [0, 1, 1, 1]]
    assert changed(pixel(5, 8, 2, 4), Draw(shift=shares(0, 0.5))) == torch.zeros(5, 8).tolist()


def test_half_a_pixel_is_shared_by_two() -> None:
    moved = changed(torch.tensor([[0.0, 1.0, 0.0, 0.0]]), Draw(shift=shares(0, 0.5 / 4)))
    assert moved == [[0, 0.5, 0.5, 0]]


def test_a_quarter_turn_is_anticlockwise() -> None:
    # The stroke on the left falls to the bottom, its foot comes to point up at the right.
    assert changed(L, Draw(rotation=numbers(90))) == [[0, 0, 0], [0, 0, 0.5], [1, 1, 1]]
    assert changed(L, Draw(rotation=numbers(90))) == L.rot90().tolist()
    assert changed(L, Draw(rotation=numbers(-90))) == L.rot90(-1).tolist()
    assert changed(L, Draw(rotation=numbers(180))) == [[0, 0.5, 1], [0, 0, 1], [0, 0, 1]]


def test_a_quarter_turn_of_a_wide_image_keeps_distances() -> None:
    # From the centre (row 1, column 3), two to the right becomes one up (two would be beyond), and none is stretched.
    image = pixel(3, 7, 1, 4)
    assert changed(image, Draw(rotation=numbers(90))) == pixel(3, 7, 0, 3).tolist()
    assert changed(pixel(3, 7, 1, 5), Draw(rotation=numbers(90))) == torch.zeros(3, 7).tolist()
    assert changed(pixel(7, 3, 1, 1), Draw(rotation=numbers(90))) == torch.zeros(7, 3).tolist()
    assert changed(pixel(7, 3, 2, 1), Draw(rotation=numbers(90))) == pixel(7, 3, 3, 0).tolist()


def test_an_eighth_turn_of_a_wide_image_brings_a_diagonal_upright() -> None:
    # A diagonal through the centre, up to the right, turned by 45 degrees anticlockwise stands in the middle column.
    image = torch.zeros(9, 21)
    for step in range(-4, 5):
        image[4 - step, 10 + step] = 1
    turned = apply(image[None, None], Draw(rotation=numbers(45)))[0, 0]
    assert turned[4, 10].item() == pytest.approx(1)
    assert turned.sum(dim=0).argmax() == 10
    assert turned[:, :8].sum() + turned[:, 13:].sum() == 0


def test_a_flip_exchanges_left_and_right() -> None:
    images = torch.stack((L, L))[:, None]
    kept, mirrored = apply(images, Draw(flip=torch.tensor([False, True])))
    assert torch.allclose(kept[0], L)
    assert torch.allclose(mirrored[0], L.flip(1))


def test_twice_the_size_shows_the_middle_half() -> None:
    # Along one axis, the places 0 1 2 3 are -1.5 to 1.5 from the centre and take their values at half of that:
    # at -0.75, which is a quarter on the way from -0.5 down to -1.5, at -0.25, at 0.25 and at 0.75.
    image = torch.tensor([[0.0, 0.4, 0.8, 0.0]])
    assert changed(image.repeat(4, 1), Draw(scale=numbers(2)))[1] == [0.3, 0.5, 0.7, 0.6]


def test_half_the_size_lies_in_the_middle() -> None:
    small = changed(torch.ones(8, 8), Draw(scale=numbers(0.5)))
    assert small[0] == [0] * 8
    assert small[4] == [0, 0, 1, 1, 1, 1, 0, 0]


def test_a_shear_leans_to_the_right() -> None:
    # At 45 degrees a row moves right by as many pixels as it lies above the centre.
    image = torch.zeros(3, 5)
    image[:, 2] = 1
    leaning = [[0, 0, 0, 1, 0], [0, 0, 1, 0, 0], [0, 1, 0, 0, 0]]
    assert changed(image, Draw(shear=numbers(45))) == leaning


def test_they_happen_in_their_order() -> None:
    # Flipped, the stroke is on the right; a quarter turn lays it on top, its foot hanging at the right; then one down.
    drawn = Draw(flip=torch.tensor([True]), rotation=numbers(90), shift=shares(1 / 3, 0))
    assert changed(L, drawn) == [[0, 0, 0], [1, 1, 1], [0, 0, 0.5]]


def test_a_displacement_says_where_each_pixel_comes_from() -> None:
    image = torch.arange(12.0).reshape(3, 4) / 12
    field = torch.zeros(1, 2, 3, 4)
    field[0, 0, 0, 0] = 2  # the first pixel takes its value from two rows further down: 8
    field[0, 1, 1, 3] = -1.5  # the last of the second row from between 5 and 6
    moved = [[value * 12 for value in row] for row in apply(image[None, None], Draw(displacement=field))[0, 0].tolist()]
    expected = [[8, 1, 2, 3], [4, 5, 6, 5.5], [8, 9, 10, 11]]
    assert moved == [pytest.approx(row, abs=1e-4) for row in expected]


def test_a_rectangle_is_made_black_in_all_channels() -> None:
    rectangle = torch.tensor([[1, 0, 3, 2], [0, 0, 0, 0]])
    erased, kept = apply(torch.ones(2, 3, 3, 4), Draw(rectangle=rectangle))
    assert erased.tolist() == [[[1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]] * 3
    assert kept.min() == 1


def test_contrast_acts_about_the_mean_of_each_channel() -> None:
    image = torch.tensor([[[[0.2, 0.4]], [[0.5, 0.7]]]])  # means 0.3 and 0.6
    assert apply(image, Draw(contrast=numbers(2))).flatten().tolist() == pytest.approx([0.1, 0.5, 0.4, 0.8])
    assert apply(image, Draw(contrast=numbers(0))).flatten().tolist() == pytest.approx([0.3, 0.3, 0.6, 0.6])


def test_brightness_is_added_after_contrast_and_held_in_range() -> None:
    image = torch.tensor([[0.2, 0.4, 0.9]])  # mean 0.5
    assert changed(image, Draw(brightness=numbers(0.3))) == [[0.5, 0.7, 1]]
    assert changed(image, Draw(brightness=numbers(-0.3))) == [[0, 0.1, 0.6]]
    assert changed(image, Draw(contrast=numbers(0.5), brightness=numbers(0.1))) == [[0.45, 0.55, 0.8]]


def test_noise_is_added_and_held_in_range() -> None:
    noise = torch.tensor([[[[0.1, -0.3, 0.2]]]])
    assert changed(torch.tensor([[0.2, 0.2, 0.9]]), Draw(noise=noise)) == [[0.3, 0, 1]]


def test_nothing_drawn_changes_nothing() -> None:
    assert changed(L, Draw()) == L.tolist()
    still = Draw(rotation=numbers(0), scale=numbers(1), shear=numbers(0), shift=shares(0, 0), contrast=numbers(1))
    assert changed(L, still) == L.tolist()


def test_each_image_of_a_batch_is_changed_by_its_own_numbers() -> None:
    images = torch.stack((L, L, L))[:, None]
    turned = apply(images, Draw(rotation=numbers(0, 90, 180)))
    for image, quarters in zip(turned, range(3), strict=True):
        assert torch.allclose(image[0], L.rot90(quarters), atol=1e-5)


def test_turning_about_the_centre_keeps_a_disc() -> None:
    row, column = torch.meshgrid(torch.arange(15) - 7, torch.arange(31) - 15, indexing="ij")
    disc = torch.exp(-(row**2 + column**2) / 18.0)
    for degrees in (17.0, 45.0, 111.0):
        turned = apply(disc[None, None], Draw(rotation=numbers(degrees)))[0, 0]
        inside = row**2 + column**2 <= 36
        # Linear interpolation of a bell with sigma 3 is off by at most 2/8 of its greatest curvature, 1/9.
        assert (turned - disc)[inside].abs().max() < 2 / 8 / 9
