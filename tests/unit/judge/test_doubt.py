"""Scores of doubt against values worked out by hand, and what is learned from held-out images."""

from __future__ import annotations

import math

import numpy as np
import pytest
import safetensors.numpy
from crepes import ConformalClassifier

from pellucid.errors import RunError, SettingError
from pellucid.judge.conformal import class_limits, prediction_sets
from pellucid.judge.doubt import Subspace, energy, gen, mahalanobis, msp, nearest_neighbours, vim
from pellucid.judge.drift import drift_of
from pellucid.judge.gaussians import Gaussians
from pellucid.judge.refusal import Doubts, Scores
from pellucid.sections.drift import wide_sets


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def two_classes(count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Features around (0, 0) and (10, 0): the first class round, the second flat, 3 wide and 1/3 high."""
    labels = np.arange(count) % 2
    features = normal(count, 2) * np.where(labels[:, None], [3, 1 / 3], [1, 1]) + labels[:, None] * [10, 0]
    return features.astype(np.float32), labels


def doubts_of(count: int, seed: int = 0) -> Doubts:
    """Of held-out images whose two scores have nothing to do with each other."""
    random = np.random.default_rng(seed)
    foreign, doubtful = random.random((2, count), np.float32)
    labels = np.arange(count) % 2
    return Doubts(None, Scores(foreign, doubtful), doubtful, labels, labels)


def test_scores_of_probabilities_and_logits() -> None:
    sure, torn = [1.0, 0.0], [0.5, 0.5]
    assert msp(np.array([sure, torn])).tolist() == [0, 0.5]
    assert gen(np.array([sure, torn])).tolist() == pytest.approx([0, 2 * 0.25**0.1])
    assert energy(np.array([[0.0, 0.0], [3.0, 3.0]])).tolist() == pytest.approx([-math.log(2), -3 - math.log(2)])


def test_mahalanobis_measures_in_deviations_of_the_nearest_class() -> None:
    features, labels = two_classes()
    own = Gaussians.of(features, labels)
    assert mahalanobis(np.array([[0, 2], [10, 0], [16, 0], [10, 1]], np.float32), own) == pytest.approx(
        [4, 0, 4, 9], rel=0.15, abs=0.05
    )
    shared = Gaussians.of(features, labels, own_covariances=False)  # variances (1 + 9) / 2 and (1 + 1/9) / 2
    assert shared.factors is None
    assert mahalanobis(np.array([[0, 2], [16, 0]], np.float32), shared) == pytest.approx([7.2, 7.2], rel=0.1)


def test_a_feature_that_never_changes_tells_what_is_foreign_and_few_images_suffice() -> None:
    features = normal(12, 20)
    features[:, 3] = 0
    known = Gaussians.of(features, np.arange(12) % 3)
    usual, strange = normal(1, 20, seed=1), normal(1, 20, seed=1)
    usual[:, 3], strange[:, 3] = 0, 1
    assert mahalanobis(strange, known) > 100 * mahalanobis(usual, known)


def test_nearest_neighbours_look_at_directions_alone() -> None:
    known = np.array([[1, 0], [0, 2]], np.float32)
    asked = np.array([[5, 0], [-1, 0]], np.float32)
    assert nearest_neighbours(asked, known, 1).tolist() == pytest.approx([0, math.sqrt(2)])
    assert nearest_neighbours(asked, known, 10).tolist() == pytest.approx([math.sqrt(2), 2])


def test_vim_adds_what_the_subspace_leaves_over() -> None:
    features = normal(500, 2) * np.float32([4, 0.1])
    weight, bias = np.float32([[1, 0], [-1, 0]]), np.zeros(2, np.float32)
    logits = features @ weight.T
    known = Subspace.of(features, logits, weight, bias)
    assert np.abs(known.residual[:, 0]) == pytest.approx([0, 1], abs=0.01)
    asked = np.float32([[0, 0], [0, 2]])
    within, beyond = vim(asked, asked @ weight.T, known)
    assert beyond - within == pytest.approx(2 * known.scale, rel=0.01)


@pytest.mark.parametrize("keep", [0.9, 0.99])
def test_limits_keep_the_share_of_held_out_images_and_both_kinds_refuse_alike(keep: float) -> None:
    doubts = doubts_of(10_000)
    limits = doubts.limits(keep)
    kinds = doubts.held_out.kinds(limits)
    assert kinds.count(None) - math.ceil(10_001 * keep) in {0, 1, 2, 3}  # up to the next rank, which two may have
    assert limits.promised == limits.keep == keep
    assert kinds.count("doubtful") == pytest.approx(kinds.count("foreign"), rel=0.2)


def test_too_few_held_out_images_promise_less() -> None:
    limits = doubts_of(24).limits(0.99)
    assert (limits.keep, limits.promised, limits.held_out) == (0.99, 1 - 2 / 25, 24)
    assert doubts_of(24).held_out.kinds(limits) == [None] * 24
    assert doubts_of(199).limits(0.99).promised == 0.99


@pytest.mark.parametrize("keep", [0.0, 1.0, -1.0, math.nan])
def test_a_share_that_cannot_be_kept_is_refused(keep: float) -> None:
    with pytest.raises(SettingError, match="keep must be above 0 and below 1"):
        doubts_of(30).limits(keep)


def test_what_is_no_number_is_foreign() -> None:
    scores = Scores(np.float32([np.nan, np.inf, 0]), np.float32([0, 0, 1]))
    assert scores.kinds(doubts_of(200).limits(0.9)) == ["foreign", "foreign", "doubtful"]


def test_what_was_learned_comes_back_from_its_file_and_damage_is_named() -> None:
    features, labels = two_classes(60)
    said = np.tile(np.float32([0.7, 0.3]), (60, 1))
    doubts = Doubts.of(Gaussians.of(features, labels), features, said, labels)
    raw = doubts.to_bytes()
    again = Doubts.from_bytes(raw)
    assert again.to_bytes() == raw
    assert again.limits(0.9) == doubts.limits(0.9)
    assert (again.scores(features, msp(said)).foreign == doubts.held_out.foreign).all()
    with pytest.raises(RunError, match="not what Pellucid writes"):
        Doubts.from_bytes(raw[:-1])
    arrays = safetensors.numpy.load(raw)
    for name, other, told in (
        ("lacking", arrays["lacking"][1:], "parts do not fit together"),
        ("means", arrays["means"][:, 1:], "parts do not fit together"),
        ("doubtful", arrays["doubtful"].astype(np.int32), "parts do not fit together"),
        ("lacking", arrays["lacking"] * np.float32(np.nan), "not finite"),
    ):
        with pytest.raises(RunError, match=told):
            Doubts.from_bytes(safetensors.numpy.save(arrays | {name: np.ascontiguousarray(other)}))
    del arrays["foreign"]
    with pytest.raises(RunError, match="parts do not fit together"):
        Doubts.from_bytes(safetensors.numpy.save(arrays))


@pytest.mark.parametrize("coverage", [0.811, 0.907, 0.953])  # crepes keeps one image more where they come out even
def test_sets_of_classes_are_those_of_crepes(coverage: float) -> None:
    random = np.random.default_rng(0)
    said = random.dirichlet(np.full(4, 0.5), 700).astype(np.float32)
    labels = np.array([random.choice(4, p=row / row.sum(dtype=np.float64)) for row in said.astype(np.float64)])
    known, new = said[:500], said[500:]
    limits = class_limits(1 - known[np.arange(500), labels[:500]], labels[:500], 4, coverage)
    ours = prediction_sets(new, limits)
    theirs = np.column_stack([_of_class(known, new, labels[:500], each, coverage) for each in range(4)])
    assert (ours == theirs).all()
    assert ours[np.arange(200), labels[500:]].mean() == pytest.approx(coverage, abs=0.06)


def _of_class(known: np.ndarray, new: np.ndarray, labels: np.ndarray, each: int, coverage: float) -> np.ndarray:
    """Whether a class stands in each set, by a classifier that is calibrated on its own images."""
    classifier = ConformalClassifier().fit(1 - known[labels == each, each])
    return classifier.predict_set((1 - new)[:, [each]], confidence=coverage, smoothing=False)[:, 0] == 1


def test_a_class_with_too_few_held_out_images_stands_in_every_set() -> None:
    labels = np.array([0] * 19 + [1] * 18)
    limits = class_limits(np.linspace(0, 0.5, 37, dtype=np.float32), labels, 3, 0.95)
    assert np.isfinite(limits).tolist() == [True, False, False]  # 0.95 / 0.05 = 19 images are needed
    assert prediction_sets(np.float32([[0.0, 0.0, 1.0]]), limits).tolist() == [[False, True, True]]


def test_classes_that_stand_in_every_set_for_want_of_images_are_told() -> None:
    labels, names = np.repeat([0, 1, 2], [3, 4, 19]), ("a", "b", "c")
    limits = class_limits(np.linspace(0, 1, 26, dtype=np.float32), labels, 3, 0.8)
    assert np.isinf(limits).tolist() == [True, False, False]
    (told,) = wide_sets(labels, names, 0.8)
    assert told == "In every set: a. For 80.00% at least 4 held-out images of a class are needed; the fewest have 3."
    assert wide_sets(labels, names, 0.95)[0].startswith("In every set: a, b. For 95.00% at least 19 held-out images")
    assert wide_sets(labels, names, 0.75) == ()


def test_drift_is_told_of_strange_images_and_not_of_other_shares_of_the_classes() -> None:
    answered = np.arange(400) % 2
    known = (np.abs(normal(400)) + 5 * answered).astype(np.float32)
    ones = (np.abs(normal(100, seed=1)) + 5).astype(np.float32)
    same = drift_of(ones, np.ones(100, np.int64), known, answered)
    assert same
    assert not same.shifted
    assert same.farther == pytest.approx(0.5, abs=0.1)
    strange = drift_of(ones * 1.2, np.ones(100, np.int64), known, answered)
    assert strange
    assert strange.shifted
    assert strange.farther > 0.8
    assert drift_of(ones[:19], np.ones(19, np.int64), known, answered) is None
