"""Images of any size, resized within the file as Pellucid reads them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.data.decode import decode
from pellucid.data.listing import Content
from pellucid.errors import RunError, SpecError
from pellucid.export.engine import Engine
from pellucid.export.graph import graph_of
from pellucid.export.raw import RawEngine, raw_of, require_readable
from pellucid.export.raw_proof import compare_raw
from pellucid.export.verify import verify_export
from pellucid.spec.model import ModelSpec
from pellucid.spec.reading import ReadSpec

SIZES = ((1, 1), (28, 20), (13, 37), (5, 300), (300, 5), (173, 91), (257, 611), (120, 85), (84, 60))
READINGS = {
    "stretched": ReadSpec(),
    "cut off": ReadSpec(fit="crop"),
    "padded": ReadSpec(fit="pad", background=77),
    "with a range of values": ReadSpec(value_range=(20, 90)),
    "with a range of another format": ReadSpec(value_range=(0, 4095)),
}


def network(channels: int) -> bytes:
    """A network of an image that is 28 high and 20 wide."""
    spec = ModelSpec.from_shorthand("flatten, dense 2", (28, 20, channels))
    draw = np.random.default_rng(0)
    weights = {"dense_1.weight": draw.normal(0, 0.1, (2, 560 * channels)), "dense_1.bias": np.zeros(2)}
    return graph_of(spec, {name: values.astype(np.float32) for name, values in weights.items()})


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", READINGS)
@pytest.mark.filterwarnings("ignore:it holds values")
def test_every_pixel_is_as_pellucid_reads_it(name: str, channels: int) -> None:
    reading, shape = READINGS[name], (28, 20, channels)
    raw = RawEngine(raw_of(network(channels), shape, reading), Path())
    for height, width in SIZES:
        image = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        seen, _ = raw.answer(image)
        expected = decode(Content("image.png", raw=file.getvalue()), shape, reading)
        assert np.abs(seen.astype(int) - expected).max() <= 1
        assert (seen == expected).mean() > 0.99


def test_the_proof_tells_how_images_of_several_sizes_are_seen(shipped: Path) -> None:
    raw = pl.Exported.load(shipped).parity.raw_images
    assert raw is not None
    assert (raw.images, len(raw.sizes)) == (56, 7)
    assert raw.greatest_level_difference <= 1
    assert raw.exact_pixels > 0.99
    assert verify_export(shipped).raw_images.sizes == raw.sizes


def test_what_resizes_otherwise_is_refused(bars: DataSplits) -> None:
    content = network(1)
    raw = RawEngine(raw_of(content, (28, 20, 1), ReadSpec(fit="crop")), Path())
    images = np.resize(bars.test.images, (20, 28, 20, 1))
    with pytest.raises(RunError, match=r"as Pellucid reads them, within 1 grey level; received \d+ for \d+ images"):
        compare_raw(raw, Engine(content, Path()), images, ReadSpec())


def test_a_batch_of_images_keeps_the_other_outputs() -> None:
    model = onnx.load_from_string(raw_of(network(3), (28, 20, 3), ReadSpec()))
    assert [value.name for value in model.graph.output] == ["probabilities", "resized"]


def test_images_that_no_file_holds_are_refused() -> None:
    with pytest.raises(SpecError, match="for networks of 1 or 3 channels only; received 4. Leave --raw-images out"):
        require_readable((8, 8, 4))


def test_a_file_for_any_size_is_not_asked_in_the_place_of_the_network(shipped: Path) -> None:
    with pytest.raises(RunError, match=r"raw\.onnx takes images of any size\. Pellucid asks .*model\.onnx, beside it"):
        pl.Exported.load(shipped / "raw.onnx")
