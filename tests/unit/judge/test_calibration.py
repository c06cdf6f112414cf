import math

import numpy as np
import pytest

from pellucid.judge.calibration import Sureness, bins_of, fit_temperature, log_loss, reliability


def drawn(count: int, temperature: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are too large by a factor, and labels that follow from those that are right."""
    random = np.random.default_rng(seed)
    right = random.normal(0, 2, (count, 4))
    chances = np.exp(right) / np.exp(right).sum(axis=1, keepdims=True)
    labels = (chances.cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    return (right * temperature).astype(np.float32), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_by_which_logits_are_too_large_is_found(temperature: float) -> None:
    logits, labels = drawn(20_000, temperature)
    found = fit_temperature(logits, labels)
    assert found is not None
    assert found.temperature == pytest.approx(temperature, rel=0.03)
    assert found.count == 20_000
    assert found.log_loss_before == pytest.approx(log_loss(logits, labels))
    assert found.log_loss_after == pytest.approx(log_loss(logits, labels, found.temperature))
    for other in (0.98, 1.02):
        assert log_loss(logits, labels, found.temperature * other) > found.log_loss_after


def test_few_images_that_are_all_right_do_not_make_answers_certain() -> None:
    sure = np.array([[4.0, 0.0]] * 10, np.float32)
    few, many = (fit_temperature(np.tile(sure, (times, 1)), np.zeros(10 * times, np.int64)) for times in (1, 10_000))
    assert few is not None
    assert many is not None
    assert 0.8 < few.temperature < 1
    assert many.temperature < 0.5


@pytest.mark.parametrize("labels", [[0], [1], [0, 1, 0, 1], [1, 1, 1, 1]])
def test_the_log_loss_never_grows_and_the_temperature_stays_in_bounds(labels: list[int]) -> None:
    found = fit_temperature(np.array([[300.0, -300.0]] * len(labels), np.float32), np.array(labels))
    assert found is not None
    assert found.log_loss_after <= found.log_loss_before
    assert 1 / 20 <= found.temperature <= 20.001


def test_log_loss_by_hand() -> None:
    logits, labels = np.array([[math.log(3), 0.0], [1000.0, 1000.0]]), np.array([0, 1])
    assert log_loss(logits, labels) == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    assert log_loss(logits[:1], labels[:1], temperature=0.5) == pytest.approx(math.log(10 / 9))


def test_answers_that_are_not_finite_are_not_calibrated() -> None:
    assert fit_temperature(np.array([[np.nan, 0.0]], np.float32), np.array([0])) is None


def sure(confidence: np.ndarray) -> Sureness:
    return Sureness(confidence.astype(np.float32), np.zeros(len(confidence)), np.zeros(len(confidence)))


def test_the_calibration_error_by_hand() -> None:
    confidence = np.repeat([0.6, 0.9], 20)
    right = np.concatenate([np.arange(20) < 16, np.arange(20) < 17])  # 80% and 85%
    found = reliability(sure(confidence), right)
    assert [each.count for each in found.bins] == [20, 20]
    assert [each.accuracy for each in found.bins] == pytest.approx([0.8, 0.85])
    assert found.error == pytest.approx((0.2 + 0.05) / 2)
    low, high = found.error_interval
    assert 0 <= low < found.error < high
    assert found == reliability(sure(confidence), right)


def test_bins_hold_equally_many_and_never_few() -> None:
    def counts(count: int) -> list[int]:
        random = np.random.default_rng(0)
        return [each.count for each in bins_of(random.random(count).astype(np.float32), random.random(count) < 0.5)]

    assert counts(1) == [1]
    assert counts(39) == [39]
    assert counts(41) == [21, 20]
    assert counts(10_000) == [667] * 10 + [666] * 5


def test_probabilities_that_are_true_have_the_error_of_chance() -> None:
    random = np.random.default_rng(0)
    confidence = random.uniform(0.5, 1, 20_000)
    found = reliability(sure(confidence), random.random(20_000) < confidence)
    assert found.error == pytest.approx(found.error_by_chance, rel=0.5)
    assert found.error_interval[0] == 0
    off = reliability(sure(confidence), random.random(20_000) < confidence - 0.1)
    assert off.error == pytest.approx(0.1, abs=0.01)
    assert off.error_interval[0] > 5 * off.error_by_chance
