"""Train an image classifier in seconds, see through it, and ship it with proof.

What `__init__.pyi` lists is public; each name is imported when it is first used, so that ``import pellucid`` is quick.
"""

import lazy_loader

from pellucid.threads import choose_spin_count

choose_spin_count()  # before torch is loaded, which reads it once

_import, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    if name not in __all__:  # lazy_loader's own message is not Python's usual one
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _import(name)
