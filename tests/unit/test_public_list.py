import subprocess
import sys
from types import ModuleType

import pytest

import pellucid as pl
from pellucid.version import __version__


@pytest.mark.parametrize("name", pl.__all__)
def test_each_public_name_is_there(name: str) -> None:
    value = getattr(pl, name)
    assert value is not None
    assert not isinstance(value, ModuleType)


def test_the_list_is_what_dir_shows_and_has_the_version() -> None:
    assert set(dir(pl)) == set(pl.__all__)
    assert {"fit", "Run", "SGD", "__version__"} <= set(pl.__all__)
    assert pl.__version__ == __version__


def test_another_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="^module 'pellucid' has no attribute 'fitt'$"):
        _ = pl.fitt


def test_importing_pellucid_imports_nothing_large() -> None:
    code = "import sys, pellucid; dir(pellucid); pellucid.__version__; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "matplotlib", "pydantic", "numpy", "rich"} & set(printed.split())
