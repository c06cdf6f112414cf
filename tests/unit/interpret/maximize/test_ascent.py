from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.errors import RunError, SettingError
from pellucid.interpret.maximize import ascent, class_targets, filter_targets, fit_prior, maximize
from pellucid.model.vote import Vote

FEW = {"starts": 2, "steps": 6}


@pytest.fixture
def predictor(bars_run: Path) -> pl.Predictor:
    return pl.Predictor.load(bars_run)


def of_network(predictor: pl.Predictor, model: nn.Module, shape: tuple[int, int, int] = (8, 8, 1)) -> pl.Predictor:
    spec = pl.ModelSpec.from_shorthand("flatten, dense 3", shape)
    return pl.Predictor(model, predictor.record.model_copy(update={"model": spec}), torch.device("cpu"))


@pytest.mark.parametrize("method", ["raw", "constrained"])
def test_the_answer_grows_and_the_pictures_stay_pictures(predictor: pl.Predictor, method: str) -> None:
    made = maximize(predictor, class_targets(predictor), method=method, starts=3, steps=30)
    assert made.images.shape == (3, 3, 8, 8, 1)
    assert made.images.min() >= 0
    assert made.images.max() <= 1
    assert (made.activations > made.history[0] + 0.5).all()
    assert made.moved.all()
    assert made.dead == []
    assert made.best == made.activations.argmax(axis=1).tolist()
    logits = predictor.logits(torch.from_numpy(made.images[:, 1]).permute(0, 3, 1, 2))
    assert np.allclose(logits.diagonal().numpy(), made.activations[:, 1], atol=1e-4)


def test_the_prior_keeps_pictures_nearer_to_the_mean_than_images(predictor: pl.Predictor, bars) -> None:
    prior = fit_prior(bars.train.images, components=5)
    assert 0 < prior.explained < 1
    assert prior.name == "5 principal components of 240 training images, without labels"
    numbers = 10 * prior.begin(4, torch.Generator().manual_seed(0))
    prior.keep(numbers)
    assert numbers.norm(dim=1).max() == pytest.approx(0.7 * 5**0.5)
    made = maximize(predictor, class_targets(predictor), prior=prior, **FEW)
    assert made.painter == prior.name
    assert made.moved.all()


def test_images_that_are_all_alike_give_no_prior() -> None:
    with pytest.raises(pl.DataError, match="needs images that differ"):
        fit_prior(np.full((9, 8, 8, 1), 7, np.uint8))


