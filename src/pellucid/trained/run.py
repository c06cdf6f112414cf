"""A trained run: its network, its history, and where it lies on disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

import torch
from jaxtyping import Float, Float32, Shaped
from numpy import ndarray
from torch import Tensor, nn

from pellucid.data.columns import columns_of
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import DataError, RunError
from pellucid.judge.evaluation import Evaluation
from pellucid.judge.refusal import Doubts
from pellucid.judge.robustness import Robustness
from pellucid.names import user_path
from pellucid.predict.classifier import Asking
from pellucid.predict.prediction import Prediction
from pellucid.predict.predictor import Predictor
from pellucid.predict.stream import Answered
from pellucid.run.folder import (
    CURVES,
    DOUBT,
    EVALUATION,
    HISTORY,
    RECORD,
    ROBUSTNESS,
    RunFolder,
    find_run,
    new_run,
)
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.spec.recipes import Recipe
from pellucid.trained.calibrate import calibration_of
from pellucid.trained.curves import draw_curves
from pellucid.trained.data import are_own, load_own, require_test_unchanged, require_unchanged
from pellucid.trained.doubt import learn_doubts
from pellucid.trained.evaluate import evaluate
from pellucid.trained.files import add_files, file_of, write_files
from pellucid.trained.neighbours import with_neighbours
from pellucid.trained.other import beside, inverted, load_other, tell_of_trained_on
from pellucid.trained.robustness import robustness
from pellucid.trained.splits import held_out, require_split, split_named


class Run:
    """A network that was trained, with its history. It predicts, is evaluated, plotted and saved.

    Attributes:
        predictor: The network, which answers.
        history: One row an epoch; ``run.history["val_accuracy"]`` is a column.
        folder: The folder that the run lies in; None for a run in memory.
        data: The data that the run was trained on; None after loading, until they are needed.
        evaluation: How the run answers its own test split; None until it is judged on that, after loading too.
        asked_to_stop: Whether the user pressed Ctrl-C in the training, if only when there was nothing left to stop.
    """

    def __init__(
        self,
        predictor: Predictor,
        *,
        history: History | None = None,
        folder: RunFolder | None = None,
        data: DataSplits | None = None,
        evaluation: Evaluation | None = None,
    ) -> None:
        self.predictor = predictor
        self.history = history or History()
        self.folder = folder
        self.data = data
        self.evaluation = evaluation
        self._robustness: Robustness | None = None
        self.asked_to_stop = False

    @classmethod
    def load(
        cls, path: str | PathLike[str], *, device: str = "auto", precision: str = "fp32", trust: bool = False
    ) -> Run:
        """Load a run from its folder; see `Predictor.load`.

        Raises:
            RunError: A file is missing or damaged.
        """
        folder, predictor = RunFolder(path), Predictor.load(path, device=device, precision=precision, trust=trust)
        history, results = folder.read_history(), predictor.record.results
        if results and len(history.epochs) != results.epochs:
            rule = f"must have {results.epochs} epochs, as {RECORD} says"
            raise RunError(f"{folder.path / HISTORY} {rule}; received {len(history.epochs)}.")
        return cls(predictor, history=history, folder=folder)

    @property
    def record(self) -> RunRecord:
        """How the run came about, and what came out: run.json."""
        return self.predictor.record

    @property
    def recipe(self) -> Recipe:
        """The recipe of the run: what was trained, and how."""
        return Recipe(model=self.record.model, train=self.record.train, name=self.record.recipe)

    @property
    def model(self) -> nn.Module:
        """The network itself, which gives logits."""
        return self.predictor.model

    @property
    def device(self) -> torch.device:
        """The device that the network is on."""
        return self.predictor.device

    @property
    def precision(self) -> str:
        """Precision of the network's activations."""
        return self.predictor.precision

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the outputs."""
        return self.predictor.class_names

    def probabilities(
        self, images: Shaped[ndarray, "count ..."], *, alone: bool = False
    ) -> Float32[ndarray, "count classes"]:
        """Probability of each class; see `Predictor.probabilities`."""
        return self.predictor.probabilities(images, alone=alone)

    def logits(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """What the network alone gives before softmax; see `Predictor.logits`."""
        return self.predictor.logits(images)

    def predict(self, images: Shaped[ndarray, "count ..."], **how: Unpack[Asking]) -> list[Prediction]:
        """The labelled answer for each image; see `Predictor.predict`."""
        return self.predictor.predict(images, **how)

    def predict_files(
        self, paths: Iterable[str | PathLike[str]], *, invert: bool = False, **how: Unpack[Asking]
    ) -> list[Prediction]:
        """The answer for each image file; see `Predictor.predict_files`."""
        return self.predictor.predict_files(paths, invert=invert, **how)

    def stream(
        self, paths: Iterable[str | PathLike[str]], *, invert: bool = False, **how: Unpack[Asking]
    ) -> Iterator[Answered]:
        """Answers for images one after another; see `Predictor.stream`."""
        return self.predictor.stream(paths, invert=invert, **how)

    @property
    def path(self) -> Path | None:
        """The run folder, or None when it is in memory only."""
        return self.folder.path if self.folder else None

    def evaluate(
        self,
        data: DataSplits | str | PathLike[str] | None = None,
        *,
        split: str = "test",
        invert: bool = False,
        slice_by: Sequence[str] = (),
        unknown: bool = True,
        keep: float | None = None,
    ) -> Evaluation:
        """Judge the network on a split.

        What the run's own test split gives in fp32, asked as usual, is written to its folder: evaluation.json, and the
        score in run.json. The loss is that of the network as it was trained; probabilities are calibrated. A run that
        is not calibrated yet, as an earlier version trained it or it was interrupted, is calibrated first where its own
        data are judged in fp32 and it held validation images out, and learns when to say "I don't know"; its folder
        then holds both.

        Args:
            data: A data set, or where one is, which is then read as the run's own was; the run's own unless given. Its
                classes are found among the run's by name, and need not be all of them.
            split: ``test``, or ``validation`` or ``train`` as they were held out in the training.
            invert: Exchange dark and bright, as for dark ink on bright paper.
            slice_by: Columns of the table that the images come from, whose values are judged one by one.
            unknown: Whether the run may say "I don't know"; the accuracy is of all images all the same.
            keep: Share of images like those trained on that is to be answered; 0.99 unless given.

        Raises:
            DataError: The data cannot be had, have changed, are of another shape, have a class that the run does not
                know, or lack a column.
            SettingError: The split is unknown, or the share to keep is not above 0 and below 1.
            RunError: What the run knows of its doubt is missing or damaged.
        """
        splits = data if isinstance(data, DataSplits) else self.read_data(data)
        name, images, own = self._to_judge(splits, split, invert)
        asked = {"columns": columns_of(splits, images, slice_by), "unknown": unknown, "keep": keep}
        evaluation = evaluate(self.predictor, images, data=name, split=split, **asked)
        with contextlib.suppress(DataError):  # without the run's own data nothing near is found
            training = held_out(self.own_data(), self.record.train.validation_split, self.record.train.seed)["train"]
            same = own and split == "train"
            evaluation = with_neighbours(self.predictor, evaluation, images, training, same=same)
            if not own:
                tell_of_trained_on(training, images)
        if not own:
            return evaluation.model_copy(update={"inverted": invert, "beside": beside(self.record, images)})
        if split == "test" and self.precision == "fp32" and unknown and keep is None:
            self._keep(evaluation)
        return evaluation

    def robustness(
        self,
        data: DataSplits | str | PathLike[str] | None = None,
        *,
        split: str = "test",
        images: int | None = None,
        seed: int = 0,
        invert: bool = False,
        progress: bool = False,
    ) -> Robustness:
        """Judge the network on images that are moved, blurred, covered and changed otherwise, more and more.

        What the run's own test split gives in fp32 is written to its folder: robustness.json.

        Args:
            data: As of `evaluate`.
            split: As of `evaluate`.
            images: How many images to judge, the same share of each class; 2,000 unless given, fewer of large images.
            seed: Which images are taken, and what is drawn for each, follows from it.
            invert: As of `evaluate`.
            progress: Show a bar on stderr, where that is a terminal.

        Raises:
            DataError: As of `evaluate`.
            SettingError: The split is unknown, or no image is asked for.
        """
        name, chosen, own = self._to_judge(data, split, invert)
        settings = {"images": images, "seed": seed, "inverted": invert, "progress": progress}
        found = robustness(self.predictor, chosen, data=name, split=split, **settings)
        if own and split == "test" and self.precision == "fp32":
            self._robustness = found
            self._write({ROBUSTNESS: found.to_json()})
        return found

    def _to_judge(
        self, data: DataSplits | str | PathLike[str] | None, split: str, invert: bool
    ) -> tuple[str, ImageDataset, bool]:
        """The data's name, the images of a split, and whether they are the run's own as it was trained on them."""
        require_split(split)
        splits = data if isinstance(data, DataSplits) else self.read_data(data)
        own = are_own(self.record, splits)
        if own:
            require_unchanged(self.record, splits)
            self._settle(splits)
        images = self.split_of(splits, split)
        if own and split == "test":
            require_test_unchanged(self.record, splits.name, images)
        return splits.name, inverted(images) if invert else images, own and not invert

    def _settle(self, own: DataSplits) -> None:
        """Fit the temperature of a run that has none yet, and let it learn when to say "I don't know"."""
        before = self.record
        if self.precision != "fp32" or (before.calibration and before.doubt):
            return
        if before.calibration is None:
            calibration = calibration_of(self.predictor, own)
            self.predictor.record = before.model_copy(update={"calibration": calibration})
        if before.doubt is None:
            learn_doubts(self.predictor, own)
        if self.record != before:
            learned = self.predictor.doubts if before.doubt is None else None
            self._write({DOUBT: learned.to_bytes()} if learned else {}, "What the run learned of itself")

    def _keep(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.predictor.record = self.record.with_test(evaluation.score, evaluation.count, evaluation.fingerprint)
        self._write({EVALUATION: evaluation.to_json()})

    def _write(self, files: Mapping[str, bytes | str], what: str = "") -> None:
        if self.folder:
            add_files(self.folder, self.record, files, what or ", ".join(files))

    def plot(self, path: str | PathLike[str] | None = None) -> Path:
        """Draw accuracy and loss against epoch.

        Args:
            path: A .png or .svg file; unless given, curves.png in the run folder, or else here.

        Raises:
            SettingError: The file is neither .png nor .svg.
            RunError: No epoch was finished, or the file cannot be written.
        """
        folder = self.path or Path()
        return draw_curves(self.history, self.record, user_path(path) if path else folder / CURVES)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the run to a folder of its own: run.json, history.csv, model.safetensors, curves.png, what judged it.

        Raises:
            RunError: Something stands in that place, or the disk is full or read-only.
        """
        found = {EVALUATION: self.evaluation, ROBUSTNESS: self._robustness}
        judged = {name: result.to_json() if result else file_of(self.folder, name) for name, result in found.items()}
        doubts = self.predictor.doubts  # read before the folder is replaced that may hold them
        with new_run(Path(path), overwrite=overwrite) as folder:
            self.write(folder, doubts)
            if self.history.epochs:
                draw_curves(self.history, self.record, folder.path / CURVES)
            for name, content in judged.items():
                if content:
                    folder.write(name, content)
        self.folder = folder
        return folder.path

    def export(self, path: str | PathLike[str] | None = None, **settings: Any) -> Path:
        """Write the network in another format, when it is proved to answer as the run does; see `export_run`.

        Args:
            path: The folder to write; ``exports/`` and the name of the run unless given.
            settings: Of `export_run`: ``form``, ``maps``, ``proof_images``, ``overwrite``.

        Returns:
            The folder.
        """
        import pellucid  # exporting stands on a line above, and is reached as a user reaches it

        return pellucid.export_run(self, path, **settings).path

    def write(self, folder: RunFolder, doubts: Doubts | None = None) -> None:
        """Write weights, history and record to a folder, the record last: what it says is then there.

        Args:
            folder: Where to.
            doubts: What the run knows of its doubt; what the predictor has unless given. Where there is no room for it,
                the run goes without.
        """
        write_files(self.predictor, self.history, folder, doubts or self.predictor.doubts)

    def own_data(self) -> DataSplits:
        """The data that the run was trained on, loaded again when they are first needed.

        Raises:
            DataError: The data are not here any more, or have changed.
        """
        if self.data is None:
            self.data = load_own(self.record)
        return self.data

    def read_data(
        self, source: str | PathLike[str] | None = None, *, progress: bool | None = None, **settings: Any
    ) -> DataSplits:
        """Data to judge the run on, read as its own were; see `load_other`. Unless a place is given, its own.

        Raises:
            DataError: The data cannot be found or used, or are the run's own and have changed.
            SettingError: A setting breaks a rule.
        """
        own = self.record.data.location
        if source is None or (own and not settings and own in {str(source), os.path.realpath(user_path(source))}):
            return self.own_data()
        return load_other(self.record, source, progress=progress, **settings)

    def split_of(self, splits: DataSplits, split: str) -> ImageDataset:
        """A split of data, held out as in the training.

        Raises:
            SettingError: The split is unknown.
            DataError: The data have no such split.
        """
        spec = self.record.train
        return split_named(splits, split, spec.validation_split, spec.seed)


def predictor_of(run: Run | Predictor) -> Predictor:
    """The network of a run; what is one already is given back."""
    return run.predictor if isinstance(run, Run) else run


def load_run(
    path: str | PathLike[str] = "latest", *, device: str = "auto", precision: str = "fp32", trust: bool = False
) -> Run:
    """Load a trained run.

    Args:
        path: A run folder, a name below ``runs/``, or ``latest``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        trust: Whether the run may name code that makes its network, which is imported and run.

    Raises:
        RunError: There is no such run, a file of it is missing or damaged, or it names code.
        DeviceError: The machine does not offer the device or precision.
    """
    return Run.load(find_run(str(path)), device=device, precision=precision, trust=trust)
