from pathlib import Path

import pytest

from pellucid.errors import SpecError
from pellucid.spec.layers import Activation, Conv2D, Dense, Flatten, MaxPooling2D
from pellucid.spec.model import FactorySpec, ModelSpec, names_factory, read_model
from pellucid.spec.recipes import tutorial

SHAPE = (28, 28, 1)


def test_faults_of_settings_and_of_shapes_are_reported_together() -> None:
    text = (
        '{"input_shape": [28, 28, 1], "layers": [{"kind": "conv2d", "filters": 0, "kernel_size": 3}, {"kind": "dens"}, '
    )
    text += '{"kind": "dense", "units": 7}]}'
    with pytest.raises(SpecError) as caught:
        ModelSpec.model_validate_json(text, context={"classes": 10})
    assert str(caught.value).splitlines() == [
        "filters must be greater than 0; received 0 in layer 1 (conv2d).",
        "Unknown layer 'dens' in layer 2. Did you mean dense?",
        "The input must be a vector; received maps of 28x28x1 in layer 3 (dense). "
        "Put Flatten or global pooling before it.",
        "The output must be one value for each of the 10 classes; received 7 in layer 3 (dense). "
        "Use Dense(units=10) last.",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "ModelSpec must be a mapping of settings"),
        ("{}", "input_shape must be given"),
        ('{"input_shape": [28, 28], "layers": []}', "input_shape"),
        ('{"input_shape": [28, 28, 1], "layers": 5}', "layers must be a list"),
        ('{"input_shape": [28, 28, 1], "layers": [5]}', "Unknown layer '5' in layer 1"),
        ('{"input_shape": [28, 28, 1], "layers": [{}]}', "Unknown layer 'None' in layer 1"),
        ('{"input_shape": [28, 28, 1], "layers": [null]}', "Unknown layer 'None' in layer 1"),
        ('{"input_shape": [28, 28, 1], "layers": [{"kind": ""}]}', "Unknown layer '' in layer 1"),
        ('{"input_shape": [28, 28, 1], "layers": [{"kind": "flatten"}], "name": 1}', "Unknown setting 'name'"),
    ],
)
def test_json_of_another_form_is_refused(content: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        ModelSpec.model_validate_json(content)
    assert message in str(caught.value)


def test_a_list_of_layers_is_taken_and_kept_as_a_tuple() -> None:
    spec = ModelSpec(input_shape=SHAPE, layers=[Flatten(), Dense(units=10, activation="softmax")])
    assert isinstance(spec.layers, tuple)
    assert spec.classes == 10


def test_a_final_softmax_is_left_out_for_training() -> None:
    dense = ModelSpec(input_shape=SHAPE, layers=[Flatten(), Dense(units=10, activation="softmax")])
    alone = dense.replace(layers=(Flatten(), Dense(units=10), Activation(activation="softmax")))
    logits = ModelSpec(input_shape=SHAPE, layers=[Flatten(), Dense(units=10)])
    assert dense.logits_only() == alone.logits_only() == logits.logits_only() == logits


def test_a_network_is_checked_against_the_data() -> None:
    spec = tutorial(SHAPE, 10).model
    spec.check(SHAPE, 10)
    with pytest.raises(SpecError) as caught:
        spec.check((32, 32, 3), 5)
    assert "input_shape must be as the data's images, 32x32x3; received 28x28x1." in str(caught.value)
    assert "one value for each of the 5 classes; received 10 in layer 6 (dense)" in str(caught.value)


def test_shorthand_may_give_the_input_and_must_agree_with_the_data() -> None:
    own = ModelSpec.from_shorthand("input 8x9x3, flatten, dense 4")
    assert own.input_shape == (8, 9, 3)
    with pytest.raises(SpecError, match="The input shape must be given"):
        ModelSpec.from_shorthand("flatten, dense 4")
    with pytest.raises(SpecError, match="input must be as the data's images, 28x28x1; received 8x9x3"):
        ModelSpec.from_shorthand("input 8x9x3, flatten, dense 4", SHAPE)


def test_a_model_is_read_from_file_shorthand_or_factory(tmp_path: Path) -> None:
    spec = ModelSpec(input_shape=SHAPE, layers=[MaxPooling2D(), Flatten(), Dense(units=10)])
    file = tmp_path / "net.json"
    file.write_text(spec.model_dump_json())
    assert read_model(str(file), SHAPE, 10) == spec
    assert read_model("maxpool 2x2, flatten, dense 10", SHAPE, 10) == spec
    assert read_model("my.nets:Small", SHAPE, 10) == FactorySpec(factory="my.nets:Small", input_shape=SHAPE, classes=10)
    with pytest.raises(SpecError, match="absent.json must be readable; received No such file"):
        read_model(str(tmp_path / "absent.json"), SHAPE, 10)


@pytest.mark.parametrize(
    ("text", "is_one"), [("a.b:c", True), ("net:Net.make", True), ("conv 3 3x3", False), ("a:", False)]
)
def test_a_factory_is_told_from_shorthand(text: str, is_one: bool) -> None:
    assert names_factory(text) is is_one


def test_a_copy_with_other_layers_is_validated_anew() -> None:
    spec = tutorial(SHAPE, 10).model
    with pytest.raises(SpecError, match="kernel_size must be at most"):
        spec.replace(layers=(Conv2D(filters=1, kernel_size=(29, 29)), Flatten(), Dense(units=10)))
