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

from pellucid.data.tables import list_table
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


def test_plain_parquet_with_bytes_and_without_metadata(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": [png(1), png(2)], "label": ["a", "b"]}), tmp_path / "t.parquet")
    listing = list_table(tmp_path / "t.parquet", NOTHING_SET)
    assert [entry.content.read() for entry in listing.entries] == [png(1), png(2)]


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"Parquet needs pyarrow. Install it with: pip install 'pellucid\[tables\]'"):
        list_table(write(tmp_path / "t.parquet", b""), NOTHING_SET)
