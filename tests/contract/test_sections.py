"""What every section keeps to, whoever renders it."""

from __future__ import annotations

import inspect
import json
import pkgutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import pellucid as pl
from pellucid import sections
from pellucid.audit.examine import examine
from pellucid.cli.show import tell
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.export import proof, witness
from pellucid.export.of_export import ask_export
from pellucid.export.of_run import ask_run
from pellucid.interpret.attribution.explanation import explain
from pellucid.interpret.filters import filters_on_data
from pellucid.interpret.images import read_image_argument
from pellucid.interpret.maximize.portraits import portray
from pellucid.judge.advice.facts import DeadFilters, Facts
from pellucid.judge.advice.rules import advise
from pellucid.judge.comparison import compare_runs
from pellucid.judge.evaluation import Evaluation
from pellucid.judge.speed import Speed
from pellucid.plots.figures import render
from pellucid.plots.studies import folds_figure
from pellucid.run.folder import RunFolder
from pellucid.sections.advice import advice_section
from pellucid.sections.attribution import attribution_section
from pellucid.sections.audit import audit_section
from pellucid.sections.calibration import calibration_section
from pellucid.sections.comparison import paired_section
from pellucid.sections.confusion import confusion_section
from pellucid.sections.curves import curves_section
from pellucid.sections.data import data_section
from pellucid.sections.doubt import doubt_section
from pellucid.sections.environment import environment_section
from pellucid.sections.evaluation import evaluation_section
from pellucid.sections.export import export_section, verification_section
from pellucid.sections.feature_maps import feature_maps_section
from pellucid.sections.filters import filters_section
from pellucid.sections.guide import guide_section
from pellucid.sections.headline import headline_section
from pellucid.sections.machine import machine_section
from pellucid.sections.maximisation import maximisation_section
from pellucid.sections.mistakes import mistakes_section
from pellucid.sections.origin import Origin
from pellucid.sections.prediction import prediction_section
from pellucid.sections.repeat import repeat_section
from pellucid.sections.robustness import robustness_section
from pellucid.sections.runs import comparison_section, runs_section
from pellucid.sections.samples import samples_section
from pellucid.sections.section import Picture, Section
from pellucid.sections.shapes import shapes_section
from pellucid.sections.side_by_side import side_by_side_curves_section, side_by_side_section
from pellucid.sections.slices import slices_section
from pellucid.sections.speed import speed_section
from pellucid.sections.training import training_section
from pellucid.study.question import Findings
from pellucid.study.runner import StudyResult
from pellucid.study.section import study_section
from pellucid.study.suspects import Suspects, rank
from pellucid.study.suspects_section import suspects_section

TINY = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"


@pytest.fixture(scope="module")
def run(bars_run: Path, bars: DataSplits) -> pl.Run:
    """A run with its data at hand."""
    loaded = pl.Run.load(bars_run, device="cpu")
    loaded.data = bars
    return loaded


def origin_of(run: pl.Run) -> Origin:
    assert run.path
    return Origin(run.path, run.record.train.seed)


def advice(run: pl.Run) -> Section:
    told = Facts(run.record, run.history, str(run.path), leaked=2, dead=(DeadFilters(run.class_names[1], 1, 2, 9),))
    return advice_section(advise(told))


def attribution(run: pl.Run) -> Section:
    chosen = read_image_argument(run, "test:1")
    return attribution_section(explain(run, chosen, ["saliency", "integrated_gradients", "grad_cam"]), origin_of(run))


def feature_maps(run: pl.Run) -> Section:
    chosen = read_image_argument(run, "test:1")
    return feature_maps_section(pl.feature_maps(run, chosen.pixels), chosen, run.class_names, origin_of(run))


def maximisation(run: pl.Run) -> Section:
    return maximisation_section(portray(run, pl.class_targets(run), starts=1, steps=2), origin_of(run))


def evaluation(run: pl.Run) -> Section:
    return evaluation_section(judged(run), run.path)


def judged(run: pl.Run) -> Evaluation:
    return pl.Run(run.predictor, data=run.own_data()).evaluate()


