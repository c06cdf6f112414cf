"""The cache is cleaned by one process while another reads: the right images, or the reason, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from pellucid.data.load import load_data

HANGS = 600  # seconds; no test waits for them to pass
READINGS = 5  # of each
CLEANS = """
import sys, threading
from pellucid.data.cache import clean_cache
over, freed, pause = threading.Event(), 0, 0.01
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
print("begins", flush=True)
while not over.wait(pause):  # longer and longer, so that a reading comes to its end on the slowest machine
    freed, pause = freed + (clean_cache().freed_bytes > 0), 1.1 * pause
print(freed + (clean_cache().freed_bytes > 0))
"""
READS = """
import json, sys
from pellucid.data.dataset import fingerprint_of
from pellucid.data.load import load_data
from pellucid.errors import DataError
found, whole, sources = [], set(), sys.argv[2:]
while len(found) < int(sys.argv[1]) * len(sources) or len(whole) < len(sources):
    source = sources[len(found) % len(sources)]
    try:
        splits = load_data(source, progress=False)
        pixels = [fingerprint_of(split.images.shape, split.class_names, [split.images], split.labels)
                  for split in (splits.train, splits.test)]
        found.append([source, pixels])
        whole.add(source)
    except DataError as error:
        found.append([source, str(error)])
print(json.dumps(found))
"""


def lay(folder: Path) -> list[Path]:
    """A folder of images, and an archive that must be unpacked to be read."""
    random = np.random.default_rng(0)
    names = [f"{'ab'[number % 2]}/{number}.png" for number in range(20)]
    for name in names:
        (folder / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (6, 8), dtype=np.uint8)).save(folder / "pets" / name)
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for name in names:
            archive.write(folder / "pets" / name, f"images/{name[2:]}")
        archive.writestr("table.csv", "image,label\n" + "".join(f"images/{name[2:]},{name[0]}\n" for name in names))
    return [folder / "pets", folder / "all.zip"]


def test_a_reading_gives_the_right_images_or_the_reason(tmp_path: Path) -> None:
    sources = [str(path) for path in lay(tmp_path)]
    right = {source: load_data(source, progress=False) for source in sources}
    program = [sys.executable, "-c"]
    environment = os.environ | {"PELLUCID_CACHE": str(tmp_path / "cache")}
    with subprocess.Popen(
        [*program, CLEANS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as cleaner:
        assert cleaner.stdout
        assert cleaner.stdout.readline() == "begins\n"
        reader = [*program, READS, str(READINGS), *sources]
        told = subprocess.run(reader, check=True, capture_output=True, text=True, env=environment, timeout=HANGS).stdout
        freed, _ = cleaner.communicate(timeout=HANGS)
    assert cleaner.returncode == 0
    assert int(freed) > 0
    found = json.loads(told)
    assert len(found) >= READINGS * len(sources)
    for source, answer in found:
        splits = right[source]
        if isinstance(answer, str):
            assert "again and again" in answer
            assert answer.endswith("Wait for it.")
        else:
            assert answer == [splits.train.fingerprint, splits.test.fingerprint]
