"""C99 for microcontrollers: one file without dependencies, proved by what a compiler makes of it here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pellucid.errors import RunError
from pellucid.export.c_library import Library, compiler_version
from pellucid.export.c_source import source_of
from pellucid.export.formats.table import FORMATS, Facts
from pellucid.export.source import Source
from pellucid.export.usage import Usage
from pellucid.untrusted import require_trusted_file

(FILE,) = FORMATS["c"].files
TEXT = """# An image classifier

`model.c` answers which of {classes} an image shows. It takes images of {height} x {width} pixels (height x width) with
{channels_counted}, and gives the probability of each class; all between is in the file. It was trained and exported by
Pellucid. It is C99, needs the C library's mathematics and nothing else, {constants:,} bytes for constants and {ram:,}
bytes of static RAM.

| file | content |
|---|---|
| `model.c` | `void pellucid_predict(const uint8_t *image, float *probabilities)` |
{files}
## C
`image.raw` holds {raw}. As `main.c`, compiled by `cc -std=c99 -O2 main.c model.c -lm -o answer`, in this folder:

```c
#include <stdint.h>
#include <stdio.h>

void pellucid_predict(const uint8_t *image, float *probabilities);

int main(void) {{
    static uint8_t image[{values}];
    float probabilities[{class_count}];
    FILE *file = fopen("image.raw", "rb");
    if (!file || fread(image, 1, sizeof image, file) != sizeof image) return 1;
    pellucid_predict(image, probabilities);
    for (int c = 0; c < {class_count}; c++) printf("%d %f\\n", c, probabilities[c]);
    return 0;
}}
```

In C++, declare it within `extern "C"`. It keeps its work in static buffers: one call must end before another begins.
On a processor without floating point it works, slowly.

## Python
`image.raw` is made of an image file with `pip install numpy pillow`:

```python
import numpy as np
from PIL import Image, ImageOps

{pixels}
pixels[0].tofile("image.raw")
```
{beyond}
{again}"""


def write(source: Source) -> Facts:
    """Write model.c; see `FormatModule.write`. Nothing is written where no compiler is that could prove it."""
    spec, record, compiled_by = source.layers("C"), source.record, compiler_version()
    made = source_of(
        spec,
        source.weights(),
        vote=record.train.vote,
        test_time=record.train.test_time_augmentation,
        temperature=record.temperature,
    )
    (source.work / FILE).write_text(made.text, encoding="utf-8")
    return {"constant_bytes": made.constant_bytes, "ram_bytes": made.ram_bytes, "compiled_by": compiled_by}


def load(files: Mapping[str, bytes], place: Path) -> Library:
    """What the compiler of this machine makes of it answers; see `FormatModule.load`."""
    require_trusted_file(place / FILE, "is code, which would be compiled and run here")
    found = re.search(rb"CLASSES = (\d{1,6}) ", files[FILE])
    if found is None:
        raise RunError(f"{place / FILE} is not of an export of Pellucid's.")
    return Library(files[FILE], int(found[1]), place / FILE)


def usage(about: Usage) -> str:
    """README.md; see `FormatModule.usage`."""
    facts, (height, width, channels) = about.parity.facts, about.record.input_shape
    return TEXT.format(
        **about.parts(),
        constants=facts["constant_bytes"],
        ram=facts["ram_bytes"],
        values=height * width * channels,
        class_count=len(about.record.data.class_names),
    )
