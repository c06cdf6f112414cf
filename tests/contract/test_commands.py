"""Every command there is: its help, its examples, and that --json prints one document and nothing else.

The commands are those of the program itself, so that a new one is under test by being there; it fails until it has a
row in ARGUMENTS.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from pellucid.cli.app import app
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits
from pellucid.errors import RunError
from pellucid.spec.reading import ReadSpec
from pellucid.spec.train import TrainSpec

ROOT = typer.main.get_command(app)


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A command and all below it, by their words."""
    yield path, command
    context = typer.Context(command)
    for name in getattr(command, "commands", {}):
        yield from walk(command.resolve_command(context, [name])[1], (*path, name))  # as when it is called


ALL = {" ".join(path): command for path, command in walk(ROOT)}
GROUPS = {name: command for name, command in ALL.items() if hasattr(command, "commands")}
COMMANDS = {name: command for name, command in ALL.items() if name not in GROUPS}

NO_JSON = {"serve"}  # commands without --json; each needs a reason here: serve answers over HTTP alone

TINY = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
ONCE = ("bars", "--model", TINY, "--epochs", "1")
ARGUMENTS: dict[str, tuple[str, ...]] = {  # in a folder with runs/bars-one, runs/study and one.png
    "train": (*ONCE, "--out", "new"),
    "evaluate": ("bars-one",),
    "predict": ("bars-one", "one.png"),
    "export": ("bars-one",),
    "report": ("bars-one", "--quick"),
    "explore": ("bars-one", "--quick", "--out", "page.html"),
    "shapes": ("bars-one",),
    "plot": ("bars-one",),
    "runs": (),
    "filters": ("bars-one",),
    "feature-maps": ("bars-one", "one.png"),
    "maximize": ("bars-one", "--steps", "2", "--starts", "1"),
    "attribute": ("bars-one", "one.png", "--method", "saliency"),
    "doctor": (),
    "data list": (),
    "data show": ("bars", "--out", "bars.png"),
    "data cache": (),
    "data audit": ("bars", "--labels", "bars-one", "--folds", "2", "--labels-out", "found"),
    "data clean": ("bars", "--drop", "duplicates", "--out", "clean"),
    "data get": ("mnist",),
    "study batch-size": (
        "bars",
        "--model",
        TINY,
        "--sizes",
        "32",
        "--seeds",
        "1",
        "--updates",
        "20",
        "--seconds",
        "0.001",
    ),
    "study learning-rate": ("bars", "--model", TINY, "--seeds", "1", "--updates", "60"),
    "study folds": (*ONCE, "--k", "2"),
    "study seeds": (*ONCE, "--n", "2"),
    "study compare": (TINY, "globalavgpool, dense 3", "--data", "bars", "--seeds", "1", "--epochs", "1"),
    "study search": (*ONCE, "--trials", "1"),
    "study resume": ("runs/study",),
}


def run(*arguments: str) -> Result:
    """The command in this process, as on a terminal of 200 columns."""
    return CliRunner(env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}).invoke(app, arguments, prog_name="pellucid")


@pytest.mark.parametrize("name", ALL)
def test_every_command_answers_help(name: str) -> None:
    done = run(*name.split(), "--help")
    assert done.exit_code == 0
    assert done.stderr == ""
    assert done.stdout.startswith(f"Usage: {' '.join(['pellucid', *name.split()])} ")
    for below in getattr(ALL[name], "commands", {}):
        assert re.search(rf"^  {below}  ", done.stdout, re.MULTILINE)
    assert run(*name.split(), "-h").stdout == done.stdout


@pytest.mark.parametrize("name", ["", "data", "study"])
def test_the_list_of_commands_has_whole_sentences(name: str) -> None:
    width = {"COLUMNS": "80", "TERMINAL_WIDTH": "80"}
    listed = (
        CliRunner(env=width).invoke(app, [*name.split(), "--help"], prog_name="pellucid").stdout.split("Commands:")[1]
    )
    assert "..." not in listed
    told = " ".join(listed.split())
    for below, command in (ALL if not name else ALL[name].commands).items():
        if below and " " not in below:
            assert f"{below} {' '.join((command.help or '').split(chr(10) * 2)[0].split())}" in told


def examples(name: str) -> list[list[str]]:
    """The lines below Examples: as their words, without the program's name."""
    text = run(*name.split(), "--help").stdout
    assert text.count("Examples:\n") == 1
    block = text.split("Examples:\n")[1].split("\n\n")[0]
    lines = [shlex.split(line) for line in block.splitlines()]
    assert {line[0] for line in lines} == {"pellucid"}
    return [line[1:] for line in lines]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_it_understands(name: str) -> None:
    given = examples(name)
    assert given[0][: len(name.split())] == name.split()
    for words in given:
        owner = max((other for other in COMMANDS if words[: len(other.split())] == other.split()), key=len)
        rest = words[len(owner.split()) :]
        context = COMMANDS[owner].make_context(owner, list(rest))  # which refuses what it does not know
        assert context.params


