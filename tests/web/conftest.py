"""The explorer page in a real browser: opened from disk, with runs that are small, hostile or in colour."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.explore.network import layers_of
from pellucid.explore.packed import packed
from pellucid.explore.page import TEMPLATE, as_data, page
from pellucid.explore.payload import payload_of as document_of
from pellucid.trained.material import material_of
from pellucid.trained.run import Run

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
PATIENCE = 300_000  # milliseconds; only so as not to hang
# Playwright's own waiting compiles a text in the page, which the policy forbids.
UNTIL = """() => new Promise((done, fail) => {{
  const begun = Date.now();
  const look = () => ({}) ? done() : Date.now() - begun > {} ? fail(new Error("in vain")) : setTimeout(look, 10);
  look();
}})"""
MODEL = "conv 8 5x5 relu, maxpool 2x2, conv 8 3x3 relu, maxpool 2x2, flatten, dense 10 softmax"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser, or without the page that is built of web/, there is nothing to test."""
    here = Path(__file__).parent
    lacking = "no Chromium is installed" if CHROMIUM is None else "the page is not built: npm run build in web/"
    if CHROMIUM is None or not TEMPLATE.exists():
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=lacking))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser. It ends with the file, as its event loop would be in the way of other tests of the process."""
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
def digits(digits_run: Run) -> dict[str, Any]:
    """What the page is told of that run."""
    return payload_of(digits_run)


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
    return payload_of(run)


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
        layers = layers_of(spec)
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
        file.write_text(page(payload), encoding="utf-8")
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **settings)
        context.set_default_timeout(PATIENCE)
        tab = context.new_page()
        heard: list[str] = []
        tab.on("console", lambda message: heard.append(message.text))
        tab.on("pageerror", lambda error: heard.append(str(error)))
        tab.on("request", lambda asked: heard.append(asked.url) if not asked.url.startswith(("file:", "data:")) else 0)
        if script:
            tab.add_init_script(script)
        tab.until = lambda condition: tab.evaluate(UNTIL.format(condition, PATIENCE))
        tab.goto(f"{file.as_uri()}#/{view}")
        opened.append((context, tab, heard))
        return tab

    yield opening
    complaints = [heard for _, _, heard in opened]
    for context, _, _ in opened:
        context.close()
    assert complaints == [[] for _ in opened]


def payload_of(run: Run) -> dict[str, Any]:
    """What the page is told of a run, without the pictures that take long; names and numbers as JSON has them."""
    assert run.folder is not None
    return json.loads(as_data(document_of(material_of(run.folder, run, whole=False, device="cpu"))))
