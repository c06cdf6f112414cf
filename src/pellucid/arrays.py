"""Types of arrays and tensors with their shapes, as signatures name them: jaxtyping's, where somebody checks them.

jaxtyping takes longer to import than an export takes to answer. Annotations are not evaluated unless they are checked,
and who checks them has imported jaxtyping beforehand; otherwise a name stands here that says nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool as Bool
    from jaxtyping import Float as Float
    from jaxtyping import Float16 as Float16
    from jaxtyping import Float32 as Float32
    from jaxtyping import Float64 as Float64
    from jaxtyping import Int64 as Int64
    from jaxtyping import Shaped as Shaped
    from jaxtyping import UInt8 as UInt8
    from jaxtyping import UInt64 as UInt64
else:

    class _Unchecked:
        def __class_getitem__(cls, _: object) -> object:
            return Any

    Bool = Float = Float16 = Float32 = Float64 = Int64 = Shaped = UInt8 = UInt64 = _Unchecked
