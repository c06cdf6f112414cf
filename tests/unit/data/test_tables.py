import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pellucid.data.load import load_data
from pellucid.data.tables import COLUMN_NAMES, list_table
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec

NOTHING_SET = ReadSpec()


def png(value: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((3, 3), value, np.uint8)).save(file, "png")
    return file.getvalue()


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_csv_gives_paths_labels_splits_and_groups(tmp_path: Path) -> None:
    text = "\ufeffPath,Label,subset,writer\nimg/1.png,cat,train,w1\n/abs/2.png, two words ,val,w2\n3.png,猫,,w1\n"
    listing = list_table(write(tmp_path / "pets.csv", text), ReadSpec(group_column="writer"))
    assert listing.name == "pets"
    assert [(entry.label, entry.split, entry.group) for entry in listing.entries] == [
        ("cat", "train", "w1"),
        ("two words", "validation", "w2"),
        ("猫", None, "w1"),
    ]
    paths = [entry.content.path for entry in listing.entries]
    assert paths == [str(tmp_path / "img/1.png"), "/abs/2.png", str(tmp_path / "3.png")]


def test_a_row_with_more_cells_than_columns_is_rejected_and_not_shifted(tmp_path: Path) -> None:
    text = "image,label\nphotos/a,b.png,cat\nc.png,dog,\nd.png,cat\n"
    listing = list_table(write(tmp_path / "t.csv", text), NOTHING_SET)
    assert [entry.label for entry in listing.entries] == ["dog", "cat"]  # an empty cell at the end harms nothing
    assert [fault.reason for fault in listing.rejected] == ["more cells than columns (cat): quote a comma"]


def test_a_group_must_not_stand_in_test_and_in_rows_without_a_split(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "image,label,split,patient\n1.png,a,test,p0\n2.png,a,,p0\n3.png,b,,p1\n")
    with pytest.raises(DataError, match="a group must stand in one split; received 1 in several: p0"):
        list_table(path, ReadSpec(group_column="patient"))


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in COLUMN_NAMES.items() for name in names])
def test_every_kind_of_column_is_found_by_its_names(tmp_path: Path, kind: str, name: str) -> None:
    names = {"image": "image", "label": "label", "split": "split", "group": "group", kind: f" {name.upper()} "}
    path = write(tmp_path / "t.csv", f"{','.join(names.values())}\n1.png,a,test,g\n")
    entry = list_table(path, NOTHING_SET).entries[0]
    assert (entry.content.path, entry.label, entry.split, entry.group) == (str(tmp_path / "1.png"), "a", "test", "g")


def test_groups_found_by_name_are_said_and_may_be_parted(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "image,label,Patient_ID\n1.png,a,7\n2.png,b,7.0\n3.png,b,\n4.png,b,8\n")
    listing = list_table(path, NOTHING_SET)
    assert [entry.group for entry in listing.entries] == ["7", "7", None, "8"]
    assert listing.notes == (
        "rows with the same 'Patient_ID' are kept together, in 2 groups, wherever a split is held out."
        " --no-groups parts them.",
    )
    parted = list_table(path, ReadSpec(group_column=None))
    assert [entry.group for entry in parted.entries] == [None] * 4
    assert parted.notes == list_table(path, ReadSpec(group_column="Patient_ID")).notes == ()


def test_groups_found_by_name_may_stand_in_several_splits_of_the_table_which_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "image,label,split,writer\n1.png,a,train,x\n2.png,b,test,x\n3.png,b,test,y\n")
    assert list_table(path, NOTHING_SET).notes == (
        "rows with the same 'writer' should stand in one split; 1 in several: x. The accuracy will flatter.",
    )


def test_a_reading_of_earlier_versions_takes_no_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "image,label,group\n1.png,a,7\n2.png,b,7\n")
    recorded = ReadSpec.model_validate_json('{"label_column": null, "group_column": null}')
    assert [entry.group for entry in list_table(path, recorded).entries] == [None, None]


def test_a_held_out_split_does_not_part_groups_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "i").mkdir()
    rows = ["image,label,group"]
    for number in range(60):
        (tmp_path / "i" / f"{number}.png").write_bytes(png(number))
        rows.append(f"i/{number}.png,{'ab'[number % 2]},{number // 6}")
    splits = load_data(write(tmp_path / "t.csv", "\n".join(rows)), test_split=0.3)
    assert set(splits.train.groups or ()).isdisjoint(splits.test.groups or ())
    assert "rows with the same 'group' are kept together, in 10 groups" in splits.notes[0]


