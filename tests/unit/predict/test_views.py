import pytest
import torch

from pellucid.predict.views import views
from pellucid.spec.augment import AugmentSpec

IMAGES = torch.zeros(2, 1, 8, 8)
IMAGES[:, 0, 3, 2] = 1


def bright(image: torch.Tensor) -> tuple[int, ...]:
    """Row and column of the brightest pixel."""
    return tuple(int(place) for place in divmod(int(image.argmax()), 8))


def test_without_a_specification_there_is_the_image_alone() -> None:
    assert [seen is IMAGES for seen in views(IMAGES, None)] == [True]
    assert [seen is IMAGES for seen in views(IMAGES, AugmentSpec())] == [True]


def test_a_shift_goes_each_way_by_itself() -> None:
    seen = list(views(IMAGES, AugmentSpec(shift=1 / 8)))
    assert [bright(view[1, 0]) for view in seen] == [(3, 2), (4, 2), (2, 2), (3, 3), (3, 1)]


def test_a_flip_is_one_more_view() -> None:
    assert [bright(view[0, 0]) for view in views(IMAGES, AugmentSpec(horizontal_flip=True))] == [(3, 2), (3, 5)]


@pytest.mark.parametrize("setting", [{"rotation": 90}, {"scale": 0.5}, {"shear": 45}])
def test_other_settings_go_to_either_side(setting: dict) -> None:
    seen = list(views(IMAGES, AugmentSpec(**setting)))
    assert len(seen) == 3
    assert not any(torch.allclose(*pair) for pair in [(seen[0], seen[1]), (seen[0], seen[2]), (seen[1], seen[2])])


def test_a_quarter_turn_is_anticlockwise_first() -> None:
    seen = list(views(IMAGES, AugmentSpec(rotation=90)))
    assert [bright(view[0, 0]) for view in seen] == [(3, 2), (5, 3), (2, 4)]


def test_settings_are_not_mixed() -> None:
    assert len(list(views(IMAGES, AugmentSpec(shift=0.1, rotation=5, scale=0.1, shear=5)))) == 1 + 4 + 2 + 2 + 2
