"""How a picture is written as numbers that an ascent can move: pixels, or waves.

Each painter begins from noise, paints pictures in [0, 1] from its numbers, and keeps the numbers where they belong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

Pictures = Float[Tensor, "batch channels height width"]
Picture = Float[Tensor, "channels height width"]
Numbers = Float[Tensor, "batch ..."]
GREY = 0.5
DECAY = 1.0  # natural pictures have amplitudes that fall as one over the frequency


@runtime_checkable
class Painter(Protocol):
    """What `maximize` asks of a way to write pictures."""

    @property
    def rate(self) -> float:
        """How far a number moves in a step, at first."""
        ...

    @property
    def restraint(self) -> float:
        """Pull of each penalty, as a share of the target's; at 0 the network sees the picture just as it is."""
        ...

    @property
    def name(self) -> str:
        """How the picture is written, for its title."""
        ...

    @property
    def paper(self) -> Picture | None:
        """What lies where nothing is drawn; None leaves that to the brightness of the data."""
        ...

    def begin(self, starts: int, generator: torch.Generator) -> Numbers:
        """Noise to start from, on the CPU."""
        ...

    def paint(self, numbers: Numbers) -> Pictures:
        """The pictures of these numbers, in [0, 1]."""
        ...

    def keep(self, numbers: Numbers) -> None:
        """Bring numbers that have gone too far back, in place."""
        ...


@dataclass(frozen=True)
class Pixels:
    """Each number is a pixel. The start is grey with a little noise.

    Attributes:
        shape: (channels, height, width).
    """

    shape: tuple[int, int, int]
    rate: float = 0.05
    restraint: float = 0.0
    name: str = "pixels"
    paper: None = None

    def begin(self, starts: int, generator: torch.Generator) -> Numbers:
        """Grey pixels, give or take a tenth."""
        return GREY + 0.2 * (torch.rand((starts, *self.shape), generator=generator) - 0.5)

    def paint(self, numbers: Numbers) -> Pictures:
        """The pixels as they are."""
        return numbers

    def keep(self, numbers: Numbers) -> None:
        """Clip to [0, 1]."""
        numbers.clamp_(0, 1)


@dataclass(frozen=True)
class Waves:
    """Each number is a part of a wave across the picture; long waves weigh more, so that large forms come first.

    Attributes:
        shape: (channels, height, width).

    Source: Olah et al. 2017, doi:10.23915/distill.00007, "Preconditioning and Parameterization".
    """

    shape: tuple[int, int, int]
    rate: float = 0.2
    restraint: float = 0.5
    name: str = "waves, without a prior from data"
    paper: None = None

    def begin(self, starts: int, generator: torch.Generator) -> Numbers:
        """Waves of random height and phase, [starts, channels, height, width // 2 + 1, 2]."""
        channels, height, width = self.shape
        return 0.1 * torch.randn((starts, channels, height, width // 2 + 1, 2), generator=generator)

    def paint(self, numbers: Numbers) -> Pictures:
        """Add up the waves, and squeeze the sum into [0, 1]."""
        _, height, width = self.shape
        waves = torch.view_as_complex(numbers) * self._weights(numbers.device)
        return torch.fft.irfft2(waves, s=(height, width), norm="ortho").sigmoid()

    def keep(self, numbers: Numbers) -> None:
        """Leave all numbers as they are, since any will do."""

    def _weights(self, device: torch.device) -> Float[Tensor, "height frequencies"]:
        _, height, width = self.shape
        rows, columns = torch.fft.fftfreq(height, device=device), torch.fft.rfftfreq(width, device=device)
        frequency = (rows[:, None] ** 2 + columns[None] ** 2).sqrt().clamp(min=1 / max(height, width))
        weights = frequency**-DECAY
        return weights / weights.square().mean().sqrt()
