"""The real program, in processes of its own, on the real MNIST."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import PellucidWarning
from pellucid.words import counted

PROGRAM = [str(Path(sys.executable).parent / "pellucid")]
# Ctrl-C must reach the program alone: where it comes between coverage's taking a lock and giving it back, coverage
# waits for that lock at the end, and the process never ends.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS_")}
SAYS_WHERE_IT_STANDS = UNMEASURED | {"PYTHONFAULTHANDLER": "1"}
SAYS_WHAT_IT_IMPORTS = SAYS_WHERE_IT_STANDS | {"PYTHONPROFILEIMPORTTIME": "1"}
# With as many threads as a user has, for what is much work or is to be as a user has it; all other tests take one.
AS_IT_COMES = {name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
HANGS = 900  # seconds after which a program does so; no test waits for them to pass
SMALL = ("--model", "conv 8 5x5 stride 2 relu, flatten, dense 10", "--no-report")
WITHOUT_END = ("--epochs", "10000")


def pellucid(*arguments: object, cwd: Path, **options) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=HANGS, check=False, **options)


def interrupt(process: subprocess.Popen[str]) -> tuple[str | None, str]:
    """Ctrl-C, and what the program wrote until it ended. One that goes on says where each of its threads stands."""
    process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=HANGS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        pytest.fail(f"still running long after Ctrl-C:\n{process.communicate()[1]}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `pellucid train` was run as it comes."""
    folder = tmp_path_factory.mktemp("home")
    result = pellucid("train", cwd=folder, env=AS_IT_COMES)
    (folder / "stdout").write_text(result.stdout)
    (folder / "stderr").write_text(result.stderr)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory, mnist: DataSplits) -> Path:
    """A file of 3,000 training and 500 test images of MNIST, for what does not need them all."""
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    train, test = mnist.train.subset(np.arange(3000)), mnist.test.subset(np.arange(500))
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


def test_train_as_it_comes_reaches_99_percent_on_mnist(home: Path) -> None:
    lines = (home / "stdout").read_text().splitlines()
    found = re.fullmatch(
        r"test accuracy (\d+\.\d+)% \(95% interval (\d+\.\d+)% to (\d+\.\d+)%\), test loss \d\.\d{4}", lines[0]
    )
    assert found, lines[0]
    accuracy, lower, upper = map(float, found.groups())
    assert lower < accuracy < upper
    assert upper > 99.0  # one seed's accuracy scatters; docs/accuracy.md has the means
    run = home / lines[-1]
    names = {"run.json", "history.csv", "model.safetensors", "curves.png", "evaluation.json", "report.html"}
    assert {file.name for file in run.iterdir()} == names | {"doubt.safetensors"}
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "done"
    counts = record["data"]["counts"]
    assert (counts["train"] + counts["validation"], counts["test"]) == (60_000, 10_000)
    assert 5_700 < counts["validation"] < 6_300  # a tenth, give or take chance
    assert "epoch 1/1: loss" in (home / "stderr").read_text()


def test_predict_reads_digits_that_the_run_never_saw(home: Path, mnist: DataSplits) -> None:
    paths = []
    for index in range(20):
        paths.append(home / f"{index}.png")
        Image.fromarray(mnist.test.images[index, ..., 0]).resize((112, 112)).save(paths[-1])
    result = pellucid("predict", "latest", *paths, "--json", cwd=home)
    assert result.returncode == 0, result.stderr
    labels = [prediction["label"] for prediction in json.loads(result.stdout)["predictions"]]
    right = np.array(labels) == mnist.test.labels[:20].astype(str)
    assert right.mean() >= 0.9


def test_evaluate_repeats_the_figures_of_the_training(home: Path) -> None:
    before = json.loads(next(home.glob("runs/*/evaluation.json")).read_text())
    result = pellucid("evaluate", "latest", "--json", cwd=home, env=AS_IT_COMES)
    assert result.returncode == 0, result.stderr
    again = json.loads(result.stdout)
    assert again.pop("run").startswith("runs/mnist-fast-")
    assert (again.pop("hints"), again.pop("advice")) == ([], [])
    assert set(again.pop("pictures")) == {"calibration", "confusion", "doubt", "mistakes"}
    assert again == before


def test_the_same_command_gives_the_same_weights(tmp_path: Path, digits: Path) -> None:
    command = ("train", digits, "--model", "conv 4 5x5 stride 4 relu, flatten, dropout 0.2, dense 10", "--epochs", 1)
    for name in ("a", "b"):
        assert pellucid(*command, "--out", name, cwd=tmp_path).returncode == 0
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()


