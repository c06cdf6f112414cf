"""What a report is made of, and what it does without."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import RunError, SettingError
from pellucid.judge.evaluation import Answers, Evaluation, evaluation_of
from pellucid.report.chapters import chapters_of
from pellucid.run.contents import others_files, own_files
from pellucid.run.folder import RunFolder
from pellucid.sections.confusion import confusion_section
from pellucid.sections.headline import headline_section
from pellucid.spec.model import FactorySpec
from pellucid.trained.material import material_of

ANCHORS = (
    *("network", "data", "curves", "confusion", "mistakes", "slices", "calibration", "doubt", "advice"),
    *("filters", "speed", "environment", "guide"),
)


@pytest.fixture
def folder(bars_run: Path, tmp_path: Path) -> Path:
    """A run of one's own."""
    return Path(shutil.copytree(bars_run, tmp_path / "run"))


def report_of(folder: Path, **settings: object) -> str:
    return pl.write_report(folder, whole=False, device="cpu", **settings).read_text(encoding="utf-8")


def test_a_report_is_made_of_a_loaded_run_and_lies_in_its_folder(
    folder: Path, bars_run: Path, bars: DataSplits, plain: Path
) -> None:
    run = pl.load_run(folder, device="cpu")
    run.data = bars
    file = pl.write_report(run, whole=False)
    assert file == folder / "report.html"
    text = file.read_text(encoding="utf-8")
    for anchor in ANCHORS:
        assert f'<section id="{anchor}"' in text
    assert "of the test images are answered right</h1>" in text
    assert len(text) < 3_000_000
    again = plain.read_text(encoding="utf-8")
    assert again.replace(str(bars_run), str(folder)) == text  # the same run in another place
    assert file in own_files(folder)


def test_what_cannot_be_had_is_told_and_left_out(folder: Path) -> None:
    (folder / "evaluation.json").unlink()
    (folder / "model.safetensors").unlink()
    text = report_of(folder)
    assert "It has not been judged: pellucid evaluate" in text
    assert "has no model.safetensors" in text
    assert "The run was trained on bars, which is not here." in text
    assert 'id="curves"' in text
    assert 'id="filters"' not in text


def test_other_test_images_than_those_judged_are_told_and_left_out(bars: DataSplits, tmp_path: Path) -> None:
    def lay(test: ImageDataset) -> None:
        arrays = {"x_train": bars.train.images, "y_train": bars.train.labels}
        np.savez(tmp_path / "bars.npz", **arrays, x_test=test.images, y_test=test.labels)

    lay(bars.test)
    data = pl.load_data(tmp_path / "bars.npz", progress=False)
    run = pl.fit(data, model="flatten, dense 3", epochs=1, out=tmp_path / "run", progress=False)
    run.evaluate()
    assert "has changed" not in report_of(tmp_path / "run")
    lay(bars.test.subset(np.arange(30)))
    assert "The test split of bars has changed" in report_of(tmp_path / "run")


def test_a_run_without_test_images_is_not_told_to_be_judged_on_them(bars: DataSplits, tmp_path: Path) -> None:
    data = DataSplits("bars", bars.train, None)
    pl.fit(data, model="flatten, dense 3", epochs=1, out=tmp_path / "run", progress=False)
    assert "It has not been judged: pellucid evaluate" not in report_of(tmp_path / "run")


def test_a_network_of_code_that_is_not_trusted_is_told_of_from_its_files(folder: Path) -> None:
    record = RunFolder(folder).read_record()
    factory = FactorySpec(factory="nets:plain", input_shape=record.input_shape, classes=3)
    RunFolder(folder).write_record(record.model_copy(update={"model": factory}))
    found = material_of(RunFolder(folder))
    network, *others = chapters_of(found)
    assert network.section.body == (
        "The network is made by code of its author, nets:plain; a file tells nothing of its layers.",
    )
    assert any("--trust" in text for text in found.lacking)
    assert {"curves", "confusion", "doubt", "advice"} <= {chapter.anchor for chapter in others}
    assert "filters" not in {chapter.anchor for chapter in others}


def test_an_interrupted_run_says_so(bars_run: Path) -> None:
    record = RunFolder(bars_run).read_record()
    assert record.results
    results = record.results.model_copy(update={"test": None})
    section = headline_section(record.model_copy(update={"status": "interrupted", "results": results}), None)
    assert str(section.body[0]).startswith("The training was interrupted after 8 epochs, and not judged.")


def test_a_file_of_the_users_stays(folder: Path, tmp_path: Path) -> None:
    (folder / "report.html").write_text("my own")
    with pytest.raises(RunError, match="is there and is not Pellucid's; the report would replace it"):
        report_of(folder)
    assert folder / "report.html" in others_files(folder)
    (tmp_path / "data.npz").write_bytes(b"images")
    for write in (pl.write_report, pl.write_explorer):
        with pytest.raises(RunError, match=r"data\.npz is there and is not Pellucid's"):
            write(folder, out=tmp_path / "data.npz", whole=False)
    assert (tmp_path / "data.npz").read_bytes() == b"images"
    with pytest.raises(RunError, match="is no folder"):
        report_of(folder, out=folder / "report.html" / "page.html")
    with pytest.raises(SettingError, match="Unknown language 'en_'"):
        report_of(folder, language="en_")
    for margin in (float("nan"), -0.01, 1.0):
        with pytest.raises(SettingError, match="margin must be above 0 and below 100 points"):
            pl.write_report(folder, folder, margin=margin, out=tmp_path / "both.html")
    assert not list(tmp_path.glob("**/*.part"))


def evaluation_with(names: tuple[str, ...], labels: list[int], answers: list[int]) -> Evaluation:
    count = len(labels)
    images = ImageDataset(np.zeros((count, 4, 4, 1), np.uint8), np.array(labels, np.int64), names)
    found = Answers(np.array(answers, np.int64), np.full(count, 0.9, np.float32), np.full(count, 0.1))
    return evaluation_of(images, found, data="made")


def test_an_accuracy_over_one_class_says_so(bars_run: Path) -> None:
    record = pl.load_run(bars_run, device="cpu").record
    section = headline_section(record, evaluation_with(("a", "b", "c"), [1, 1], [1, 0]))
    assert section.warnings == ("The test split has images of 1 of 3 classes only; of the others it says nothing.",)


def test_of_300_classes_the_commonest_confusions_are_shown() -> None:
    names = tuple(f"{'x' * 300}{number}" for number in range(300))
    labels = [number % 300 for number in range(600)]
    section = confusion_section(evaluation_with(names, labels, [7, *labels[1:-1], 8]))
    commonest, worst = section.tables
    assert [row[2] for row in commonest.rows] == ["1", "1"]
    assert len(worst.rows) == 20
    assert worst.caption.endswith("These are the 20 of 300 classes with the lowest F1.")
