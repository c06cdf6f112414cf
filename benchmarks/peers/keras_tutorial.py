"""The tutorial's program in Keras 3; KERAS_BACKEND chooses tensorflow, torch or jax.

Two convolutions with pooling and a dense layer; Adam, mini-batches of 128, 15 epochs, 10% held out. It prints no
progress bar, which can only make it faster.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import keras
import numpy as np
from measurement import UpdateClock, arguments, rate, report

PACKAGES = {"tensorflow": "tensorflow-cpu", "torch": "torch", "jax": "jax"}
SILENT: Any = 0
PREDICTION_BATCH_SIZES = (32, 500)  # Keras's default, and Pellucid's


class Times(keras.callbacks.Callback):
    """Validation accuracy and time since the start, epoch by epoch."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Start the clock."""
        self.started, self.history = time.perf_counter(), []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep a row."""
        seconds = time.perf_counter() - self.started
        self.history.append({"epoch": epoch + 1, "seconds": seconds, "val_accuracy": float(logs["val_accuracy"])})


class Rate(keras.callbacks.Callback):
    """Ends the training when enough updates are measured."""

    def __init__(self, clock: UpdateClock) -> None:
        super().__init__()
        self.clock = clock

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count the update; its loss is there when it is made."""
        if self.clock.tick(lambda: float(logs["loss"])) and self.model:
            self.model.stop_training = True


def load(file: str, images: int | None) -> tuple[Any, Any, Any, Any]:
    """MNIST as the tutorial prepares it: floats in [0, 1], a channel axis, one-hot labels."""
    with np.load(file) as arrays:
        x_train, y_train, x_test, y_test = (arrays[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    x_train = np.expand_dims(x_train.astype("float32") / 255, -1)
    x_test = np.expand_dims(x_test.astype("float32") / 255, -1)
    y_train, y_test = keras.utils.to_categorical(y_train, 10), keras.utils.to_categorical(y_test, 10)
    return x_train[:images], y_train[:images], x_test, y_test


def network(filters: int | None = None) -> keras.Sequential:
    """The tutorial's network; or one with a single convolution of so many filters."""
    second = [keras.layers.Conv2D(64, (3, 3), activation="relu"), keras.layers.MaxPooling2D((2, 2))]
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(filters or 32, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            *([] if filters else second),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def train(options: argparse.Namespace, x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> dict[str, Any]:
    """The tutorial's training and its judgement on the test images."""
    model, times = network(options.filters), Times()
    started = time.perf_counter()
    model.fit(
        x_train,
        y_train,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_split=0.1,
        callbacks=[times],
        verbose=SILENT,
    )
    fit_seconds = time.perf_counter() - started
    loss, accuracy = model.evaluate(x_test, y_test, verbose=SILENT)
    figures: dict[str, Any] = {"fit_seconds": fit_seconds, "test_loss": loss, "test_accuracy": accuracy}
    if options.predict:
        figures["images_per_second"] = prediction(model, x_test, y_test, options.seconds)
    return {**figures, "epochs": options.epochs, "history": times.history}


def throughput(options: argparse.Namespace, x_train: Any, y_train: Any) -> dict[str, Any]:
    """Updates at each batch size, by a `fit` that ends early."""
    rates = {}
    for size in options.throughput:
        clock, whole = UpdateClock(size, options.seconds), len(x_train) // size * size
        model = network(options.filters)
        model.fit(
            x_train[:whole], y_train[:whole], batch_size=size, epochs=10**6, callbacks=[Rate(clock)], verbose=SILENT
        )
        rates[size] = clock.images_per_second
    return {"images_per_second": rates}


def prediction(model: keras.Model, x_test: Any, y_test: Any, seconds: float) -> dict[str, float]:
    """Images a second of evaluation and of prediction."""
    rates, one, count = {}, x_test[:1], len(x_test)
    for size in PREDICTION_BATCH_SIZES:
        rates[f"evaluate, batch {size}"] = rate(
            lambda size=size: model.evaluate(x_test, y_test, batch_size=size, verbose=SILENT), count, seconds
        )
        rates[f"predict, batch {size}"] = rate(
            lambda size=size: model.predict(x_test, batch_size=size, verbose=SILENT), count, seconds
        )
    rates["one image a call"] = rate(lambda: model.predict_on_batch(one), 1, seconds)
    return rates


def main() -> None:
    """Train or measure, and print one line."""
    parser = arguments(__doc__, epochs=15, batch_size=128)
    parser.add_argument("--filters", type=int, help="one convolution of so many filters in place of the tutorial's two")
    parser.add_argument("--predict", action="store_true", help="measure evaluation and prediction after the training")
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    data = load(options.data, options.images)
    figures = throughput(options, *data[:2]) if options.throughput else train(options, *data)
    backend = keras.backend.backend()
    libraries = ("keras", PACKAGES[backend], "numpy")
    report("keras_tutorial", libraries, backend=backend, images=len(data[0]), **figures)


if __name__ == "__main__":
    main()
