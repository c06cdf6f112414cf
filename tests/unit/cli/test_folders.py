from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pellucid.data.cache import cache_folder
from pellucid.run import folder as run_folder
from pellucid.study import folder as study_folder
from pellucid.study.seeds import SeedStudy

QUICK = ("bars", "--model", "globalavgpool, dense 3 softmax", "--epochs", 1)


def test_files_of_the_users_outlive_a_replaced_run_and_are_named(pellucid) -> None:
    path = Path("runs/bars-one")
    (path / "thesis.tex").write_text("years of work")
    assert pellucid("filters", path).status == 0
    (path / "pictures" / "holiday.png").write_bytes(b"sun")
    before = (path / "model.safetensors").read_bytes()
    done = pellucid("train", *QUICK, "--no-report", "--out", path, "--overwrite")
    assert done.status == 0, done.err
    assert f"kept, since Pellucid did not write it: {path}/pictures/holiday.png, {path}/thesis.tex\n" in done.err
    assert (path / "thesis.tex").read_text() == "years of work"
    assert os.listdir(path / "pictures") == ["holiday.png"]  # noqa: PTH208
    assert (path / "model.safetensors").read_bytes() != before
    failed = pellucid("train", *QUICK, "--no-report", "--out", path, "--overwrite", "--learning-rate", "1e38")
    assert failed.status == 1
    assert (path / "thesis.tex").read_text() == "years of work"
    assert pellucid("evaluate", path).status == 0


def test_a_foreign_folder_is_not_replaced(pellucid) -> None:
    Path("mine").mkdir()
    Path("mine/run.json").write_text('{"distance_km": 10}')
    done = pellucid("train", *QUICK, "--no-report", "--out", "mine", "--overwrite")
    assert done.status == 1
    assert "mine/run.json is not a run of Pellucid's" in done.err
    assert "Only a run is replaced; choose another --out." in done.err
    assert Path("mine/run.json").read_text() == '{"distance_km": 10}'


def test_trainings_of_the_same_second_get_a_folder_each(pellucid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "default_path", lambda *_: Path("runs/same"))
    for name in ("same", "same-2", "same-3"):
        done = pellucid("train", *QUICK, "--no-report")
        assert done.status == 0, done.err
        assert Path(done.out.splitlines()[-1]) == Path("runs") / name
        assert (Path("runs") / name / "curves.png").exists()


def test_studies_of_the_same_second_get_a_folder_each(pellucid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_folder, "default_path", lambda *_: Path("runs/same"))
    for name in ("same", "same-2"):
        done = pellucid("study", "seeds", *QUICK, "--n", 2)
        assert Path(done.out.splitlines()[-1]) == Path("runs") / name
        assert (Path("runs") / name / "study.json").exists()


def test_an_interrupted_study_says_where_it_lies(pellucid, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SeedStudy, "measure", interrupt)
    monkeypatch.setattr(study_folder, "default_path", lambda *_: Path("runs/same"))
    Path("runs/same").mkdir()
    done = pellucid("study", "seeds", *QUICK, "--n", 2)
    assert done.status == 130
    assert "what was measured is kept. Go on with: pellucid study resume runs/same-2" in done.err


def test_what_stays_in_the_cache_is_said(pellucid) -> None:
    (cache_folder() / "website").mkdir(parents=True)
    (cache_folder() / "website" / "index.json").write_text("{}")
    done = pellucid("data", "cache", "--clean", "--json")
    reason = "it has no index.json of Pellucid's"
    assert json.loads(done.out) == {
        "folder": str(cache_folder()),
        "freed_bytes": 0,
        "entries": [],
        "left": [{"path": str(cache_folder() / "website"), "reason": reason}],
    }
    assert f"left {cache_folder() / 'website'}: {reason}" in done.err
    assert (cache_folder() / "website" / "index.json").exists()
    assert "left" in json.loads(pellucid("data", "cache", "--json").out)