def test_a_folder_of_pictures_is_audited_trained_on_and_asked(tmp_path: Path, mnist: DataSplits) -> None:
    for row in range(1500):
        path = tmp_path / "digits" / str(mnist.train.labels[row]) / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mnist.train.images[row, ..., 0]).save(path)
    audit = pellucid("data", "audit", "digits", "--html", "audit.html", "--json", cwd=tmp_path)
    assert audit.returncode == 0, audit.stderr
    assert json.loads(audit.stdout)["rejected"] == []
    result = pellucid(
        "train", "digits", "--epochs", 5, "--augment", "shift=0.05", "--out", "run", "--json", cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["results"]["test"]["accuracy"] > 0.85
    assert "there is no test split; 10% of the images are held out" in result.stderr
    picture = "digits/7/15.png"
    assert mnist.train.labels[15] == 7
    answer = pellucid("predict", "run", picture, "--json", cwd=tmp_path)
    assert json.loads(answer.stdout)["predictions"][0]["label"] == "7"


def test_a_model_of_ones_own_is_trained_and_found_again(tmp_path: Path, digits: Path) -> None:
    (tmp_path / "nets.py").write_text(
        "from torch import nn\n"
        "def plain(input_shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(input_shape[0] * input_shape[1], classes))\n"
    )
    result = pellucid("train", digits, "--model", "nets:plain", "--epochs", 20, "--out", "run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    result = pellucid("evaluate", "run", "--json", cwd=tmp_path)
    assert result.returncode == 1
    assert "is made by code, nets:plain, which would be run here" in result.stderr
    result = pellucid("evaluate", "run", "--json", "--trust", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["accuracy"] > 0.8


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Until something is true of what the program has written; it must not end before."""
    begun = time.monotonic()
    while not true():
        assert process.poll() is None, "the program has ended"
        assert time.monotonic() - begun < HANGS, "the program hangs"
        time.sleep(0.05)


def rows_of(table: Path) -> list[str]:
    """Lines of a table under its header, as far as it is there."""
    return table.read_text().splitlines()[1:] if table.exists() else []


def test_ctrl_c_saves_what_was_trained_and_exits_with_130(tmp_path: Path) -> None:
    command = [*PROGRAM, "train", *SMALL, *WITHOUT_END, "--out", "run"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=SAYS_WHERE_IT_STANDS, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    history = tmp_path / "run" / "history.csv"
    wait_until(lambda: len(rows_of(history)) > 0, process)
    out, err = interrupt(process)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert f"interrupted after {counted(len(rows_of(history)), 'epoch')};" in err
    assert out == ""
    assert json.loads((tmp_path / "run/run.json").read_text())["status"] == "interrupted"
    assert pl.load_run(tmp_path / "run").evaluate().accuracy > 0.9
    assert not [file for file in (tmp_path / "run").iterdir() if file.name.startswith(".")]


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path, digits: Path) -> None:
    options = ("train", digits, *SMALL, "--epochs", 60, "--augment", "shift=0.1")
    assert pellucid(*options, "--out", "whole", cwd=tmp_path).returncode == 0
    command, quiet = [*PROGRAM, *map(str, options), "--out", "run"], subprocess.DEVNULL
    with subprocess.Popen(command, cwd=tmp_path, text=True, stdout=quiet, stderr=quiet) as process:
        wait_until(lambda: any((tmp_path / "run").glob("checkpoints/*.safetensors")), process)
        process.kill()
    assert not (tmp_path / "run" / "model.safetensors").exists()
    done = pellucid("train", "--resume", "run", "--epochs", 90, cwd=tmp_path)
    assert done.returncode == 1
    assert "Only a run that is done is trained further; run is running" in done.stderr
    done = pellucid("train", "--resume", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "run"
    for name in ("model.safetensors", "evaluation.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (tmp_path / "run" / "checkpoints").exists()
    done = pellucid("train", "--resume", "run", cwd=tmp_path)
    assert (done.returncode, "is done: there is nothing left to train" in done.stderr) == (1, True)


@pytest.mark.parametrize("sign", [r"\| +pydantic$", r"\| +torch$", r"\| +pellucid.audit.duplicates$", r"^epoch 1/"])
def test_ctrl_c_at_any_time_leaves_nothing_half_done(tmp_path: Path, digits: Path, sign: str) -> None:
    # It is importing, has imported torch, has read the data, or trains: what it imports and says tells where it is.
    command = [*PROGRAM, "train", str(digits), *SMALL, *WITHOUT_END]
    process = subprocess.Popen(command, cwd=tmp_path, env=SAYS_WHAT_IT_IMPORTS, stderr=subprocess.PIPE, text=True)
    assert any(re.search(sign, line) for line in process.stderr), "it ended before"
    interrupt(process)
    assert process.returncode == 130
    runs = list(tmp_path.glob("runs/*"))
    assert len(runs) == sign.startswith("^")
    assert [json.loads((run / "run.json").read_text())["status"] for run in runs] == ["interrupted"] * len(runs)


HALTING = """
import time
from pathlib import Path
from torch import nn

class Halting(nn.Sequential):
    def forward(self, images):
        while Path("halt").exists() and len(Path("study/trials.csv").read_text().splitlines()) > 1:
            time.sleep(0.05)
        return super().forward(images)

def net(input_shape, classes):
    return Halting(nn.Flatten(), nn.Linear(input_shape[0] * input_shape[1], classes))
"""


@contextmanager
def halted_study(folder: Path, data: Path, *options: object) -> Iterator[subprocess.Popen[str]]:
    """A study of seeds that has made one trial, and goes no further while there is a file called halt."""
    (folder / "halting.py").write_text(HALTING)
    (folder / "halt").touch()
    command = [*PROGRAM, "study", "seeds", data, "--model", "halting:net", "--epochs", 1, *options, "--out", "study"]
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    with subprocess.Popen([*map(str, command)], cwd=folder, text=True, **quiet) as process:
        try:
            wait_until(lambda: len(rows_of(folder / "study" / "trials.csv")) > 0, process)
            yield process
        finally:
            process.kill()


def test_a_killed_study_goes_on_where_it_was(tmp_path: Path, digits: Path) -> None:
    with halted_study(tmp_path, digits, "--n", 3):
        pass
    made = rows_of(tmp_path / "study" / "trials.csv")
    assert len(made) == 1
    assert json.loads((tmp_path / "study" / "study.json").read_text())["status"] == "running"
    (tmp_path / "halt").unlink()
    done = pellucid("study", "resume", "study", "--json", "--trust", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["trials"]) == 3
    assert rows_of(tmp_path / "study" / "trials.csv")[:1] == made  # down to its seconds
    assert "1 of 3 trials are done already" in done.stderr


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
def test_workers_of_a_killed_study_do_not_outlive_it(tmp_path: Path, digits: Path) -> None:
    with halted_study(tmp_path, digits, "--n", 4, "--processes", 2) as process:
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(workers) >= 2
    begun = time.monotonic()
    while any(_runs(worker) for worker in workers):
        assert time.monotonic() - begun < HANGS, "they go on"
        time.sleep(0.05)


def _runs(process: str) -> bool:
    """Whether it is there, and not only waits to be counted."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_help_is_printed_without_importing_torch(tmp_path: Path) -> None:
    for arguments in (
        ["--help"],
        ["train", "--help"],
        ["attribute", "--help"],
        ["study", "seeds", "--help"],
        ["shapes"],
        ["runs"],
    ):
        code = f"import sys; sys.argv = ['pellucid', *{arguments!r}]\nfrom pellucid.cli import main\n"
        code += (
            "try:\n    main()\nfinally:\n    assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules\n"
        )
        result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


def test_importing_pellucid_imports_no_torch() -> None:
    code = "import sys, pellucid; dir(pellucid); assert 'torch' not in sys.modules\n"
    code += "pellucid.fit; assert 'torch' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 64 KiB, where the system lets us mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.name != "posix" or subprocess.run(options, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_said_and_leaves_no_broken_run(small_disk: Path) -> None:
    model = "conv 8 5x5 stride 4 relu, flatten, dense 60 relu, dense 10"
    result = pellucid("train", "--model", model, "--epochs", 1, "--out", "run", cwd=small_disk)
    assert result.returncode == 1
    assert "run/model.safetensors cannot be written (No space left on device)" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_fills_up_after_the_training_costs_no_training(small_disk: Path) -> None:
    result = pellucid("train", "--model", "conv 2 5x5 stride 4 relu, flatten, dense 10", "--epochs", 1, cwd=small_disk)
    assert result.returncode == 1
    assert "curves.png cannot be written (No space left on device)" in result.stderr
    assert "The training is done and kept; finish it with: pellucid evaluate runs/mnist-custom-" in result.stderr
    run = next(small_disk.glob("runs/*"))
    assert {file.name for file in run.iterdir()} == {"run.json", "history.csv", "model.safetensors"}
    assert "What tells of doubt is not kept" in result.stderr
    with pytest.warns(PellucidWarning, match="What the run learned of itself is not kept"):  # the disk is full still
        assert pl.load_run(run).evaluate(split="validation").accuracy > 0.5


def test_a_terminal_without_arrows_gets_question_marks(tmp_path: Path) -> None:
    result = pellucid("shapes", cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "cp1252"}, encoding="cp1252")
    assert result.returncode == 0
    assert " ? " in result.stdout


def test_a_read_only_disk_is_said(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    result = pellucid("train", cwd=small_disk)
    assert result.returncode == 1
    assert re.search(r"cannot be made \(Read-only file system\)", result.stderr)
    assert "Traceback" not in result.stderr
