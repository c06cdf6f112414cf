"""README.md of an export: how it is used by somebody who has never heard of Pellucid."""

from __future__ import annotations

from pellucid.export.folder import DOUBT, LABELS, MODEL, PARITY, PROOF
from pellucid.export.interface import OPSET
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

TOLD_OF_DOUBT = f'| `{DOUBT}` | what Pellucid says "I don\'t know" by, where an image lies between two classes |\n'

TEXT = """# An image classifier

`{model}` answers which of {classes} an image shows. It takes images of {height} x {width} pixels (height x width)
with {channels_counted}, and gives the probability of each class; all between is in the file. It was trained and
exported by Pellucid. The format is ONNX, with opset {opset}.

| file | content |
|---|---|
| `{model}` | the network: `images` (uint8, [batch, {height}, {width}, {channels}]) in, `probabilities` out |
| `{labels}` | names of the classes in the order of the probabilities, and how images are brought to that size |
| `{parity}` | the proof that it answers as the run that it was made of: on how many images, how far apart at most |
{proof}
## Python
With `pip install onnxruntime numpy pillow`, in this folder:

```python
import json
from pathlib import Path
import numpy as np
import onnxruntime
from PIL import Image, ImageOps

{pixels}
classes = json.loads(Path("{labels}").read_bytes())["classes"]
session = onnxruntime.InferenceSession("{model}", providers=["CPUExecutionProvider"])
(probabilities,) = session.run(["probabilities"], {{"images": pixels}})
best = int(probabilities[0].argmax())
print(classes[best], float(probabilities[0, best]))
```
{beyond}
## JavaScript
With `npm install onnxruntime-node`, in this folder; in a browser the same with `onnxruntime-web`, where `fetch` reads
the files and a canvas the image. `image.raw` holds the values of an image from 0 (black) to 255, row by row, each
pixel's channels together, as `pixels.tofile("image.raw")` writes them in Python:

```javascript
import {{ readFile }} from "node:fs/promises";
import * as ort from "onnxruntime-node";

const {{ classes }} = JSON.parse(await readFile("{labels}", "utf8"));
const session = await ort.InferenceSession.create(await readFile("{model}"));
const pixels = new Uint8Array(await readFile("image.raw"));
const images = new ort.Tensor("uint8", pixels, [1, {height}, {width}, {channels}]);
const {{ probabilities }} = await session.run({{ images }});
const best = probabilities.data.indexOf(Math.max(...probabilities.data));
console.log(classes[best], probabilities.data[best]);
```

## Is it as it was?
`pellucid export --verify FOLDER` (`pip install pellucid[export]`) checks the digests of the files{again}.
"""


def usage_of(record: RunRecord, *, proof_images: int, doubt: bool) -> str:
    """The text of README.md.

    Args:
        record: Of the run.
        proof_images: How many images lie in the folder, so that it can be proved again.
        doubt: Whether the folder has what tells of doubt.
    """
    height, width, channels = record.input_shape
    reading, sizes = record.reading, {"height": height, "width": width, "channels": channels}
    grey = reading.background
    fit = FITS[reading.fit].format(**sizes, background=grey if channels == 1 else (grey,) * 3)
    files = channels in {1, 3}
    pixels = FILE.format(**sizes, mode="L" if channels == 1 else "RGB", fit=fit) if files else ARRAYS.format(**sizes)
    proof = f"| `{PROOF}` | {counted(proof_images, 'held-out image')}, and what the run answers for them |\n"
    return TEXT.format(
        **sizes,
        model=MODEL,
        labels=LABELS,
        parity=PARITY,
        opset=OPSET,
        classes=counted(len(record.data.class_names), "class"),
        channels_counted=counted(channels, "channel"),
        proof=(proof if proof_images else "") + (TOLD_OF_DOUBT if doubt else ""),
        pixels=pixels,
        beyond=_beyond(record) if files else "",
        again=",\nand asks the network about the images of the proof again" if proof_images else "",
    )


def _beyond(record: RunRecord) -> str:
    """What these lines leave out of how the run's images were read."""
    reading = record.reading
    told = f"Pellucid lays what is transparent on grey {reading.background} before"
    if isinstance(reading.value_range, str):
        return f"\n{told}, and brings more than 8 bits a channel to 8.\n"
    low, high = reading.value_range
    return f"\n{told}, and brings the values from {low:g} (black) to {high:g} (white) to 0 to {WHITE}; so must you.\n"
