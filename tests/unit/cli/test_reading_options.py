"""The options that say how images are read: the same ones wherever data are."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from pellucid.cli.app import app
from pellucid.cli.reading import AS_THEY_ARE, OF_IMAGES, OPTIONS, SHAPE, SPLITS, reading_settings
from pellucid.spec.reading import ReadSpec

Command = Callable[..., Any]
ROOT: Any = typer.main.get_command(app)
WHOLE = OPTIONS.keys()
READ = {
    "train": WHOLE,
    "shapes": WHOLE,
    "evaluate": WHOLE - SHAPE - SPLITS,
    "predict": OF_IMAGES,
    "data show": WHOLE,
    "data audit": WHOLE - AS_THEY_ARE,
    "data clean": WHOLE - AS_THEY_ARE,
    **{f"study {kind}": WHOLE for kind in ("batch-size", "learning-rate", "folds", "seeds", "compare", "search")},
}
TINY = ("--model", "flatten, dense 2", "--epochs", 1)


def settings(text: str) -> dict:
    return reading_settings(value_range=text)


def test_a_range_of_values_is_two_numbers_or_a_word() -> None:
    assert settings("0:4095") == {"value_range": (0, 4095)}
    assert settings("-1000:3e3") == {"value_range": (-1000, 3000)}
    assert settings("full") == {"value_range": "full"}


@pytest.mark.parametrize("text", ["0:", "a:b", "1:2:3"])
def test_another_range_of_values_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="must be like 0:4095, or full, fractions or auto; received"):
        settings(text)


def test_the_options_are_all_settings_of_reading_and_no_others() -> None:
    assert WHOLE - {"no_test", "no_groups"} == ReadSpec.model_fields.keys()


@pytest.mark.parametrize("name", READ)
def test_every_command_that_reads_data_has_the_options_that_change_something_there(name: str) -> None:
    command = ROOT
    for word in name.split():
        command = command.resolve_command(typer.Context(command), [word])[1]
    offered = {option.name: option for option in command.params}
    assert offered.keys() & WHOLE == READ[name]
    for option in READ[name]:
        assert offered[option].opts == [f"--{option.replace('_', '-')}"]
        assert OPTIONS[option].text in offered[option].help


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """One folder of twelve pictures whose names say what they are."""
    import numpy as np
    from PIL import Image

    (tmp_path / "flat").mkdir()
    for row, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)):
        Image.fromarray(pixels).save(tmp_path / "flat" / f"{('cat', 'dog')[row % 2]}_{row}.png")
    return tmp_path / "flat"


NAMED = ("--label-from", r"(.*)_\d+")


def test_options_reach_what_reads_the_data(pellucid: Command, flat: Path) -> None:
    shapes = json.loads(pellucid("shapes", "flat", *NAMED, "--image-size", 16, "--channels", 3, "--json").out)
    assert (shapes["input_shape"], shapes["classes"]) == ([16, 16, 3], 2)
    status, _, err = pellucid("study", "seeds", "flat", *NAMED, "--no-test", *TINY, "--n", 2, "--out", "study")
    assert status == 0, err
    read = json.loads(Path("study/study.json").read_text())["data"]
    assert (read["class_names"], read["reading"]["label_from"]) == (["cat", "dog"], r"(.*)_\d+")
    assert pellucid("data", "show", "flat", *NAMED, "--image-size", 4, "--out", "flat.png").status == 0


def test_a_run_is_judged_on_data_whose_classes_stand_in_their_names(pellucid: Command, flat: Path) -> None:
    for path in sorted(flat.iterdir()):
        (flat.parent / "pets" / path.name[:3]).mkdir(parents=True, exist_ok=True)
        (flat.parent / "pets" / path.name[:3] / path.name).write_bytes(path.read_bytes())
    assert pellucid("train", "pets", *TINY, "--out", "run").status == 0
    judged = pellucid("evaluate", "run", "flat", *NAMED, "--value-range", "0:100", "--json")
    assert json.loads(judged.out)["count"] == 12, judged.err
    status, _, err = pellucid("evaluate", "run", *NAMED, "--no-groups")
    assert status == 2
    assert "the run reads its own data as it did: leave out --label-from, --no-groups, or give data" in err
    status, _, err = pellucid("shapes", "run", "--image-size", 8)
    assert (status, "no data are read: leave out --image-size, or give data" in err) == (2, True)


def test_a_file_is_answered_for_as_it_is_to_be_read(pellucid: Command, flat: Path) -> None:
    assert pellucid("train", "flat", *NAMED, *TINY, "--out", "run").status == 0
    image = flat / "cat_0.png"
    own, other = (
        json.loads(pellucid("predict", "run", image, *more, "--json").out)["predictions"][0]["probabilities"]
        for more in ((), ("--value-range", "-999:255"))
    )
    assert own != other
    status, _, err = pellucid("predict", "run", image, "--label-column", "kind")
    assert (status, "first or last; received 'kind'" in err) == (2, True)
