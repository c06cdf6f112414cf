"""The explorer page in a real browser: opened from disk, with runs that are small, hostile or in colour."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.explore.doubt import doubt_of
from pellucid.trained.run import Run

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
TEMPLATE = Path(pl.__file__).parent / "explore" / "explorer.html"
HOLE = '<script type="application/json" id="payload"></script>'
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
# Playwright's own waiting compiles a text in the page, which the policy forbids.
UNTIL = "() => new Promise(done => {{ const look = () => {} ? done() : setTimeout(look, 10); look() }})"
PATIENCE = 300_000  # milliseconds; only so as not to hang
MODEL = "conv 8 5x5 relu, maxpool 2x2, conv 8 3x3 relu, maxpool 2x2, flatten, dense 10 softmax"
MISTAKES, SHOWN, COLUMNS = 20, 60, 20


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser, or without the page that is built of web/, there is nothing to test."""
    here = Path(__file__).parent
    lacking = "no Chromium is installed" if CHROMIUM is None else "the page is not built: npm run build in web/"
    if CHROMIUM is None or not TEMPLATE.exists():
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=lacking))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="session")
def digits_run(small_mnist: DataSplits, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of MNIST that is right most of the time."""
    run = pl.fit(small_mnist, model=MODEL, epochs=3, batch_size=32, out=tmp_path_factory.mktemp("runs") / "digits")
    run.evaluate()
    return run


@pytest.fixture(scope="session")
def digits(digits_run: Run, small_mnist: DataSplits) -> dict[str, Any]:
    """What the page is told of that run."""
    return payload_of(digits_run, small_mnist.test)


@pytest.fixture(scope="session")
def colours(make_bars: Callable[..., ImageDataset], hostile_names: tuple[str, ...], tmp_path_factory: Any) -> Any:
    """What the page is told of a run of images in colour, 10 high and 12 wide, whose classes have hostile names."""

    def named(count: int, seed: int) -> ImageDataset:
        plain = make_bars(count, seed, (10, 12, 3))
        return ImageDataset(plain.images, plain.labels, hostile_names)

    splits = DataSplits("bars", named(120, 0), named(60, 1))
    folder = tmp_path_factory.mktemp("runs") / ("c" * 200)
    run = pl.fit(splits, model="conv 4 3x3 relu, flatten, dense 3 softmax", epochs=1, batch_size=16, out=folder)
    run.evaluate()
    return payload_of(run, splits.test)


@pytest.fixture(scope="session")
def many(colours: dict[str, Any]) -> dict[str, Any]:
    """The same run with 300 classes, in Chinese, that never says "I don't know"."""
    payload = json.loads(json.dumps(colours))
    payload |= {"classes": [f"class {number}" for number in range(300)], "doubt": None, "language": "zh"}
    dense = payload["layers"][-1]
    dense |= {"units": 300, "output_shape": [300]}
    random = np.random.default_rng(0)
    weights = payload["network"]["weights"]
    inputs = weights[f"{dense['name']}.weight"]["shape"][1]
    weights[f"{dense['name']}.weight"] = packed(random.normal(0, 0.1, (300, inputs)).astype(np.float32))
    weights[f"{dense['name']}.bias"] = packed(np.zeros(300, np.float32))
    payload["network"]["layers"] = payload["layers"]
    payload["evaluation"] = None
    return payload


@pytest.fixture(scope="session", name="packed")
def packed_() -> Callable[[np.ndarray], dict[str, Any]]:
    """Numbers as the page takes them."""
    return packed


@pytest.fixture(scope="session")
def with_layers() -> Callable[[dict[str, Any], str], tuple[dict[str, Any], Any]]:
    """The same page with a network of any layers that nobody trained, and that network in torch."""
    import torch

    from pellucid.model.build import build
    from pellucid.spec.model import ModelSpec

    def changed(payload: dict[str, Any], shorthand: str) -> tuple[dict[str, Any], Any]:
        spec = ModelSpec.from_shorthand(shorthand, input_shape=tuple(payload["network"]["input_shape"]))
        network = build(spec).eval()
        for name, buffer in network.named_buffers():
            if "running" in name:
                buffer.copy_(torch.linspace(0.5, 1.5, buffer.numel()))
        named = {name: value.numpy() for name, value in network.state_dict().items() if value.is_floating_point()}
        layers = [_layer(step) for step in spec.walk()]
        record = payload["network"] | {"layers": layers, "temperature": 1.0}
        record["weights"] = {name: packed(value) for name, value in named.items()}
        return payload | {"network": record, "layers": layers, "doubt": None}, network

    return changed


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open a page of a payload at a view; at the end nothing may have been asked for or complained of."""
    opened = []

    def opening(payload: dict[str, Any], view: str = "", script: str = "", **settings: Any) -> Any:
        file = tmp_path / "page.html"
        file.write_text(page_of(payload), encoding="utf-8")
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **settings)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda asked: heard.append(asked.url) if not asked.url.startswith(("file:", "data:")) else 0)
        if script:
            page.add_init_script(script)
        page.until = lambda condition: page.evaluate(UNTIL.format(condition))
        page.goto(f"{file.as_uri()}#/{view}")
        opened.append((context, page, heard))
        return page

    yield opening
    complaints = [heard for _, _, heard in opened]
    for context, _, _ in opened:
        context.close()
    assert complaints == [[] for _ in opened]


