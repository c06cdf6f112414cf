import os
import subprocess
import sys

import pytest

from pellucid import threads

SAY = "import os, {module}; print(os.environ.get('GOMP_SPINCOUNT'), os.environ.get('PELLUCID_SPIN'))"


def settings_after_import(module: str = "pellucid", **given: str) -> list[str]:
    plain = {name: value for name, value in os.environ.items() if name not in {threads.SPIN_COUNT, threads.CHOICE}}
    command = [sys.executable, "-c", SAY.format(module=module)]
    return subprocess.run(command, env=plain | given, capture_output=True, text=True, check=True).stdout.split()


def test_importing_pellucid_chooses_before_torch_is_loaded() -> None:
    assert settings_after_import() in (["5000", "quiet"], ["1000", "busy"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"GOMP_SPINCOUNT": "7"}, ["7", "None"]),
        ({"OMP_WAIT_POLICY": "passive"}, ["None", "None"]),
        ({"PELLUCID_SPIN": "default"}, ["None", "default"]),
    ],
)
def test_what_the_user_set_stands(given: dict[str, str], kept: list[str]) -> None:
    assert settings_after_import(**given) == kept


def test_a_program_that_pellucid_starts_chooses_for_itself() -> None:
    assert settings_after_import(GOMP_SPINCOUNT="3", PELLUCID_SPIN="busy") in (["5000", "quiet"], ["1000", "busy"])


def test_a_torch_that_is_loaded_already_is_not_told_what_it_cannot_hear() -> None:
    assert settings_after_import("torch, pellucid") == ["None", "None"]


@pytest.mark.parametrize(("running", "busy"), [(1, False), (2, True), (9, True), (None, False)])
def test_work_is_seen_where_it_takes_a_core_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch, running: int | None, busy: bool
) -> None:
    monkeypatch.setattr(threads, "_running", lambda: running)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert threads.others_are_running() == busy


def test_work_on_cores_that_are_not_wanted_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_running", lambda: 5)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert not threads.others_are_running()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"GOMP_SPINCOUNT": "5000", "PELLUCID_SPIN": "quiet"}, "5000, chosen as no other work was seen"),
        ({"GOMP_SPINCOUNT": "1000", "PELLUCID_SPIN": "busy"}, "1000, chosen as other work was seen"),
        ({"GOMP_SPINCOUNT": "7"}, "GOMP_SPINCOUNT=7"),
        ({}, "OpenMP's default"),
    ],
)
def test_how_threads_spin_is_told(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str) -> None:
    for name in (threads.SPIN_COUNT, threads.WAIT_POLICY, threads.CHOICE):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert threads.spinning() == said
