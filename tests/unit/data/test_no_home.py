"""Where there is no home folder, it is said what to do."""

import pytest

from pellucid.data import cache
from pellucid.data.cache import cache_folder
from pellucid.errors import DataError


def test_a_user_without_a_home_folder_is_told_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PELLUCID_CACHE", "HOME", "XDG_CACHE_HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda _: (_ for _ in ()).throw(KeyError("nobody")))
    with pytest.raises(DataError, match="There is no home folder to keep decoded images in. Set PELLUCID_CACHE to a"):
        cache_folder()
    monkeypatch.setenv("PELLUCID_CACHE", "/somewhere")
    assert str(cache.cache_folder()) == "/somewhere/images"
