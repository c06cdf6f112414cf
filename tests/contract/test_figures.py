"""What every figure keeps to, whatever its texts hold: no markup, no warning, nothing outside of it.

A new figure is under test by being there; it fails until it has a row in FIGURES.
"""

from __future__ import annotations

import inspect
import io
import pkgutil
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from pellucid import plots
from pellucid.errors import PellucidWarning
from pellucid.plots import fonts
from pellucid.plots.animation import animation
from pellucid.plots.attribution import MapPanel, ProbabilityCurves, attribution_maps
from pellucid.plots.calibration import Point, reliability_figure
from pellucid.plots.confusion import confusion_figure
from pellucid.plots.curves import curves, curves_beside
from pellucid.plots.doubt import doubt_figure
from pellucid.plots.feature_maps import layer_grid, layer_walk
from pellucid.plots.figures import Figure, render
from pellucid.plots.filters import filter_grid
from pellucid.plots.images import image_grid
from pellucid.plots.maximize import Card, Cell, card_grid
from pellucid.plots.mistakes import Wrong, mistakes_figure
from pellucid.plots.network import Block, network_figure
from pellucid.plots.robustness import Falling, robustness_figure
from pellucid.plots.studies import (
    batch_accuracy_figure,
    batch_speed_figure,
    batch_stability_figure,
    compare_figure,
    folds_figure,
    range_figure,
    search_figure,
    seeds_figure,
)
from pellucid.text import printable, shortened

Names = Sequence[str]
IMAGE = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
CHANCE = ProbabilityCurves(np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.5, 0.1]), np.array([0.1, 0.9, 1.0]))
POINTS = [(1.0, 0.5, 2.0), None]
NUMBER = re.compile(r"\u2212?[\d.,e-]+")
CAT, DOG = "\u732b", "\u72ac"


def layers(names: Names) -> list[SimpleNamespace]:
    values = [IMAGE / 255.0, np.ones((6, 6, 14)) - 0.5, np.arange(len(names)) - 1.0, np.ones(len(names)) / len(names)]
    return [
        SimpleNamespace(name=name, values=each, signed=number in {1, 2}, per_class=number > 1)
        for number, (name, each) in enumerate(zip(["input", names[0], "logits", "softmax"], values, strict=True))
    ]


def panel(name: str) -> MapPanel:
    return MapPanel(f"Grad-CAM, {name}", "weight", IMAGE[..., 0] / 64 - 0.5, True, None, ["a note"], CHANCE)


def title(names: Names) -> str:
    return f"Run {names[0]}, {names[1]} and {names[-1]}"


def attribution(names: Names) -> Figure:
    caption = [f"label {shortened(name, 20)}" for name in names]
    return attribution_maps(IMAGE, caption, [panel(name) for name in names], CHANCE, title(names))


def maximized(names: Names) -> Figure:
    cards = [Card(name, (Cell(IMAGE, "1.50"), Cell(IMAGE, f"0.123*\nread {name}"))) for name in names]
    return card_grid(cards, ["raw", "nearest\ntraining image"], title(names), "how\nto read" + " it" * 60)


def compared(names: Names) -> Figure:
    pairs = [(f"{names[0]} - {names[1]}", 0.1, (0.0, 0.2), (0.05, 0.15))]
    return compare_figure({name: [0.9, 0.8] for name in names}, pairs, "accuracy", title(names))


def ranged(names: Names) -> Figure:
    rates, losses = [1e-5, 1e-3, 1e-1], [2.0, 1.0, 3.0]
    return range_figure(dict.fromkeys(names[:2], (rates, losses, losses)), {"steepest": 1e-3}, title(names))


def searched(names: Names) -> Figure:
    trials = [(number, 0.8 + number / 100, "complete") for number in range(len(names))]
    values = {"model": list(names), "learning_rate": [10.0**-number for number in range(len(names))]}
    return search_figure(trials, values, {"learning_rate"}, title(names))


