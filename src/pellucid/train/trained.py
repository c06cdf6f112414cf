"""A trained run: its network, its history, and where it lies on disk."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.splits import hold_out
from pellucid.errors import DataError, RunError, SettingError, unknown
from pellucid.evaluate.evaluation import Evaluation, evaluate
from pellucid.predict import Predictor
from pellucid.run.folder import CURVES, EVALUATION, HISTORY, RECORD, WEIGHTS, RunFolder, find_run, new_run
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.train.curves import draw_curves

SPLITS = ("test", "validation", "train")


class Run(Predictor):
    """A network that was trained, with its history. It predicts, is evaluated, plotted and saved.

    Attributes:
        history: One row an epoch; ``run.history["val_accuracy"]`` is a column.
        folder: Where it lies on disk, or None.
        data: What it was trained on; None after loading, until it is needed.
        asked_to_stop: Whether the user pressed Ctrl-C in the training, if only when there was nothing left to stop.
    """

    def __init__(
        self,
        model: nn.Module,
        record: RunRecord,
        device: torch.device,
        precision: str = "fp32",
        *,
        history: History | None = None,
        folder: RunFolder | None = None,
        data: DataSplits | None = None,
    ) -> None:
        super().__init__(model, record, device, precision)
        self.history = history or History()
        self.folder = folder
        self.data = data
        self.asked_to_stop = False
        self._evaluation: str | None = None  # evaluation.json, for a folder to come

    @classmethod
    def load(cls, path: str | PathLike[str], *, device: str = "auto", precision: str = "fp32") -> Run:
        """Load a run from its folder; see `Predictor.load`."""
        run = super().load(path, device=device, precision=precision)
        run.folder = RunFolder(path)
        run.history = run.folder.read_history()
        results = run.record.results
        if results and len(run.history.epochs) != results.epochs:
            rule = f"must have {results.epochs} epochs, as {RECORD} says"
            raise RunError(f"{run.folder.path / HISTORY} {rule}; received {len(run.history.epochs)}.")
        return run

    @property
    def path(self) -> Path | None:
        """The run folder, or None when it is in memory only."""
        return self.folder.path if self.folder else None

    def evaluate(self, data: DataSplits | None = None, *, split: str = "test") -> Evaluation:
        """Judge the network on a split.

        What the run's own test split gives in fp32 is written to its folder: evaluation.json, and the score in
        run.json.

        Args:
            data: A data set; the run's own unless given.
            split: ``test``, or ``validation`` or ``train`` as they were held out in the training.

        Raises:
            DataError: The data cannot be had, have changed, or are of another shape or other classes.
            SettingError: The split is unknown.
        """
        if split not in SPLITS:
            raise SettingError([unknown("split", split, SPLITS)])
        own = data is None or data.location == (self.record.data.location or self.record.data.name)
        splits = data or self.own_data()
        if own:
            self.require_unchanged(splits)
        evaluation = evaluate(self, self.split_of(splits, split), data=splits.name, split=split)
        if own and split == "test" and self.precision == "fp32":
            self._keep(evaluation)
        return evaluation

    def _keep(self, evaluation: Evaluation) -> None:
        before = self.record.data.test_fingerprint
        if before and before != evaluation.fingerprint:
            raise DataError(f"The test split of {evaluation.data} has changed: its fingerprint is another than before.")
        self._evaluation = evaluation.model_dump_json(indent=2) + "\n"
        self.record = self.record.with_test(evaluation.score, evaluation.count, evaluation.fingerprint)
        if self.folder:
            self.folder.write(EVALUATION, self._evaluation)
            self.folder.write_record(self.record)

    def plot(self, path: str | PathLike[str] | None = None) -> Path:
        """Draw accuracy and loss against epoch.

        Args:
            path: A .png or .svg file; unless given, curves.png in the run folder, or else here.

        Raises:
            SettingError: The file is neither .png nor .svg.
            RunError: No epoch was finished, or the file cannot be written.
        """
        folder = self.path or Path()
        return draw_curves(self.history, self.record, Path(path) if path else folder / CURVES)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the run to a folder of its own: run.json, history.csv, model.safetensors, curves.png, evaluation.json.

        Raises:
            RunError: Something stands in that place, or the disk is full or read-only.
        """
        if not self._evaluation and self.folder and (self.folder.path / EVALUATION).exists():
            self._evaluation = self.folder.read_bytes(EVALUATION).decode()
        with new_run(Path(path), overwrite=overwrite) as folder:
            self.write(folder)
            if self.history.epochs:
                draw_curves(self.history, self.record, folder.path / CURVES)
            if self._evaluation:
                folder.write(EVALUATION, self._evaluation)
        self.folder = folder
        return folder.path

    def write(self, folder: RunFolder) -> None:
        """Write weights, history and record to a folder, the record last: what it says is then there."""
        # Copies, since safetensors refuses tensors that share memory, as tied weights do.
        weights = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in self.model.state_dict().items()}
        # One entry of metadata only: safetensors writes several in no fixed order, and equal runs give equal files.
        folder.write(WEIGHTS, safetensors.torch.save(weights, {"format": "pt"}))
        folder.write(HISTORY, self.history.to_csv())
        folder.write_record(self.record)

    def own_data(self) -> DataSplits:
        """The data that the run was trained on, loaded again when they are first needed.

        Raises:
            DataError: They are not here any more, or have changed.
        """
        if self.data is None:
            self.data = super().own_data()
        return self.data

    def split_of(self, splits: DataSplits, split: str) -> ImageDataset:
        """A split of data, held out as in the training.

        Raises:
            DataError: There is no such split.
        """
        if split == "test":
            return splits.test
        spec, train = self.record.train, splits.train
        if splits.validation is not None or spec.validation_split is None:
            chosen = train if split == "train" else splits.validation
            if chosen is None:
                raise DataError("The run held out no validation split.")
            return chosen
        kept, held_out = hold_out(train, spec.validation_split, spec.seed)
        return train.subset(held_out if split == "validation" else kept)


def load_run(path: str | PathLike[str] = "latest", *, device: str = "auto", precision: str = "fp32") -> Run:
    """Load a trained run.

    Args:
        path: A run folder, a name below ``runs/``, or ``latest``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.

    Raises:
        RunError: There is no such run, or a file of it is missing or damaged.
        DeviceError: The machine does not offer the device or precision.
    """
    return Run.load(find_run(str(path)), device=device, precision=precision)
