import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import RunError
from pellucid.judge.evaluation import Evaluation
from pellucid.trained.evaluate import evaluate


def test_all_figures_agree_with_a_plain_computation(bars_run, bars: DataSplits) -> None:
    predictor = pl.Predictor.load(bars_run)
    noisy = ImageDataset(255 - bars.test.images, bars.test.labels, bars.class_names)  # so that there are mistakes
    result = evaluate(predictor, noisy, data="noisy")
    probabilities = predictor.probabilities(noisy.images).astype(np.float64)
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != noisy.labels)
    assert 0 < len(wrong) < len(noisy)
    assert result.accuracy == (len(noisy) - len(wrong)) / len(noisy)
    answers = predictor.logits(torch.from_numpy(noisy.images).permute(0, 3, 1, 2).float() / 255)
    plain = answers.double().softmax(dim=1).numpy()[np.arange(90), noisy.labels]  # the loss is not calibrated
    assert result.loss == pytest.approx(-np.log(plain).mean(), rel=1e-4)
    losses = [mistake.loss for mistake in result.mistakes]
    assert losses == sorted(losses, reverse=True)  # the worst first
    assert sorted(mistake.index for mistake in result.mistakes) == wrong.tolist()
    of_label = probabilities[np.arange(90), noisy.labels]
    assert [(top.k, top.accuracy) for top in result.top] == [
        (2, ((probabilities > of_label[:, None]).sum(axis=1) < 2).mean())
    ]
    score = result.calibration
    assert score is not None
    truth = np.eye(3)[noisy.labels]
    assert score.after.brier == pytest.approx(((probabilities - truth) ** 2).sum(axis=1).mean(), rel=1e-5)
    assert score.before.log_loss == pytest.approx(result.loss)
    assert score.after.log_loss == pytest.approx(-np.log(probabilities[truth == 1]).mean(), rel=1e-4)
    first = min(result.mistakes, key=lambda mistake: mistake.index)
    assert first.label == bars.class_names[noisy.labels[wrong[0]]]
    assert first.predicted == bars.class_names[predicted[wrong[0]]]
    assert first.probability == pytest.approx(probabilities[wrong[0]].max(), rel=1e-5)
    assert np.trace(np.array(result.confusion)) == len(noisy) - len(wrong)
    assert np.array(result.confusion).sum(axis=1).tolist() == [score.support for score in result.per_class]
    assert (result.data, result.split, result.count) == ("noisy", "test", 90)
    assert result.accuracy_interval[0] < result.accuracy < result.accuracy_interval[1]


def test_evaluating_changes_nothing_of_the_network(bars_run, bars: DataSplits) -> None:
    predictor = pl.Predictor.load(bars_run)
    before = {name: value.clone() for name, value in predictor.model.state_dict().items()}
    evaluate(predictor, bars.test, data="bars")
    assert not predictor.model.training
    assert all(torch.equal(before[name], value) for name, value in predictor.model.state_dict().items())


@pytest.mark.parametrize("number", ["NaN", "1e400"])
def test_an_evaluation_with_numbers_that_are_none_is_refused(bars_run: Path, tmp_path: Path, number: str) -> None:
    raw = re.sub(r'"loss": [\d.e-]+', f'"loss": {number}', (bars_run / "evaluation.json").read_text())
    with pytest.raises(RunError, match="is not an evaluation of Pellucid's: loss: Input should be a finite number"):
        Evaluation.from_json(raw.encode(), tmp_path / "evaluation.json")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda told: told["confusion"].pop(), "confusion and per_class must have an entry for each class"),
        (lambda told: told["confusion"][0].pop(), "confusion and per_class must have an entry for each class"),
        (lambda told: told["class_names"].append("more"), "confusion and per_class must have an entry for each class"),
        (lambda told: told.update(count=0), "mistakes must be among the images that were judged"),
        (lambda told: told["mistakes"][0].update(index=-1), "mistakes must be among the images that were judged"),
        (
            lambda told: told["unknown"].update(answered=0, foreign=0, doubtful=0),
            "images must have been answered or refused",
        ),
        (lambda told: told["unknown"]["histograms"][0]["edges"].pop(), "a histogram must have as many counts as bins"),
    ],
)
def test_an_evaluation_that_does_not_fit_together_is_refused(
    bars_run: Path, bars: DataSplits, tmp_path: Path, change: Callable[[Any], object], complaint: str
) -> None:
    foreign = ImageDataset(255 - bars.test.images, bars.test.labels, bars.class_names)
    evaluation = pl.load_run(bars_run).evaluate(DataSplits("foreign", bars.train, foreign))
    told = json.loads(evaluation.to_json())
    assert Evaluation.from_json(json.dumps(told).encode(), tmp_path / "evaluation.json")
    change(told)
    with pytest.raises(RunError, match=f"is not an evaluation of Pellucid's: .*{complaint}"):
        Evaluation.from_json(json.dumps(told).encode(), tmp_path / "evaluation.json")
