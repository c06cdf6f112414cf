import base64
import io
import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

from pellucid.audit import page as page_module
from pellucid.audit.examine import examine
from pellucid.audit.page import page, picture, write_page
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.rejected import Rejected
from pellucid.errors import RunError

EVIL = '<script>alert("cat")</script>'
VOID = {"meta", "img", "br", "input"}


class Page(HTMLParser):
    """The parts of a page that the tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: dict[str, str] = {}
        self.section = ""
        self.feed(text.replace("<wbr>", ""))  # where a line may be broken
        self.close()
        assert not self.open, "each tag is closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.section = dict(attrs)["id"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "section":
            self.section = ""

    def handle_data(self, data):
        self.text[self.section] = " ".join(f"{self.text.get(self.section, '')} {data}".split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def messy() -> DataSplits:
    random = np.random.default_rng(0)
    train = random.integers(0, 256, (12, 10, 8, 3), dtype=np.uint8)
    test = random.integers(0, 256, (4, 10, 8, 3), dtype=np.uint8)
    test[0] = train[1]
    train[7] = train[3]
    test[2] = train[5] ^ 1
    train[9] = 200
    names = (EVIL, "dog & co", "empty")
    sources = tuple(f"train/{i}<b>.png" for i in range(12))
    return DataSplits(
        "pets <1>",
        ImageDataset(train, np.array([0] * 6 + [1] * 6), names, sources),
        ImageDataset(test, np.array([0, 0, 1, 1]), names),
        rejected=[Rejected("<img src=x onerror=alert(1)>.png", "cut short")],
    )


def test_the_page_has_all_sections_with_their_findings(messy: DataSplits) -> None:
    parsed = Page(page(examine(messy), messy))
    assert [section["id"] for section in parsed.all("section")] == [
        "summary",
        "classes",
        "exact",
        "near",
        "turned",
        "small",
        "constant",
        "empty",
        "dark",
        "bright",
        "blurred",
        "files",
    ]
    headings = {heading.get("id") for heading in parsed.all("h2")}
    assert all(section["aria-labelledby"] in headings for section in parsed.all("section"))
    assert "12, test 4 images of 10x8 pixels, 3 channels" in parsed.text[""]
    assert "in two splits Group 1, 2 images" in parsed.text["exact"]
    assert "under two labels Group 2, 2 images" in parsed.text["exact"]
    assert "in two splits under two labels Group 1, 2 images" in parsed.text["near"]
    assert f"{EVIL} 6 2 8 100%" in parsed.text["classes"]
    assert "dog & co 6 2 8 100%" in parsed.text["classes"]
    assert "empty no images" in parsed.text["small"]
    assert "train 9, train/9<b>.png" in parsed.text["constant"]
    assert "<img src=x onerror=alert(1)>.png cut short" in parsed.text["files"]


def test_the_page_refers_to_nothing_outside_itself_and_runs_its_own_script_alone(messy: DataSplits) -> None:
    text = page(examine(messy), messy)
    parsed = Page(text)
    assert {tag for tag, _ in parsed.tags}.isdisjoint({"link", "iframe", "object", "b"})
    assert parsed.all("script") == [{}]
    assert "http" not in text
    assert "url(" not in text
    assert "@import" not in text
    script = (files("pellucid.audit") / "page.js").read_text("utf-8")
    assert f"<script>\n{script}" in text, "nothing of the user's is in it"
    for insertion in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
        assert insertion not in script
    ids = {attributes["id"] for _, attributes in parsed.tags if "id" in attributes}
    for _, attributes in parsed.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#")[:1] == "#"
        assert (attributes.get("href") or "#summary")[1:] in ids
        assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")


def test_what_the_script_asks_for_is_in_the_page(messy: DataSplits) -> None:
    text = page(examine(messy), messy)
    parsed = Page(text)
    script = text.partition("<script>")[2]
    ids = {attributes["id"] for _, attributes in parsed.tags if "id" in attributes}
    assert set(re.findall(r'byId\("(\w+)"\)', script)) <= ids
    for tag in ("input", "select", "textarea"):
        for control in parsed.all(tag):
            assert "data-tick" in control or control.get("id") in ids
    items = [attributes for _, attributes in parsed.tags if "data-item" in attributes]
    assert len(items) == 2 + 1 + 1 + 1, "exact and near groups, a constant image, a file"
    assert {(item["data-splits"], item["data-marks"]) for item in items} >= {
        ("train test", "in two splits"),
        ("train", "under two labels"),
    }


def test_each_image_shown_can_be_ticked_for_the_list(messy: DataSplits) -> None:
    parsed = Page(page(examine(messy), messy))
    ticks = [box for box in parsed.all("input") if "data-tick" in box]
    told = [(tick["data-split"], tick["data-index"], tick["data-source"], tick["data-reason"]) for tick in ticks]
    assert ("train", "1", "train/1<b>.png", "exact duplicates, group 1") in told
    assert ("train", "9", "train/9<b>.png", "of one single colour") in told
    assert ("", "", "<img src=x onerror=alert(1)>.png", "cut short") in told
    assert "pellucid data clean 'pets <1>' --drop drop-pets-1.csv --out FOLDER" in parsed.text[""]


def test_names_are_escaped(messy: DataSplits) -> None:
    text = page(examine(messy), messy)
    assert text.count("<script") == 1
    assert "&lt;script&gt;" in text
    assert "<img src=x" not in text


def test_names_turn_no_direction_of_writing(messy: DataSplits) -> None:
    train, test = (
        ImageDataset(each.images, each.labels, ("a\u202eb\x1b[31m", "c", "d")) for each in (messy.train, messy.test)
    )
    text = page(examine(DataSplits("e", train, test)), DataSplits("e", train, test))
    assert text.replace("\n", "").isprintable()
    assert r"image of class a\u202eb\x1b[31m, train 1" in text


def test_the_page_can_be_read_without_seeing_it(messy: DataSplits) -> None:
    parsed = Page(page(examine(messy), messy))
    assert parsed.all("html") == [{"lang": "en"}]
    assert len(parsed.all("h1")) == len(parsed.all("title")) == len(parsed.all("main")) == 1
    assert all(image["alt"] and image["width"] and image["height"] for image in parsed.all("img"))
    assert f"image of class {EVIL}, train 1, train/1<b>.png" in {image["alt"] for image in parsed.all("img")}
    assert {header.get("scope") for header in parsed.all("th")} == {"row", "col"}


def test_a_clean_data_set_says_so(bars: DataSplits) -> None:
    parsed = Page(page(examine(bars), bars))
    for section in ("exact", "near", "turned", "small", "constant", "empty", "dark", "bright", "blurred"):
        assert "None found." in parsed.text[section]
    assert parsed.text["files"] == "Files not used None."
    assert len(parsed.all("img")) == 3 * page_module.SAMPLES


def test_what_is_too_long_is_counted() -> None:
    images = np.repeat(np.arange(70, dtype=np.uint8), 2).reshape(140, 1, 1, 1) * np.ones((1, 8, 8, 1), np.uint8)
    images = np.concatenate([images, np.zeros((10, 8, 8, 1), np.uint8)])
    names = tuple(f"class {i}" for i in range(150))
    data = DataSplits(
        "long",
        ImageDataset(images, np.arange(150), names),
        None,
        rejected=[Rejected(f"{i}.png", "empty") for i in range(503)],
    )
    parsed = Page(page(examine(data), data))
    assert "70 groups of together 150 images" in parsed.text["exact"]
    assert "The first 60 are shown" in parsed.text["exact"]
    assert "Group 60," in parsed.text["exact"]
    assert "Group 61," not in parsed.text["exact"]
    assert "and 4 more" in parsed.text["exact"], "12 black images, 8 shown"
    assert "and 90 more" in parsed.text["constant"]
    assert "and 3 more" in parsed.text["files"]
    assert "Pictures are of the first 100 classes." in parsed.text["classes"]


@pytest.mark.parametrize(
    ("shape", "mode", "size", "shown"),
    [
        ((8, 8, 1), "L", (8, 8), (112, 112)),
        ((28, 20, 3), "RGB", (20, 28), (80, 112)),
        ((300, 150, 3), "RGB", (56, 112), (56, 112)),
        ((16, 16, 4), "RGBA", (16, 16), (112, 112)),
        ((16, 16, 2), "L", (16, 16), (112, 112)),
        ((16, 16, 7), "L", (16, 16), (112, 112)),
    ],
)
def test_pictures_hold_the_pixels_of_the_image(shape, mode, size, shown) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    made = picture(pixels)
    image = Image.open(io.BytesIO(base64.b64decode(made.address.removeprefix("data:image/png;base64,"))))
    assert (image.mode, image.size, (made.width, made.height)) == (mode, size, shown)
    if shape[2] in {1, 3, 4} and image.size == shape[1::-1]:
        assert np.array_equal(np.asarray(image).reshape(shape), pixels)


def test_the_page_is_written_as_it_is(messy: DataSplits, tmp_path) -> None:
    audit = examine(messy)
    write_page(tmp_path / "audit.html", audit, messy)
    assert (tmp_path / "audit.html").read_text("utf-8") == page(audit, messy)
    with pytest.raises(RunError, match=re.escape("page.html cannot be written")):
        write_page(tmp_path / "audit.html" / "page.html", audit, messy)
