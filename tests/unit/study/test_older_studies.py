"""Studies whose study.json an older Pellucid wrote are resumed and drawn again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pellucid.data.dataset import DataSplits
from pellucid.study.runner import resume_study

SUBJECT = """{
  "name": "custom",
  "model": {
    "input_shape": [8, 8, 1],
    "layers": [
      {"kind": "global_max_pooling2d"},
      {"kind": "dense", "units": 3, "activation": "softmax", "use_bias": true}
    ]
  },
  "train": {
    "epochs": 1, "batch_size": 64, "learning_rate": 0.001,
    "optimizer": {"kind": "adam", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "schedule": {"kind": "constant"}, "label_smoothing": 0.0, "augmentation": null,
    "validation_split": 0.1, "seed": 0, "vote": 1, "test_time_augmentation": null
  }
}"""
STUDY = """{
  "pellucid_version": "0.1.0",
  "format": 1,
  "kind": "KIND",
  "status": "interrupted",
  "started": "2026-11-24T12:00:00+00:00",
  "question": QUESTION,
  "data": {
    "name": "bars",
    "fingerprint": "55c748e44a1f28eec810d5d4ec5265f9d93d6ae414d9cae9d208596b818230f8",
    "counts": {"train": 240},
    "class_names": ["across", "upright", "aslant"],
    "mean_brightness": 0.2092496425653595,
    "validation_fingerprint": null,
    "test_fingerprint": TEST,
    "location": "bars",
    "reading": null
  },
  "environment": {
    "versions": {"python": "3.11.7", "torch": "2.13.0+cpu"},
    "platform": "Linux", "device": "cpu", "device_name": "AMD EPYC", "threads": 1, "precision": "auto",
    "memory_format": "channels_last", "compiled": false
  },
  "findings": null
}
"""


def written(folder: Path, kind: str, question: str, trials: str, test: str | None = None) -> Path:
    """A study's folder as it was when it was interrupted."""
    folder.mkdir()
    text = STUDY.replace("KIND", kind).replace("QUESTION", question).replace("TEST", json.dumps(test))
    (folder / "study.json").write_text(text)
    (folder / "trials.csv").write_text(trials)
    return folder


def test_folds(bars: DataSplits, tmp_path: Path) -> None:
    question = f'{{"device": "auto", "precision": "auto", "processes": 1, "subject": {SUBJECT}, "k": 2}}'
    folder = written(tmp_path / "folds", "folds", question, "fold,images,accuracy,loss,train_seconds\n")
    done = resume_study(folder, data=bars)
    assert [row.images for row in done.trials] == [120, 120]
    assert done.question.subject.name == "custom"
    (folder / "folds.png").unlink()
    assert resume_study(folder, data=bars).findings == done.findings
    assert (folder / "folds.png").exists()


@pytest.mark.parametrize("status", ["trained", "run"])
def test_contenders_that_had_their_runs_themselves(
    bars: DataSplits, bars_run: Path, tmp_path: Path, status: str
) -> None:
    run = json.dumps(str(bars_run) if status == "run" else None)
    one, two = (
        SUBJECT.replace('"custom"', f'"{name}"').removesuffix("}") + f', "run": {run}}}' for name in ("one", "two")
    )
    split, test = ("test", bars.test.fingerprint) if status == "run" else ("validation", None)
    question = f"""{{
      "device": "auto", "precision": "auto", "processes": 1, "contenders": [{one}, {two}],
      "seeds": 1, "split": "{split}", "validation_split": 0.1, "time": false
    }}"""
    header = "contender,name,seed,accuracy,images,train_seconds\n"
    done = resume_study(written(tmp_path / "compare", "compare", question, header, test), data=bars)
    assert [row.name for row in done.trials] == ["one", "two"]
    assert done.question.runs == ((str(bars_run),) * 2 if status == "run" else ())
    assert done.findings.pairs[0].difference == 0.0
    assert resume_study(done.path, data=bars).findings == done.findings
