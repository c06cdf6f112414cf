"""A program of torch.export, which torch loads without the code that made the network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pellucid.export.formats.table import FORMATS, Answering, Facts
from pellucid.export.source import Source
from pellucid.export.usage import Usage
from pellucid.export.witness import PROGRAM, ask
from pellucid.model.trust import require_trust
from pellucid.untrusted import require_trusted_file

(FILE,) = FORMATS["torch"].files
TEXT = """# An image classifier

`model.pt2` answers which of {classes} an image shows. It takes images of {height} x {width} pixels (height x width)
with {channels_counted}, and gives the probability of each class; all between is in the file. It was trained and
exported by Pellucid. The format is a program of `torch.export`, written by torch {torch}: older ones may not read it.

| file | content |
|---|---|
| `model.pt2` | the network: uint8 [batch, {height}, {width}, {channels}] in, probabilities [batch, classes] out |
{files}
## Python
Loading such a file can run code that somebody has put into it, as with any pickle: do it only if you know who made it.
With `pip install torch numpy pillow`, in this folder:

```python
import json
from pathlib import Path
import numpy as np
import torch
from PIL import Image, ImageOps

{pixels}
classes = json.loads(Path("labels.json").read_bytes())["classes"]
answer = torch.export.load("model.pt2").module()
with torch.inference_mode():
    probabilities = answer(torch.tensor(pixels))[0]
best = int(probabilities.argmax())
print(classes[best], float(probabilities[best]))
```
{beyond}
{again}"""


def write(source: Source) -> Facts:
    """Write model.pt2, in a process of its own; see `FormatModule.write`."""
    require_trust(source.record.model, source.run.path)
    ask(PROGRAM, source.question)
    return {}


def load(files: Mapping[str, bytes], place: Path) -> Answering:
    """Torch answers; see `FormatModule.load`."""
    from pellucid.export.program import Program  # which imports torch

    require_trusted_file(place / FILE, "may hold code, which would be run here")
    return Program(files[FILE], place / FILE)


def usage(about: Usage) -> str:
    """README.md; see `FormatModule.usage`."""
    return TEXT.format(**about.parts(), torch=about.parity.versions["export"]["torch"])