def page_of(payload: dict[str, Any]) -> str:
    """The page with a run in it, under a strict policy."""
    text = json.dumps(payload).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page = TEMPLATE.read_text(encoding="utf-8")
    return page.replace("<!--policy-->", policy).replace(HOLE, HOLE.replace("><", f">{text}<"))


def packed(array: np.ndarray) -> dict[str, Any]:
    raw = np.ascontiguousarray(array).tobytes()
    return {"shape": list(array.shape), "type": str(array.dtype), "data": base64.b64encode(raw).decode()}


def payload_of(run: Run, test: ImageDataset) -> dict[str, Any]:
    """What a page is told of a run, as far as drawing and trying need it."""
    from safetensors.numpy import load_file

    record, evaluation = run.record, run.evaluation
    layers = [_layer(step) for step in record.model.walk()]
    wrong = [mistake.index for mistake in evaluation.mistakes][:MISTAKES]
    rows = np.array(wrong + [row for row in range(len(test)) if row not in set(wrong)][: SHOWN - len(wrong)])
    answers = run.predictor.probabilities(test.images[rows])
    return {
        "format": 1,
        "version": "0",
        "language": "en",
        "run": {"name": run.path.name, "recipe": "", "data": record.data.name, "started": record.started, "epochs": 1}
        | {"train_seconds": 1.0, "counts": dict(record.data.counts), "command": "pellucid train", "device": "cpu"},
        "classes": list(record.data.class_names),
        "layers": layers,
        "network": {
            "input_shape": list(record.input_shape),
            "layers": layers,
            "weights": {name: packed(value) for name, value in load_file(run.path / "model.safetensors").items()},
            "vote": 1,
            "temperature": record.calibration.temperature if record.calibration else 1.0,
            "views": [],
            "multiply_adds": record.model.multiply_adds,
            "parity": None,
        },
        "lacking": None,
        "doubt": doubt_of(run, None),
        "reading": {
            "digits": record.input_shape == (28, 28, 1),
            "bright_on_dark": True,
            "background": 0,
            "value_range": None,
        }
        | {"colour": "rgb" if record.input_shape[2] == 3 else "grey", "fit": "pad"},
        "evaluation": {"split": "test", "count": evaluation.count, "accuracy": evaluation.accuracy}
        | {"interval": evaluation.accuracy_interval, "confusion": evaluation.confusion, "per_class": []},
        "history": [],
        "images": {
            "split": "test",
            "sprite": _sprite(test.images[rows]),
            "answers": [
                {"index": int(row), "source": None, "label": int(test.labels[row])}
                | {"predicted": int(own.argmax()), "probability": float(own.max())}
                for row, own in zip(rows, answers, strict=True)
            ],
        },
        "units": {},
        "map": None,
        "remarks": [],
    }


def _layer(step: Any) -> dict[str, Any]:
    layer = dict(step.layer.model_dump())
    layer |= {name: getattr(step, name) for name in ("name", "parameters", "multiply_adds")}
    layer |= {name: list(getattr(step, name)) for name in ("input_shape", "output_shape", "receptive_field")}
    if hasattr(step.layer, "margins"):
        layer["margins"] = [list(margin) for margin in step.layer.margins(step.input_shape)]
    return layer


def _sprite(images: np.ndarray) -> dict[str, Any]:
    count, height, width, channels = images.shape
    sheet = np.zeros((-(-count // COLUMNS) * height, COLUMNS * width, channels), np.uint8)
    for place, image in enumerate(images):
        row, column = divmod(place, COLUMNS)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = image
    file = io.BytesIO()
    Image.fromarray(sheet.squeeze()).save(file, "PNG")
    png = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    return {"png": png, "columns": COLUMNS, "count": count}
