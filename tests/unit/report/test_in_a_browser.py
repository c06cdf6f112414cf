"""The page as a reader has it: a real browser, light and dark, wide and narrow, on paper, in both languages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
PAGES = ("plain", "hostile", "chinese", "beside")
LEAST_CONTRAST = 4.5  # WCAG 2.2, level AA, of text
CONTRASTS = """() => {
  const parsed = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = c => { const v = c.slice(0, 3).map(x => x / 255).map(
    x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2] };
  const below = element => { const all = [];
    for (let e = element; e; e = e.parentElement) all.unshift(parsed(getComputedStyle(e).backgroundColor));
    return all.reduce((u, t) => over(t, u), [255, 255, 255, 1]) };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), svg = element.closest('svg');
    const ink = parsed(svg ? style.fill : style.color);
    if (svg) ink[3] *= Number(style.fillOpacity);
    const paper = below(element), a = light(over(ink, paper)), b = light(paper);
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def pages(
    plain: Path,
    with_data: pl.Run,
    bars: DataSplits,
    hostile_names: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """Reports of a run, of one whose names are hostile, in Chinese, and of two runs."""
    folder = tmp_path_factory.mktemp("reports")

    def named(dataset: ImageDataset) -> ImageDataset:
        sources = tuple(f"{hostile_names[1]}/{number}" for number in range(len(dataset)))
        return ImageDataset(dataset.images, dataset.labels, hostile_names, sources)

    splits = DataSplits(hostile_names[1], named(bars.train), named(bars.test))
    other = pl.fit(
        splits, model="conv 4 3x3 relu, flatten, dense 3", epochs=1, batch_size=64, out=folder / "$5 <i> \u202e"
    )
    other.evaluate()
    return {
        "plain": plain,
        "hostile": pl.write_report(other, out=folder / "hostile.html", whole=False),
        "chinese": pl.write_report(with_data, out=folder / "chinese.html", language="zh", whole=False),
        "beside": pl.write_report(with_data, str(other.path), out=folder / "beside.html"),
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module", params=PAGES)
def opened(request: pytest.FixtureRequest, browser: Any, pages: dict[str, Path]) -> Iterator[Any]:
    """A page, and what was heard of it while it was opened."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    page.heard = []
    page.on("console", lambda message: page.heard.append(message.text))
    page.on("pageerror", lambda error: page.heard.append(str(error)))
    page.on("request", lambda asked: page.heard.append(asked.url))
    page.goto(pages[request.param].as_uri())
    page.name = request.param
    yield page
    page.close()


def test_nothing_is_asked_for_and_nothing_complained_of(opened: Any) -> None:
    asked = [text for text in opened.heard if not text.startswith("data:image/png")]
    assert [text.startswith("file://") for text in asked] == [True]  # the page itself
    assert opened.evaluate("document.scripts.length") == 0
    assert "default-src 'none'" in opened.get_attribute("meta[http-equiv]", "content")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(opened: Any, scheme: str) -> None:
    opened.emulate_media(color_scheme=scheme)
    found = opened.evaluate(CONTRASTS)
    assert len(found) > 40
    assert [(ratio, text) for ratio, text in found if ratio < LEAST_CONTRAST] == []
    paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(21, 22, 26)" if scheme == "dark" else "rgb(253, 252, 249)")


def test_a_phone_need_not_scroll_sideways(opened: Any) -> None:
    opened.set_viewport_size({"width": 360, "height": 640})
    assert opened.evaluate("document.documentElement.scrollWidth") == 360
    opened.set_viewport_size({"width": 1000, "height": 800})


def test_it_is_understood_without_being_seen(opened: Any) -> None:
    levels = opened.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert set(levels[1:]) == {2}
    images = opened.evaluate("[...document.images].map(i => [i.alt, i.naturalWidth])")
    drawings = opened.evaluate("[...document.querySelectorAll('svg')].map(s => [s.ariaLabel, s.getAttribute('role')])")
    assert images or opened.name == "beside"
    assert drawings
    assert all(text and width for text, width in images)
    assert all(text and role == "img" for text, role in drawings)
    assert opened.get_attribute("html", "lang") == ("zh-Hans" if opened.name == "chinese" else "en")


def test_ids_are_unique_and_all_that_is_referred_to_is_there(opened: Any) -> None:
    ids = opened.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    wanted = opened.evaluate(
        "[...document.querySelectorAll('[href^=\"#\"]')].map(e => e.getAttribute('href').slice(1))"
    )
    clips = opened.evaluate("[...document.querySelectorAll('[clip-path]')].map(e => e.getAttribute('clip-path'))")
    assert {*wanted, *(clip[5:-1] for clip in clips)} <= set(ids)


def test_it_is_printed(opened: Any) -> None:
    opened.emulate_media(color_scheme="dark")
    assert opened.pdf(format="A4").startswith(b"%PDF")
    opened.emulate_media(media="print", color_scheme="dark")
    assert opened.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')") == "#fdfcf9"
    opened.set_viewport_size({"width": 673, "height": 900})  # A4 between the margins of the page
    assert opened.evaluate("document.documentElement.scrollWidth") == 673
    opened.set_viewport_size({"width": 1000, "height": 800})
    opened.emulate_media(media="screen", color_scheme="light")


def test_hostile_names_are_text(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["hostile"].as_uri())
    assert page.evaluate("document.querySelectorAll('b, i, script').length") == 0
    text = page.inner_text("main")
    assert r"\x1b[31m\u202e<b>" in text
    assert r"a $5 or $6 \frac{" in text
    assert "\u202e" not in pages["hostile"].read_text(encoding="utf-8")
    page.close()


def test_the_chinese_page_is_chinese(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["chinese"].as_uri())
    assert page.inner_text("h1").endswith("的测试图像答对了")
    assert "训练的过程" in page.inner_text("nav")
    assert "答对的比例" in page.inner_html("#curves svg")
    page.close()
