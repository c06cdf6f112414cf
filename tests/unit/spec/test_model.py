from pathlib import Path

import pytest

from pellucid.errors import SpecError
from pellucid.spec.layers import Activation, Conv2D, Dense, Flatten, MaxPooling2D
from pellucid.spec.model import FactorySpec, ModelSpec, names_factory, read_model
from pellucid.spec.recipes import tutorial

SHAPE = (28, 28, 1)


def faults_of(layers: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        ModelSpec.model_validate_json(f'{{"input_shape": [28, 28, 1], "layers": [{layers}]}}', context={"classes": 10})
    return str(caught.value).splitlines()


def test_faults_of_settings_and_of_shapes_are_reported_together() -> None:
    conv, dense = '{"kind": "conv2d", "filters": 0, "kernel_size": 3}', '{"kind": "dense", "units": 7}'
    assert faults_of(f"{conv}, {dense}") == [
        "filters must be greater than 0; received 0 in layer 1 (conv2d).",
        "The input must be a vector; received maps of 28x28x1 in layer 2 (dense). "
        "Put Flatten or global pooling before it.",
        "The output must be one value for each of the 10 classes; received 7 in layer 2 (dense). "
        "Use Dense(units=10) last.",
    ]


def test_an_unknown_layer_hides_no_fault_and_makes_none_up() -> None:
    # It may have been a Flatten, so nothing is said of the shape that it gives.
    assert faults_of('{"kind": "flaten"}, {"kind": "dense", "units": 7}') == [
        "Unknown layer 'flaten' in layer 1. Did you mean flatten?",
        "The output must be one value for each of the 10 classes; received 7 in layer 2 (dense). "
        "Use Dense(units=10) last.",
    ]
    assert faults_of('{"kind": "flatten", "padding": "same"}, {"kind": "dense", "units": 10}') == [
        "Unknown setting 'padding'; received 'same' in layer 1 (flatten). Known: kind."
    ]
    assert faults_of('{"kind": "flatten"}, {"kind": "dense", "units": 0}') == [
        "units must be greater than 0; received 0 in layer 2 (dense)."
    ]


def test_a_wrong_pool_size_is_said_once() -> None:
    pool, tail = '{"kind": "max_pooling2d", "pool_size": 0}', '{"kind": "flatten"}, {"kind": "dense", "units": 10}'
    assert faults_of(f"{pool}, {tail}") == ["pool_size must be greater than 0; received 0 in layer 1 (max_pooling2d)."]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("dense 3 softmax, dropout 0.1", "softmax must be the last layer's in layer 2 (dense)."),
        ("dense 3, softmax, linear", "softmax must be the last layer's in layer 3 (activation)."),
        ("conv 3 8x8 softmax, flatten", "softmax must be the last layer's in layer 1 (conv2d)."),
        ("conv 3 3x3 softmax, globalavgpool", "softmax must be the last layer's in layer 1 (conv2d)."),
        (
            "dense 3 relu, dropout 0.1",
            "The last activation must be softmax, or linear for logits; received relu in layer 2",
        ),
        ("dense 3, tanh", "The last activation must be softmax, or linear for logits; received tanh in layer 3"),
        ("globalavgpool, softmax", "A model must have something to learn; received no parameters."),
    ],
)
def test_a_hidden_softmax_or_another_last_activation_is_refused(layers: str, message: str) -> None:
    text = f"flatten, {layers}" if layers.startswith("dense") else layers
    with pytest.raises(SpecError) as caught:
        ModelSpec.from_shorthand(text, (8, 8, 3))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "conv 3 3x3 relu, globalavgpool",
        "conv 3 3x3, globalmaxpool, softmax",
        "flatten, dense 9 softmax, dense 3",
        "flatten, dense 3, dropout 0.1, linear",
    ],
)
def test_logits_may_come_from_any_layer(text: str) -> None:
    assert ModelSpec.from_shorthand(text, [8, 8, 3]).classes == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "ModelSpec must be a mapping of settings"),
        ("{}", "input_shape must be given"),
        ('{"input_shape": [28, 28], "layers": []}', "input_shape has too few numbers; received [28, 28]"),
        ('{"input_shape": [28, 28, 1, 1], "layers": []}', "input_shape has too many numbers"),
        ('{"input_shape": [28, 28, 1], "layers": ["flatten"]}', "Unknown layer 'flatten' in layer 1"),
        ('{"input_shape": [28, 28, 1], "layers": [{"kind": ["flatten"]}]}', "in layer 1"),
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


def test_a_factory_must_be_for_such_data() -> None:
    spec = FactorySpec(factory="my.nets:Small", input_shape=SHAPE, classes=10)
    spec.check(SHAPE, 10)
    with pytest.raises(SpecError) as caught:
        spec.check((8, 9, 3), 4)
    assert [str(fault) for fault in caught.value.faults] == [
        "input_shape must be as the data's images, 8x9x3; received 28x28x1.",
        "classes must be as many as the data's, 4; received 10.",
    ]


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
