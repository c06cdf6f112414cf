"""Section `predict`: images a second of evaluation and of prediction with the tutorial's network."""

from __future__ import annotations

from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.programs import keras, pellucid_train, script
from benchmarks.compare.tables import by_program, ratios, spread, table

OURS = "Pellucid"


def measure(bench: Bench) -> None:
    """Both programs in turns, on networks that were trained a little."""
    data = bench.mnist(bench.scale.part_images)
    program = pellucid_train("a run to predict with", data, "--recipe tutorial --epochs 1", bench.scratch)
    bench.run(program, kind="preparation")
    folder = program.command[program.command.index("--out") + 1]
    seconds = ("--seconds", bench.scale.seconds)
    ours = script(OURS, "pellucid_predict.py", folder, *seconds)
    bench.interleave([ours, keras("tensorflow", "--data", data, "--epochs", 1, "--predict", *seconds)], kind="round")


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    programs = by_program([run for run in document["runs"] if run["kind"] == "round"])
    if OURS not in programs:
        return []
    ours = _rates(programs.pop(OURS))
    rows = []
    for name, runs in programs.items():
        for work, rates in _rates(runs).items():
            mine = ours[work.partition(",")[0]]
            rows.append([f"{work}, against {name}", spread(ratios(mine, rates)), spread(mine, 0), spread(rates, 0)])
    count = document["scale"]["test_images"]
    return [
        f"The tutorial's network on {count:,} test images. Pellucid: `Run.evaluate` (which writes its evaluation)",
        "and `Run.probabilities`, in fp32 and batches of 500. Keras: `evaluate`, `predict` and `predict_on_batch`.",
        *table(["work", "times faster", "Pellucid, images/s", "peer, images/s"], rows),
    ]


def _rates(runs: list[dict[str, Any]]) -> dict[str, list[float]]:
    return {work: [run["images_per_second"][work] for run in runs] for work in runs[0]["images_per_second"]}
