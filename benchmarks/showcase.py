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
WIDTH, COLOURS = 1000, 96
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SHOW = """([parts, maps]) => {
  for (const section of document.querySelectorAll('.chapter, nav')) if (!parts.includes(section.id)) section.remove();
  for (const part of document.querySelectorAll('#network > p:not(.lead), details, .remark')) part.remove();
  const added = document.createElement('section');
  added.className = 'chapter';
  added.innerHTML = '<h2>What each layer makes of an image</h2><figure class="drawing">' + maps + '</figure>';
  document.querySelector('main').append(added);
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
            page.evaluate(SHOW, [list(PARTS), maps])
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
        shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
