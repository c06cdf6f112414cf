"""A run as one C99 file, from uint8 images to probabilities: constants, static buffers, and a function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from jaxtyping import Float32, Shaped
from numpy import ndarray

from pellucid.errors import RunError
from pellucid.export.c_layers import CALLS, Call, Weights, calls_of
from pellucid.export.nodes import require_known
from pellucid.export.views import matrix_of
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.model import ModelSpec
from pellucid.version import __version__
from pellucid.words import size

MOST_CONSTANTS, MOST_RAM = 16 * 2**20, 256 * 2**20  # bytes; compilers take a hundred times as much for constants
BYTES, A_LINE = 4, 8
FUNCTION = re.compile(r"^static void (\w+)\(", re.MULTILINE)
HEAD = """/* An image classifier, trained and exported by Pellucid {version}. C99; needs the C library's math.h (-lm).
   {constants:,} bytes of constants, {ram:,} bytes of static RAM, little stack, no allocation.
   It keeps its work in static buffers, so that one call must end before another begins.

   image: {height} x {width} pixels of {channels} values, 0 (black) to 255, row by row, each pixel's channels together.
   probabilities: one for each of the {classes} classes, in the order of labels.json. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

void pellucid_predict(const uint8_t *image, float *probabilities);

enum {{ HEIGHT = {height}, WIDTH = {width}, CHANNELS = {channels}, CLASSES = {classes} }};
"""
ALONE = """void pellucid_predict(const uint8_t *image, float *probabilities) {{
    scale(image, a);
    const float *logits = network_0();
    for (int c = 0; c < CLASSES; c++) probabilities[c] = logits[c] / {temperature};
    softmax(probabilities, 1, CLASSES);
}}
"""
TOGETHER = """static float *(*const networks[])(void) = {{ {networks} }};
{views}
void pellucid_predict(const uint8_t *image, float *probabilities) {{
    for (int c = 0; c < CLASSES; c++) probabilities[c] = 0.0f;
    for (int view = 0; view < {view_count}; view++)
        for (int n = 0; n < {vote}; n++) {{
            {seen}
            float *answer = networks[n]();
            softmax(answer, 1, CLASSES);
            for (int c = 0; c < CLASSES; c++) probabilities[c] += answer[c] / {answers};
        }}
    for (int c = 0; c < CLASSES; c++) probabilities[c] = logf(probabilities[c]) / {temperature};
    softmax(probabilities, 1, CLASSES);
}}
"""
SEEN = "if (view) look(image, a, views[view - 1]); else scale(image, a);"


@dataclass(frozen=True)
class CSource:
    """A C file.

    Attributes:
        text: Its content.
        constant_bytes: Bytes of constants, which a microcontroller keeps in flash.
        ram_bytes: Bytes of static buffers.
    """

    text: str
    constant_bytes: int
    ram_bytes: int


def source_of(
    spec: ModelSpec,
    weights: Mapping[str, Shaped[ndarray, ...]],
    *,
    vote: int = 1,
    test_time: AugmentSpec | None = None,
    temperature: float = 1.0,
) -> CSource:
    """Write a network as C; see `pellucid.export.graph.graph_of` for what it is given. Equal networks give equal text.

    Raises:
        SpecError: C cannot hold a layer; all such layers are named.
        RunError: A weight is missing, of another shape, or not finite; or the file would be too large.
    """
    require_known(spec.layers, CALLS, "C")
    steps = spec.logits_only().walk()
    members = [f"members.{number}." for number in range(vote)] if vote > 1 else [""]
    networks = [
        [(step.name, call) for step in steps for call in calls_of(step, Weights(weights, f"{member}{step.name}."))]
        for member in members
    ]
    calls = [call for _, call in networks[0]]
    moves = list(test_time.moves()) if test_time else []
    matrices = [matrix_of(move, *spec.input_shape[:2]) for move in moves]
    first, second = _buffers(calls, int(np.prod(spec.input_shape)))
    constants = [values for network in networks for _, call in network for values in call.constants.values()]
    constant_bytes = BYTES * sum(values.size for values in [*constants, *matrices] if values is not None)
    ram_bytes = BYTES * (first + second)
    _require_room(constant_bytes, ram_bytes)
    height, width, channels = spec.input_shape
    head = HEAD.format(
        version=__version__, constants=constant_bytes, ram=ram_bytes, height=height, width=width, channels=channels,
        classes=spec.classes,
    )  # fmt: skip
    used = {"scale", "softmax"} | {call.function for call in calls} | ({"look"} if matrices else set())
    parts = [head, *_functions(used), f"static float a[{first}], b[{second}];\n"]
    parts += [part for number, network in enumerate(networks) for part in _network(number, network)]
    parts.append(_whole(len(networks), matrices, temperature))
    return CSource("\n".join(parts), constant_bytes, ram_bytes)


def _buffers(calls: Sequence[Call], given: int) -> tuple[int, int]:
    """How many values each of the two buffers must hold, between which the layers go to and fro."""
    sizes, here = [given, 1], 0
    for call in calls:
        if call.gives:
            here = 1 - here
            sizes[here] = max(sizes[here], call.gives)
    return sizes[0], sizes[1]


def _functions(used: Set[str]) -> Iterator[str]:
    """The functions of layers.c that are called, and no others; and before them the type that some of them take."""
    text = (files("pellucid.export") / "layers.c").read_text(encoding="utf-8")
    for part in text.split("\n\n")[1:]:
        name = FUNCTION.search(part)
        if name is None or name[1] in used:
            yield f"{part.strip()}\n"


def _network(number: int, calls: Sequence[tuple[str, Call]]) -> Iterator[str]:
    """The constants of a network, and the function that takes the image in ``a`` and gives the place of its logits."""
    lines, here, there = [], "a", "b"
    for layer, call in calls:
        arguments = [here]
        if call.gives:
            arguments.append(there)
            here, there = there, here
        for what, values in call.constants.items():
            name = "NULL" if values is None else f"{layer}_{what}_{number}"
            if values is not None:
                yield _array(name, values)
            arguments.append(name)
        lines.append(f"    {call.function}({', '.join([*arguments, *([call.sizes] if call.sizes else [])])});")
    yield "\n".join([f"static float *network_{number}(void) {{", *lines, f"    return {here};", "}\n"])


def _array(name: str, values: Float32[ndarray, ...]) -> str:
    numbers = [_number(value) for value in values.ravel().tolist()]
    rows = ",\n".join(", ".join(numbers[start : start + A_LINE]) for start in range(0, len(numbers), A_LINE))
    return f"static const float {name}[] = {{\n{rows}\n}};\n"


def _number(value: float) -> str:
    """A float in C, with as many digits as it takes to be the same again."""
    text = f"{value:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _whole(vote: int, matrices: Sequence[Float32[ndarray, "2 3"]], temperature: float) -> str:
    divisor = _number(temperature)
    if vote == 1 and not matrices:
        return ALONE.format(temperature=divisor)
    rows = ",\n".join(f"    {{ {', '.join(map(_number, matrix.ravel().tolist()))} }}" for matrix in matrices)
    return TOGETHER.format(
        networks=", ".join(f"network_{number}" for number in range(vote)),
        views=f"static const float views[][6] = {{\n{rows}\n}};\n" if matrices else "",
        view_count=len(matrices) + 1,
        vote=vote,
        seen=SEEN if matrices else "scale(image, a);",
        answers=_number(float(vote * (len(matrices) + 1))),
        temperature=divisor,
    )


def _require_room(constant_bytes: int, ram_bytes: int) -> None:
    """See that a compiler and the machine can hold it.

    Raises:
        RunError: They cannot.
    """
    for what, found, most in (("constants", constant_bytes, MOST_CONSTANTS), ("buffers", ram_bytes, MOST_RAM)):
        if found > most:
            rule = f"A network in C may have {size(most)} of {what}; this one has {size(found)}"
            raise RunError(f"{rule}. Take the format onnx.")