def test_labels_that_are_one_number_are_one_class(tmp_path: Path) -> None:
    rows = [
        {"image": f"{n}.png", "label": label} for n, label in enumerate([1, 1.0, "1", "1.00", 2.0, 0.5, "01", -0.0])
    ]
    listing = list_table(write(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows))), NOTHING_SET)
    assert [entry.label for entry in listing.entries] == ["1", "1", "1", "1", "2.0", "0.5", "01", "-0.0"]
    listing = list_table(write(tmp_path / "t.csv", "image,label\n1.png,1\n2.png,1.0\n3.png,v1.0\n"), NOTHING_SET)
    assert [entry.label for entry in listing.entries] == ["1", "1", "v1.0"]


def test_what_is_no_label_is_refused_with_its_row(tmp_path: Path) -> None:
    labels = ["[0, 7]", '{"a": 1}', "null", "NaN", "Infinity", '" "', '"a"']
    rows = "\n".join(f'{{"image": "{number}.png", "label": {label}}}' for number, label in enumerate(labels))
    path = write(tmp_path / "t.jsonl", rows)
    listing = list_table(path, NOTHING_SET)
    assert [entry.label for entry in listing.entries] == ["a"]
    assert [(fault.source, fault.reason) for fault in listing.rejected] == [
        (f"{path}, row 1", "a label must be a text or a number; received a list"),
        (f"{path}, row 2", "a label must be a text or a number; received an object"),
        *((f"{path}, row {number}", "no label") for number in (3, 4, 5, 6)),
    ]


def test_a_group_that_is_not_a_number_is_none(tmp_path: Path) -> None:
    rows = '{"image": "1.png", "label": "a", "patient": NaN}\n{"image": "2.png", "label": "b", "patient": 7}\n'
    listing = list_table(write(tmp_path / "t.jsonl", rows), ReadSpec(group_column="patient"))
    assert [entry.group for entry in listing.entries] == [None, "7"]


def test_columns_may_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", "a\tb\n1.png\tx\n")
    assert list_table(path, ReadSpec(image_column="a", label_column="b")).entries[0].label == "x"
    with pytest.raises(DataError, match="there is no image column 'aa'. Did you mean a|Known: a, b"):
        list_table(path, ReadSpec(image_column="aa", label_column="b"))
    with pytest.raises(
        DataError, match="a column must be called image, .*; received a, b. Name it with --image-column"
    ):
        list_table(path, NOTHING_SET)


def test_of_a_wide_table_the_first_columns_are_named(tmp_path: Path) -> None:
    names = [f"word {'x' * number}" for number in range(785)]
    with pytest.raises(DataError) as caught:
        list_table(write(tmp_path / "t.csv", ",".join(names)), NOTHING_SET)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).endswith("word xxxxxxxxx and 775 more. Name it with --image-column.")
    with pytest.raises(DataError, match="there is no image column 'zz'. Known: .* and 755 more"):
        list_table(tmp_path / "t.csv", ReadSpec(image_column="zz"))


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    listing = list_table(write(tmp_path / "t.csv", "image,label\n~/1.png,a\n"), NOTHING_SET)
    assert listing.entries[0].content.path == str(tmp_path / "1.png")


def test_a_row_without_image_or_label_is_rejected_and_the_rest_is_kept(tmp_path: Path) -> None:
    listing = list_table(write(tmp_path / "t.csv", "image,label\n1.png,a\n,b\n2.png,\n3.png,b\n"), NOTHING_SET)
    assert [entry.label for entry in listing.entries] == ["a", "b"]
    assert [fault.reason for fault in listing.rejected] == ["no image", "no label"]
    assert listing.rejected[0].source == f"{tmp_path / 't.csv'}, row 2"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"image,label\n\xff\xfe,a\n", "the text must be UTF-8"),
        ("t.jsonl", b'{"image": "\xff"}\n', "the text must be UTF-8"),
        ("t.jsonl", '{"image": "1.png", "label": "a"}\n{oops\n', "line 2: not JSON"),
        ("t.jsonl", "[1, 2]\n", "line 1: a row must be an object"),
        ("t.jsonl", '{"image": ' + "9" * 5000 + "}\n", "line 1: not JSON"),
        ("t.jsonl", "[" * 100_000 + "\n", "line 1: not JSON"),
        ("t.csv", "", "received none"),
        (
            "t.csv",
            "image,label,split\n1.png,a,tset\n",
            "row 1: a split must be train, validation or test; received 'tset'",
        ),
        ("t.parquet", b"PAR1 nonsense", "the table cannot be read"),
    ],
)
def test_a_table_that_cannot_be_understood_is_named(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(DataError) as caught:
        list_table(path, NOTHING_SET)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_group_in_two_splits_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "image,label,split,who\n1.png,a,train,x\n2.png,b,test,x\n3.png,b,test,y\n")
    with pytest.raises(DataError, match="a group must stand in one split; received 1 in several: x."):
        list_table(path, ReadSpec(group_column="who"))


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a column must stand once; received label twice"):
        list_table(write(tmp_path / "t.csv", "image,label,label\n1.png,a,b\n"), NOTHING_SET)


