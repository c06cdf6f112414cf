import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data import cache, workers
from pellucid.data.archives import unpack
from pellucid.data.cache import cache_folder, clean_cache, list_cache, unpacked_folder
from pellucid.data.index import ALWAYS
from pellucid.data.listing import Content
from pellucid.data.load import load_data
from pellucid.errors import DataError, SettingError


def lay(folder: Path, classes: int = 2, each: int = 20, size: tuple[int, int] = (6, 8), colour: bool = False) -> Path:
    random = np.random.default_rng(0)
    for label in range(classes):
        (folder / f"class {label}").mkdir(parents=True)
        for number in range(each):
            shape = (*size, 3) if colour else size
            image = Image.fromarray(random.integers(0, 255, shape, dtype=np.uint8))
            image.save(folder / f"class {label}" / f"{number}.png")
    return folder


def test_images_are_decoded_once_and_mapped_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay(tmp_path / "pets")
    first = load_data(folder, test_split=None)
    monkeypatch.setattr(cache, "ingest", lambda *_: pytest.fail("it must not be decoded again"))
    again = load_data(folder, test_split=None)
    assert isinstance(again.train.images, np.memmap)
    assert np.array_equal(first.train.images, again.train.images)
    assert first.train.fingerprint == again.train.fingerprint
    assert (again.name, again.train.input_shape, again.class_names) == ("pets", (6, 8, 1), ("class 0", "class 1"))
    row = again.train.sources.index(str(folder / "class 1" / "3.png"))
    assert again.class_names[again.train.labels[row]] == "class 1"
    assert np.array_equal(again.train.images[row, ..., 0], np.asarray(Image.open(folder / "class 1" / "3.png")))


def test_a_run_finds_its_images_decoded_wherever_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path / "pets", size=(20, 24))
    monkeypatch.chdir(tmp_path)
    splits = load_data("pets/")
    run = pl.fit(splits, model="flatten, dense 2", epochs=1)
    monkeypatch.chdir("/")
    assert run.own_data().train.fingerprint == splits.train.fingerprint
    assert len(list_cache()) == 1


def test_what_is_kept_beside_the_pixels_is_what_they_give(tmp_path: Path) -> None:
    train = load_data(lay(tmp_path / "pets")).train
    plain = type(train)(np.array(train.images), train.labels, train.class_names)
    assert plain.fingerprint == train.fingerprint
    assert plain.mean_brightness == pytest.approx(train.mean_brightness)
    assert np.array_equal(plain.image_hashes, train.image_hashes)
    assert "image_hashes" in vars(load_data(tmp_path / "pets").train)  # so a look for leaks need not read all images


