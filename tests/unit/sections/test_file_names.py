from __future__ import annotations

from pathlib import Path

from pellucid.sections.file_names import attribution_name, feature_maps_name, single_name
from pellucid.sections.origin import Origin


def test_names_are_made_of_letters_digits_and_dashes() -> None:
    assert attribution_name("photos/my cat.png", None, False) == "attribution-my-cat-png"
    assert attribution_name("test:17", "3", True) == "attribution-test-17-class-3-untrained"
    assert (
        feature_maps_name("conv2d_1", "bars, test image 1", True) == "feature-maps-conv2d_1-bars-test-image-1-untrained"
    )
    assert single_name("raw", "conv2d_1 1 at 5,0") == "raw-conv2d_1-1-at-5,0"


def test_the_control_is_told_apart() -> None:
    trained, control = Origin(Path("runs/first"), 0), Origin(Path("runs/first"), 0, untrained=True)
    assert (trained.name, trained.suffix, trained.control("x")) == ("first", "", "")
    assert (control.suffix, control.control("x")) == ("-untrained", "x")