def helps(command: Any) -> dict[str, str]:
    """The help of each option and argument, without its default."""
    return {
        parameter.opts[0]: re.sub(r"\s*\[default: .*\]$", "", parameter.help or "")
        for parameter in command.get_params(command.make_context("", [], resilient_parsing=True))
        if not getattr(parameter, "hidden", False)
    }


@pytest.mark.parametrize("name", ALL)
def test_every_help_text_makes_sense_alone(name: str) -> None:
    for option, text in helps(ALL[name]).items():
        assert len(re.findall(r"\w[\w.\-]*", text)) >= 3, f"{option}: fewer than three words: {text!r}"
        assert not re.match(r"Of |It |They |How it |After so ", text), f"{option}: needs its name to be read: {text!r}"
        assert text[0].isupper(), f"{option}: no sentence: {text!r}"
        assert text.endswith((".", "\u2026")), f"{option}: does not end: {text!r}"


def test_a_number_that_help_gives_as_a_default_is_that_of_the_specification() -> None:
    """Help is printed before specifications can be imported, so that some of their defaults stand in it as text."""
    specified = {name: field.default for spec in (TrainSpec, ReadSpec) for name, field in spec.model_fields.items()}
    checked = set()
    for command in COMMANDS.values():
        for option in command.params:
            told = re.search(r"\[default: ([\d.]+)\]$", getattr(option, "help", None) or "")
            if told and option.default is None and option.name in specified:
                assert float(told[1]) == specified[option.name]
                checked.add(option.name)
    assert checked == {"validation_split", "seed", "max_bad", "test_split", "background"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_offers_json(name: str) -> None:
    assert ("--json" in helps(COMMANDS[name])) == (name not in NO_JSON)


def test_every_command_has_a_row_of_arguments() -> None:
    assert ARGUMENTS.keys() == COMMANDS.keys() - NO_JSON


@pytest.fixture(scope="module")
def study(bars: DataSplits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study, to be copied."""
    place = tmp_path_factory.mktemp("studies")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue.CATALOGUE, "bars", lambda: bars)
        done = run("study", "seeds", *ONCE, "--n", "2", "--out", str(place / "study"))
    assert done.exit_code == 0, done.stderr
    return place / "study"


@pytest.fixture
def workplace(
    bars: DataSplits, bars_run: Path, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_process: None
) -> Path:
    """An empty folder with a run, a study and a picture, in which commands may write."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: bars)
    shutil.copytree(bars_run, tmp_path / "runs" / "bars-one")
    shutil.copytree(study, tmp_path / "runs" / "study")
    Image.fromarray(bars.test.images[0, ..., 0]).save(tmp_path / "one.png")
    return tmp_path


PLACES = [  # options that name a file to write
    (name, option)
    for name in COMMANDS
    for option, text in helps(COMMANDS[name]).items()
    if option in {"--out", "--html", "--bad-images"} and "folder" not in text
]


@pytest.mark.parametrize(("name", "option"), PLACES)
def test_where_a_file_goes_is_looked_at_before_the_work(workplace: Path, name: str, option: str) -> None:
    words = [
        "nothing" if word in {"bars-one", "bars"} else word for word in ARGUMENTS[name]
    ]  # which would be told else
    done = run(*name.split(), *words, option, "one.png/x.png")
    assert isinstance(done.exception, RunError)
    assert str(done.exception).startswith("one.png/x.png cannot be written, since ")


@pytest.mark.parametrize(("name", "option"), [place for place in PLACES if place[1] != "--bad-images"])
def test_the_folder_of_a_file_is_made(workplace: Path, name: str, option: str) -> None:
    words = ("bars",) if name == "data audit" else ARGUMENTS[name]
    file = Path("new/place/x.csv" if name == "predict" else "new/place/x.png")
    done = run(*name.split(), *words, option, str(file))
    assert done.exit_code == 0, done.stderr or done.exception
    assert file.exists()


def test_data_are_shown_as_they_are_trained_on() -> None:
    reading = {each.opts[0] for each in COMMANDS["train"].params if "test" not in each.name} & {
        f"--{name.replace('_', '-')}" for name in ReadSpec.model_fields
    }
    assert reading - helps(COMMANDS["data show"]).keys() == set()


def no_number(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")


@pytest.mark.parametrize("name", ARGUMENTS)
def test_json_is_one_document_and_nothing_else(workplace: Path, name: str) -> None:
    done = run(*name.split(), *ARGUMENTS[name], "--json")
    assert done.exit_code == 0, done.stderr or done.exception
    document = json.loads(done.stdout, parse_constant=no_number)  # which allows no second one
    assert isinstance(document, dict)
    assert document
    assert done.stdout.startswith("{\n")
    assert done.stdout.endswith("}\n")
    for key in ("run", "study", "file", "picture", "numbers"):
        assert not isinstance(document.get(key), str) or Path(document[key]).exists(), key