def falling(names: Names) -> Figure:
    panels = [Falling(shortened(n), "degrees", [1, 2], [0.9, 0.5], [(0.8, 0.95), (0.4, 0.6)], 1.0) for n in names]
    return robustness_figure(panels, 0.95, 0.1, title(names))


def confused(names: Names) -> Figure:
    return confusion_figure(np.eye(len(names), dtype=int) + 1, names, ("is", "answered", "share"), title(names))


def wrong(names: Names) -> Figure:
    cards = [Wrong(IMAGE, (name, f"file {name}"), [(IMAGE, name)] * 3) for name in names]
    return mistakes_figure(cards, title(names), [f"A note on {shortened(names[0])}"])


def reliable(names: Names) -> Figure:
    points = [Point(0.6, 0.5, (0.3, 0.7)), Point(0.99, 1.0, (0.9, 1.0))]
    return reliability_figure({"before": points, "after": points}, ("a", "b", "c", "d"), title(names))


SPREAD = SimpleNamespace(kind="foreign", limit=3.0, edges=(1.0, 10.0, 100.0), held_out=(5, 0), judged=(1, 4))
HISTORY = {name: [1.0, 0.5] for name in ("epoch", "accuracy", "loss", "val_accuracy", "val_loss")}
FIGURES: dict[Callable[..., Figure], Callable[[Names], Figure]] = {
    attribution_maps: attribution,
    batch_accuracy_figure: lambda names: batch_accuracy_figure([8, 16], {"equal epochs": POINTS}, title(names)),
    batch_speed_figure: lambda names: batch_speed_figure([8, 16], POINTS, POINTS, title(names)),
    batch_stability_figure: lambda names: batch_stability_figure([8, 16], POINTS, POINTS, title(names)),
    card_grid: maximized,
    compare_figure: compared,
    confusion_figure: confused,
    curves: lambda names: curves(HISTORY, title(names)),
    curves_beside: lambda names: curves_beside(dict.fromkeys(names, HISTORY)),
    network_figure: lambda names: network_figure([Block((8, 8, 1), name, names, "conv") for name in names]),
    doubt_figure: lambda names: doubt_figure([SPREAD, SPREAD], title(names)),
    filter_grid: lambda names: filter_grid(np.ones((3, 3, 3, 1)), title(names), dead=[1], rule="its kernel is small"),
    folds_figure: lambda names: folds_figure([0.9, 0.8], title(names)),
    image_grid: lambda names: image_grid([IMAGE] * len(names), list(map(printable, names)), title(names)),
    layer_grid: lambda names: layer_grid(layers(names)[1], IMAGE / 255.0, title(names), names),
    layer_walk: lambda names: layer_walk(layers(names), title(names), names),
    mistakes_figure: wrong,
    range_figure: ranged,
    reliability_figure: reliable,
    robustness_figure: falling,
    search_figure: searched,
    seeds_figure: lambda names: seeds_figure([0, 1], {"test": [0.9, 0.8]}, [1.0, 2.0], title(names)),
}


def test_all_figures_are_in_the_table() -> None:
    modules = [import_module(f"pellucid.plots.{each.name}") for each in pkgutil.iter_modules(plots.__path__)]
    found = {made for module in modules for _, made in inspect.getmembers(module, inspect.isfunction)}
    assert {made for made in found if inspect.signature(made).return_annotation == "Figure"} == FIGURES.keys()


@pytest.fixture(params=FIGURES.values(), ids=[made.__name__ for made in FIGURES])
def make(request: pytest.FixtureRequest) -> Callable[[Names], Figure]:
    return request.param


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def outside(figure: Figure) -> list[str]:
    """Texts that are drawn, not wholly within the figure."""
    figure.draw_without_rendering()
    renderer, whole = FigureCanvasAgg(figure).get_renderer(), figure.bbox.padded(1)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts(figure) if text.get_visible()]
    outer = [text for text, box in boxes if not (whole.contains(*box.p0) and whole.contains(*box.p1))]
    return [text for text in outer if not NUMBER.fullmatch(text)]  # ticks beyond the ends of an axis are not drawn


