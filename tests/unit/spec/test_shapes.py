import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.spec.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalMaxPooling2D,
    MaxPooling2D,
    same_padding,
)
from pellucid.spec.recipes import tutorial
from pellucid.spec.shapes import find_faults, walk


def test_the_tutorial_walks_as_the_seed_describes() -> None:
    steps = tutorial((28, 28, 1), 10).model.walk()
    shapes = [step.output_shape for step in steps]
    assert shapes == [(26, 26, 32), (13, 13, 32), (11, 11, 64), (5, 5, 64), (1600,), (10,)]
    assert sum(step.parameters for step in steps) == 34_826
    names = ["conv2d_1", "max_pooling2d_1", "conv2d_2", "max_pooling2d_2", "flatten_1", "dense_1"]
    assert [step.name for step in steps] == names


def test_a_2x2_pool_gives_25x25_with_stride_1_only() -> None:
    assert MaxPooling2D(pool_size=(2, 2), strides=(1, 1)).output_shape((26, 26, 32)) == (25, 25, 32)
    assert MaxPooling2D(pool_size=(2, 2)).output_shape((26, 26, 32)) == (13, 13, 32)


def test_multiply_adds_are_those_counted_by_hand() -> None:
    # 5x5 positions, 4 filters of 3x3 over 2 channels; then 100 inputs into 7 units.
    layers = [
        Conv2D(filters=4, kernel_size=(3, 3), padding="same"),
        Flatten(),
        Dense(units=7),
        Activation(activation="relu"),
    ]
    steps = walk(layers, (5, 5, 2))
    assert [step.multiply_adds for step in steps] == [5 * 5 * 4 * 3 * 3 * 2, 0, 100 * 7, 0]


def test_held_values_are_input_and_output_and_an_activation_is_a_step_of_its_own() -> None:
    # 5x5x2 in, 5x5x4 out; flatten is the same memory read otherwise; dense makes 7 of 100, and relu 7 of 7.
    layers = [Conv2D(filters=4, kernel_size=(3, 3), padding="same"), Flatten(), Dense(units=7, activation="relu")]
    assert [step.held_values for step in walk(layers, (5, 5, 2))] == [50 + 100, 100, 100 + 7]
    # With its activation a convolution holds its output twice, which is more than its input and its output.
    activated = [layers[0].replace(activation="relu"), Dropout(rate=0.5)]
    assert [step.held_values for step in walk(activated, (5, 5, 2))] == [100 + 100, 100]


def test_receptive_fields_are_those_drawn_by_hand() -> None:
    # 3x3, then 2x2 at stride 2: two neighbours of a 3x3 see 4 pixels; then 3x3 steps of 2 pixels: 4 + 2 * 2.
    layers = [
        Conv2D(filters=1, kernel_size=(3, 1)),
        AveragePooling2D(pool_size=(2, 2)),
        Conv2D(filters=1, kernel_size=(3, 3)),
        GlobalMaxPooling2D(),
    ]
    fields = [step.receptive_field for step in walk(layers, (28, 28, 1))]
    # The last maps are 11 x 12; the global pool adds 10 and 11 steps of 2 pixels.
    assert fields == [(3, 1), (4, 2), (8, 6), (28, 28)]


def test_batch_normalisation_holds_four_numbers_a_channel_and_learns_two() -> None:
    layer = BatchNormalization()
    assert layer.parameters((5, 5, 3)) == 12
    assert layer.non_trainable((5, 5, 3)) == 6


@given(size=st.integers(1, 60), window=st.integers(1, 12), stride=st.integers(1, 12))
def test_same_padding_gives_ceil_outputs_with_the_odd_row_last(size: int, window: int, stride: int) -> None:
    before, after = same_padding(size, window, stride)
    outputs = math.ceil(size / stride)
    assert after - before in {0, 1}
    # The last window begins inside the map, and ends no later than the padding.
    assert (outputs - 1) * stride + window <= before + size + after
    assert before + after < window
    layer = Conv2D(filters=1, kernel_size=(window, window), strides=(stride, stride), padding="same")
    assert layer.output_shape((size, size, 1)) == (outputs, outputs, 1)


@given(size=st.integers(1, 60), window=st.integers(1, 12), stride=st.integers(1, 12))
def test_valid_windows_are_those_that_fit(size: int, window: int, stride: int) -> None:
    layer = MaxPooling2D(pool_size=(window, window), strides=(stride, stride))
    fits = len([start for start in range(0, size, stride) if start + window <= size])
    if window > size:
        assert layer.faults((size, size, 1))
    else:
        assert layer.output_shape((size, size, 1)) == (fits, fits, 1)


def test_all_faults_are_found_each_once_and_with_its_place() -> None:
    layers = [
        Conv2D(filters=3, kernel_size=(40, 3)),
        Dense(units=5),
        MaxPooling2D(),
        Dense(units=7, activation="relu"),
    ]
    texts = [str(fault) for fault in find_faults(layers, (28, 28, 1), classes=10)]
    assert texts == [
        "kernel_size must be at most the input, 28x28; received 40x3 in layer 1 (conv2d). "
        'Use padding="same" or a smaller kernel.',
        "The input must be a vector; received maps of 28x28x3 in layer 2 (dense). "
        "Put Flatten or global pooling before it.",
        "The input must be a map of height x width x channels; received a vector of 5 in layer 3 (max_pooling2d). "
        "Put it before Flatten, Dense and global pooling.",
        "The output must be one value for each of the 10 classes; received 7 in layer 4 (dense). "
        "Use Dense(units=10) last.",
        "The last activation must be softmax, or linear for logits; received relu in layer 4 (dense). Use softmax.",
    ]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "A model must have layers; received none."),
        ([Conv2D(filters=2, kernel_size=(3, 3))], "The output must be one value a class; received maps of 6x6x2"),
        ([Flatten(), Dense(units=1)], "The output must be at least 2 classes; received 1 in layer 2 (dense)."),
    ],
)
def test_a_network_must_end_in_classes(layers, message: str) -> None:
    assert message in " ".join(str(fault) for fault in find_faults(layers, (8, 8, 1)))