def paired(run: pl.Run) -> Section:
    judged = pl.Run(run.predictor, data=run.own_data()).evaluate()
    return paired_section(compare_runs({str(run.path): judged, "another": judged, "third": judged}))


def robustness(run: pl.Run) -> Section:
    return robustness_section(pl.Run(run.predictor, data=run.own_data()).robustness(images=3), run.path)


@contextmanager
def exported(run: pl.Run) -> Iterator[pl.Exported]:
    """The export of a run, proved in this process."""
    here = {witness.RUN: ask_run, witness.EXPORT: ask_export}
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "ask", lambda module, question: here[module](question))
        yield pl.export_run(run, Path(place) / "out")


def export(run: pl.Run) -> Section:
    with exported(run) as export:
        return export_section(export)


def verification(run: pl.Run) -> Section:
    with exported(run) as export:
        return verification_section(pl.verify_export(export.path))


def calibration(run: pl.Run) -> Section:
    return calibration_section(pl.Run(run.predictor, data=run.own_data()).evaluate(), run.path)


def doubt(run: pl.Run) -> Section:
    return doubt_section(pl.Run(run.predictor, data=run.own_data()).evaluate(), run.record, run.path)


def prediction(run: pl.Run) -> Section:
    answers = run.predict(run.own_data().test.images[:2])
    return prediction_section({"run": "run"}, [Path("a.png"), Path("b.png")], answers, faults=["c.png: no image."])


def runs(run: pl.Run) -> Section:
    assert run.path
    return runs_section([(run.path, RunFolder(run.path).read_record())], [ValueError("It is damaged.")])


def comparison(run: pl.Run) -> Section:
    other = run.record.model_copy(update={"recipe": "another"})
    return comparison_section([(Path("one"), run.record), (Path("two"), other)])


def study(run: pl.Run) -> Section:
    table = (["size", "accuracy"], [["8", "0.9"], ["16", "0.8"]])
    picture = Picture("folds", "One point a fold.", lambda: folds_figure([0.9, 0.8], run.record.data.name))
    question = SimpleNamespace(title="folds", table=lambda _: table, pictures=lambda *_: (picture,))
    conclusion = (f"The small one, on {run.record.data.name}.",)
    return study_section(StudyResult(Path("study"), question, [], Findings(conclusion=conclusion)))


def suspects(run: pl.Run) -> Section:
    splits = run.own_data()
    found = rank("test", splits.test, np.full((len(splits.test), 3), 1 / 3) + np.array([0, 0, 0.1]))
    of = Suspects(data=splits.name, k=3, counts={"test": len(splits.test)}, accuracy={"test": 0.3}, suspects=found)
    return suspects_section(of, splits, 4)


SECTIONS: dict[Callable[..., Section], Callable[[pl.Run], Section]] = {
    advice_section: advice,
    attribution_section: attribution,
    audit_section: lambda run: audit_section(examine(run.own_data())),
    calibration_section: calibration,
    comparison_section: comparison,
    confusion_section: lambda run: confusion_section(judged(run)),
    curves_section: lambda run: curves_section(run.history, run.record, origin_of(run).path),
    data_section: lambda run: data_section(run.own_data(), "rotation=20"),
    environment_section: lambda run: environment_section(run.record),
    doubt_section: doubt,
    evaluation_section: evaluation,
    export_section: export,
    feature_maps_section: feature_maps,
    filters_section: lambda run: filters_section(filters_on_data(run)[0], origin_of(run)),
    guide_section: lambda _: guide_section(),
    headline_section: lambda run: headline_section(run.record, judged(run)),
    machine_section: lambda _: machine_section(),
    maximisation_section: maximisation,
    paired_section: paired,
    mistakes_section: lambda run: mistakes_section(judged(run), run.own_data().test),
    prediction_section: prediction,
    robustness_section: robustness,
    repeat_section: lambda run: repeat_section(run.record),
    runs_section: runs,
    samples_section: lambda run: samples_section(run.record, run.own_data(), 0),
    slices_section: lambda run: slices_section(judged(run).slices),
    shapes_section: lambda run: shapes_section(run.record.model),
    side_by_side_curves_section: lambda run: side_by_side_curves_section([(Path("one"), run.history)]),
    side_by_side_section: lambda run: side_by_side_section([(Path("one"), run.record), (Path("two"), run.record)]),
    speed_section: lambda run: speed_section(run.record, Speed(1.0, 0.1, 100, "a machine", 1, "fp32")),
    study_section: study,
    suspects_section: suspects,
    training_section: lambda run: training_section(run.record, origin_of(run).path),
    verification_section: verification,
}