def test_user_text_is_no_markup_and_stays_within(make: Callable, hostile_names: tuple[str, ...]) -> None:
    figure = make(hostile_names)
    assert not outside(figure)
    shown = " ".join(text.get_text() for text in texts(figure))
    assert shown.replace("\n", " ").isprintable()
    assert r"$5 or $6 \frac{" in shown.replace("\n", " ") or make is FIGURES[layer_grid]
    assert not any(text.get_parse_math() for text in texts(figure))


def test_svg_is_xml(make: Callable, hostile_names: tuple[str, ...]) -> None:
    assert ET.fromstring(render(make(hostile_names), "svg")).tag.endswith("svg")  # noqa: S314


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The fonts of the system: none but those that a test adds."""
    paths: list[str] = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: paths)
    known = list(font_manager.fontManager.ttflist)
    fonts._further.cache_clear()
    yield paths
    font_manager.fontManager.ttflist[:] = known
    fonts._further.cache_clear()


def make_font(path: Path, characters: str) -> str:
    """A font in which each of the characters is a square."""
    pen = TTGlyphPen(None)
    for number, corner in enumerate([(0, 0), (0, 800), (800, 800), (800, 0)]):
        (pen.lineTo if number else pen.moveTo)(corner)
    pen.closePath()
    names = [".notdef", *(f"uni{ord(character):04X}" for character in characters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): name for character, name in zip(characters, names[1:], strict=True)})
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": f"Test {path.stem}", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return str(path)


def test_a_font_that_is_installed_serves_its_script(make: Callable, installed: list[str], tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    installed += [
        str(tmp_path / "broken.ttf"),
        make_font(tmp_path / "cats.ttf", CAT),
        make_font(tmp_path / "dogs.ttf", DOG),
    ]
    figure = make((CAT, DOG, "a bird"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert render(figure).startswith(b"\x89PNG")
    assert CAT in "".join(text.get_text() for text in texts(figure))
    assert not outside(figure)


def test_without_a_font_names_are_numbered_and_the_numbers_told(make: Callable, installed: list[str]) -> None:
    figure = make((f"{CAT}{CAT}", DOG, f"a {CAT}{CAT}"))
    with pytest.warns(PellucidWarning, match=rf"\[\d\] for {CAT}{CAT}.* apt install fonts-noto-cjk"):
        raw = render(figure)
    shown = " ".join(text.get_text().replace("\n", " ") for text in texts(figure))
    assert {CAT, DOG}.isdisjoint(shown)
    assert re.search(r"No installed font has the characters of (.*, )?\[\d\] U\+732B U\+732B", shown)
    one, other = (re.search(rf"\[(\d)\] {codes}(,|\.)", shown)[1] for codes in (r"U\+732B U\+732B", r"U\+72AC"))
    assert one != other
    with Image.open(io.BytesIO(raw)) as image:
        assert image.height > figure.get_figheight() * 150 + 20  # the key stands below
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert render(figure, "svg")  # and is told once


def test_other_scripts_have_other_packages() -> None:
    assert fonts.package_for("\u30ab\u30bf") == fonts.package_for("a\ud55c") == "fonts-noto-cjk"
    assert fonts.package_for("\u0915") == "fonts-noto"


@pytest.mark.parametrize("names", [("a $5 or $6 \\frac{", "\x1b[31m", "W" * 300), ("1", "2", "3")])
def test_animations_take_any_text(names: Names) -> None:
    raw = animation(
        np.stack([np.zeros((3, 8, 8, 1), np.uint8), np.full((3, 8, 8, 1), 255, np.uint8)]),
        names,
        f"What maximises {title(names)}\nraw: pixels",
    )
    with Image.open(io.BytesIO(raw)) as gif:
        assert gif.n_frames == 2
        assert gif.width <= 740
