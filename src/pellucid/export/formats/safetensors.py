"""The weights as the run has them, and beside them the network as JSON that torch, Keras or others can follow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from jaxtyping import Float32, UInt8
from numpy import ndarray

from pellucid.data.portions import answered_at_once
from pellucid.errors import RunError
from pellucid.export.formats.table import FORMATS, Answering, Facts
from pellucid.export.source import Source
from pellucid.export.usage import Usage
from pellucid.export.views import matrix_of
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.layers import Shape
from pellucid.spec.model import ModelSpec
from pellucid.spec.shapes import Step
from pellucid.untrusted import parsed_json

WEIGHTS, NETWORK, READER = FORMATS["safetensors"].files
VERSION = 1
LIST = re.compile(r"\[([^\[\]{}]*)\]")  # of numbers or names, which is to stand on one line
ORDERS = {  # of the weights, by kind of layer
    "conv2d": {"weight": "filters, channels, height, width", "bias": "filters"},
    "dense": {"weight": "units, inputs", "bias": "units"},
    "batch_normalization": dict.fromkeys(("weight", "bias", "running_mean", "running_var"), "channels"),
}
TEXT = """# An image classifier

`model.safetensors` and `network.json` answer which of {classes} an image shows. They take images of {height} x {width}
pixels (height x width) with {channels_counted}, and give the probability of each class. They were trained and exported
by Pellucid, and are meant to be read by other programs, whatever they are written in.

| file | content |
|---|---|
| `model.safetensors` | the weights, in the order of torch |
| `network.json` | the layers in order, in the words of Keras; each says its name, shapes, margins and weights |
| `network.py` | both read by torch, in a page of Python that needs nothing of Pellucid |
{files}
## Python
With `pip install torch safetensors numpy pillow`, in this folder:

```python
import json
from pathlib import Path
import numpy as np
import torch
from PIL import Image, ImageOps
from network import load, probabilities

{pixels}
classes = json.loads(Path("labels.json").read_bytes())["classes"]
with torch.inference_mode():
    answer = probabilities(*load("."), torch.tensor(pixels))[0]
best = int(answer.argmax())
print(classes[best], float(answer[best]))
```
{beyond}
## Elsewhere
`network.py` is the whole of what is to be done, and the proof was made with it:

- Pixels are divided by 255. `views` are further looks at the image, whose answers are averaged with its own.
- A layer named `dense_1` has the weights `dense_1.weight` and `dense_1.bias`, behind the prefix of each of `members`.
- Margins are rows and columns added before a window moves: left, right, top, bottom. Convolution adds zeros, pooling
  what counts for nothing.
- A map is flattened in the order height, width, channels, so that kernels of dense layers fit programs whose channels
  stand last.
- What the layers give are logits. Probabilities are their softmax; the logarithm of the mean of all members and views
  is divided by `temperature`, and softmax is applied again.

| weight | here, and in torch | in Keras |
|---|---|---|
| kernel of a convolution | [filters, channels, height, width] | `weight.transpose(2, 3, 1, 0)` |
| kernel of a dense layer | [units, inputs] | `weight.transpose()` |
| batch normalisation | `weight`, `bias`, `running_mean`, `running_var` | gamma, beta, moving mean, moving variance |

{again}"""


def write(source: Source) -> Facts:
    """Write the weights, what they are of, and who reads both; see `FormatModule.write`."""
    spec = source.layers("safetensors")
    (source.work / WEIGHTS).write_bytes(source.weights_file())
    record = source.record
    text = described(
        spec,
        vote=record.train.vote,
        test_time=record.train.test_time_augmentation,
        temperature=record.temperature,
    )
    (source.work / NETWORK).write_text(text, encoding="utf-8")
    (source.work / READER).write_bytes((resources("pellucid.export") / READER).read_bytes())
    return {}


def described(spec: ModelSpec, *, vote: int = 1, test_time: AugmentSpec | None = None, temperature: float = 1.0) -> str:
    """The text of network.json; see `pellucid.export.graph.graph_of` for what it is given."""
    height, width, _ = spec.input_shape
    document = {
        "format": VERSION,
        "input_shape": list(spec.input_shape),
        "members": [f"members.{number}." for number in range(vote)] if vote > 1 else [""],
        "views": [matrix_of(move, height, width).tolist() for move in (test_time.moves() if test_time else ())],
        "temperature": temperature,
        "layers": [_layer(step) for step in spec.logits_only().walk()],
    }
    return LIST.sub(lambda found: f"[{' '.join(found[1].split())}]", json.dumps(document, indent=2)) + "\n"


def _layer(step: Step) -> dict[str, Any]:
    """A layer in its place: name, settings, shapes, margins, and the shape and order of its weights."""
    (top, bottom), (left, right) = step.layer.margins(step.input_shape)
    windowed = {"margins": [left, right, top, bottom]} if hasattr(step.layer, "padding") else {}
    shapes = _weights(step)
    return {
        "name": step.name,
        **step.layer.model_dump(mode="json"),
        **windowed,
        "input_shape": list(step.input_shape),
        "output_shape": list(step.output_shape),
        "weights": {
            name: {"shape": list(shapes[name]), "order": order}
            for name, order in ORDERS.get(step.layer.kind, {}).items()
            if name in shapes
        },
    }


def _weights(step: Step) -> dict[str, Shape]:
    """The shapes of the weights of a layer, by name."""
    layer: Any = step.layer
    channels = step.input_shape[-1]
    kernels = {
        "conv2d": lambda: (layer.filters, channels, *layer.kernel_size),
        "dense": lambda: (layer.units, channels),
    }
    if layer.kind in kernels:
        kernel = kernels[layer.kind]()
        return {"weight": kernel} | ({"bias": kernel[:1]} if layer.use_bias else {})
    return dict.fromkeys(ORDERS.get(layer.kind, {}), (channels,))


def load(files: Mapping[str, bytes], place: Path) -> Answering:
    """The lines of network.py answer, as Pellucid has them and not as the folder has; see `FormatModule.load`."""
    return Reader(files[NETWORK], files[WEIGHTS], place)


class Reader:
    """Weights and network as a function from images to probabilities, on the processor.

    Attributes:
        name: What answers.
        at_once: How many images it is asked about at once.
    """

    name = "torch"

    def __init__(self, network: bytes, weights: bytes, place: Path) -> None:
        import safetensors.torch

        try:
            self._network = parsed_json(network.decode())
            self._weights = safetensors.torch.load(weights)
            height, width, _ = self._network["input_shape"]
            self.at_once = answered_at_once(height, width)
        except Exception as error:  # noqa: BLE001 - what is damaged fails in many ways
            raise RunError(f"{place} does not hold a network and its weights ({error}).") from None

    def probabilities(self, images: UInt8[ndarray, "count height width channels"]) -> Float32[ndarray, "count classes"]:
        """Probability of each class, for all images at once.

        Raises:
            RunError: The network cannot be followed.
        """
        import torch

        from pellucid.export.network import probabilities

        try:
            with torch.inference_mode():
                return probabilities(self._network, self._weights, torch.from_numpy(images)).numpy()
        except Exception as error:  # noqa: BLE001 - it may be any network
            raise RunError(f"{NETWORK} cannot be followed ({type(error).__name__}: {error}).") from None


def usage(about: Usage) -> str:
    """README.md; see `FormatModule.usage`."""
    return TEXT.format(**about.parts())