@pytest.fixture(scope="module", params=SECTIONS.values(), ids=[made.__name__ for made in SECTIONS])
def section(request: pytest.FixtureRequest, run: pl.Run) -> Section:
    """One of each."""
    return request.param(run)


@pytest.fixture(scope="module")
def hostile_run(bars: DataSplits, hostile_names: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> pl.Run:
    """A run whose folder, data, classes and images have names that steer."""

    def named(dataset: ImageDataset) -> ImageDataset:
        sources = tuple(f"{hostile_names[1]}/{number}" for number in range(len(dataset)))
        return ImageDataset(dataset.images, dataset.labels, hostile_names, sources)

    splits = DataSplits(hostile_names[1], named(bars.train), named(bars.test))
    path = tmp_path_factory.mktemp("runs") / "$5_vs_$6 \\frac{ \u202e"
    return pl.fit(splits, model=TINY, epochs=1, batch_size=64, out=path)


@pytest.mark.parametrize("make", SECTIONS.values(), ids=[made.__name__ for made in SECTIONS])
def test_user_text_is_text_alone(make: Callable, hostile_run: pl.Run, capsys: pytest.CaptureFixture[str]) -> None:
    section = make(hostile_run)
    tell(section)
    out, err = capsys.readouterr()
    assert (out + err).replace("\n", "").isprintable()
    assert "\nFORGED" not in out + err
    assert (section.title + "".join(picture.alternative_text for picture in section.pictures)).isprintable()
    json.dumps(section.document)
    for picture in section.pictures:
        figure = picture.draw()
        assert render(figure).startswith(b"\x89PNG")
        shown = [text.get_text() for text in figure.findobj(Text)]
        assert "".join(shown).replace("\n", "").isprintable()
        assert not any("\nFORGED" in text for text in shown)


def test_all_sections_are_in_the_table() -> None:
    modules = [import_module(f"pellucid.sections.{each.name}") for each in pkgutil.iter_modules(sections.__path__)]
    found = {made for module in modules for _, made in inspect.getmembers(module, inspect.isfunction)}
    assert {made for made in found if made.__name__.endswith("_section")} == SECTIONS.keys() - {
        study_section,
        suspects_section,
    }


def test_its_document_is_json_without_anything_that_json_lacks(section: Section) -> None:
    assert json.loads(json.dumps(section.document, allow_nan=False)).keys() == section.document.keys()


def test_there_is_something_to_say(section: Section) -> None:
    assert section.title
    assert "\n" not in section.title
    assert section.body or section.pictures
    assert all(section.body)
    for gallery in section.galleries:
        assert all(tile.alternative_text.endswith(".") for tile in gallery.tiles)


def test_rows_have_as_many_cells_as_the_header(section: Section) -> None:
    for table in section.tables:
        assert table.rows
        assert 0 <= table.left <= len(table.header)
        assert {len(row) for row in table.rows} == {len(table.header)}
        assert all(isinstance(cell, str) for row in (table.header, *table.rows) for cell in row)


def test_pictures_are_drawn_and_told_in_words(section: Section) -> None:
    for picture in section.pictures:
        assert Path(picture.name).name == picture.name
        assert picture.alternative_text.endswith(".")
        figure = picture.draw()
        assert isinstance(figure, Figure)
        assert figure.axes
        assert render(figure).startswith(b"\x89PNG")


def test_numbers_are_arrays_that_need_no_pickle(section: Section) -> None:
    for picture in section.pictures:
        assert all(np.asarray(values).dtype.kind in "biufU" for values in picture.numbers.values())
