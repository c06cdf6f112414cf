"""Each command in this process, on a run that is there already: what it prints, and where."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits, ImageDataset

Command = Callable[..., Any]


REPORTED = ("bars", "--model", "flatten, dense 3", "--epochs", 1, "--batch-size", 16)
QUICK = (*REPORTED, "--no-report")


def test_train_prints_the_accuracy_and_the_folder_last(pellucid: Command) -> None:
    status, out, err = pellucid("train", *QUICK, "--out", "runs/two", "--svg")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("test accuracy ")
    assert "95% interval" in lines[0]
    assert lines[-1] == "runs/two"
    assert "epoch 1/1: loss " in err
    told = "bars: 3 classes, images of 8x8x1\nclass    train  test\nacross      80    30\n"
    assert told in err
    assert err.index(told) < err.index("epoch 1/1")
    assert Path("runs/two/curves.svg").exists()
    assert Path("runs/two/curves.png").exists()


def test_train_names_its_report_before_the_folder(pellucid: Command) -> None:
    status, out, _ = pellucid("train", *REPORTED, "--out", "runs/two")
    assert (status, out.splitlines()[-2:]) == (0, ["runs/two/report.html", "runs/two"])
    page = Path("runs/two/report.html").read_text(encoding="utf-8")
    assert '<code>pellucid train bars <span class="whole">--model' in page
    document = json.loads(pellucid("report", "runs/two", "--quick", "--json").out)
    assert document == {"runs": ["runs/two"], "report": "runs/two/report.html", "bytes": len(page.encode())}
    replaced = pellucid("train", *QUICK, "--out", "runs/two", "--overwrite")
    assert (replaced.status, Path("runs/two/report.html").exists()) == (0, False)
    status, out, _ = pellucid("report", "two", "bars-one", "--language", "zh")
    assert (status, out) == (0, "comparison-report-zh.html\n")
    assert pellucid("report", "two", "--language", "de").status == 2


def test_train_names_its_folder_by_data_recipe_and_time(pellucid: Command) -> None:
    status, out, _ = pellucid("train", *QUICK)
    assert status == 0
    folder = Path(out.splitlines()[-1])
    assert folder.parent == Path("runs")
    assert folder.name.startswith("bars-custom-20")
    assert folder.name.endswith("Z")


def test_train_takes_every_setting(pellucid: Command) -> None:
    options = (
        "--optimizer",
        "sgd",
        "--schedule",
        "cosine",
        "--learning-rate",
        0.05,
        "--label-smoothing",
        0.1,
        "--class-weights",
        "across=2",
        "--seed",
        4,
        "--vote",
        2,
        "--test-time-augment",
        "shift=0.1",
    )
    status, out, _ = pellucid("train", *QUICK, *options, "--no-validation", "--precision", "bf16", "--json")
    assert status == 0
    document = json.loads(out)
    assert document["train"] == {
        "epochs": 1,
        "batch_size": 16,
        "learning_rate": 0.05,
        "optimizer": {"kind": "sgd", "momentum": 0.9, "nesterov": False, "weight_decay": 0.0},
        "schedule": {"kind": "cosine", "final": 0.0},
        "label_smoothing": 0.1,
        "class_weights": {"across": 2.0},
        "augmentation": None,
        "validation_split": None,
        "patience": None,
        "start_from": None,
        "freeze": [],
        "seed": 4,
        "vote": 2,
        "test_time_augmentation": pl.AugmentSpec(shift=0.1).model_dump(mode="json"),
    }
    assert document["environment"]["precision"] == "bf16"
    assert document["results"]["validation"] is None
    assert (
        document["results"]["test"]["accuracy"]
        == json.loads((Path(document["run"]) / "evaluation.json").read_text())["accuracy"]
    )


def test_data_without_a_test_split_are_trained_on_and_it_is_said(
    pellucid: Command, bars: DataSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: DataSplits("bars", bars.train, None))
    status, out, err = pellucid("train", *QUICK)
    assert status == 0
    assert "bars has no test split" in err
    assert "test accuracy" not in out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("train", "barss"), 1, "Unknown data set 'barss'. Did you mean bars?"),
        (("train", "bars", "--recipe", "fsat"), 2, "Unknown recipe 'fsat'. Did you mean fast?"),
        (("train", "bars", "--optimizer", "adma"), 2, "Unknown optimizer 'adma'. Did you mean adam?"),
        (("train", "bars", "--epohcs", "3"), 2, "No such option: --epohcs"),
        (("train", "bars", "--epochs", "three"), 2, "Invalid value for '--epochs'"),
        (("train", "bars", "--validation-split", "0"), 2, "validation_split must be greater than 0.0; received 0.0."),
        (("train", "bars", "--validation-split", "-0.5"), 2, "validation_split must be greater than 0.0"),
        (("train", "bars", "--validation-split", "1"), 2, "validation_split must be less than 1.0; received 1.0."),
        (("train", "bars", "--validation-split", "0.1", "--no-validation"), 2, "either"),
        (("train", "bars", "--model", "cnov 3 3x3"), 1, "Unknown layer 'cnov' in layer 1. Did you mean conv?"),
        (
            ("train", "bars", "--model", "conv 3 3x3, flatten, dense 3", "--learning-rate", "1e30"),
            1,
            "The loss must be",
        ),
        (("train", "bars", "--out", "runs/bars-one"), 1, "runs/bars-one exists already."),
        (("evaluate", "bars-two"), 1, "There is no run bars-two. Did you mean bars-one?"),
        (("evaluate", "latest", "--split", "tset"), 2, "Unknown split 'tset'. Did you mean test?"),
        (("evaluate", "latest", "mnist"), 1, "takes images of"),
        (("plot", "latest", "--out", "a.gif"), 2, "Unknown picture format '.gif'."),
        (("predict", "latest"), 2, "IMAGE"),
        (("train", "bars", "--device", "gpu"), 2, "Unknown device 'gpu'. Did you mean cpu?"),
        (("runs", "bars-one"), 2, "give two runs or more to compare"),
        (("shapes", "latest", "--input", "28x28x1"), 2, "leave --input out"),
        (("runs", "--sort", "accurcy"), 2, "Unknown column 'accurcy'. Did you mean accuracy?"),
        (("shapes", "--model", "conv 3 40x40, flatten, dense 3"), 1, "kernel_size must be at most the input, 28x28"),
        (("shapes", "--input", "28x28"), 2, "--input must be height x width x channels"),
        (("shapes", "--device", "cpu"), 2, "--device says where --time measures; give both"),
        (("shapes", "--model", "a.b:c"), 1, "Shapes are known for layers only; received the factory a.b:c."),
        (("shapes", "latest", "--recipe", "fast"), 2, "give one of RUN, --recipe and --model"),
        (("shpaes",), 2, "shpaes"),
    ],
)
def test_what_is_wrong_is_said_once_without_a_traceback(
    pellucid: Command, arguments: tuple[str, ...], status: int, message: str
) -> None:
    before = sorted(Path("runs").iterdir())
    outcome = pellucid(*arguments)
    assert outcome.status == status
    assert message in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    assert sorted(Path("runs").iterdir()) == before


def test_evaluate_prints_classes_confusion_and_mistakes(pellucid: Command) -> None:
    Path("runs/bars-one/evaluation.json").unlink()
    status, out, _ = pellucid("evaluate", "latest")
    assert status == 0
    assert out.startswith("bars, test split, 90 images\naccuracy ")
    assert "precision" in out
    assert "confusion" in out
    assert "mistakes" in out
    assert Path("runs/bars-one/evaluation.json").exists()
    drawn = [f"runs/bars-one/pictures/{name}.png" for name in ("confusion", "calibration", "doubt")]  # no mistakes
    assert out.splitlines()[-3:] == drawn
    assert all(Path(path).read_bytes().startswith(b"\x89PNG") for path in drawn)


def test_evaluate_answers_in_json_on_any_split(pellucid: Command) -> None:
    status, out, err = pellucid("evaluate", "bars-one", "bars", "--split", "validation", "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    counts = json.loads(Path("runs/bars-one/run.json").read_text())["data"]["counts"]
    assert (document["split"], document["count"]) == ("validation", counts["validation"])
    assert document["run"] == "runs/bars-one"
    assert "pictures" not in document  # what is drawn there is of the test split


def test_advice_is_told_briefly_and_is_in_json(pellucid: Command) -> None:
    too_high = ("bars", "--model", "conv 4 3x3 relu, flatten, dense 3", "--learning-rate", 50, "--epochs", 3)
    status, _, err = pellucid("train", *too_high, "--out", "runs/two")
    assert status == 0
    told = [line for line in err.splitlines() if ". Try: pellucid " in line]
    assert 1 <= len(told) <= 2
    assert told[0].startswith("the learning rate of 50 is too high: the training ")
    assert "Try: pellucid study learning-rate bars --model 'conv 4 3x3 relu, flatten, dense 3" in told[0]
    again = pellucid("evaluate", "two")
    assert told[0] in again.err
    advice = json.loads(pellucid("evaluate", "two", "--json").out)["advice"]
    assert advice[0]["rule"] == "learning rate too high"
    assert "advice" not in json.loads(pellucid("evaluate", "two", "--split", "validation", "--json").out)


def test_evaluate_tells_of_robustness_in_json(pellucid: Command) -> None:
    document = json.loads(pellucid("evaluate", "bars-one", "--robustness", "--images", 6, "--json").out)
    assert document["split"] == document["robustness"]["split"] == "test"
    assert document["robustness"]["picture"] == "runs/bars-one/pictures/robustness-bars-test.png"
    kept = json.loads(Path("runs/bars-one/robustness.json").read_text())
    assert (kept["count"], kept["seed"], len(kept["corruptions"])) == (6, 0, 13)
    assert kept["corruptions"] == document["robustness"]["corruptions"]
    refused = pellucid("evaluate", "bars-one", "--images", 6)
    assert (refused.status, "--images and --seed belong to --robustness" in refused.err) == (2, True)


def test_evaluate_holds_other_data_against_the_runs_own(pellucid: Command, bars: DataSplits) -> None:
    for index in range(30):
        place = Path("dark") / bars.class_names[bars.test.labels[index]]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - bars.test.images[index, ..., 0]).resize((16, 16)).convert("RGB").save(
            place / f"{index}.png"
        )
    status, out, err = pellucid("evaluate", "bars-one", "dark")
    assert status == 0
    assert out.startswith("dark, test split, 30 images\naccuracy ")
    assert "On its own test split the run has an accuracy of " in out
    assert "dark: there is no test split, so all 30 images are judged." in err
    assert "These images are bright where the training images are dark" in err
    document = json.loads(pellucid("evaluate", "bars-one", "dark", "--invert", "--json").out)
    assert (document["inverted"], document["count"]) == (True, 30)
    assert document["beside"]["test"]["accuracy"] > 0.9
    assert pellucid("evaluate", "bars-one", "--label-column", "kind").status == 2


def test_train_tells_which_weights_it_begins_from(pellucid: Command) -> None:
    options = ("bars", "--start-from", "bars-one", "--freeze", "conv2d_1", "--epochs", 1, "--class-weights", "balanced")
    status, out, err = pellucid("train", *options, "--out", "runs/two")
    assert status == 0, err
    told = f"begins from the weights of {Path('runs/bars-one').resolve()}: taken conv2d_1, dense_1; frozen conv2d_1"
    assert told in err
    assert told in out
    assert "class weights: across 0." in out or "class weights: across 1" in out
    status, _, err = pellucid("train", "bars", "--start-from", "bars-two")
    assert (status, "There is no run bars-two. Did you mean bars-one?" in err) == (1, True)


@pytest.fixture
def pictures(bars: DataSplits, tmp_path: Path) -> list[Path]:
    paths = []
    for index in (0, 1):
        paths.append(tmp_path / f"{bars.class_names[bars.test.labels[index]]}.png")
        Image.fromarray(bars.test.images[index, ..., 0]).save(paths[-1])
    return paths


def test_predict_answers_for_each_image(pellucid: Command, pictures: list[Path]) -> None:
    status, out, err = pellucid("predict", "latest", *pictures, "--no-unknown")
    assert (status, err) == (0, "")
    for line, picture in zip(out.splitlines()[1:], pictures, strict=True):
        name, answer = line.split("  ", 1)
        assert name == str(picture)
        assert answer.split()[0] == picture.stem


def test_predict_gives_all_probabilities_in_json(pellucid: Command, pictures: list[Path], bars: DataSplits) -> None:
    status, out, err = pellucid("predict", "latest", *pictures, "--json")
    assert (status, err) == (0, "")
    first = json.loads(out)["predictions"][0]
    assert first["label"] == pictures[0].stem
    assert list(first["probabilities"]) == list(bars.class_names)
    assert sum(first["probabilities"].values()) == pytest.approx(1)


@pytest.mark.filterwarnings("default")
def test_predict_answers_for_all_images_of_a_folder(pellucid: Command, pictures: list[Path]) -> None:
    folder = pictures[0].parent / "scans"
    (folder / "more").mkdir(parents=True)
    for name in ("10.png", "9.png", "more/1.png", ".hidden.png"):
        shutil.copy(pictures[0], folder / name)
    (folder / "notes.txt").write_text("x")
    status, out, err = pellucid("predict", "bars-one", folder, pictures[1], "--json")
    assert status == 0
    answered = [answer["image"] for answer in json.loads(out)["predictions"]]
    assert answered == [str(folder / name) for name in ("9.png", "10.png", "more/1.png")] + [str(pictures[1])]
    assert f"{folder}: 1 file is no image by its name: notes.txt" in err
    (folder / "empty").mkdir()
    status, out, err = pellucid("predict", "bars-one", folder / "empty", pictures[0])
    assert status == 1
    assert f"pellucid: {folder}/empty: no images were found in the folder." in err
    assert str(pictures[0]) in out


def test_predict_names_a_bad_file_and_answers_for_the_rest(pellucid: Command, pictures: list[Path]) -> None:
    Path("bad.png").write_text("no image")
    status, out, err = pellucid("predict", "latest", pictures[0], "bad.png", "--json")
    assert status == 1
    assert len(json.loads(out)["predictions"]) == 1
    assert json.loads(out)["faults"] == ["bad.png: not an image that can be read."]
    assert "bad.png: not an image that can be read." in err


def test_predict_hints_at_dark_ink_on_bright_paper(pellucid: Command, pictures: list[Path]) -> None:
    inverted = Path("inverted.png")
    Image.fromarray(255 - np.asarray(Image.open(pictures[0]))).save(inverted)
    assert "try --invert" in pellucid("predict", "latest", inverted).err
    outcome = pellucid("predict", "latest", inverted, "--invert", "--no-unknown")
    assert outcome.err == ""
    assert f"inverted.png  {pictures[0].stem} " in outcome.out
    assert "leave --invert out" in pellucid("predict", "latest", pictures[0], "--invert").err


def pixel_table(path: Path, dataset: ImageDataset, labels: bool = True) -> Path:
    rows = [
        [*([label] if labels else []), *image.ravel()]
        for image, label in zip(dataset.images, dataset.labels, strict=True)
    ]
    names = [*(["label"] if labels else []), *(f"pixel{number}" for number in range(64))]
    path.write_text("\n".join(",".join(map(str, row)) for row in [names, *rows]) + "\n")
    return path


def test_tables_of_pixels_are_trained_on_judged_shown_and_answered_for(pellucid: Command, bars: DataSplits) -> None:
    pixel_table(Path("train.csv"), bars.train)
    pixel_table(Path("judged.csv"), bars.test)
    pixel_table(Path("test.csv"), bars.test, labels=False)
    model = ("--model", "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3", "--epochs", 4, "--learning-rate", 0.01)
    status, _, err = pellucid("train", "train.csv", *model, "--batch-size", 16, "--out", "run")
    assert status == 0
    assert "train: each row is an image of 8x8x1 from 64 columns, its class in the column 'label'." in err
    judged = json.loads(pellucid("evaluate", "run", "judged.csv", "--slice-by", "label", "--json").out)
    assert judged["count"] == 90
    assert sum(one["count"] for one in judged["slices"] if one["by"] == "label") == 90
    status, out, err = pellucid("predict", "run", "test.csv", "--format", "submission")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "ImageId,Label"
    assert [line.split(",")[0] for line in lines[1:]] == [str(number) for number in range(1, 91)]
    right = np.mean([line.split(",")[1] == str(label) for line, label in zip(lines[1:], bars.test.labels, strict=True)])
    assert right == judged["accuracy"]
    answers = json.loads(pellucid("predict", "run", "test.csv", "--json").out)["predictions"]
    assert answers[89]["image"] == "test.csv, row 90"
    assert pellucid("data", "show", "train.csv").status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("one.png", "--format", "submission"), 2, "--format submission is for one table of pixels (.csv or .tsv)"),
        (("t.csv", "--format", "submission", "--json"), 2, "give either --format submission or --json"),
        (("t.csv", "--format", "sumbission"), 2, "Unknown format 'sumbission'. Did you mean submission?"),
        (("t.csv",), 1, "an image of 8x8x1 must have a column a value; received 63 columns of pixels"),
        (("cut.csv", "--format", "submission"), 1, "cut.csv, row 2: it has 1 cells; the first line has 64."),
    ],
)
def test_what_a_table_cannot_be_answered_for_is_said(
    pellucid: Command, arguments: tuple[str, ...], status: int, message: str
) -> None:
    names = [f"pixel{number}" for number in range(64)]
    Path("t.csv").write_text(",".join(names[:63]) + "\n" + ",".join("1" * 63) + "\n")
    Path("cut.csv").write_text(",".join(names) + "\n" + ",".join("1" * 64) + "\n7\n" + ",".join("2" * 64) + "\n")
    found = pellucid("predict", "bars-one", *arguments)
    assert found.status == status
    assert message in found.err
    if arguments[0] == "cut.csv":
        assert [line.split(",")[0] for line in found.out.splitlines()] == ["ImageId", "1", "3"]


def test_the_home_folder_is_found_behind_an_option(
    pellucid: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    assert pellucid("train", *QUICK, "--out=~/run").out.splitlines()[-1] == str(tmp_path / "home" / "run")
    assert pellucid("plot", "~/run", "--out=~/curves.png").status == 0
    assert (tmp_path / "home" / "curves.png").exists()


def test_groups_are_parted_on_demand(pellucid: Command, photos: Path) -> None:
    names = sorted(photos.glob("train/*/*.png"))
    rows = [f"{file.relative_to(Path.cwd())},{file.parent.name},{number // 2}" for number, file in enumerate(names)]
    Path("t.csv").write_text("\n".join(["image,label,patient", *rows]) + "\n")
    assert "rows with the same 'patient' are kept together" in pellucid("data", "audit", "t.csv").out
    assert "patient" not in pellucid("data", "audit", "t.csv", "--no-groups").out
    both = pellucid("data", "audit", "t.csv", "--no-groups", "--group-column", "patient")
    assert both.status == 2
    assert "give either --group-column or --no-groups" in both.err


def test_plot_draws_png_and_svg(pellucid: Command) -> None:
    assert pellucid("plot", "latest") == (0, "runs/bars-one/curves.png\n", "")
    status, out, _ = pellucid("plot", "bars-one", "--out", "c.svg", "--json")
    assert (status, json.loads(out)) == (0, {"run": "runs/bars-one", "file": "c.svg"})
    assert Path("c.svg").read_bytes().startswith(b"<?xml")


def test_shapes_prints_the_walk_of_the_tutorial(pellucid: Command) -> None:
    status, out, err = pellucid("shapes", "--recipe", "tutorial")
    assert status == 0
    assert err.startswith("No output of the network depends on the last 2 rows and the last 2 columns of the image: ")
    assert out.startswith("28×28×1 → 26×26×32 → 13×13×32 → 11×11×64 → 5×5×64 → 1600 → 10\n")  # noqa: RUF001
    assert "34,826 parameters" in out
    assert "25x25x4" in pellucid("shapes", "--model", "conv 4 3x3, maxpool 2x2 stride 1, flatten, dense 2").out


def test_shapes_answers_in_json_for_recipe_file_and_run(pellucid: Command) -> None:
    document = json.loads(pellucid("shapes", "--recipe", "tutorial", "--json").out)
    assert document["parameters"] == 34_826
    assert [layer["output_shape"] for layer in document["layers"]][-1] == [10]
    spec = pl.ModelSpec.from_shorthand(document["shorthand"])
    Path("net.json").write_text(spec.model_dump_json())
    assert json.loads(pellucid("shapes", "--model", "net.json", "--json").out) == document
    assert json.loads(pellucid("shapes", "latest", "--json").out)["classes"] == 3
    small = json.loads(pellucid("shapes", "--input", "12X9x3", "--classes", 4, "--json").out)
    assert (small["input_shape"], small["classes"], small["speed"]) == ([12, 9, 3], 4, None)


def test_shapes_measures_the_time_when_asked(pellucid: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.trained.speed.LEAST_SECONDS", 0)
    speed = json.loads(pellucid("shapes", "latest", "--time", "--device", "cpu", "--json").out)["speed"]
    assert speed["in_batch_ms"] > 0
    assert speed["alone_ms"] > 0
    assert (speed["batch_size"], speed["precision"]) == (500, "fp32")


def test_train_tells_of_a_network_that_does_not_see_the_edge(pellucid: Command) -> None:
    blind = "conv 4 4x4 stride 3 relu, flatten, dense 3"  # 0 to 3 and 3 to 6 of 8
    told = pellucid("train", "bars", "--model", blind, "--epochs", 1).err
    assert "the network is blind to 23.4% of each image: the last row and the last column" in told
    assert "blind" not in pellucid("train", "bars", "--recipe", "tiny", "--epochs", 1).err


def test_runs_lists_sorts_and_compares(pellucid: Command) -> None:
    pellucid("train", *QUICK, "--out", "runs/two")
    listed = pellucid("runs").out.splitlines()
    assert listed[0].split()[:2] == ["run", "status"]
    assert [line.split()[0] for line in listed[1:]] == ["bars-one", "two"]
    backward = pellucid("runs", "--sort", "epochs").out.splitlines()
    assert [line.split()[0] for line in backward[1:]] == ["two", "bars-one"]
    documents = json.loads(pellucid("runs", "--sort", "epochs", "--reverse", "--json").out)["runs"]
    assert [document["run"] for document in documents] == ["runs/bars-one", "runs/two"]
    compared = pellucid("runs", "bars-one", "two").out
    assert "train.epochs" in compared
    assert "train.batch_size" not in compared  # it is the same in both
    assert "The runs do not differ." in pellucid("runs", "two", "two").err
    document = json.loads(pellucid("runs", "bars-one", "two", "--margin", 5, "--json").out)
    assert document["differences"]["train.epochs"] == [8, 1]
    assert (document["accuracy"]["count"], document["accuracy"]["margin"], document["not_compared"]) == (90, 0.05, None)
    assert re.search("^B \N{MINUS SIGN} A +A is better ", compared, re.MULTILINE)
    Path("runs/two/evaluation.json").unlink()
    alone = pellucid("runs", "bars-one", "two")
    why = (
        "Their answers are not compared. runs/two was not judged on a test split yet. Judge it with: pellucid evaluate"
    )
    assert f"{why} runs/two" in alone.out
    assert "train.epochs" in alone.out
    assert "not judged" in json.loads(pellucid("runs", "bars-one", "two", "--json").out)["not_compared"]


def test_runs_says_what_is_damaged_and_what_is_absent(pellucid: Command) -> None:
    Path("runs/bad").mkdir()
    Path("runs/bad/run.json").write_text("{")
    status, out, err = pellucid("runs")
    assert status == 0
    assert "bars-one" in out
    assert "bad/run.json is not a run of Pellucid's" in err
    assert "There are no runs below nowhere/" in pellucid("runs", "--folder", "nowhere").err


@pytest.fixture
def photos(bars: DataSplits, tmp_path: Path) -> Path:
    """A folder of pictures, a subfolder a class, of which one is unreadable and one stands in two splits."""
    for split, part in (("train", bars.train), ("test", bars.test)):
        for row in range(60):
            path = tmp_path / "photos" / split / bars.class_names[part.labels[row]] / f"{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(part.images[row, ..., 0]).save(path)
    shutil.copy(tmp_path / "photos/train/across/0.png", tmp_path / "photos/test/across/again.png")
    (tmp_path / "photos/train/across/bad.png").write_text("x")
    return tmp_path / "photos"


PHOTOS = ("--model", "flatten, dense 3", "--epochs", 1, "--batch-size", 16)


def test_a_folder_of_pictures_is_trained_on_judged_and_predicted(pellucid: Command, photos: Path) -> None:
    status, _, err = pellucid("train", "photos", *PHOTOS, "--out", "runs/p", "--augment", "shift=0.1", "--fit", "pad")
    assert status == 0, err
    assert f"photos: 1 file is not used: {photos}/train/across/bad.png: not an image that can be read" in err
    assert "1 image stands in both the training and the test split" in err
    record = json.loads(Path("runs/p/run.json").read_text())
    assert record["data"]["location"] == str(photos)
    assert record["data"]["reading"]["image_size"] == [8, 8]
    assert record["train"]["augmentation"]["shift"] == 0.1
    before = json.loads(Path("runs/p/evaluation.json").read_text())
    assert all(mistake["source"].startswith(f"{photos}/test/") for mistake in before["mistakes"])
    again = json.loads(pellucid("evaluate", "p", "--json").out)
    assert again["accuracy"] == before["accuracy"]
    assert json.loads(pellucid("evaluate", "p", "photos", "--json").out)["count"] == 61
    assert pellucid("predict", "p", photos / "test/across/0.png").status == 0
    shapes = json.loads(pellucid("shapes", "photos", "--recipe", "fast", "--json").out)
    assert (shapes["input_shape"], shapes["classes"]) == ([8, 8, 1], 3)


def test_a_run_whose_data_are_gone_says_so(pellucid: Command, photos: Path) -> None:
    assert pellucid("train", "photos", *PHOTOS, "--out", "runs/p").status == 0
    shutil.rmtree(photos)
    assert (
        f"The run was trained on {photos}, which is not here. Bring it back, or give other data."
        in pellucid("evaluate", "p").err
    )


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--max-bad", "0"), 1, "At most 0.0% of the files may be unreadable; received 1 of 122"),
        (("--max-bad", "2"), 2, "max_bad must be at most 1.0; received 2.0"),
        (("--fit", "squeeze"), 2, "fit must be one of these; received 'squeeze'"),
        (("--image-size", "big"), 2, "--image-size must be like 64x64 or 64"),
        (("--test-split", "0"), 2, "test_split must be greater than 0.0; received 0.0. Use None (--no-test)"),
        (("--test-split", "0.1", "--no-test"), 2, "either"),
        (("--channels", "2"), 2, "channels must be one of these; received 2"),
        (("--augment", "shfit=0.1"), 2, "Unknown setting 'shfit'"),
    ],
)
def test_wrong_reading_options_are_said(
    pellucid: Command, photos: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    outcome = pellucid("train", "photos", *PHOTOS, *arguments)
    assert outcome.status == status
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def test_data_is_listed_shown_audited_and_its_cache_cleaned(pellucid: Command, photos: Path) -> None:
    assert pellucid("data", "list").out.splitlines() == list(catalogue.CATALOGUE)
    assert json.loads(pellucid("data", "list", "--json").out) == {"data": list(catalogue.CATALOGUE)}
    status, out, _ = pellucid("data", "show", "photos", "--out", "a.png")
    assert (status, out.splitlines()[-1]) == (0, "a.png")
    shown = json.loads(pellucid("data", "show", "photos", "--augmented", "rotation=20", "--out", "b.svg", "--json").out)
    assert shown["counts"] == {"train": 60, "test": 61}
    assert Path("b.svg").read_bytes().startswith(b"<?xml")
    status, _, err = pellucid("data", "show", "photos", "--out", "c.xyz")
    assert (status, "Unknown picture format '.xyz'" in err) == (2, True), err
    status, _, err = pellucid("data", "audit", "photos", "--html", "a.html")
    assert status == 0, err
    assert "bad_images.csv" in err
    assert "not an image that can be read" in Path("bad_images.csv").read_text()
    assert Path("a.html").read_text().lstrip().lower().startswith("<!doctype html>")
    found = json.loads(pellucid("data", "audit", "photos", "--json").out)
    assert found["exact"]["leaks"] == 1
    assert "photos-" in pellucid("data", "cache").out
    assert json.loads(pellucid("data", "cache", "--clean", "--json").out)["freed_bytes"] > 0
    assert json.loads(pellucid("data", "cache", "--json").out)["entries"] == []


def test_wrong_labels_are_looked_for_on_demand(pellucid: Command) -> None:
    arguments = ("data", "audit", "bars", "--labels", "latest", "--folds", 2, "--top", 3, "--labels-out", "found")
    status, out, err = pellucid(*arguments, "--json")
    assert status == 0, err
    document = json.loads(out)
    assert document["labels"]["k"] == 2
    assert Path("found/suspects.csv").read_text().startswith("split,")
    assert document["exact"]["leaks"] == 0


def test_a_published_data_set_that_cannot_be_had_is_explained(
    pellucid: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    status, out, err = pellucid("data", "get", "kmnist")
    assert (status, out) == (1, "")
    assert "must be downloaded, and no address gave it" in err
    assert "train-images-idx3-ubyte.gz" in err
    assert pellucid("data", "get", "mnist").status == 0


def test_doctor_names_what_matters(pellucid: Command) -> None:
    status, out, err = pellucid("doctor")
    assert (status, err) == (0, "")
    document = json.loads(pellucid("doctor", "--json").out)
    assert document.keys() == {"versions", "system", "processor", "devices", "precisions"}
    assert document["versions"]["pellucid"] == pl.__version__
    assert document["devices"]["auto takes"] in out


def test_the_version_is_printed(pellucid: Command) -> None:
    assert pellucid("--version") == (0, f"pellucid {pl.__version__}\n", "")


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "shapes", "plot", "runs", "doctor"])
def test_every_command_has_help_with_examples_and_json(pellucid: Command, command: str) -> None:
    status, out, _ = pellucid(command, "--help")
    assert status == 0
    assert f"Examples:\n    pellucid {command}" in out
    assert "--json" in out


@pytest.mark.filterwarnings("default")
def test_a_softmax_at_the_end_of_a_module_is_said_once(pellucid: Command, tmp_path: Path) -> None:
    (tmp_path / "soft_nets.py").write_text(
        "from torch import nn\n"
        "def soft():\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softmax(dim=1))\n"
    )
    done = pellucid("train", "bars", "--model", "soft_nets:soft", "--epochs", 1, "--vote", 2)
    assert done.status == 0
    assert done.err.count("pellucid: soft_nets:soft must give logits; what it gives are probabilities") == 1
    assert "warn" not in done.err.lower()
    sys.modules.pop("soft_nets", None)


def test_predict_says_unknown_with_its_reason(pellucid: Command) -> None:
    blank = Path("blank.png")
    Image.new("L", (8, 8)).save(blank)
    status, out, err = pellucid("predict", "latest", blank)
    assert (status, err) == (0, "")
    assert out.splitlines()[1].split("  ", 1)[1].startswith("unknown: unlike anything trained on (")
    document = json.loads(pellucid("predict", "latest", blank, "--json", "--coverage", 0.5).out)
    (answer,) = document["predictions"]
    assert (answer["unknown"], answer["kind"], answer["reason"]) == (True, "foreign", "unlike anything trained on")
    assert answer["label"] in answer["classes"]
    assert answer["foreign"] > document["doubt"]["foreign"]
    assert document["doubt"]["drift"] is None  # one image is too few to tell
    many = [shutil.copy(blank, f"blank-{number}.png") for number in range(20)]
    drift = json.loads(pellucid("predict", "latest", *many, "--json").out)["doubt"]["drift"]
    assert (drift["count"], drift["shifted"]) == (20, True)
    assert "unlike" in pellucid("predict", "latest", *many).err
    assert "unknown" not in pellucid("predict", "latest", blank, "--no-unknown").out


def test_the_share_to_keep_is_one(pellucid: Command, pictures: list[Path]) -> None:
    status, out, _ = pellucid("evaluate", "bars-one", "bars", "--keep", 0.5, "--json")
    assert status == 0
    assert json.loads(out)["unknown"]["keep"] == 0.5
    for command in (("predict", "latest", pictures[0]), ("evaluate",)):
        status, _, err = pellucid(*command, "--keep", 99)
        assert status == 2
        assert "keep must be above 0 and below 1; received 99. 99% is 0.99." in err
    status, _, err = pellucid("predict", "latest", pictures[0], "--keep", 0.9, "--no-unknown")
    assert status == 2
    assert "give either --keep or --no-unknown" in err


def test_a_run_that_learned_no_doubt_says_so(pellucid: Command, pictures: list[Path]) -> None:
    record = json.loads(Path("runs/bars-one/run.json").read_text())
    del record["doubt"]
    Path("runs/bars-one/run.json").write_text(json.dumps(record))
    status, out, err = pellucid("predict", "latest", pictures[0], "--json")
    assert status == 0
    assert json.loads(out)["predictions"][0]["unknown"] is None
    assert "This run never says “I don't know”, since an earlier version trained it. It learns to by" in err
    assert pellucid("predict", "latest", pictures[0], "--no-unknown").err == ""
