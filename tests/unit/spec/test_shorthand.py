import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import SpecError
from pellucid.spec import layers as vocabulary
from pellucid.spec import shorthand
from pellucid.spec.layers import ACTIVATIONS, Activation, BatchNormalization, Conv2D, Dense, Flatten, MaxPooling2D
from pellucid.spec.model import ModelSpec

sizes = st.integers(1, 9)
pairs = st.tuples(sizes, sizes)
activations = st.sampled_from(ACTIVATIONS)
paddings = st.sampled_from(["valid", "same"])
shares = st.floats(0, 1, exclude_max=True)
any_layer = st.one_of(
    st.builds(
        vocabulary.Conv2D,
        filters=sizes,
        kernel_size=pairs,
        strides=pairs,
        padding=paddings,
        activation=activations,
        use_bias=st.booleans(),
    ),
    st.builds(vocabulary.MaxPooling2D, pool_size=pairs, strides=pairs, padding=paddings),
    st.builds(vocabulary.AveragePooling2D, pool_size=pairs, strides=pairs, padding=paddings),
    st.just(vocabulary.GlobalMaxPooling2D()),
    st.just(vocabulary.GlobalAveragePooling2D()),
    st.just(vocabulary.Flatten()),
    st.builds(vocabulary.Dense, units=sizes, activation=activations, use_bias=st.booleans()),
    st.builds(vocabulary.Activation, activation=activations),
    st.builds(vocabulary.Dropout, rate=shares),
    st.builds(vocabulary.BatchNormalization, momentum=shares, epsilon=st.floats(1e-9, 1)),
)


@given(layers=st.lists(any_layer, max_size=6))
def test_every_layer_survives_shorthand_json_and_python(layers: list[vocabulary.Layer]) -> None:
    # "same" pooling keeps any stack of maps valid; the tail makes a classifier of it.
    tail = [Flatten(), Dense(units=4, activation="softmax")]
    on_maps = [layer for layer in layers if layer.kind not in {"flatten", "dense"} and "global" not in layer.kind]
    kept = [layer.replace(padding="same") if hasattr(layer, "padding") else layer for layer in on_maps]
    spec = ModelSpec(input_shape=(7, 9, 2), layers=[*kept, *tail])
    assert ModelSpec.from_shorthand(spec.to_shorthand()) == spec
    assert ModelSpec.model_validate_json(spec.model_dump_json()) == spec
    assert eval(repr(spec), vars(vocabulary) | {"ModelSpec": ModelSpec}) == spec  # noqa: S307


@given(layer=any_layer)
def test_each_layer_alone_is_written_and_read_without_loss(layer: vocabulary.Layer) -> None:
    parsed = shorthand.parse(shorthand.write([layer]))
    assert parsed.faults == []
    assert vocabulary.LAYERS[parsed.layers[0]["kind"]](**parsed.layers[0]) == layer


@given(text=st.text(max_size=60) | st.text("conv maxpoldens0123456789x.,-", max_size=60))
def test_any_text_gives_a_model_or_a_spec_error(text: str) -> None:
    try:
        spec = ModelSpec.from_shorthand(text, (28, 28, 1))
    except SpecError as error:
        assert error.faults
    else:
        assert ModelSpec.from_shorthand(spec.to_shorthand()) == spec


def test_the_tutorial_is_written_as_the_design_writes_it() -> None:
    text = "conv 32 3x3 relu, maxpool 2x2, conv 64 3x3 relu, maxpool 2x2, flatten, dense 10 softmax"
    spec = ModelSpec.from_shorthand(text, (28, 28, 1))
    assert spec.layers[0] == Conv2D(filters=32, kernel_size=(3, 3), activation="relu")
    assert spec.to_shorthand() == f"input 28x28x1, {text}"


def test_every_word_is_understood() -> None:
    text = "CONV 8 3 stride 2 same nobias gelu, batchnorm momentum 0.9 epsilon 1e-5, relu, max_pooling2d 3x2 strides 1"
    parsed = shorthand.parse(text)
    assert parsed.faults == []
    layers = [vocabulary.LAYERS[settings["kind"]](**settings) for settings in parsed.layers]
    assert layers == [
        Conv2D(filters=8, kernel_size=(3, 3), strides=(2, 2), padding="same", use_bias=False, activation="gelu"),
        BatchNormalization(momentum=0.9, epsilon=1e-5),
        Activation(activation="relu"),
        MaxPooling2D(pool_size=(3, 2), strides=(1, 1)),
    ]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("cnov 8 3x3, flatten, dense 3", ["Unknown layer 'cnov' in layer 1. Did you mean conv?"]),
        ("conv 8 3x3 rleu, flatten, dense 3", ["Unknown word 'rleu' in layer 1 (conv2d). Did you mean relu?"]),
        ("conv 8 3x3 4, flatten, dense 3", ["Unknown word '4' in layer 1 (conv2d)."]),
        ("flatten, , dense 3", ["A layer must stand between two commas; received nothing in layer 2."]),
        ("flatten same, dense 3", ["Unknown setting 'padding'; received 'same' in layer 1 (flatten)."]),
        ("flatten, dense 3 relu softmax", ["activation must be given once; received 'softmax' in layer 2 (dense)."]),
        ("flatten, dense 3 momentum", ["momentum must be followed by a number; received '' in layer 2 (dense)."]),
        (
            "conv 3 3x3 stride same, flatten, dense 3",
            ["stride must be followed by a number; received 'same' in layer 1"],
        ),
        (
            "conv 4 3x3x3, flatten, dense 3",
            ["kernel_size has too many numbers; received (3, 3, 3) in layer 1 (conv2d)."],
        ),
        (
            "conv 0 3x3, dense five",
            [
                "filters must be greater than 0; received 0 in layer 1 (conv2d).",
                "Unknown word 'five' in layer 2 (dense).",
                "units must be given in layer 2 (dense).",
            ],
        ),
        ("", ["A layer must stand between two commas"]),
    ],
)
def test_what_cannot_be_read_is_named_with_its_layer(text: str, messages: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        ModelSpec.from_shorthand(text, (28, 28, 1))
    for message in messages:
        assert message in str(caught.value)
