"""What README.md of an export says in any format: to somebody who has never heard of Pellucid."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.export.folder import DOUBT, LABELS, PARITY, PROOF
from pellucid.export.formats.table import RAW, format_named
from pellucid.export.parity import Parity
from pellucid.run.record import RunRecord
from pellucid.words import counted

WHITE = 255
FITS = {
    "stretch": "image = image.resize(({width}, {height}), Image.Resampling.BILINEAR, reducing_gap=3)",
    "pad": "image = ImageOps.pad(image, ({width}, {height}), Image.Resampling.BILINEAR, color={background})",
    "crop": "image = ImageOps.fit(image, ({width}, {height}), Image.Resampling.BILINEAR)",
}
ARRAYS = """pixels = np.load("images.npy")  # uint8, [count, {height}, {width}, {channels}]"""
FILE = """image = ImageOps.exif_transpose(Image.open("image.png")).convert("{mode}")
{fit}
pixels = np.asarray(image, np.uint8).reshape(1, {height}, {width}, {channels})"""
ROW = "| `{name}` | {content} |\n"
OF_LABELS = "names of the classes in the order of the probabilities, and how images are brought to that size"
OF_PARITY = "the proof that it answers as the run that it was made of: on how many images, how far apart at most"
OF_DOUBT = 'what Pellucid says "I don\'t know" by, where an image lies between two classes'
OF_RAW = "the same for images of any size in colour: `images` (uint8, [batch, any height, any width, 3]) in"
OF_PROOF = "{images}, and what the run answers for them"
IN_RAW = "the values of an image from 0 (black) to 255, row by row, each\npixel's channels together"
AGAIN = """## Is it as it was?
`pellucid export --verify FOLDER{trust}` (`pip install pellucid[export]`) checks the digests
that `parity.json` holds of the other files, all but this one{asked}.
"""
ASKED = ", and asks the network about the images of the proof again"


@dataclass(frozen=True)
class Usage:
    """What there is to say of an export.

    Attributes:
        record: Of its run.
        parity: Its proof.
    """

    record: RunRecord
    parity: Parity

    def parts(self) -> dict[str, str]:
        """Texts that a README has places for.

        ``height``, ``width``, ``channels``: numbers; ``channels_counted``, ``classes``: in words; ``files``: rows of a
        table; ``pixels``: lines of Python from image.png to ``pixels``, uint8 [1, height, width, channels];
        ``beyond``: what these leave out; ``raw``: what is in image.raw; ``again``: the part on proving it again.
        """
        height, width, channels = self.record.input_shape
        sizes = {"height": str(height), "width": str(width), "channels": str(channels)}
        trust = " --trust" if format_named(self.parity.format).is_code else ""
        asked = ASKED if self.parity.proof_images else ""
        return sizes | {
            "channels_counted": counted(channels, "channel"),
            "classes": counted(len(self.record.data.class_names), "class"),
            "files": self._files(),
            "pixels": self._pixels(sizes),
            "beyond": self._beyond() if self._takes_files else "",
            "raw": IN_RAW,
            "again": AGAIN.format(trust=trust, asked=asked),
        }

    @property
    def _takes_files(self) -> bool:
        """Whether image files give as many channels."""
        return self.record.input_shape[2] in {1, 3}

    def _pixels(self, sizes: dict[str, str]) -> str:
        if not self._takes_files:
            return ARRAYS.format(**sizes)
        reading, grey = self.record.reading, self.record.input_shape[2] == 1
        background = reading.background if grey else (reading.background,) * 3
        fit = FITS[reading.fit].format(**sizes, background=background)
        return FILE.format(**sizes, mode="L" if grey else "RGB", fit=fit)

    def _files(self) -> str:
        contents = {LABELS: OF_LABELS, PARITY: OF_PARITY}
        if RAW in self.parity.files:
            contents[RAW] = OF_RAW
        if count := self.parity.proof_images:
            contents[PROOF] = OF_PROOF.format(images=counted(count, "held-out image"))
        if DOUBT in self.parity.files:
            contents[DOUBT] = OF_DOUBT
        return "".join(ROW.format(name=name, content=content) for name, content in contents.items())

    def _beyond(self) -> str:
        """What these lines leave out of how the run's images were read."""
        reading = self.record.reading
        told = f"Pellucid lays what is transparent on grey {reading.background} before"
        if isinstance(reading.value_range, str):
            return f"\n{told}, and brings more than 8 bits a channel to 8.\n"
        low, high = reading.value_range
        return (
            f"\n{told}, and brings the values from {low:g} (black) to {high:g} (white) to 0 to {WHITE}; so must you.\n"
        )