def test_large_and_coloured_pictures_are_drawn_from_small_components(predictor: pl.Predictor, make_bars) -> None:
    images = make_bars(30, seed=0, shape=(36, 40, 3)).images
    prior = fit_prior(images)
    assert prior.components.shape == (24, 3, 32, 32)
    model = nn.Sequential(nn.Conv2d(3, 2, 5, stride=4), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    other = of_network(predictor, model.append(nn.Linear(2, 3)), (36, 40, 3))
    for drawn in (prior, None):
        made = maximize(other, class_targets(other)[:1], prior=drawn, starts=2, steps=2)
        assert made.images.shape == (1, 2, 36, 40, 3)


def test_a_target_is_drawn_alike_alone_and_among_others(
    predictor: pl.Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = [*class_targets(predictor), *filter_targets(predictor, "conv2d_1")]
    together = maximize(predictor, targets, frames=2, **FEW)
    alone = maximize(predictor, targets[1:2], **FEW)
    assert np.allclose(together.images[1], alone.images[0], atol=1e-4)
    monkeypatch.setattr(ascent, "MOST_VALUES", 2 * 2 * 64)  # two targets a batch
    steps = []
    parts = maximize(predictor, targets, frames=2, on_step=lambda done, total: steps.append((done, total)), **FEW)
    assert steps[-1] == (24, 24)
    assert len(steps) == 24
    assert parts.targets == together.targets
    assert np.allclose(parts.images, together.images, atol=1e-4)
    assert parts.history.shape == together.history.shape == (6, 7, 2)
    assert parts.frames.shape == together.frames.shape == (2, 7, 2, 8, 8, 1)


def test_the_last_frame_is_the_picture(predictor: pl.Predictor) -> None:
    made = maximize(predictor, class_targets(predictor), frames=3, **FEW)
    assert np.array_equal(made.frames[-1], (made.images * 255).round().astype(np.uint8))
    assert not np.array_equal(made.frames[0], made.frames[-1])


def test_the_seed_decides(predictor: pl.Predictor) -> None:
    first, again, other = (maximize(predictor, class_targets(predictor), seed=seed, **FEW) for seed in (3, 3, 4))
    assert np.array_equal(first.images, again.images)
    assert not np.allclose(first.images, other.images, atol=0.05)


def test_a_target_without_a_gradient_is_told(predictor: pl.Predictor) -> None:
    dead = nn.Conv2d(1, 1, 1)
    dead.load_state_dict({"weight": torch.ones(1, 1, 1, 1), "bias": torch.tensor([-9.0])})
    model = nn.Sequential(dead, nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    other = of_network(predictor, model)
    made = maximize(other, [*class_targets(other), *filter_targets(other, "0")], **FEW)
    assert made.dead == [0, 1, 2]
    assert made.moved[3].all()
    assert np.array_equal(made.images[0], maximize(other, class_targets(other)[:1], **FEW).images[0])


class Rounded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(64, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(images.detach().flatten(1))


def test_a_network_that_passes_no_gradient_on_is_dead(predictor: pl.Predictor) -> None:
    other = of_network(predictor, Rounded())
    assert maximize(other, class_targets(other), method="raw", **FEW).dead == [0, 1, 2]


def test_members_of_a_vote_are_averaged_before_their_softmax(predictor: pl.Predictor) -> None:
    members = [nn.Sequential(nn.Flatten(), nn.Linear(64, 3)) for _ in range(2)]
    other = of_network(predictor, Vote(members))
    made = maximize(other, class_targets(other), method="raw", **FEW)
    images = torch.from_numpy(made.images[:, 0]).permute(0, 3, 1, 2)
    mean = (members[0](images) + members[1](images)) / 2
    assert np.allclose(mean.detach().diagonal().numpy(), made.activations[:, 0], atol=1e-5)
    first = maximize(other, filter_targets(other, "members.0.1", [0]), method="raw", **FEW)
    assert first.moved.all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "pure"}, "Unknown method 'pure'"),
        ({"starts": 0}, "starts must be at least 1; received 0"),
        ({"steps": 0}, "steps must be at least 1; received 0"),
        ({"frames": -1}, "frames must be at least 0; received -1"),
    ],
)
def test_wrong_settings_are_told(predictor: pl.Predictor, settings: dict, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        maximize(predictor, class_targets(predictor), **settings)


def test_a_prior_is_for_constrained_pictures(predictor: pl.Predictor, bars) -> None:
    with pytest.raises(SettingError, match="raw method takes no prior"):
        maximize(predictor, class_targets(predictor), method="raw", prior=fit_prior(bars.train.images))
    with pytest.raises(SettingError, match="must be a target"):
        maximize(predictor, [])


def test_answers_that_are_not_finite_are_told(predictor: pl.Predictor) -> None:
    linear = nn.Linear(64, 3)
    nn.init.constant_(linear.weight, 1e38)
    other = of_network(predictor, nn.Sequential(nn.Flatten(), linear))
    with pytest.raises(RunError, match="answers must be finite"):
        maximize(other, class_targets(other), method="raw", **FEW)


@pytest.mark.parametrize("fails", [False, True])
def test_the_network_is_left_as_it_was(predictor: pl.Predictor, fails: bool) -> None:
    def stop(done: int, total: int) -> None:
        if fails:
            raise InterruptedError

    predictor.model.train()
    before = {name: weight.clone() for name, weight in predictor.model.state_dict().items()}
    try:
        maximize(predictor, filter_targets(predictor, "conv2d_1"), on_step=stop, **FEW)
    except InterruptedError:
        assert fails
    assert predictor.model.training
    assert all(torch.equal(weight, before[name]) for name, weight in predictor.model.state_dict().items())
    assert all(weight.requires_grad and weight.grad is None for weight in predictor.model.parameters())
    assert not any(module._forward_hooks for module in predictor.model.modules())


@pytest.mark.parametrize(("brightness", "paper"), [(0.1, 0), (0.9, 1), (0.45, 0.45)])
def test_paper_is_as_bright_as_the_images(predictor: pl.Predictor, brightness: float, paper: float) -> None:
    data = predictor.record.data.model_copy(update={"mean_brightness": brightness})
    record = predictor.record.model_copy(update={"data": data})
    # One pixel pulls; all others follow the penalties alone.
    linear = nn.Linear(64, 3)
    nn.init.zeros_(linear.weight)
    nn.init.ones_(linear.weight[:, :1])
    other = pl.Predictor(nn.Sequential(nn.Flatten(), linear), record, torch.device("cpu"))
    made = maximize(other, class_targets(other)[:1], starts=1, steps=150)
    assert np.median(made.images) == pytest.approx(paper, abs=0.1)
