"""ONNX whose weights and values between layers have 8 bits, as ONNX Runtime's quantization makes it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jaxtyping import UInt8
from numpy import ndarray

from pellucid.data.portions import answered_at_once
from pellucid.errors import RunError
from pellucid.export.engine import Engine
from pellucid.export.formats import onnx as onnx_format
from pellucid.export.formats.table import Facts
from pellucid.export.held_out import calibration_images
from pellucid.export.interface import IMAGES, MODEL
from pellucid.export.source import Source
from pellucid.export.usage import Usage
from pellucid.words import counted, percent, size

LAYERS = ["Conv", "Gemm"]  # where nearly all weights are; the rest stays as it is, so that the least is lost
REMARK = """
**Its answers are not those of the network that it was made of.** Weights and the values that go into convolutions and
dense layers have 8 bits, fitted to {calibration}. Of {images} that it was not trained on, {right} are answered
right in place of {before}: a difference of {difference}, with 95% confidence within {low} and {high}. The file has
{size} in place of {float_size}. It is smaller, and not faster.
"""


def write(source: Source) -> Facts:
    """Write model.onnx: the exact one first, then in 8 bits; see `FormatModule.write`.

    Kernels have a scale for each filter. They use 7 of their 8 bits, so that no processor's sums overflow and all
    answer alike.

    Source: ONNX Runtime, "Quantize ONNX models", static quantization in the QDQ format.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Batches(CalibrationDataReader):
        """The images in batches, as the library asks for them."""

        def __init__(self, images: UInt8[ndarray, "count height width channels"]) -> None:
            at_once = answered_at_once(*images.shape[1:3])
            self.batches = ({IMAGES: images[start : start + at_once]} for start in range(0, len(images), at_once))

        def get_next(self) -> Any:
            return next(self.batches, None)

    onnx_format.write(source)
    place = source.work / MODEL
    exact, images = place.stat().st_size, calibration_images(source.record, source.question)
    try:
        with _silenced():
            quantize_static(
                onnx.load(place),
                place,
                Batches(images),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=LAYERS,
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
    except Exception as error:  # noqa: BLE001 - its errors have no common kind
        raise RunError(f"ONNX Runtime cannot bring the network to 8 bits ({type(error).__name__}: {error}).") from None
    onnx.checker.check_model(place, full_check=True)
    return {"calibration_images": len(images), "float_bytes": exact, "bytes": place.stat().st_size}


def load(files: Mapping[str, bytes], place: Path) -> Engine:
    """ONNX Runtime answers; see `FormatModule.load`."""
    return onnx_format.load(files, place)


def usage(about: Usage) -> str:
    """README.md, with what the 8 bits cost; see `FormatModule.usage`."""
    accuracy, facts = about.parity.accuracy, about.parity.facts
    if accuracy is None:
        raise RunError("An export in 8 bits must tell of its accuracy.")
    low, high = accuracy.interval
    remark = REMARK.format(
        calibration=counted(int(facts["calibration_images"]), "training image"),
        images=counted(accuracy.images, "image", separator=","),
        right=percent(accuracy.export),
        before=percent(accuracy.run),
        difference=f"{accuracy.difference:+.2%}",
        low=f"{low:+.2%}",
        high=f"{high:+.2%}",
        size=size(int(facts["bytes"])),
        float_size=size(int(facts["float_bytes"])),
    )
    return onnx_format.usage(about, remark)


@contextmanager
def _silenced() -> Iterator[None]:
    """What the library advises of its own accord, to the root logger, is not told; what it fails with is raised."""
    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
