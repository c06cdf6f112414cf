"""An ONNX file asked about images."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import RunError
from pellucid.export.engine import Engine


def test_many_images_are_shared_out_to_threads_and_answered_in_their_order(
    shipped: Path, run: pl.Run, bars: DataSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr("pellucid.export.engine.cores", lambda: 3)
    asked: list[int] = []
    engine = pl.Exported.load(shipped).engine
    alone = engine._asked
    monkeypatch.setattr(engine, "_asked", lambda images: asked.append(len(images)) or alone(images))
    found = engine.probabilities(bars.test.images)
    assert sorted(asked) == [30, 30, 30]
    assert np.abs(found - run.probabilities(bars.test.images)).max() < 1e-5
    engine.probabilities(bars.test.images[:31])
    assert asked[3:] == [31]  # too few to be worth a second thread


def test_threads_that_ask_about_one_image_each_do_not_disturb_each_other(
    shipped: Path, run: pl.Run, bars: DataSplits
) -> None:
    engine, images = pl.Exported.load(shipped).engine, np.repeat(bars.test.images, 5, axis=0)
    with ThreadPoolExecutor(4) as pool:
        found = np.concatenate(list(pool.map(engine.probabilities, images[:, np.newaxis])))
    assert np.abs(found - run.probabilities(images)).max() < 1e-5
    first = engine.probabilities(images[:1])
    kept = first.copy()
    engine.probabilities(images[7:8])
    assert np.array_equal(first, kept)  # an answer is the caller's own


def test_a_network_that_counts_on_a_number_of_images_is_named() -> None:
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["images"], ["numbers"], to=kinds.FLOAT),
        helper.make_node("Reshape", ["numbers", "shape"], ["probabilities"]),
    ]
    given = helper.make_tensor_value_info("images", kinds.UINT8, ["batch", 2, 2, 1])
    told = helper.make_tensor_value_info("probabilities", kinds.FLOAT, ["batch", 4])
    shape = onnx.numpy_helper.from_array(np.array([2, 4], np.int64), "shape")
    graph = helper.make_graph(nodes, "two", [given], [told], [shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    engine = Engine(model.SerializeToString(), Path("model.onnx"))
    assert engine.probabilities(np.ones((2, 2, 2, 1), np.uint8)).tolist() == [[1, 1, 1, 1]] * 2
    with pytest.raises(RunError, match=r"for 3 images at once; ONNX Runtime says: .* leave the number open"):
        engine.probabilities(np.ones((3, 2, 2, 1), np.uint8))