def test_the_sizes_that_images_had_are_kept(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", each=3)
    Image.new("L", (20, 10)).save(folder / "class 0" / "0.png")
    splits = load_data(folder, test_split=None)
    sizes = dict(zip(splits.train.sources, splits.train.sizes.tolist(), strict=True))
    assert sizes[str(folder / "class 0" / "0.png")] == [10, 20]
    assert sizes[str(folder / "class 1" / "0.png")] == [6, 8]
    assert splits.train.subset(np.array([1])).sizes.tolist() == [[6, 8]]


def test_another_content_or_setting_is_decoded_anew(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets")
    before = load_data(folder)
    assert load_data(folder, image_size=(3, 3)).train.input_shape == (3, 3, 1)
    assert load_data(folder, channels=3).train.input_shape == (6, 8, 3)
    Image.fromarray(np.zeros((6, 8), np.uint8)).save(folder / "class 0" / "0.png")
    assert load_data(folder).train.fingerprint != before.train.fingerprint
    assert len(list_cache()) == 4


def test_other_splits_of_the_same_images_are_not_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay(tmp_path / "pets", each=60)
    whole = (folder / "class 0" / "5.png").read_bytes()
    (folder / "class 1" / "cut.png").write_bytes(whole[: len(whole) // 2])  # found out when it is decoded

    def read(share: float | None, **settings: Any) -> list[object]:
        splits = load_data(folder, test_split=share, max_bad=0.05, **settings)
        sets = [splits.train, *([splits.test] if splits.has_test else [])]
        found = [splits.notes, splits.rejected, splits.reading]
        return found + [value for part in sets for value in (part.fingerprint, part.sources, part.split_keys.tolist())]

    anew = []
    for share in (0.1, None, 0.4):
        anew.append(read(share))
        clean_cache()
    assert read(None) == anew[1]
    with monkeypatch.context() as patched:
        patched.setattr(cache, "ingest", lambda *_: pytest.fail("it must not be decoded again"))
        assert [read(share) for share in (0.1, None, 0.4)] == anew
        assert read(0.1, image_size=(6, 8))[3:] == anew[0][3:]
        assert read(0.2, image_size=(6, 8), channels=1)[0] != anew[0][0]
    damaged = next(cache_folder().iterdir()) / "images.u8"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert read(0.3)[1] == anew[0][1]


def test_the_way_to_the_data_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay(tmp_path / "pets")
    (folder / "t.csv").write_text("image,label\nclass 0/1.png,a\nclass 0/2.png,b\n")
    (tmp_path / "link").symlink_to(folder)
    beside = tmp_path / "beside"
    beside.mkdir()
    monkeypatch.chdir(beside)
    for name in ("", "t.csv"):
        first = load_data(folder / name, test_split=None).train
        for way in (f"../pets/{name}", f"../link/{name}", f"../../{tmp_path.name}/pets/{name}"):
            assert load_data(way, test_split=None).train.sources == first.sources
    assert len(list_cache()) == 2


def test_a_large_page_is_brought_to_a_size_that_a_network_can_have(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.new("1", (1240, 2100), name == "a").save(tmp_path / name / "1.png")
    splits = load_data(tmp_path, test_split=None)
    assert splits.train.input_shape == (64, 64, 1)
    assert "the images are all of 2100x1240; all are brought to 64x64 (stretch). --image-size" in splits.notes[0]


def test_what_libraries_remark_is_told_once_with_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0" if number < 7 else b""
        Image.new("L", (8, 8), number * 20).save(tmp_path / "ab"[number % 2] / f"{number}.jpg", exif=exif)
    first = load_data(tmp_path, test_split=None)  # warnings are errors here, so none comes through
    assert len(first.train) == 12
    (note,) = first.notes
    assert note.startswith("7 files are used, though there are doubts: ")
    assert note.count("Corrupt EXIF data. Expecting to read 12 bytes but only got 0") == 5
    assert f"{tmp_path / 'a' / '0.jpg'}: Corrupt" in note
    assert note.endswith("; and 2 more")
    assert load_data(tmp_path, test_split=None).notes == first.notes
    clean_cache()
    monkeypatch.setattr(workers, "FEW_FILES", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    assert load_data(tmp_path, test_split=None).notes == first.notes


def test_an_index_of_an_earlier_version_is_known_again(tmp_path: Path) -> None:
    load_data(lay(tmp_path / "pets"))
    index = list_cache()[0][0] / "index.json"
    earlier = {key: value for key, value in json.loads(index.read_text()).items() if key in ALWAYS}
    index.write_text(json.dumps(earlier))
    assert clean_cache().left == ()


def test_a_test_split_is_held_out_once_for_all_and_said(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", each=60)
    splits = load_data(folder)
    assert len(splits.train) + len(splits.test) == 120
    assert 3 < len(splits.test) < 30
    assert any("there is no test split; 10% of the images are held out" in note for note in splits.notes)
    resized = load_data(folder, image_size=(3, 3))
    assert resized.test.sources == splits.test.sources
    kept = set(splits.test.sources or ())
    Image.fromarray(np.full((6, 8), 7, np.uint8)).save(folder / "class 0" / "new.png")
    assert kept <= set(load_data(folder).test.sources or ()) | {str(folder / "class 0" / "new.png")}
    assert not load_data(folder, test_split=None).has_test


def test_splits_of_the_folder_are_kept(tmp_path: Path) -> None:
    for split, each in [("train", 5), ("val", 2), ("test", 3)]:
        lay(tmp_path / "pets" / split, each=each)
    splits = load_data(tmp_path / "pets")
    assert (len(splits.train), len(splits.test), len(splits.validation or ())) == (10, 6, 4)
    assert splits.notes == ()


def test_groups_are_never_parted(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", each=40)
    rows = [f"class {label}/{number}.png,{label},{number // 4}" for label in range(2) for number in range(40)]
    (folder / "t.csv").write_text("image,label,patient\n" + "\n".join(rows) + "\n")
    splits = load_data(folder / "t.csv", group_column="patient", test_split=0.4)
    train, test = set(splits.train.groups or ()), set(splits.test.groups or ())
    assert train
    assert test
    assert not train & test


def test_mixed_sizes_are_brought_to_one_and_it_is_said(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", size=(6, 8))
    Image.fromarray(np.full((50, 20, 3), 200, np.uint8)).save(folder / "class 0" / "large.png")
    splits = load_data(folder)
    assert splits.train.input_shape == (64, 64, 3)  # one colour image makes all of them colour
    assert any(
        "the images differ in size, from 6x8 to 50x20; all are brought to 64x64 (stretch)" in n for n in splits.notes
    )


@pytest.mark.parametrize(("fit", "corner", "middle"), [("stretch", 200, 200), ("pad", 9, 200), ("crop", 200, 200)])
def test_images_are_fitted_as_asked(tmp_path: Path, fit: str, corner: int, middle: int) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.fromarray(np.full((20, 40), 200, np.uint8)).save(tmp_path / name / f"{number}.png")
    image = load_data(tmp_path, image_size=(16, 16), fit=fit, background=9, test_split=None).train.images[0, ..., 0]
    assert (image[0, 0], image[8, 8]) == (corner, middle)


def test_unreadable_files_are_left_out_up_to_a_share(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", each=60)
    whole = (folder / "class 0" / "5.png").read_bytes()
    (folder / "class 0" / "bad.png").write_bytes(b"")
    (folder / "class 1" / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError) as caught:
        load_data(folder)
    assert "At most 1.0% of the files may be unreadable; received 2 of 122" in str(caught.value)
    assert "bad.png: the file is empty" in str(caught.value)
    splits = load_data(folder, max_bad=0.05)
    assert len(splits.train) + len(splits.test) == 120
    assert {Path(fault.source).name for fault in splits.rejected} == {"bad.png", "cut.png"}
    with pytest.raises(DataError, match="At most 0.1% of the files"):
        load_data(folder, max_bad=0.001)


def test_files_that_are_all_damaged_are_named(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", each=3)
    for file in folder.rglob("*.png"):
        file.write_bytes(file.read_bytes()[:60])
    for _ in range(2):  # nothing is kept that would be found the second time
        with pytest.raises(DataError, match="pets: no image could be read: .*0.png"):
            load_data(folder, max_bad=1)
    assert list_cache() == []


def test_a_name_that_tells_another_format_is_said(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets")
    (folder / "class 0" / "3.png").rename(folder / "class 0" / "3.jpg")
    splits = load_data(folder, test_split=None)
    assert len(splits.train) == 40
    assert any("3.jpg is PNG. They are used." in note for note in splits.notes)


def test_processes_give_what_one_process_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay(tmp_path / "pets", each=100)
    alone = load_data(folder)
    clean_cache()
    monkeypatch.setattr(workers, "FEW_FILES", 1)
    together = load_data(folder)
    assert np.array_equal(alone.train.images, together.train.images)
    assert alone.train.sources == together.train.sources


def test_a_process_that_dies_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "FEW_FILES", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    with pytest.raises(DataError, match="A process that read images ended before its time"):
        list(workers.over_files(_die, [Content("x")] * 200, lambda _: None))


def _die(_: Content) -> None:
    os._exit(1)


def test_two_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", each=50)
    code = f"import pellucid as pl; print(pl.load_data({str(folder)!r}).train.fingerprint)"
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [process.communicate(timeout=900)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert printed[0] == printed[1]
    assert len(list(cache_folder().iterdir())) == 1


def test_what_another_process_made_meanwhile_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay(tmp_path / "pets")
    load_data(folder)
    made = list_cache()[0][0]
    aside = made.rename(tmp_path / "aside")
    original = cache._open

    def slow(place: Path, *given: object):
        if aside.exists():  # the other process is ready between our look and our reading
            aside.rename(made)
            raise FileNotFoundError(place)
        return original(place, *given)

    monkeypatch.setattr(cache, "_open", slow)
    inode = (aside / "images.u8").stat().st_ino
    load_data(folder)
    assert (made / "images.u8").stat().st_ino == inode


def test_the_cache_is_listed_and_cleaned(tmp_path: Path) -> None:
    load_data(lay(tmp_path / "pets"))
    (entry,) = list_cache()
    assert entry[0].name.startswith("pets-")
    assert entry[1] >= 40 * 6 * 8
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("t.csv", "image,label\n" + "".join(f"pets/class {n % 2}/{n}.png,{n % 2}\n" for n in range(9)))
    with pytest.raises(DataError, match="unreadable"):
        load_data(tmp_path / "more.zip")  # its table lies unpacked, and its images are not there
    unpacked = [path.name for path, _ in list_cache() if path != entry[0]]
    assert [name.startswith("more.zip-") for name in unpacked] == [True]
    cleaned = clean_cache()
    assert cleaned.freed_bytes > entry[1]
    assert cleaned.left == ()
    assert list_cache() == []
    assert [*cache_folder().iterdir(), *unpacked_folder().iterdir()] == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "images.u8").write_bytes(b"x"),
        lambda folder: (folder / "index.json").write_text("[]"),
        lambda folder: (folder / "index.json").write_text("{"),
        lambda folder: (folder / "index.json").unlink(),
    ],
)
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage) -> None:
    folder = lay(tmp_path / "pets")
    before = np.array(load_data(folder).train.images)
    damage(next(path for path in cache_folder().iterdir()))
    assert np.array_equal(load_data(folder).train.images, before)


def test_what_a_killed_reading_left_is_cleaned_too(tmp_path: Path) -> None:
    load_data(lay(tmp_path / "pets"))
    scratch = cache_folder() / f".{list_cache()[0][0].name}.abcd_123"
    scratch.mkdir()
    (scratch / "images.u8").write_bytes(b"half")
    (unpacked_folder() / f".a.zip-{'0' * 20}.abcd_123" / "inner").mkdir(parents=True)
    assert clean_cache().left == ()
    assert [*cache_folder().iterdir(), *unpacked_folder().iterdir()] == []


def test_what_is_not_pellucids_stays_in_the_cache_and_is_named(tmp_path: Path) -> None:
    load_data(lay(tmp_path / "pets"))
    ((entry, size),) = list_cache()
    (tmp_path / "elsewhere").mkdir()
    theirs = {
        entry / "thesis.tex": "it is in a folder of the cache",
        cache_folder() / "website" / "index.json": "{}",
        cache_folder() / "website" / "index.html": "hello",
        cache_folder() / f"copy-{'0' * 20}" / "index.json": '{"shape": [1]}',
        cache_folder() / ".git" / "config": "x",
        cache_folder() / f".pets-{'0' * 20}.abcd_123" / "mine.txt": "x",
        cache_folder() / "note.txt": "x",
        unpacked_folder() / "backup" / "all.txt": "x",
        unpacked_folder() / ".hidden" / "all.txt": "x",
        tmp_path / "elsewhere" / "index.json": "{}",
    }
    for path, text in theirs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (cache_folder() / f"link-{'0' * 20}").symlink_to(tmp_path / "elsewhere")
    cleaned = clean_cache()
    assert {path: path.read_text() for path in theirs} == theirs
    assert 40 * 6 * 8 < cleaned.freed_bytes <= size
    assert not (entry / "images.u8").exists()
    assert {path.name: reason for path, reason in cleaned.left} == {
        entry.name: "thesis.tex in it is not Pellucid's",
        "website": "it has no index.json of Pellucid's",
        f"copy-{'0' * 20}": "it has no index.json of Pellucid's",
        ".git": "it has no index.json of Pellucid's",
        f".pets-{'0' * 20}.abcd_123": "mine.txt in it is not Pellucid's",
        f"link-{'0' * 20}": "it is a link or a file",
        "note.txt": "it is a link or a file",
        "backup": "it has no .contents.json of Pellucid's, which tells what was unpacked",
        ".hidden": "it has no .contents.json of Pellucid's, which tells what was unpacked",
    }


def test_a_folder_of_the_cache_that_is_not_empty_is_used_again(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets")
    before = load_data(folder).train.fingerprint
    ((entry, _),) = list_cache()
    (entry / "thesis.tex").write_text("years of work")
    for damage in (clean_cache, lambda: (entry / "index.json").write_text("{")):
        damage()
        assert load_data(folder).train.fingerprint == before
        assert sorted(path.name for path in entry.iterdir()) == ["images.u8", "index.json", "thesis.tex"]
        assert (entry / "thesis.tex").read_text() == "years of work"
    assert len(list(cache_folder().iterdir())) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda folder: (folder / "notes.txt").write_text("x"), "notes.txt in it is not from the archive"),
        (lambda folder: (folder / "empty").mkdir(), "empty in it is not from the archive"),
        (lambda folder: (folder / "in" / "link").symlink_to("/"), "in/link in it is not from the archive"),
        (lambda folder: (folder / "in" / "t.csv").write_text("mine"), "in/t.csv in it was changed"),
        (lambda folder: (folder / ".contents.json").write_text('{"files": 1}'), "it has no .contents.json of"),
    ],
)
def test_an_unpacked_archive_that_was_changed_stays(tmp_path: Path, change, reason: str) -> None:
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("in/t.csv", "image,label\na.png,1\n")
    folder = unpack(tmp_path / "more.zip", unpacked_folder())
    change(folder)
    before = sorted(folder.rglob("*"))
    cleaned = clean_cache()
    assert [path for path, _ in cleaned.left] == [folder]
    assert cleaned.left[0][1].startswith(reason)
    assert cleaned.freed_bytes == 0
    assert sorted(folder.rglob("*")) == before
    assert list(unpacked_folder().iterdir()) == [folder]


def test_a_file_that_changes_within_its_size_and_time_is_noticed(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets")
    for number in (0, 1):  # of one size
        Image.fromarray(np.full((6, 8), number * 200, np.uint8)).save(folder / "class 0" / f"{number}.bmp")
    first, second = folder / "class 0" / "0.bmp", folder / "class 0" / "1.bmp"
    before = load_data(folder, test_split=None).train.fingerprint
    times = first.stat().st_atime_ns, first.stat().st_mtime_ns
    content = first.read_bytes(), second.read_bytes()
    for path, raw in zip((second, first), content, strict=True):
        path.write_bytes(raw)
        os.utime(path, ns=times)
    assert load_data(folder, test_split=None).train.fingerprint != before


def test_settings_that_would_change_nothing_are_refused(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets")
    with pytest.raises(SettingError, match="folders and archives of images must be read without group_column"):
        load_data(folder, group_column="patient")
    with pytest.raises(SettingError, match="a data set of the catalogue must be read without image_size"):
        load_data("mnist", image_size=(32, 32))


def test_images_that_belong_to_no_group_stand_alone(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", each=40)
    rows = [
        f"class {label}/{number}.png,{label},{'p' if number < 2 else ''}" for label in range(2) for number in range(40)
    ]
    (folder / "t.csv").write_text("image,label,patient\n" + "\n".join(rows) + "\n")
    splits = load_data(folder / "t.csv", group_column="patient", test_split=0.3)
    assert 10 < len(splits.test) < 40


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot be written .*Free some space, or set PELLUCID_CACHE"):
        load_data(lay(tmp_path / "pets"))


def test_a_source_that_is_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="Unknown data set 'mnits'. Did you mean mnist.* There is no file or folder of that name"
    ):
        load_data("mnits")
    (tmp_path / "x.docx").write_text("")
    with pytest.raises(DataError, match=r"a data file must be one of .*; received .docx"):
        load_data(tmp_path / "x.docx")


def test_reading_works_in_a_thread_and_counts_what_it_does(tmp_path: Path) -> None:
    folder, found = lay(tmp_path / "pets"), []
    thread = threading.Thread(target=lambda: found.append(load_data(folder)))
    thread.start()
    thread.join()
    assert len(found[0].train) + len(found[0].test) == 40


def test_the_place_is_the_variables_or_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == Path(os.environ["PELLUCID_CACHE"]) / "images"
    monkeypatch.delenv("PELLUCID_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "pellucid" / "images"
