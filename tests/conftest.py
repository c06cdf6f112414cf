"""Shape annotations are checked while testing; data and one trained run are shared by all tests that only read them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import jaxtyping
import pytest

# One thread, here and in the programs that tests start. The work of a test is so small that threads cost more in
# waiting for each other than they save, and beside other work twenty times as much as the test itself.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

# Where tensors and arrays are passed. It stays installed, as pellucid imports its modules when they are first used.
CHECKED = [
    f"pellucid.{name}"
    for name in (
        *("data", "batches", "model", "predict", "judge", "audit", "interpret", "export"),
        *("trained.sample", "trained.splits", "trained.evaluate", "train.loop", "train.placed", "train.tally"),
        *("study.statistics", "study.suspects", "study.rate_range", "study.noise_scale"),
    )
]
jaxtyping.install_import_hook(CHECKED, "beartype.beartype")

# Ctrl-C and a closed terminal are heard, here and by the programs that are started, even where the tests run in the
# background of a shell or under nohup.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

import hypothesis  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

import pellucid as pl  # noqa: E402
from pellucid.data.dataset import DataSplits, ImageDataset  # noqa: E402

torch.set_num_threads(1)  # if torch was there before the variables

# Examples are not timed: on a busy machine any of them may take long.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")

# Names that a terminal, a table, mathematics or a page would take for something else.
HOSTILE = (r"a $5 or $6 \frac{", "\x1b[31m\u202e<b>[bold]evil\nFORGED", "W" * 300)

TINY = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"


def make_bars(count: int, seed: int, shape: tuple[int, int, int] = (8, 8, 1), width: int = 1) -> ImageDataset:
    """Noisy images with a bar: across, upright or aslant. Easy to learn, quick to make."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    images = random.integers(0, 60, (count, *shape), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        start = int(random.integers(1, shape[0] - width))
        for place in range(start, start + width):
            if label == 0:
                image[place] = 220
            elif label == 1:
                image[:, place] = 220
            else:
                steps = np.arange(min(shape[:2]))
                image[steps, np.minimum(steps + place - start, shape[1] - 1)] = 220
    return ImageDataset(images, labels.astype(np.int64), ("across", "upright", "aslant"))


@pytest.fixture(scope="session", name="make_bars")
def _make_bars() -> Callable[..., ImageDataset]:
    return make_bars


@pytest.fixture(scope="session")
def bars() -> DataSplits:
    """Three classes of 8x8 images: 240 to train on, 90 to test on."""
    return DataSplits("bars", make_bars(240, seed=0), make_bars(90, seed=1))


@pytest.fixture(scope="session")
def hostile_names() -> tuple[str, str, str]:
    """Names of three classes that are to be shown as they are."""
    return HOSTILE


@pytest.fixture(scope="session")
def mnist() -> DataSplits:
    """The real MNIST."""
    return pl.load_data("mnist")


@pytest.fixture(scope="session")
def small_mnist(mnist: DataSplits) -> DataSplits:
    """The first 2,000 training and 500 test images of MNIST, under a name of their own."""
    train, test = mnist.train, mnist.test
    return DataSplits(
        "small-mnist",
        ImageDataset(train.images[:2000], train.labels[:2000], train.class_names),
        ImageDataset(test.images[:500], test.labels[:500], test.class_names),
    )


@pytest.fixture(scope="session")
def bars_run(bars: DataSplits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was trained on the bars. Read it, do not write to it."""
    path = tmp_path_factory.mktemp("runs") / "bars"
    run = pl.fit(bars, model=TINY, epochs=8, batch_size=16, learning_rate=0.01, out=path)
    run.plot()
    run.evaluate()
    return path


@pytest.fixture(scope="session")
def ask_here() -> Callable[[pytest.MonkeyPatch], None]:
    """A function that has answered here what the processes of an export answer, which takes seconds less."""
    from pellucid.export import proof, witness
    from pellucid.export.formats import onnx, torch
    from pellucid.export.of_export import ask_export
    from pellucid.export.of_run import ask_run
    from pellucid.export.program import write_program
    from pellucid.export.trace import trace

    here = {witness.RUN: ask_run, witness.EXPORT: ask_export, witness.TRACE: trace, witness.PROGRAM: write_program}

    def patch_all(patch: pytest.MonkeyPatch) -> None:
        for user in (onnx, torch, proof):
            patch.setattr(user, "ask", lambda module, question: here[module](question))

    return patch_all


@pytest.fixture
def one_process(ask_here: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the processes of an export answer is answered here."""
    ask_here(monkeypatch)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own, and the user's is left alone."""
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path_factory.mktemp("cache")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked gpu are skipped where there is no CUDA device."""
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))
