"""ONNX: built straight from the specification, or followed by torch's exporter where the network is the user's code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pellucid.errors import Fault, SpecError
from pellucid.export.engine import Engine
from pellucid.export.formats.table import RAW, Facts
from pellucid.export.interface import MODEL
from pellucid.export.raw import raw_of, require_readable
from pellucid.export.source import Source
from pellucid.export.usage import Usage
from pellucid.export.witness import TRACE, ask
from pellucid.model.trust import require_trust
from pellucid.spec.model import FactorySpec
from pellucid.words import counted

TEXT = """# An image classifier

`model.onnx` answers which of {classes} an image shows. It takes images of {height} x {width} pixels (height x width)
with {channels_counted}, and gives the probability of each class; all between is in the file. It was trained and
exported by Pellucid. The format is ONNX, with opset {opset}.
{remark}
| file | content |
|---|---|
| `model.onnx` | the network: `images` (uint8, [batch, {height}, {width}, {channels}]) in, `probabilities` out |
{files}
## Python
With `pip install onnxruntime numpy pillow`, in this folder:

```python
import json
from pathlib import Path
import numpy as np
import onnxruntime
from PIL import Image, ImageOps

{pixels}
classes = json.loads(Path("labels.json").read_bytes())["classes"]
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
(probabilities,) = session.run(["probabilities"], {{"images": pixels}})
best = int(probabilities[0].argmax())
print(classes[best], float(probabilities[0, best]))
```
{beyond}{any_size}
## JavaScript
With `npm install onnxruntime-node`, in this folder; in a browser the same with `onnxruntime-web`, where `fetch` reads
the files and a canvas the image. `image.raw` holds {raw}, as `pixels.tofile("image.raw")` writes them in Python:

```javascript
import {{ readFile }} from "node:fs/promises";
import * as ort from "onnxruntime-node";

const {{ classes }} = JSON.parse(await readFile("labels.json", "utf8"));
const session = await ort.InferenceSession.create(await readFile("model.onnx"));
const pixels = new Uint8Array(await readFile("image.raw"));
const images = new ort.Tensor("uint8", pixels, [1, {height}, {width}, {channels}]);
const {{ probabilities }} = await session.run({{ images }});
const best = probabilities.data.indexOf(Math.max(...probabilities.data));
console.log(classes[best], probabilities.data[best]);
```

{again}"""

ANY_SIZE = """
## Images of any size
`raw.onnx` does by itself what these lines do after `convert`: it takes images as they are, in colour, and resizes them
as Pillow does, at most {levels} off in the proof. `resized` is a further output: what the network sees.

```python
image = ImageOps.exif_transpose(Image.open("image.png")).convert("RGB")
session = onnxruntime.InferenceSession("raw.onnx", providers=["CPUExecutionProvider"])
(probabilities,) = session.run(["probabilities"], {{"images": np.asarray(image)[None]}})
best = int(probabilities[0].argmax())
print(classes[best], float(probabilities[0, best]))
```
"""


def write(source: Source) -> Facts:
    """Write model.onnx; see `FormatModule.write`."""
    import onnx

    from pellucid.export.graph import graph_of  # which imports onnx, and loading needs none

    record = source.record
    if source.raw_images:
        require_readable(record.input_shape)
    if isinstance(record.model, FactorySpec):
        require_trust(record.model, source.run.path)
        if source.maps:
            rule, received = "Maps are given for networks of layers only", "a network of one's own code"
            raise SpecError([Fault(rule, received, "Leave --maps out.")])
        ask(TRACE, source.question)
    else:
        content = graph_of(
            record.model,
            source.weights(),
            vote=record.train.vote,
            test_time=record.train.test_time_augmentation,
            temperature=record.temperature,
            maps=source.maps,
        )
        (source.work / MODEL).write_bytes(content)
    onnx.checker.check_model(source.work / MODEL, full_check=True)
    if source.raw_images:
        raw = raw_of((source.work / MODEL).read_bytes(), record.input_shape, record.reading)
        (source.work / RAW).write_bytes(raw)
    return {}


def load(files: Mapping[str, bytes], place: Path) -> Engine:
    """ONNX Runtime answers; see `FormatModule.load`."""
    return Engine(files[MODEL], place / MODEL)


def usage(about: Usage, remark: str = "") -> str:
    """README.md; see `FormatModule.usage`.

    Args:
        about: What there is to say of the export.
        remark: What else is to be known of the network.
    """
    raw = about.parity.raw_images
    any_size = ANY_SIZE.format(levels=counted(raw.greatest_level_difference, "grey level")) if raw else ""
    return TEXT.format(**about.parts(), opset=about.parity.opset, remark=remark, any_size=any_size)
