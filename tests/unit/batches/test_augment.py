from dataclasses import fields

import pytest
import torch
from torch import Tensor

from pellucid.batches.augment import Draw, apply, augment, draw
from pellucid.batches.images import as_input
from pellucid.spec.augment import AugmentSpec

CPU = torch.device("cpu")
ALONE = {
    "shift": AugmentSpec(shift=0.2),
    "rotation": AugmentSpec(rotation=30),
    "scale": AugmentSpec(scale=0.3),
    "shear": AugmentSpec(shear=20),
    "elastic": AugmentSpec(elastic=1),
    "erasing": AugmentSpec(erasing=1),
    "brightness": AugmentSpec(brightness=0.3),
    "contrast": AugmentSpec(contrast=0.5),
    "noise": AugmentSpec(noise=0.1),
    "horizontal_flip": AugmentSpec(horizontal_flip=True),
}
PARTS = {
    name: {"elastic": "displacement", "erasing": "rectangle", "horizontal_flip": "flip"}.get(name, name)
    for name in ALONE
}
EVERYTHING = AugmentSpec(**{name: getattr(spec, name) for name, spec in ALONE.items()})
SPECS = [*ALONE.values(), EVERYTHING]
NAMES = [*ALONE, "everything"]


def pictures(batch: int = 16, channels: int = 1, height: int = 12, width: int = 10) -> Tensor:
    """As they come from a data set: the channels last in memory."""
    generator = torch.Generator().manual_seed(5)
    pixels = torch.randint(256, (batch, height, width, channels), dtype=torch.uint8, generator=generator)
    return as_input(pixels)


def same_picture(batch: int) -> Tensor:
    return pictures(1).repeat(batch, 1, 1, 1)


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_images_are_changed_each_in_its_own_way_and_stay_in_range(spec: AugmentSpec) -> None:
    images = same_picture(16)
    kept = images.clone()
    changed = augment(images, spec, seed=1)
    assert torch.equal(images, kept)
    assert 0 <= changed.min() < changed.max() <= 1
    # A flip has two outcomes only.
    assert len(changed.unique(dim=0)) == (2 if spec == ALONE["horizontal_flip"] else 16)


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_the_same_seed_gives_the_same_to_the_bit_whatever_ran_before(spec: AugmentSpec) -> None:
    first = augment(pictures(), spec, seed=3)
    torch.rand(7)
    assert torch.equal(first, augment(pictures(), spec, seed=3))
    assert not torch.equal(first, augment(pictures(), spec, seed=4))


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    augment(pictures(), EVERYTHING, seed=0)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", ALONE)
def test_what_one_setting_draws_does_not_depend_on_the_others(name: str) -> None:
    shape = (6, 3, 12, 10)
    alone, together = (draw(spec, shape, 9, CPU) for spec in (ALONE[name], EVERYTHING))
    assert [part.name for part in fields(Draw) if getattr(alone, part.name) is not None] == [PARTS[name]]
    assert torch.equal(getattr(alone, PARTS[name]), getattr(together, PARTS[name]))


def test_settings_draw_unrelated_numbers() -> None:
    drawn = draw(EVERYTHING, (200, 1, 4, 4), 0, CPU)
    parts = [drawn.rotation, drawn.scale, drawn.shear, drawn.brightness, drawn.contrast, *drawn.shift.unbind(1)]
    related = torch.corrcoef(torch.stack(parts)) - torch.eye(7, dtype=torch.float64)
    assert related.abs().max() < 0.3


