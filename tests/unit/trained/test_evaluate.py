import re
from pathlib import Path

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
