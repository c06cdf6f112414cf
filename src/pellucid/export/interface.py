"""What an ONNX file of Pellucid's takes and gives, and the version of ONNX that it is written in."""

from __future__ import annotations

from pellucid.run.record import RunRecord

OPSET, IR_VERSION = 17, 8  # read by ONNX Runtime since 1.12
IMAGES = "images"  # uint8, [batch, height, width, channels]
PROBABILITIES = "probabilities"  # float32, [batch, classes]
BATCH = "batch"


def temperature_of(record: RunRecord) -> float | None:
    """What the logits of a run are divided by before softmax; None where it is not calibrated."""
    return getattr(getattr(record, "calibration", None), "temperature", None)
