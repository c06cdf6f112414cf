"""One batch of pictures on its way up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from pellucid.device import autocast
from pellucid.errors import RunError
from pellucid.interpret.layers import watched
from pellucid.interpret.maximize.jitter import jittered
from pellucid.interpret.maximize.maximized import Maximized
from pellucid.interpret.maximize.paint import GREY, Painter, Picture, Pictures
from pellucid.interpret.maximize.penalties import ink, total_variation, unit
from pellucid.interpret.maximize.targets import OUTPUT, Target, answers
from pellucid.model.vote import with_mean_logits
from pellucid.predict.predictor import Predictor
from pellucid.spec.seeds import derive_seed

NEAR_GREY = 0.2


class Climb:
    """The pictures of some targets, moved together: one pass forward and one back a step.

    Args:
        predictor: The network, undisturbed.
        targets: What to maximise.
        painter: How pictures are written.
        starts: Pictures of each target.
        seed: The noise follows from it.
    """

    def __init__(
        self, predictor: Predictor, targets: Sequence[Target], painter: Painter, starts: int, seed: int
    ) -> None:
        self.predictor, self.targets, self.painter = predictor, tuple(targets), painter
        self.starts, self.seed = starts, seed
        begun = painter.begin(starts, torch.Generator().manual_seed(derive_seed(seed, "maximize start")))
        repeats = [len(targets), *[1] * (begun.dim() - 1)]
        self.numbers = begun.to(predictor.device).repeat(repeats).requires_grad_()
        self.optimizer = torch.optim.Adam([self.numbers], lr=painter.rate)
        self.moved = torch.zeros(len(self.numbers), dtype=torch.bool, device=predictor.device)
        self.paper = self._paper()
        self.history: list[Tensor] = []
        self.frames: list[ndarray] = []

    def step(self, step: int, steps: int) -> None:
        """One step of Adam; its length falls to nothing over the ascent, as half a cosine."""
        self.optimizer.param_groups[0]["lr"] = self.painter.rate * (1 + math.cos(math.pi * step / steps)) / 2
        self.optimizer.zero_grad()
        pictures = self.painter.paint(self.numbers)
        pull = self._pull(pictures.detach().requires_grad_(), step)
        moving = pull.flatten(1).any(1)
        self.moved |= moving
        if self.painter.restraint:
            pull = unit(pull) - self.painter.restraint * self._restraint(pictures.detach().requires_grad_())
        pictures.backward(-pull * moving[:, None, None, None])
        self.optimizer.step()
        with torch.no_grad():
            self.painter.keep(self.numbers)

    def keep_frame(self) -> None:
        """Remember the pictures as they are."""
        self.frames.append((self._pictures() * 255).round().astype(np.uint8))

    @torch.no_grad()
    def result(self) -> Maximized:
        """The pictures as they came to be.

        Raises:
            RunError: An activation is not finite.
        """
        activations = self._answers(self.painter.paint(self.numbers))
        if not activations.isfinite().all():
            raise RunError("The network's answers must be finite; it gave others for a picture. Train it anew.")
        images = self._pictures()
        return Maximized(
            targets=self.targets,
            images=images,
            activations=self._rows(activations),
            history=np.stack([self._rows(values) for values in self.history]),
            moved=self._rows(self.moved),
            frames=np.stack(self.frames) if self.frames else np.zeros((0, *images.shape), np.uint8),
            method="constrained" if self.painter.restraint else "raw",
            painter=self.painter.name,
            seed=self.seed,
        )

    def _pull(self, pictures: Pictures, step: int) -> Pictures:
        """The gradient of each picture's target."""
        found = self._answers(jittered(pictures, self.starts, self.seed, step) if self.painter.restraint else pictures)
        self.history.append(found.detach())
        if not found.requires_grad:  # a network of the user's own may pass none on
            return torch.zeros_like(pictures)
        return torch.autograd.grad(found.sum(), pictures)[0]

    def _restraint(self, pictures: Pictures) -> Pictures:
        """The gradients of both penalties, each at length 1."""
        inked = torch.autograd.grad(ink(pictures, self.paper).sum(), pictures)[0]
        varied = torch.autograd.grad(total_variation(pictures).sum(), pictures)[0]
        return unit(inked) + unit(varied)

    def _paper(self) -> float | Picture:
        """What lies where there is no ink: with a prior its mean image, else black, white, or the mean brightness."""
        if self.painter.paper is not None:
            return self.painter.paper.to(self.predictor.device)
        brightness = self.predictor.record.data.mean_brightness
        return brightness if abs(brightness - GREY) < NEAR_GREY else float(round(brightness))

    def _answers(self, pictures: Pictures) -> Float[Tensor, " batch"]:
        """Each picture's target. Of networks that vote it is their mean logit, as the vote comes after a softmax."""
        model, layers = self.predictor.model, {target.layer for target in self.targets}
        with watched(model, layers - {OUTPUT}) as seen, autocast(self.predictor.device, self.predictor.precision):
            logits = with_mean_logits(model)(pictures).float()
        return answers(seen | {OUTPUT: logits}, self.targets, self.starts)

    def _pictures(self) -> Float[ndarray, "targets starts height width channels"]:
        with torch.no_grad():
            return self._rows(self.painter.paint(self.numbers).permute(0, 2, 3, 1))

    def _rows(self, values: Tensor) -> ndarray:
        """A row a target, a column a start."""
        return values.detach().reshape(len(self.targets), self.starts, *values.shape[1:]).cpu().numpy().copy()
