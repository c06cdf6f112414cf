import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pellucid import machine


@pytest.mark.parametrize(
    "started",
    [
        "from pellucid.machine import keep_freed_memory; keep_freed_memory()",
        "import pellucid as pl; pl.Predictor.load({run!r}, device='cpu')",
    ],
    ids=["by itself", "by what predicts"],
)
def test_freed_buffers_are_kept_for_the_next_batch(started: str, bars_run: Path) -> None:
    # Freshly mapped memory is faulted in page by page; memory that was kept is not.
    code = (
        "import resource, numpy as np\n"
        f"{started.format(run=str(bars_run))}\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "np.ones(48 << 20, np.uint8)\n"
        "before = faults()\n"
        "for _ in range(20): np.ones(48 << 20, np.uint8)\n"
        "print(faults() - before)\n"
    )
    if not machine.on_glibc():
        pytest.skip("only glibc gives buffers back to the kernel")
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(printed) < 20 * (48 << 20) // 4096 // 100


def test_the_machine_describes_itself() -> None:
    assert machine.versions()["torch"] == torch.__version__
    assert machine.cores() >= 1
    assert machine.peak_memory_mib() > 50
