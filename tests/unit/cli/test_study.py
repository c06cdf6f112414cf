from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pellucid.study.kinds import KINDS
from pellucid.study.settings import text_of

TINY = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
QUICK = ("bars", "--model", TINY)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("seeds", *QUICK, "--n", 2, "--epochs", 1), "custom from 2 seeds, none left out."),
        (("folds", *QUICK, "--k", 2, "--epochs", 1), "custom, 2 folds of bars: accuracy"),
        (("learning-rate", *QUICK, "--seeds", 1, "--updates", 60), "Suggested learning rate:"),
        (
            ("batch-size", *QUICK, "--sizes", "8,64", "--seeds", 1, "--updates", 20, "--seconds", 0.02),
            "Recommended size:",
        ),
        (("search", *QUICK, "--trials", 2, "--epochs", 1), "Best of 2 trials (0 pruned, 0 failed)"),
        (("compare", TINY, "globalavgpool, dense 3 softmax", "--data", "bars", "--seeds", 1), "McNemar's p by seed"),
    ],
)
def test_each_study_tells_what_it_came_to_and_where_it_lies(pellucid, arguments: tuple, told: str) -> None:
    done = pellucid("study", *arguments)
    assert done.status == 0, done.err
    assert told in done.out
    path = Path(done.out.splitlines()[-1])
    assert path.name.startswith(f"study-{arguments[0]}-bars-")
    assert (path / "trials.csv").exists()
    assert "trial 1/" in done.err
    again = pellucid("study", "resume", "latest", "--json")
    document = json.loads(again.out)
    assert (document["study"], document["kind"]) == (str(path), arguments[0])
    assert any(told in line for line in document["findings"]["conclusion"])
    assert len(document["trials"]) == len((path / "trials.csv").read_text().splitlines()) - 1


def test_json_alone_stands_on_stdout(pellucid) -> None:
    done = pellucid("study", "seeds", *QUICK, "--n", 2, "--epochs", 1, "--out", "mine", "--json")
    document = json.loads(done.out)
    assert document["study"] == "mine"
    assert [row["seed"] for row in document["trials"]] == [0, 1]


def test_the_label_audit_takes_what_folds_have_answered(pellucid) -> None:
    assert pellucid("study", "folds", *QUICK, "--k", 3, "--epochs", 2, "--out", "runs/folds").status == 0
    done = pellucid("data", "audit", "bars", "--labels", "folds", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)["labels"]
    accuracy = json.loads(Path("runs/folds/study.json").read_text())["findings"]["pooled_accuracy"]
    assert (found["k"], found["accuracy"]) == (3, {"train": accuracy})
    assert found["suspects_total"]["train"] == round((1 - accuracy) * 240)
    assert pellucid("study", "seeds", *QUICK, "--n", 2, "--epochs", 1, "--out", "runs/seeds").status == 0
    other = pellucid("data", "audit", "bars", "--labels", "seeds")
    assert other.status == 1
    assert "come from a study of folds that is done; runs/seeds is a study of seeds, done" in other.err


def test_runs_are_compared_by_name(pellucid) -> None:
    assert pellucid("train", *QUICK, "--epochs", 1, "--out", "runs/two").status == 0
    done = pellucid("study", "compare", "bars-one", "runs/two")
    assert done.status == 0, done.err
    assert "A (bars-one): test accuracy" in done.out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (
            ("batch-size", "bars", "--sizes", "0,8"),
            2,
            "--sizes must be numbers above 0 with commas between; received '0,8'",
        ),
        (("batch-size", "bars", "--sizes", "many"), 2, "received 'many'"),
        (("batch-size", *QUICK, "--sizes", "8,9000"), 2, "Sizes must be at most the training images"),
        (("folds", *QUICK, "--k", 200), 2, "k must be at most the images of the smallest class, 80 (across)"),
        (("folds", *QUICK, "--k", 1), 2, "k must be at least 2; received 1"),
        (("seeds", "bars", "--recipe", "fsat"), 2, "Unknown recipe 'fsat'. Did you mean fast?"),
        (("compare", "fast"), 2, "give two contenders or more"),
        (("compare", "fast", "bars-one", "--data", "bars"), 2, "Compare either runs, or recipes and models"),
        (("resume", "nothing"), 1, "There is no study nothing"),
        (("resume", "runs/bars-one"), 1, "runs/bars-one is not a study: it has no study.json"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(pellucid, arguments: tuple, status: int, message: str) -> None:
    before = sorted(Path("runs").iterdir())
    done = pellucid("study", *arguments)
    assert done.status == status
    assert message in done.err.replace("\n", " ")
    assert sorted(Path("runs").iterdir()) == before


def test_help_tells_the_settings_own_defaults_without_torch(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pellucid.cli import main\n"
        "assert 'pydantic' not in sys.modules, 'the help of other commands need not wait for it'\n"
        f"for kind in {list(KINDS)!r}:\n"
        "    sys.argv = ['pellucid', 'study', kind, '--help']\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as done:\n"
        "        assert not done.code\n"
        "assert not {'torch', 'matplotlib', 'numpy'} & sys.modules.keys()\n"
    )
    wide = os.environ | {"COLUMNS": "300"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=wide, check=False
    )
    assert done.returncode == 0, done.stderr
    helped = dict(zip(KINDS, done.stdout.split("Usage:")[1:], strict=True))
    for kind, name in (("folds", "k"), ("seeds", "n"), ("batch-size", "minutes"), ("search", "trials")):
        default = KINDS[kind].model_fields[name].default
        assert f"{text_of(KINDS[kind], name)}  [default: {default}]" in " ".join(helped[kind].split()).replace(
            " [default", "  [default"
        )


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_of_a_study_says_what_it_is(kind: str) -> None:
    assert all(text_of(KINDS[kind], name).endswith(".") for name in KINDS[kind].model_fields)
