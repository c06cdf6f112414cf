"""Images that are no digits, of MNIST's shape: what a network that was trained on MNIST should not answer.

Each set is uint8, [count, 28, 28, 1], and follows from its seed. None was ever used to choose or to fit anything.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import center_of_mass, gaussian_filter, shift

SIDE, BOX, FINE = 28, 20, 8  # of an image, of what is drawn on it, and how much finer strokes are drawn
FONTS = ("/usr/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
NO_LETTERS = (
    "Math",
    "Display",
    "STIX",
    "cm",
    "Symbol",
    "LastResort",
    "Emoji",
    "Noto",
)  # in names of fonts without plain letters

Images = np.ndarray
Random = np.random.Generator


def noise(count: int, random: Random) -> Images:
    """Each pixel by itself, any brightness as likely."""
    return random.integers(0, 256, (count, SIDE, SIDE, 1), dtype=np.uint8)


def gaussian_noise(count: int, random: Random) -> Images:
    """Each pixel by itself, normal around grey with a deviation of a quarter of the range."""
    return _bytes(random.normal(127.5, 63.75, (count, SIDE, SIDE, 1)))


def shuffled(digits: Images, random: Random) -> Images:
    """The pixels of each digit in random order."""
    return random.permuted(digits.reshape(len(digits), -1), axis=1).reshape(digits.shape)


def blank(count: int, _: Random) -> Images:
    """One brightness all over, each of the 256 in turn, black first."""
    return np.broadcast_to(
        (np.arange(count) % 256).astype(np.uint8)[:, None, None, None], (count, SIDE, SIDE, 1)
    ).copy()


def inverted(digits: Images, _: Random) -> Images:
    """Digits with dark and bright exchanged."""
    return 255 - digits


def cut_up(digits: Images, random: Random) -> Images:
    """Digits cut into sixteen squares of seven pixels a side, which are put together in random order."""
    tiles = digits.reshape(-1, 4, 7, 4, 7).transpose(0, 1, 3, 2, 4).reshape(len(digits), 16, 7, 7)
    mixed = np.stack([each[random.permutation(16)] for each in tiles])
    return mixed.reshape(-1, 4, 4, 7, 7).transpose(0, 1, 3, 2, 4).reshape(digits.shape)


def textures(count: int, random: Random) -> Images:
    """Gratings, checks, rings and clouds, of any scale, direction and contrast from a half up."""
    down, across = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    made = []
    for number in range(count):
        angle, period, phase = random.uniform(0, np.pi), random.uniform(3, 12), random.uniform(0, 2 * np.pi)
        along = across * np.cos(angle) + down * np.sin(angle)
        aside = down * np.cos(angle) - across * np.sin(angle)
        turn = 2 * np.pi / period
        match number % 4:
            case 0:
                waves = np.sin(turn * along + phase)
            case 1:
                waves = np.sign(np.sin(turn * along + phase) * np.sin(turn * aside + phase))
            case 2:
                waves = np.sin(turn * np.hypot(along, aside) + phase)
            case _:
                waves = gaussian_filter(random.normal(size=(SIDE, SIDE)), period / 6, mode="wrap")
                waves = waves / np.abs(waves).max()
        made.append(127.5 + 127.5 * random.uniform(0.5, 1) * waves)
    return _bytes(np.stack(made)[..., None])


def strokes(count: int, random: Random) -> Images:
    """Three to eight bent strokes, one to four pixels wide, anywhere on the image."""
    return np.stack([_scribble(random, int(random.integers(3, 9)), 0, (1, 4)) for _ in range(count)])


def strokes_in_a_box(count: int, random: Random) -> Images:
    """Three to five bent strokes of a digit's width, within the box that digits are drawn in."""
    return np.stack([_scribble(random, int(random.integers(3, 6)), (SIDE - BOX) / 2, (2.5, 2.5)) for _ in range(count)])


def _scribble(random: Random, lines: int, margin: float, widths: tuple[float, float]) -> Images:
    canvas = Image.new("L", (SIDE * FINE, SIDE * FINE))
    pen, part = ImageDraw.Draw(canvas), np.linspace(0, 1, 24)[:, None]
    for _ in range(lines):
        ends = random.uniform(margin, SIDE - margin, (3, 2)) * FINE
        curve = (1 - part) ** 2 * ends[0] + 2 * part * (1 - part) * ends[1] + part**2 * ends[2]
        pen.line([(x, y) for x, y in curve.tolist()], 255, round(random.uniform(*widths) * FINE), "curve")
    return np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX))[..., None]


