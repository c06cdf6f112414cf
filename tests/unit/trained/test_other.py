"""Data other than a run's own: read as its own were, judged by the names of their classes."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import DataError, PellucidWarning
from pellucid.trained.other import in_classes_of, load_other
from pellucid.trained.splits import held_out


@pytest.fixture
def run(bars_run: Path, bars: DataSplits) -> pl.Run:
    loaded = pl.load_run(bars_run, device="cpu")
    loaded.folder, loaded.data = None, bars
    return loaded


@pytest.fixture
def larger(make_bars) -> ImageDataset:
    """Bars that are twice as thick, on images of twice the size."""
    return make_bars(90, seed=1, shape=(16, 16, 1), width=2)


def folder_of(dataset: ImageDataset, path: Path) -> Path:
    """Files in colour, a folder a class."""
    for number, (image, label) in enumerate(zip(dataset.images, dataset.labels, strict=True)):
        place = path / dataset.class_names[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).convert("RGB").save(place / f"{number}.png")
    return path


def test_files_of_another_size_and_in_colour_are_read_as_the_run_takes_them(
    run: pl.Run, bars: DataSplits, larger: ImageDataset, tmp_path: Path
) -> None:
    judged = run.evaluate(folder_of(bars.test, tmp_path / "colour"))
    assert judged.accuracy == run.evaluate().accuracy
    assert run.evaluate(folder_of(larger, tmp_path / "larger")).count == 90
    assert load_other(run.record, tmp_path / "larger").notes[-1] == (
        "90 images of another size, as of 16x16, were brought to the run's 8x8x1 (--fit stretch)."
    )
    assert not any("another size" in note for note in load_other(run.record, tmp_path / "colour").notes)
    assert judged.beside.test == run.record.results.test
    assert judged.beside.trained_on == run.record.data.look
    assert run.evaluate().beside is None


def test_images_that_were_trained_on_are_told_of(run: pl.Run, bars: DataSplits) -> None:
    training = held_out(bars, run.record.train.validation_split, run.record.train.seed)["train"]
    mixed = ImageDataset(
        np.concatenate([bars.test.images, training.dataset.images[training.rows[:7]]]),
        np.concatenate([bars.test.labels, training.dataset.labels[training.rows[:7]]]),
        bars.class_names,
    )
    count = len(bars.test) + 7
    with pytest.warns(PellucidWarning, match=f"^7 of {count} images are images that the run was trained on"):
        run.evaluate(DataSplits("mixed", bars.train, mixed, None))


def test_fewer_classes_are_known_by_their_names(run: pl.Run, bars: DataSplits, tmp_path: Path) -> None:
    some = bars.test.subset(np.flatnonzero(bars.test.labels > 0))  # upright and aslant, listed the other way round
    data = load_other(run.record, folder_of(some, tmp_path / "some"))
    assert data.class_names == ("aslant", "upright")
    assert data.notes[-1] == "there is no test split, so all 60 images are judged."
    judged = run.evaluate(data)
    assert judged.class_names == bars.class_names
    assert [score.support for score in judged.per_class] == [0, 30, 30]
    assert judged.per_class[0].recall is None
    assert judged.accuracy > 0.9


def test_classes_that_the_run_does_not_know_are_named(run: pl.Run, bars: DataSplits) -> None:
    renamed = ImageDataset(bars.test.images, bars.test.labels, ("Acros", "Upright", "vertical"))
    rule = "The run knows the classes across, upright, aslant; received others: Acros (did you mean across?), vertical."
    with pytest.raises(DataError) as caught:
        in_classes_of(run.record, renamed)
    assert str(caught.value) == f"{rule} Rename these classes, or leave their images out."
    none = renamed.subset(np.flatnonzero(renamed.labels == 1))  # names without images do no harm
    assert set(in_classes_of(run.record, none).labels) == {1}
    assert in_classes_of(run.record, bars.test) is bars.test


def table_of(dataset: ImageDataset, path: Path, label: str) -> Path:
    folder = folder_of(dataset, path.with_suffix(""))
    files = sorted(folder.glob("*/*.png"))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", label, "other"])
        writer.writerows([str(place), place.parent.name, "x"] for place in files)
    return path


def test_a_table_is_read_by_the_columns_given_now(run: pl.Run, bars: DataSplits, tmp_path: Path) -> None:
    data = pl.load_data(table_of(bars.train, tmp_path / "own.csv", "kind"), label_column="kind", image_size=(8, 8))
    own = pl.fit(data, model="flatten, dense 3", epochs=1)
    same, plain = (table_of(bars.test, tmp_path / f"{name}.csv", name) for name in ("kind", "label"))
    strange = table_of(bars.test, tmp_path / "strange.csv", "what")
    assert (
        own.read_data(same).notes[0]
        == "it is read by the columns that the run's own table was read by, 'kind' for label."
    )
    found = "its columns are found by their names, as it lacks those of the run's own table, 'kind' for label."
    assert own.read_data(plain).notes[0] == found
    assert own.read_data(strange, label_column="what").notes == (
        "there is no test split, so all 90 images are judged.",
    )
    with pytest.raises(DataError, match="Name it with --label-column"):
        own.read_data(strange)


def test_inverted_images_are_judged_and_never_kept_as_the_runs_own(run: pl.Run, bars: DataSplits) -> None:
    dark = DataSplits("dark", bars.train, ImageDataset(255 - bars.test.images, bars.test.labels, bars.class_names))
    before = run.evaluate()
    again = run.evaluate(dark, invert=True)
    assert (again.accuracy, again.inverted) == (before.accuracy, True)
    spoiled = run.evaluate(invert=True)
    assert spoiled.accuracy < before.accuracy
    assert run.evaluation == before


def test_arrays_of_another_shape_are_refused(run: pl.Run, make_bars, tmp_path: Path) -> None:
    larger = make_bars(30, seed=0, shape=(12, 12, 1))
    np.savez(tmp_path / "larger.npz", x=larger.images, y=np.array(larger.class_names)[larger.labels])
    with pytest.raises(DataError, match=r"takes images of .* \[8, 8, 1\]; received \[12, 12, 1\]"):
        run.evaluate(tmp_path / "larger.npz")


def test_every_run_has_a_reading(run: pl.Run) -> None:
    assert run.record.data.reading is None
    assert run.record.reading == pl.ReadSpec(image_size=(8, 8), channels=1)
    deep = run.record.model_copy(update={"model": pl.ModelSpec.from_shorthand("flatten, dense 3", (8, 6, 4))})
    assert deep.reading == pl.ReadSpec(image_size=(8, 6))
