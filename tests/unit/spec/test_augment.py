import subprocess
import sys

import pytest

from pellucid.errors import SettingError
from pellucid.spec.augment import AugmentSpec

ALL = {
    "shift": 0.1,
    "rotation": 10,
    "scale": 0.1,
    "shear": 5,
    "elastic": 1,
    "erasing": 0.5,
    "brightness": 0.1,
    "contrast": 0.2,
    "noise": 0.05,
    "horizontal_flip": True,
}


def test_alone_it_changes_nothing_and_mirrors_nothing() -> None:
    assert not AugmentSpec().active
    assert not AugmentSpec().horizontal_flip
    assert AugmentSpec(**ALL).horizontal_flip


@pytest.mark.parametrize("name", ALL)
def test_each_setting_alone_makes_it_active(name: str) -> None:
    assert AugmentSpec(**{name: ALL[name]}).active


def test_how_a_setting_acts_is_no_action() -> None:
    assert not AugmentSpec(elastic_smoothness=8, erasing_area=(0.1, 0.2), probability=0.5).active


def test_every_setting_is_tried_here() -> None:
    assert set(AugmentSpec.setting_names()) == {*ALL, "elastic_smoothness", "erasing_area", "probability"}


def test_json_brings_the_settings_back() -> None:
    spec = AugmentSpec(**ALL, elastic_smoothness=6, erasing_area=(0.1, 0.1))
    assert AugmentSpec.model_validate_json(spec.model_dump_json()) == spec


def test_it_is_shown_as_the_python_that_makes_it() -> None:
    assert repr(AugmentSpec(rotation=10, horizontal_flip=True)) == "AugmentSpec(rotation=10.0, horizontal_flip=True)"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shift": 2}, "shift must be at most 0.5; received 2. Give a share of the height and width, such as 0.1."),
        ({"shift": -0.1}, "shift must be at least 0.0; received -0.1. Give a share"),
        ({"rotation": 181}, "rotation must be at most 180.0; received 181. Give degrees, such as 10."),
        ({"scale": 1}, "scale must be at most 0.9; received 1. Give a share, such as 0.1 for 0.9 to 1.1 times."),
        ({"shear": 90}, "shear must be at most 60.0; received 90. Give degrees, such as 10."),
        ({"elastic": -1}, "elastic must be at least 0.0; received -1. Give pixels, such as 1."),
        ({"probability": 0}, "probability must be greater than 0.0; received 0. Give a probability, such as 0.5."),
        ({"elastic_smoothness": 0}, "elastic_smoothness must be at least 1.0; received 0. Give pixels, such as 4."),
        ({"erasing": 1.5}, "erasing must be at most 1.0; received 1.5. Give a probability, such as 0.5."),
        ({"erasing_area": (0, 0.5)}, "erasing_area must be greater than 0.0; received 0. Give two shares"),
        ({"erasing_area": (0.1,)}, "erasing_area has too few numbers"),
        (
            {"erasing_area": (0.3, 0.1)},
            "erasing_area must be the least share, then the greatest; received 0.3 and 0.1. Use (0.1, 0.3).",
        ),
        ({"brightness": 25}, "brightness must be at most 1.0; received 25. Give a share, such as 0.1."),
        ({"contrast": 2}, "contrast must be at most 1.0; received 2."),
        ({"noise": float("nan")}, "noise must be a finite number; received nan. Give a share of white, such as 0.05."),
        ({"horizontal_flip": 3}, "horizontal_flip must be true or false; received 3."),
        ({"rotate": 10}, "Unknown setting 'rotate'; received 10. Did you mean rotation?"),
    ],
)
def test_what_is_out_of_range_is_said_with_a_remedy(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        AugmentSpec(**settings)
    assert str(caught.value).startswith(message)


def test_a_name_alone_switches_on_only_what_is_on_or_off() -> None:
    assert AugmentSpec.from_text("shift=0.1, horizontal_flip") == AugmentSpec(shift=0.1, horizontal_flip=True)
    with pytest.raises(SettingError, match=r"noise must be a number; received ''. Give a share of white"):
        AugmentSpec.from_text("shift=0.1,noise")


def test_all_faults_are_named_together() -> None:
    with pytest.raises(SettingError) as caught:
        AugmentSpec(shift=2, noise=3)
    assert len(caught.value.faults) == 2


def test_it_needs_no_torch() -> None:
    code = "import sys, pellucid.spec.augment; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