def test_a_line_separator_within_a_text_ends_no_row(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", '{"image": "1.png", "label": "a\u2028b"}\n{"image": "2.png", "label": NaN}\n')
    listing = list_table(path, NOTHING_SET)
    assert [entry.label for entry in listing.entries] == ["a\u2028b"]
    assert [fault.reason for fault in listing.rejected] == ["no label"]


def test_json_lines_may_hold_the_bytes(tmp_path: Path) -> None:
    rows = [
        {"image": {"bytes": base64.b64encode(png(7)).decode(), "path": "a.png"}, "label": 3},
        {"image": "b.png", "label": True, "extra": None},
        {"image": {"bytes": "***"}, "label": 3},
    ]
    listing = list_table(write(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)) + "\n\n"), NOTHING_SET)
    assert listing.entries[0].content.read() == png(7)
    assert listing.entries[0].source.endswith("row 1 (a.png)")
    assert [entry.label for entry in listing.entries] == ["3", "True"]
    assert [fault.reason for fault in listing.rejected] == ["the image's bytes are not base64"]


def test_parquet_in_hugging_faces_layout_gives_bytes_and_class_names(tmp_path: Path) -> None:
    features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    image = pa.array([{"bytes": png(1), "path": None}, {"bytes": None, "path": "b.png"}])
    table = pa.table({"image": image, "label": [1, 0]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, tmp_path / "t.parquet")
    listing = list_table(tmp_path / "t.parquet", NOTHING_SET)
    assert [entry.label for entry in listing.entries] == ["dog", "cat"]
    assert listing.entries[0].content.read() == png(1)
    assert listing.entries[1].content.path == str(tmp_path / "b.png")


def shards(folder: Path, **labels: list[int]) -> Path:
    """Tables as Hugging Face's hub has them, one a split."""
    folder.mkdir(parents=True)
    features = {"picture": {"_type": "Image"}, "kind": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    for number, (split, own) in enumerate(labels.items()):
        images = [{"bytes": png(20 * number + value), "path": f"{value}.png"} for value in range(len(own))]
        table = pa.table({"picture": images, "kind": own})
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    return folder


@pytest.mark.parametrize("place", [".", "data", "plain_text"])
def test_a_folder_of_hugging_face_is_read_as_it_comes(tmp_path: Path, place: str) -> None:
    shards(tmp_path / "pets" / place, train=[0, 1, 0, 1], validation=[0, 1], test=[1, 0, 1])
    (tmp_path / "pets" / "README.md").write_text("# Pets")
    splits = load_data(tmp_path / "pets", value_range="full")
    assert (splits.name, splits.class_names) == ("pets", ("cat", "dog"))
    assert splits.train.labels.tolist() == [0, 1, 0, 1]
    assert splits.test.labels.tolist() == [1, 0, 1]
    assert splits.validation is not None
    assert splits.validation.images[:, 0, 0, 0].tolist() == [20, 21]
    assert splits.rejected == ()
    (note,) = splits.notes
    assert note.startswith("the values of the training images go from 0 to 3")


def test_a_test_split_without_labels_is_left_out_and_one_is_held_out(tmp_path: Path) -> None:
    shards(tmp_path / "data", train=[0, 1] * 10, test=[-1, -1])
    splits = load_data(tmp_path)
    assert len(splits.train) + len(splits.test) == 20
    assert [fault.reason for fault in splits.rejected] == ["no label", "no label"]


def test_plain_parquet_with_bytes_and_without_metadata(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": [png(1), png(2)], "label": ["a", "b"]}), tmp_path / "t.parquet")
    listing = list_table(tmp_path / "t.parquet", NOTHING_SET)
    assert [entry.content.read() for entry in listing.entries] == [png(1), png(2)]


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"Parquet needs pyarrow. Install it with: pip install 'pellucid\[tables\]'"):
        list_table(write(tmp_path / "t.parquet", b""), NOTHING_SET)
