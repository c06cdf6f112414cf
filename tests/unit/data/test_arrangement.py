from __future__ import annotations

import pytest

from pellucid.data.arrangement import arrangement_of
from pellucid.errors import DataError


def places(*folders: str) -> dict[str, tuple[str | None, str | None]]:
    """Class and split of the images in each folder."""
    parts = {folder: tuple(filter(None, folder.split("/"))) for folder in folders}
    found = arrangement_of("data", set(parts.values()))
    return {folder: found.place(own)[:2] for folder, own in parts.items()}


def test_classes_may_stand_alone_and_deep() -> None:
    assert places("pets/cat", "pets/cat/old", "pets/dog") == {
        "pets/cat": ("cat", None),
        "pets/cat/old": ("cat", None),
        "pets/dog": ("dog", None),
    }


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Training", "Testing"),
        ("seg_train", "seg_test"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("training_set", "test_set"),
        ("trainset", "testset"),
        ("train2017", "test2017"),
        ("data/imagenette-train", "data/imagenette-test"),
        ("my images (train)", "test images"),
    ],
)
def test_splits_are_known_by_their_word(train: str, test: str) -> None:
    found = places(f"{train}/sea", f"{train}/ice/far", f"{test}/sea", f"{test}/ice")
    assert list(found.values()) == [("sea", "train"), ("ice", "train"), ("sea", "test"), ("ice", "test")]


def test_words_of_splits_in_the_names_of_classes_are_none() -> None:
    assert places("train_station", "test_tube") == {
        "train_station": ("train_station", None),
        "test_tube": ("test_tube", None),
    }
    assert places("train", "bus", "tram") == {name: (name, None) for name in ("train", "bus", "tram")}
    assert places("training_shoes/red", "boots/red", "test_tube")["training_shoes/red"] == ("training_shoes", None)
    assert places("constraint/a", "latest/a")["latest/a"] == ("latest", None)


def test_splits_that_are_called_in_two_ways_are_said() -> None:
    found = arrangement_of("data", {("seg_train", "sea"), ("seg_test", "sea"), ("seg_train", "ice")})
    (note,) = found.notes
    assert note == "seg_test is taken for the test split, seg_train is taken for the train split"
    assert not arrangement_of("data", {("train", "sea"), ("test", "sea")}).notes


def test_splits_may_stand_below_each_class() -> None:
    assert places("cat/train", "cat/test", "dog/train/old", "dog/Val") == {
        "cat/train": ("cat", "train"),
        "cat/test": ("cat", "test"),
        "dog/train/old": ("dog", "train"),
        "dog/Val": ("dog", "validation"),
    }
    assert places("vehicle/train", "vehicle/car", "exam/test")["vehicle/train"] == ("vehicle", None)


def test_images_to_be_answered_have_no_class() -> None:
    found = arrangement_of(
        "data", {("train", "a", "images"), ("train", "b", "images"), ("test", "images"), ("val", "b"), ("val", "a")}
    )
    assert found.place(("test", "images")) == (None, "test", "no label: images is no class of the training images")
    assert found.place(("val", "b"))[:2] == ("b", "validation")
    beside = arrangement_of(
        "data", {("seg_train", "a"), ("seg_train", "b"), ("seg_test", "a"), ("seg_pred", "seg_pred")}
    )
    reason = "no label: it lies beside the splits seg_test, seg_train"
    assert beside.place(("seg_pred", "seg_pred")) == (None, None, reason)


def test_flat_folders_beside_splits_are_no_second_one() -> None:
    found = places("Training/kiwi", "Training/fig", "Test/kiwi", "test-multiple_fruits", "papers")
    assert found["Test/kiwi"] == ("kiwi", "test")
    assert found["test-multiple_fruits"] == found["papers"] == (None, None)
    found = places("asl_train/asl_train/A", "asl_train/asl_train/B", "asl_test/asl_test")
    assert list(found.values()) == [("A", "train"), ("B", "train"), (None, None)]


def test_flat_splits_have_no_classes() -> None:
    for train, test in (("train", "test"), ("train", "test1"), ("images_train", "images_test")):
        found = arrangement_of("data", {(train,), (test,)})
        assert found.place((train,)) == (None, "train", "no label: it lies in no class's folder")


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (
            ("train/a", "train/b", "test/a", "more/c"),
            "data: beside test, train only splits may stand; received more/c. Move them.",
        ),
        (("train/a", "train/b", "more"), "data: beside train only splits may stand; received more. Move them."),
        (
            ("old_train/a", "test_new/b"),
            "the folders old_train, test_new are called like splits, but hold different classes; received: "
            "old_train holds a; test_new holds b. Call them train, validation and test if they are splits.",
        ),
        (
            ("old_train/a", "new_train/a", "my_test/a"),
            "data: a split must be one folder; received new_train, old_train. Put them together.",
        ),
        (
            ("cat/train", "cat/test", "dog"),
            "splits must stand above the classes (train/cat), or right below each class (cat/train); "
            "received cat/test, cat/train, dog. Move them, or rename what is no split.",
        ),
        (
            ("animal/cat/train", "animal/cat/test", "plant/oak/train", "plant/oak/test"),
            "received animal/cat/test, animal/cat/train, plant/oak/test. Move them",
        ),
    ],
)
def test_what_can_be_understood_in_two_ways_is_refused_with_what_was_seen(
    folders: tuple[str, ...], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        places(*folders)
    assert message in str(caught.value)
