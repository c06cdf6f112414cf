"""What is cached is what was decoded: damage, power cuts and cleaning are noticed, and it is decoded again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import cache, index, ingest
from pellucid.data.cache import DAMAGED, cache_folder, clean_cache, list_cache, verify_cache
from pellucid.data.dataset import DataSplits, hash_of
from pellucid.data.load import load_data
from pellucid.errors import DataError

from ..run.power_cut import PowerCut
from .test_cache import lay


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return lay(tmp_path / "pets", each=4)


def read(folder: Path) -> DataSplits:
    return load_data(folder, test_split=None)


def pixels(splits: DataSplits) -> bytes:
    """The images themselves, and not what the index tells of them."""
    return np.ascontiguousarray(splits.train.images).tobytes() + splits.train.labels.tobytes()


def test_each_damaged_byte_is_noticed_and_the_images_decoded_again(pets: Path) -> None:
    wanted = pixels(read(pets))
    ((folder, _),) = list_cache()
    random = np.random.default_rng(0)
    for name in ("images.u8", "index.json"):
        whole = (folder / name).read_bytes()
        for place in random.choice(len(whole), 15, replace=False).tolist():
            changed = bytearray(whole)
            changed[place] ^= 1 << place % 8
            (folder / name).write_bytes(changed)
            splits = read(pets)
            assert pixels(splits) == wanted
            assert splits.notes[-1] == DAMAGED
    assert DAMAGED not in read(pets).notes


def test_of_many_images_some_are_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SAMPLE_BYTES", 0)
    images = np.arange(200 * 4, dtype=np.uint8).reshape(200, 2, 2, 1)
    hashes = [hash_of(image.tobytes()) for image in images]
    told = {"splits": {"test": {"start": 150, "hashes": hashes[150:]}, "train": {"start": 0, "hashes": hashes[:150]}}}
    index.require_unchanged(images, told)
    images[170] += 1  # one of 200, 16 of which are looked at
    seen = 0
    for _ in range(400):
        try:
            index.require_unchanged(images, told)
        except ValueError as error:
            assert str(error) == "image 170 in images.u8 is not as it was decoded"
            seen += 1
    assert 1 <= seen <= 100  # 32 are to be expected
    with pytest.raises(ValueError, match="image 170"):
        index.require_unchanged(images, told, all_rows=True)


def test_damage_is_not_copied_to_other_splits(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = pixels(read(pets))
    place = list_cache()[0][0] / "images.u8"
    place.write_bytes(bytes([place.read_bytes()[0] ^ 1]) + place.read_bytes()[1:])
    with monkeypatch.context() as patched:
        patched.setattr(cache, "require_unchanged", lambda *_: None)  # as if others had been looked at
        other = load_data(pets, test_split=0.4)
    assert len(other.train) + len(other.test) == 8
    ((folder, _),) = [entry for entry in list_cache() if entry[0] != place.parent]
    assert (folder / "images.u8").read_bytes() != place.read_bytes()
    assert sorted(np.frombuffer((folder / "images.u8").read_bytes(), np.uint8)) == sorted(
        np.frombuffer(wanted[: 8 * 48], np.uint8)
    )


def test_verifying_looks_at_all_and_removes_what_is_damaged(pets: Path, tmp_path: Path) -> None:
    read(pets)
    damaged = list_cache()[0][0]
    read(lay(tmp_path / "others", each=3))
    raw = (damaged / "images.u8").read_bytes()
    (damaged / "images.u8").write_bytes(raw[:-1] + bytes([raw[-1] ^ 4]))
    looked: list[int] = []
    found = dict(verify_cache(lambda *told: looked.append(told[2])))
    assert len(found) == 2
    assert found.pop(damaged).startswith("image 7 in images.u8 is not as it was decoded; it was removed")
    assert list(found.values()) == [""]
    assert sum(looked) == 7 + 6
    assert [folder for folder, _ in list_cache()] == list(found)


def test_a_power_cut_leaves_the_images_or_nothing(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "cache"
    monkeypatch.setenv("PELLUCID_CACHE", str(home))
    home.mkdir()
    power = PowerCut(home)
    splits: list[DataSplits] = []
    power.noting(lambda: splits.append(read(pets)), monkeypatch)
    wanted, states = pixels(splits[0]), list(power.states())
    assert len(states) > 20
    for files in states:
        monkeypatch.setenv("PELLUCID_CACHE", str(power.lay(files, tmp_path / "after")))
        found = read(pets)
        assert pixels(found) == wanted
        assert DAMAGED not in found.notes  # what bears the name is whole
        assert clean_cache().left == ()


@pytest.mark.parametrize("moment", ["describe", "write_index"])
def test_cleaning_beside_a_reading_leaves_it_alone(pets: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    wanted = pixels(read(pets))
    clean_cache()
    left: list[str] = []
    original: Callable[..., object] = getattr(ingest, moment)

    def beside(*what: object) -> object:
        left.extend(reason for _, reason in clean_cache().left)
        return original(*what)

    monkeypatch.setattr(ingest, moment, beside)
    assert pixels(read(pets)) == wanted
    assert left == ["another process writes to it"]


def test_what_is_cleaned_before_it_is_opened_is_read_again(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, times = cache._put, []

    def cleaned(*what: Path) -> None:
        original(*what)
        times.append(1)
        if len(times) <= most:
            clean_cache()

    monkeypatch.setattr(cache, "_put", cleaned)
    most = 2
    assert len(read(pets).train) == 8
    assert len(times) == 3
    clean_cache()
    most = 100
    with pytest.raises(DataError, match="is removed again and again by another process"):
        read(pets)


def test_an_unpacked_archive_that_is_cleaned_while_it_is_read_is_unpacked_again(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = tmp_path / "flat"
    shutil.copytree(pets / "class 0", flat)
    (flat / "t.csv").write_text("image,label\n" + "".join(f"{n}.png,{n % 2}\n" for n in range(4)))
    archive = Path(shutil.make_archive(str(tmp_path / "more"), "zip", flat))
    wanted = pixels(load_data(archive, test_split=None))
    clean_cache()
    original, times = ingest._decode, []

    def cleaned(*what: object) -> object:
        times.append(1)
        if len(times) == 1:
            clean_cache()
        return original(*what)

    monkeypatch.setattr(ingest, "_decode", cleaned)
    assert pixels(load_data(archive, test_split=None)) == wanted
    assert len(times) == 2


def test_a_writer_that_was_killed_is_cleaned_up(pets: Path) -> None:
    read(pets)
    folder = list_cache()[0][0]
    scratch = folder.with_name(f".{folder.name}.0123abcd")
    shutil.copytree(folder, scratch)
    (scratch / ".pellucid-writes").touch()
    assert clean_cache().left == ()
    assert list(cache_folder().iterdir()) == []
