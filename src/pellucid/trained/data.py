"""The data that a run was trained on: found again, and seen to be the same."""

from __future__ import annotations

import os

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import DataError
from pellucid.run.record import RunRecord


def load_own(record: RunRecord) -> DataSplits:
    """The data of a run, loaded again from where they were.

    Raises:
        DataError: The data are not here any more, or have changed.
    """
    from pellucid.data.load import load_data  # a run that only predicts need not wait for what loads data

    location = record.data.location or record.data.name
    if not is_there(record):
        remedy = "Bring it back, or give other data."
        raise DataError(f"The run was trained on {location}, which is not here. {remedy}")
    data = load_data(location, record.data.reading)
    require_unchanged(record, data)
    return data


def is_there(record: RunRecord) -> bool:
    """Whether there is something where the data of a run were."""
    from pellucid.data.catalogue import CATALOGUE

    location = record.data.location or record.data.name
    return location in CATALOGUE or os.path.exists(location)  # noqa: PTH110 - a Path raises for long names


def are_own(record: RunRecord, data: DataSplits) -> bool:
    """Whether data come from where those of the run came from."""
    return data.location == (record.data.location or record.data.name)


def require_unchanged(record: RunRecord, data: DataSplits) -> None:
    """See that data are those that a run was trained on.

    Raises:
        DataError: The fingerprint of the data is another.
    """
    before, validation = record.data, data.validation
    same = data.train.fingerprint == before.fingerprint
    if before.validation_fingerprint:
        same &= validation is not None and validation.fingerprint == before.validation_fingerprint
    if not same:
        raise DataError(f"{data.name} has changed since the run was trained: its fingerprint is another.")


def require_test_unchanged(record: RunRecord, name: str, test: ImageDataset) -> None:
    """See that a test split is the one that a run was first judged on.

    Args:
        record: Of the run.
        name: Of the data.
        test: Their test split.

    Raises:
        DataError: The fingerprint of the split is another.
    """
    if record.data.test_fingerprint not in {None, test.fingerprint}:
        raise DataError(f"The test split of {name} has changed: its fingerprint is another than before.")


def require_shape(record: RunRecord, dataset: ImageDataset) -> None:
    """See that images are of the shape that a run was trained for.

    Raises:
        DataError: They are of another shape.
    """
    if dataset.input_shape != record.input_shape:
        wanted, received = list(record.input_shape), list(dataset.input_shape)
        raise DataError(f"The run takes images of [height, width, channels] {wanted}; received {received}.")


def require_fitting(record: RunRecord, dataset: ImageDataset) -> None:
    """See that a data set is of the shape and classes that a run was trained for.

    Raises:
        DataError: The data set is of another shape or of other classes.
    """
    require_shape(record, dataset)
    if dataset.class_names != record.data.class_names:
        wanted, received = ", ".join(record.data.class_names), ", ".join(dataset.class_names)
        raise DataError(f"The run knows the classes {wanted}; received {received}.")