def test_with_nothing_switched_on_the_images_come_back_as_they_are() -> None:
    images = pictures()
    assert augment(images, AugmentSpec(), seed=0) is images


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_with_a_probability_images_are_varied_as_ever_or_left_to_the_bit(spec: AugmentSpec) -> None:
    images = pictures(2000, height=4, width=4)
    all_varied = augment(images, spec, seed=1)
    some = augment(images, spec.replace(probability=0.7), seed=1)
    assert some.stride() == images.stride()
    varied, left = ((some == other).flatten(1).all(dim=1) for other in (all_varied, images))
    assert (varied | left).all()
    assert (~left).double().mean() < 0.75
    assert varied.double().mean() > 0.65
    assert torch.equal(some, augment(images, spec.replace(probability=0.7), seed=1))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_memory_format_is_kept_and_changes_no_value(spec: AugmentSpec, channels: int) -> None:
    images = pictures(channels=channels)
    last, first = augment(images, spec, seed=2), augment(images.contiguous(), spec, seed=2)
    assert last.stride() == images.stride()
    assert first.is_contiguous()
    assert torch.allclose(last, first, rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_dtype_is_kept(dtype: torch.dtype) -> None:
    images = pictures()
    changed = augment(images.to(dtype), EVERYTHING, seed=2)
    assert changed.dtype == dtype
    assert torch.allclose(changed.float(), augment(images, EVERYTHING, seed=2), rtol=0, atol=0.02)


def test_numbers_fill_the_range_that_was_set_and_no_more() -> None:
    drawn = draw(EVERYTHING, (5000, 1, 10, 20), 0, CPU)
    middles = {"shift": 0, "rotation": 0, "scale": 1, "shear": 0, "brightness": 0, "contrast": 1}
    for name, middle in middles.items():
        numbers, most = getattr(drawn, name) - middle, getattr(ALONE[name], name)
        assert -most <= numbers.min() < -0.99 * most
        assert 0.99 * most < numbers.max() <= most
        assert abs(numbers.mean()) < 0.05 * most
    assert 0.45 < drawn.flip.double().mean() < 0.55
    assert abs(drawn.noise.std() - 0.1) < 0.001


def test_displacement_has_its_standard_deviation_everywhere_and_is_smooth() -> None:
    spec = AugmentSpec(elastic=2, elastic_smoothness=4)
    field = draw(spec, (2000, 1, 28, 20), 0, CPU).displacement
    assert field.shape == (2000, 2, 28, 20)
    assert ((field.std(dim=0) - 2).abs() < 0.2).all()
    # White noise smoothed by sigma: places d apart correlate by exp(-d^2 / (4 sigma^2)), here 0.98 and 0.37.
    near = (field[..., 1:] * field[..., :-1]).mean() / field.square().mean()
    far = (field[..., 8:] * field[..., :-8]).mean() / field.square().mean()
    assert near.item() == pytest.approx(0.9845, abs=0.005)
    assert far.item() == pytest.approx(0.3679, abs=0.03)


@pytest.mark.parametrize("smoothness", [1.0, 1000.0])
def test_displacement_takes_any_smoothness(smoothness: float) -> None:
    field = draw(AugmentSpec(elastic=1, elastic_smoothness=smoothness), (64, 1, 9, 9), 0, CPU).displacement
    assert field.isfinite().all()
    assert 0.8 < field.std() < 1.2


@pytest.mark.parametrize(("height", "width"), [(28, 28), (10, 60), (60, 10)])
def test_rectangles_lie_within_the_image_and_have_the_area_asked_for(height: int, width: int) -> None:
    spec = AugmentSpec(erasing=1, erasing_area=(0.1, 0.4))
    top, left, bottom, right = draw(spec, (2000, 1, height, width), 0, CPU).rectangle.unbind(1)
    assert top.min() == 0
    assert left.min() == 0
    assert bottom.max() == height
    assert right.max() == width
    shares = ((bottom - top) * (right - left)) / (height * width)
    assert shares.min() > 0.07
    assert shares.max() < 0.45
    assert shares.mean().item() == pytest.approx(0.25, abs=0.01)


def test_erasing_is_a_probability() -> None:
    top, _, bottom, _ = draw(AugmentSpec(erasing=0.3), (5000, 1, 28, 28), 0, CPU).rectangle.unbind(1)
    assert (bottom > top).double().mean().item() == pytest.approx(0.3, abs=0.03)


def test_a_whole_image_and_a_single_pixel_can_be_erased() -> None:
    whole = augment(pictures(), AugmentSpec(erasing=1, erasing_area=(1, 1)), seed=0)
    assert whole.abs().max() == 0
    one = augment(torch.ones(8, 1, 10, 10), AugmentSpec(erasing=1, erasing_area=(0.001, 0.001)), seed=0)
    assert one.sum(dim=(1, 2, 3)).tolist() == [99.0] * 8


def test_one_image_of_one_pixel_is_taken() -> None:
    changed = augment(torch.full((1, 1, 1, 1), 0.5), EVERYTHING, seed=0)
    assert changed.shape == (1, 1, 1, 1)
    assert changed.isfinite().all()


def test_no_gradient_is_kept() -> None:
    assert not apply(pictures().requires_grad_(), draw(EVERYTHING, (16, 1, 12, 10), 0, CPU)).requires_grad


@pytest.mark.gpu
@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_a_gpu_gives_the_same_but_for_rounding_and_noise(spec: AugmentSpec) -> None:
    spec = spec.replace(noise=0)
    images = pictures(channels=3)
    changed = augment(images.cuda(), spec, seed=2)
    assert changed.stride() == images.stride()
    assert torch.allclose(changed.cpu(), augment(images, spec, seed=2), rtol=0, atol=1e-3)
