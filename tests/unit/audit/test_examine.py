import json

import numpy as np

from pellucid.audit.examine import examine
from pellucid.audit.findings import Audit, bad_images
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.rejected import Rejected

NAMES = ("cat", "dog", "cow", "emu", "owl")


def messy() -> DataSplits:
    """Train: 4 cats, 2 dogs, 1 cow; test: 1 cat, 2 dogs, 1 owl; no emu. One leak, one conflict, two blank images."""
    random = np.random.default_rng(0)
    train = random.integers(0, 256, (7, 9, 8, 3), dtype=np.uint8)
    test = random.integers(0, 256, (4, 9, 8, 3), dtype=np.uint8)
    train[4] = train[3]  # a dog and a cat
    test[0] = train[1]
    train[2] = (10, 20, 30)
    test[3] = 0
    return DataSplits(
        "messy",
        ImageDataset(train, np.array([0, 0, 0, 0, 1, 1, 2]), NAMES, tuple(f"train/{i}.png" for i in range(7))),
        ImageDataset(test, np.array([0, 1, 1, 4]), NAMES),
        rejected=[Rejected("train/cat/x.png", "empty"), Rejected('a,"b".png', "cut short")],
    )


def test_everything_wrong_with_a_messy_data_set_is_reported() -> None:
    audit = examine(messy())
    assert audit.data == "messy"
    assert audit.splits == {"train": 7, "test": 4}
    assert audit.image_shape == (9, 8, 3)
    assert [(counted.name, counted.counts, counted.total) for counted in audit.classes] == [
        ("cat", {"train": 4, "test": 1}, 5),
        ("dog", {"train": 2, "test": 2}, 4),
        ("cow", {"train": 1, "test": 0}, 1),
        ("emu", {"train": 0, "test": 0}, 0),
        ("owl", {"train": 0, "test": 1}, 1),
    ]
    assert audit.imbalance == 4.0, "4 cats to 1 cow; classes without images in train are not counted"
    assert [(small.name, small.reason) for small in audit.small_classes] == [
        ("cow", "a single image, none in test"),
        ("emu", "no images"),
        ("owl", "a single image, none in train"),
    ]
    assert [member.place for member in audit.constant] == ["train 2, train/2.png", "test 3"]
    assert [group.marks for group in audit.exact.groups] == [("in two splits",), ("under two labels",)]
    assert audit.near.groups == audit.turned.groups == ()
    assert audit.cropped is None
    assert [(odd.kind, odd.images) for odd in audit.odd] == [
        ("empty", ()),
        ("dark", ()),
        ("bright", ()),
        ("blurred", ()),
    ]
    assert [(file.source, file.reason) for file in audit.rejected] == [
        ("train/cat/x.png", "empty"),
        ('a,"b".png', "cut short"),
    ]
    assert audit.title == "messy: train 7, test 4 images of 9x8 pixels, 3 channels"
    assert audit.summary == (
        "2 files not used",
        "exact duplicates: 2 groups of together 4 images; 1 in two splits, 1 under two labels",
        "near duplicates: none",
        "mirrored or turned copies: none",
        "crops: not sought",
        "3 classes too small to split",
        "2 images of one single colour",
        "largest class over smallest in train: 4.00",
    )


def test_a_class_with_one_image_is_too_small_where_there_is_but_one_split() -> None:
    data = messy()
    audit = examine(DataSplits("one", data.train, None))
    assert audit.splits == {"train": 7}
    assert [(small.name, small.reason) for small in audit.small_classes] == [
        ("cow", "a single image"),
        ("emu", "no images"),
        ("owl", "no images"),
    ]


def test_the_validation_split_is_examined() -> None:
    data = messy()
    audit = examine(DataSplits("three", data.train, data.test, validation=data.train.subset(np.array([5]))))
    assert audit.splits == {"train": 7, "validation": 1, "test": 4}
    assert [member.place for member in audit.exact.groups[1].members] == [
        "train 5, train/5.png",
        "validation 0, train/5.png",
    ]
    assert audit.small_classes[0].reason == "none in validation"
    assert audit.small_classes[1].reason == "a single image, none in validation and test"


def test_nothing_of_the_data_is_changed() -> None:
    data, untouched = messy(), messy()
    examine(data)
    assert np.array_equal(data.train.images, untouched.train.images)
    assert np.array_equal(data.test.labels, untouched.test.labels)


def test_notes_of_the_reading_and_of_the_search_are_kept() -> None:
    small = ImageDataset(np.zeros((2, 4, 4, 1), np.uint8), np.array([0, 1]), ("a", "b"))
    audit = examine(DataSplits("small", small, None, notes=["Images were scaled."]))
    assert audit.notes == (
        "Images were scaled.",
        "Near duplicates are sought in images of at least 8x8 pixels only.",
        "Crops are sought in images of at least 16x16 pixels only.",
    )
    assert audit.exact.conflicts == 1
    assert len(audit.constant) == 2


def test_an_audit_survives_json_and_file_names_need_not_be_unicode() -> None:
    data = messy()
    odd = DataSplits("odd", data.train, data.test, rejected=[Rejected("b\udcffd.png", "empty")])
    audit = examine(odd)
    assert Audit.model_validate(json.loads(json.dumps(audit.model_dump(mode="json")))) == audit
    assert audit.rejected[0].source == "b\\udcffd.png"
    assert bad_images(examine(messy())) == 'source,reason\ntrain/cat/x.png,empty\n"a,""b"".png",cut short\n'


def test_mnist_is_reported_as_it_is(mnist: DataSplits) -> None:
    audit = examine(mnist)
    assert audit.title == "mnist: train 60000, test 10000 images of 28x28 pixels, 1 channel"
    assert audit.classes[1].counts == {"train": 6742, "test": 1135}
    assert audit.imbalance == 6742 / 5421
    assert audit.exact.groups == ()
    assert audit.near.groups == audit.turned.groups == ()
    assert not any(odd.images for odd in audit.odd)
    assert (audit.rejected, audit.small_classes, audit.constant) == ((), (), ())
    assert audit.notes == ("Crops are sought among at most 1,000 different images; these are 70,000.",)


def test_the_command_that_sees_wrong_labels_is_named() -> None:
    data = messy()
    audit = examine(DataSplits("odd", data.train, None, location="/a b/it's"))
    assert audit.label_hint.endswith("pellucid data audit '/a b/it'\"'\"'s' --labels RUN")
