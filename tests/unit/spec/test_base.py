import pytest

from pellucid.errors import SettingError, SpecError
from pellucid.spec.layers import Conv2D, Dense, Dropout, MaxPooling2D
from pellucid.spec.train import TrainSpec


def test_settings_may_be_given_by_position_as_in_keras() -> None:
    by_position = Conv2D(32, 3)
    assert by_position == Conv2D(filters=32, kernel_size=(3, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv2D(0, 3), "filters must be greater than 0; received 0."),
        (lambda: Conv2D(8, (3, 0)), "kernel_size must be greater than 0; received 0."),
        (lambda: Conv2D(8), "kernel_size must be given."),
        (lambda: Conv2D(8, "big"), "kernel_size must be a list; received 'big'."),
        (lambda: Dense(2.5), "units must be a whole number; received 2.5."),
        (lambda: Dense(units=True), "units must be a whole number; received 'True'."),
        (lambda: Dense(units=1, activation="rleu"), "activation must be one of these; received 'rleu'."),
        (lambda: Dropout(1), "rate must be less than 1.0; received 1."),
        (lambda: Dropout(float("nan")), "rate must be a finite number; received nan."),
        (lambda: Conv2D(8, 3, fliters=2), "Unknown setting 'fliters'; received 2. Did you mean filters?"),
        (lambda: Conv2D(8, 3, filters=2), "Conv2D takes filters once; received it by position and by name."),
        (lambda: Dense(1, "relu", True, 4), "Dense takes 3 settings (units, activation, use_bias); received 4."),
    ],
)
def test_a_wrong_setting_is_named_with_its_rule_and_value(make, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert message in str(caught.value)


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(SettingError) as caught:
        TrainSpec(epochs=0, batch_size=-1, learning_rate=float("inf"))
    assert str(caught.value) == (
        "epochs must be greater than 0; received 0.\n"
        "batch_size must be greater than 0; received -1.\n"
        "learning_rate must be a finite number; received inf."
    )


def test_a_spec_cannot_be_changed_but_replaced() -> None:
    layer = Dense(units=10)
    with pytest.raises(SpecError, match="frozen"):
        layer.replace(frozen=True)
    with pytest.raises(ValueError, match="frozen"):
        layer.units = 3
    assert layer.replace(units=3) == Dense(units=3)


def test_the_representation_is_python_that_makes_an_equal_spec() -> None:
    layer = MaxPooling2D(pool_size=(3, 3), strides=(1, 2), padding="same")
    assert repr(layer) == "MaxPooling2D(pool_size=(3, 3), strides=(1, 2), padding='same')"
    assert eval(repr(layer), {"MaxPooling2D": MaxPooling2D}) == layer  # noqa: S307


def test_strides_equal_to_the_default_pool_are_not_lost() -> None:
    layer = MaxPooling2D(pool_size=(3, 3), strides=(2, 2))
    assert eval(repr(layer), {"MaxPooling2D": MaxPooling2D}) == layer  # noqa: S307
    assert MaxPooling2D(pool_size=(3, 3), strides=None) == MaxPooling2D(pool_size=(3, 3), strides=(3, 3))


def test_text_that_is_not_json_is_said_to_be_none() -> None:
    with pytest.raises(SpecError, match="The text must be JSON"):
        Dense.model_validate_json('{"units": ')
