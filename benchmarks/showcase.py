"""The picture of the README: parts of a run's report, with what every layer makes of an image, in a real browser.

Run it by `make showcase`. It trains as `pellucid train` does, unless it is given a run, and writes
docs/report-light.png and docs/report-dark.png. It needs Chromium.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

import pellucid as pl
from pellucid.interpret.images import read_image_argument
from pellucid.plots.figures import inline
from pellucid.report.vector import drawing
from pellucid.sections.feature_maps import feature_maps_section
from pellucid.sections.origin import Origin

PARTS = ("network", "maximised")
CARDS = 6  # of maximised classes
WIDTH, COLOURS = 1400, 192
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SHOW = """([parts, cards, maps]) => {
  const main = document.querySelector('main');
  const left = document.createElement('div'), right = document.createElement('div');
  for (const section of document.querySelectorAll('.chapter, nav')) if (!parts.includes(section.id)) section.remove();
  for (const part of document.querySelectorAll('#network > p:not(.lead), details, .remark, .repeat')) part.remove();
  for (const card of [...document.querySelectorAll('.gallery')].slice(cards)) card.remove();
  right.innerHTML = '<section class="chapter"><h2>What each layer makes of an image</h2><figure class="drawing">'
    + maps + '</figure></section>';
  left.append(...document.querySelectorAll('.chapter'));
  main.append(left, right);
  Object.assign(main.style, {display: 'grid', gridTemplateColumns: '1fr 1fr', columnGap: '3rem', maxWidth: 'none',
    padding: '2.5rem 3rem'});
  document.querySelector('header').style.gridColumn = '1 / -1';
  for (const one of document.querySelectorAll('.chapter')) one.style.marginTop = '2rem';
  for (const one of document.querySelectorAll('.drawing svg')) one.style.minWidth = 0;
  for (const one of document.querySelectorAll('.galleries')) one.style.gridTemplateColumns = '1fr 1fr';
  for (const one of document.querySelectorAll('.tiles')) Object.assign(one.style, {gap: '.3rem', fontSize: '.7rem'});
  for (const one of document.querySelectorAll('.tiles li')) one.style.width = '4.4rem';
}"""


def main() -> None:
    """Make both pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", help="a run folder; otherwise one is trained")
    parser.add_argument("--image", default="test:0", help="the image that the layers are shown for")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the pictures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = pl.load_run(arguments.run) if arguments.run else pl.fit(pl.load_data("mnist"), out=Path(folder, "run"))
        run.evaluate()
        report = pl.write_report(run, out=Path(folder, "report.html"))
        maps = _maps(run, arguments.image)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            page = browser.new_page(viewport={"width": WIDTH, "height": 800})
            page.goto(report.as_uri())
            page.evaluate(SHOW, [list(PARTS), CARDS, maps])
            for scheme in ("light", "dark"):
                _picture(page, scheme, arguments.out / f"report-{scheme}.png")
            browser.close()


def _maps(run: pl.Run, image: str) -> str:
    """What every layer makes of an image, as a drawing."""
    chosen = read_image_argument(run, image)
    origin = Origin(run.path or Path(), run.record.train.seed)
    section = feature_maps_section(pl.feature_maps(run, chosen.pixels), chosen, run.class_names, origin)
    (picture,) = section.pictures
    return str(drawing(inline(picture.draw()), picture.alternative_text, "maps-"))


def _picture(page: Page, scheme: str, file: Path) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    with Image.open(io.BytesIO(page.screenshot(full_page=True))) as shot:
        shot.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            file, optimize=True
        )
    print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