def photographs(count: int, random: Random) -> Images:
    """Parts of the two photographs that come with scikit-learn, in grey."""
    from sklearn.datasets import load_sample_images

    pictures = [Image.fromarray(each).convert("L") for each in load_sample_images().images]
    made = []
    for number in range(count):
        picture = pictures[number % 2]
        side = int(random.integers(56, min(picture.size)))
        left, top = (int(random.integers(0, length - side + 1)) for length in picture.size)
        part = picture.resize((SIDE, SIDE), Image.Resampling.BOX, (left, top, left + side, top + side))
        made.append(np.asarray(part)[..., None])
    return np.stack(made)


def letters(count: int, random: Random) -> tuple[Images, np.ndarray]:
    """Letters of the fonts that are here, a little turned and slanted, in MNIST's manner.

    Returns:
        The images, and the letter of each.
    """
    fonts = fonts_here()
    drawn = random.choice(list(string.ascii_letters), count)
    return np.stack([_letter(str(each), fonts[int(random.integers(len(fonts)))], random) for each in drawn]), drawn


def fonts_here() -> list[Path]:
    """Fonts with Latin letters: the system's, and those that come with matplotlib."""
    import matplotlib as mpl

    places = [*map(Path, FONTS), Path(mpl.get_data_path()) / "fonts" / "ttf"]
    found = {file.name: file for place in places for file in place.rglob("*.ttf")}
    return [file for name, file in sorted(found.items()) if not any(word in name for word in NO_LETTERS)]


def _letter(letter: str, font: Path, random: Random) -> Images:
    canvas = Image.new("L", (160, 160))
    ImageDraw.Draw(canvas).text((80, 80), letter, 255, ImageFont.truetype(str(font), 80), anchor="mm")
    slant = random.uniform(-0.2, 0.2)
    canvas = canvas.transform(canvas.size, Image.Transform.AFFINE, (1, slant, -80 * slant, 0, 1, 0))
    return in_mnist_manner(np.asarray(canvas.rotate(random.uniform(-10, 10), Image.Resampling.BILINEAR)))


def in_mnist_manner(drawn: np.ndarray) -> Images:
    """Bright on black, as large as fits into 20x20 pixels, its centre of mass in the middle of 28x28."""
    rows, columns = (np.flatnonzero(drawn.max(axis=axis)) for axis in (1, 0))
    cut = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    share = BOX / max(cut.shape)
    size = [max(1, round(length * share)) for length in cut.shape]
    small = np.asarray(Image.fromarray(cut).resize((size[1], size[0]), Image.Resampling.BOX), np.float64)
    page = np.zeros((SIDE, SIDE))
    top, left = ((SIDE - length) // 2 for length in small.shape)
    page[top : top + size[0], left : left + size[1]] = small
    middle = np.array(center_of_mass(page))
    return _bytes(shift(page, np.round((SIDE - 1) / 2 - middle), order=0))[..., None]


def clothing(folder: Path, count: int, random: Random) -> Images:
    """Images of Fashion-MNIST, as the npm package fashion-mnist 1.1.0 (MIT) has them.

    Args:
        folder: The unpacked package; `src/clothes/` has one JSON file for each kind of clothing.
        count: How many images, as many of each kind.
        random: Which of them.
    """
    made = []
    for file in sorted((folder / "src" / "clothes").glob("*.json")):
        rows = [row for row in json.loads(file.read_bytes())["data"] if len(row) == SIDE * SIDE]  # the last is cut off
        chosen = random.choice(len(rows), count // 10, replace=False)
        made.append(np.array([rows[row] for row in chosen], np.uint8).reshape(-1, SIDE, SIDE, 1))
    return np.concatenate(made)


MADE: dict[str, Callable[[int, Random], Images]] = {
    "uniform noise": noise,
    "Gaussian noise": gaussian_noise,
    "blank": blank,
    "textures": textures,
    "random strokes": strokes,
    "strokes in a digit's box": strokes_in_a_box,
    "photographs": photographs,
}
OF_DIGITS: dict[str, Callable[[Images, Random], Images]] = {
    "shuffled pixels": shuffled,
    "inverted digits": inverted,
    "cut-up digits": cut_up,
}


def synthetic(digits: Images, count: int, seed: int) -> Iterator[tuple[str, Images]]:
    """The kinds that are made, or made of digits.

    Args:
        digits: Images of a test split.
        count: Images of each kind.
        seed: All follow from it.
    """
    for name, make in MADE.items():
        yield name, make(count, np.random.default_rng(seed))
    for name, change in OF_DIGITS.items():
        random = np.random.default_rng(seed)
        yield name, change(digits[random.choice(len(digits), count, replace=False)], random)


def _bytes(values: np.ndarray) -> Images:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
