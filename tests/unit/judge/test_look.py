import numpy as np
import pytest

from pellucid.judge.look import look_of


def drawn(box: tuple[slice, slice], ink: int, paper: int, count: int = 3, channels: int = 1) -> np.ndarray:
    images = np.full((count, 20, 10, channels), paper, np.uint8)
    images[:, box[0], box[1]] = ink
    return images


def test_a_box_is_measured_by_hand() -> None:
    look = look_of(drawn((slice(5, 15), slice(2, 4)), ink=255, paper=0))
    assert look.model_dump() == pytest.approx(
        # 10 of 20 rows and 2 of 10 columns; the centre is at column 3 of 10, two tenths left of the middle.
        {"brightness": 0.1, "background": 0.0, "drawn": 1.0, "height": 0.5, "width": 0.2, "off_centre": 0.2}
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_dark_ink_on_bright_paper_is_drawn_too(channels: int) -> None:
    look = look_of(drawn((slice(0, 4), slice(3, 7)), ink=51, paper=204, channels=channels))
    assert (look.background, look.drawn) == pytest.approx((0.8, 0.2))
    assert (look.height, look.width, look.off_centre) == pytest.approx((0.2, 0.4, 0.4))


def test_specks_and_faint_grey_are_not_what_is_drawn() -> None:
    images = drawn((slice(5, 15), slice(2, 8)), ink=255, paper=0)
    images[:, 0, 0] = 255  # one of 61 pixels
    images[:, 17:, :] = 100
    assert look_of(images).height == pytest.approx(0.5)


def test_images_of_one_value_have_nothing_drawn_on_them() -> None:
    look = look_of(np.full((2, 8, 8, 1), 51, np.uint8))
    assert look.model_dump() == pytest.approx(
        {"brightness": 0.2, "background": 0.2, "drawn": 0.2, "height": 0.0, "width": 0.0, "off_centre": 0.0}
    )
    mixed = np.concatenate([np.zeros((2, 20, 10, 1), np.uint8), drawn((slice(5, 15), slice(2, 4)), 255, 0)])
    assert look_of(mixed).height == pytest.approx(0.5)


def test_some_of_many_images_stand_for_all() -> None:
    images = np.zeros((5_000, 4, 4, 1), np.uint8)
    images[1::2, 1:3, 1:3] = 255
    assert look_of(images).brightness == pytest.approx(0.125, abs=0.01)
