import numpy as np
import pytest
import torch

from pellucid.batches.images import DeviceImages, as_input, evaluation_batch_size, shuffled
from pellucid.data.dataset import DataSplits, ImageDataset

CPU = torch.device("cpu")


def test_pixels_become_floats_from_0_to_1_with_channels_first() -> None:
    images = torch.zeros(1, 2, 3, 4, dtype=torch.uint8)
    images[0, 1, 2, 3] = 255
    batch = as_input(images)
    assert batch.shape == (1, 4, 2, 3)
    assert batch.dtype == torch.float32
    assert batch[0, 3, 1, 2] == 1.0
    assert batch.sum() == 1.0
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_images_stay_uint8_and_are_not_copied(bars: DataSplits) -> None:
    on_device = DeviceImages(bars.train, CPU)
    assert on_device.images.dtype == torch.uint8
    assert on_device.images.data_ptr() == bars.train.images.ctypes.data


def test_any_array_is_taken(bars: DataSplits) -> None:
    images, labels = bars.train.images[:6, :, ::-1], bars.train.labels[:6].copy()
    labels.flags.writeable = False
    on_device = DeviceImages(ImageDataset(images, labels, bars.class_names), CPU)
    assert np.array_equal(on_device.images.numpy(), images)


def test_rows_come_with_their_labels_and_the_last_batch_is_kept() -> None:
    images = np.arange(7, dtype=np.uint8).reshape(7, 1, 1, 1)
    on_device = DeviceImages(ImageDataset(images, np.arange(7), tuple("abcdefg")), CPU)
    batches = list(on_device.batches(torch.tensor([6, 0, 3, 2, 5]), batch_size=2))
    assert [len(labels) for _, labels in batches] == [2, 2, 1]
    assert torch.cat([labels for _, labels in batches]).tolist() == [6, 0, 3, 2, 5]
    assert (torch.cat([batch for batch, _ in batches]).flatten() * 255).round().tolist() == [6, 0, 3, 2, 5]


@pytest.mark.parametrize(("size", "at_once"), [(1, 500), (28, 500), (64, 500), (224, 41), (512, 8), (2000, 1)])
def test_large_images_come_fewer_at_once_where_nothing_is_learned(size: int, at_once: int) -> None:
    assert evaluation_batch_size(torch.empty(1000, size, size, 3, dtype=torch.uint8, device="meta")) == at_once


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    rows = torch.arange(100, 200)
    first = shuffled(rows, seed=0, epoch=1)
    torch.rand(5)  # whatever ran before
    assert torch.equal(first, shuffled(rows, seed=0, epoch=1))
    assert sorted(first.tolist()) == rows.tolist()
    assert not torch.equal(first, shuffled(rows, seed=0, epoch=2))
    assert not torch.equal(first, shuffled(rows, seed=1, epoch=1))
