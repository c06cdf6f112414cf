from __future__ import annotations

import warnings
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    """Keras on its torch backend, the oracle."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("KERAS_BACKEND", "torch")
        warnings.simplefilter("ignore")  # its imports are not ours to mend
        import keras
    assert keras.backend.backend() == "torch"
    return keras
