"""Suspected label errors: images to which networks that never saw them give another class than their label.

A suspect is not yet an error. Many are only hard; a person must look at them.
"""

from __future__ import annotations

import csv
import io
from os import PathLike

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from pellucid.audit.findings import Text
from pellucid.audit.pool import Pool
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.plots.figures import Figure, render
from pellucid.plots.images import image_grid
from pellucid.record import Record
from pellucid.study.folder import StudyFolder
from pellucid.study.folds import FoldStudy, out_of_fold
from pellucid.study.runner import OnFolder, run_study
from pellucid.text import shortened
from pellucid.trained.data import require_fitting
from pellucid.trained.run import Run

DEFAULT_FOLDS = 5
NAME_SHOWN = 8  # columns of a class name above a picture
Probabilities = Float64[ndarray, "count classes"]


class Suspect(Record):
    """An image whose label may be wrong.

    Attributes:
        split: train, validation or test.
        index: Which image of the split, from 0.
        source: The file or row that it came from; None where images have no names.
        label: The class that it is said to be.
        suggestion: The most probable class.
        label_probability: What the networks give the label.
        suggestion_probability: What they give the suggestion.
        score: Half of 1 plus the suggestion's probability less the label's: above 0.5 for all suspects, 1 for those
            of which the networks are sure. It is 1 less the normalised margin of confident learning.
    """

    split: str
    index: int
    source: Text | None
    label: Text
    suggestion: Text
    label_probability: float
    suggestion_probability: float
    score: float


class Suspects(Record):
    """All suspects of a data set.

    Attributes:
        data: Name of the data set.
        k: How many networks were trained, each without one fold.
        counts: Images in each split.
        accuracy: Share of the images in each split whose label is the networks' answer.
        suspects: Split by split, in each the most suspicious first.
    """

    data: Text
    k: int
    counts: dict[str, int]
    accuracy: dict[str, float]
    suspects: tuple[Suspect, ...]

    def of(self, split: str, top: int | None = None) -> tuple[Suspect, ...]:
        """The suspects of one split, up to a number of them."""
        return tuple(suspect for suspect in self.suspects if suspect.split == split)[:top]

    def first(self, top: int) -> tuple[Suspect, ...]:
        """The first suspects of every split."""
        return tuple(suspect for split in self.counts for suspect in self.of(split, top))


def find_suspects(
    splits: DataSplits,
    run: Run,
    *,
    k: int = DEFAULT_FOLDS,
    out: str | PathLike[str] | None = None,
    device: str = "auto",
    progress: bool | None = None,
    on_folder: OnFolder | None = None,
) -> Suspects:
    """Rank the images whose labels may be wrong, by a study of folds. Nothing of the data is changed.

    The run says what network to train and how; its weights are not used, as they have seen the labels. The training
    split is judged out of fold: each image by the one network that was trained without it. Other splits are judged by
    the mean of all networks, so that scores compare within a split and not between splits.

    Args:
        splits: The data; all splits are read.
        run: The run whose recipe is trained k times, without a validation split.
        k: How many folds.
        out: The study's folder, which `resume_study` and `suspects_of_study` take; see `run_study`.
        device: The device to train on; see `fit`.
        progress: Show the progress on stderr; see `run_study`.
        on_folder: Told of the study's folder as soon as it is there.

    Returns:
        Every image to which the networks give another class than its label.

    Raises:
        DataError: The data are not of the run's shape and classes, or cannot be dealt out to k folds.
        SettingError: There are fewer than 2 folds, or more than a class has images.
        RunError: The study's folder exists, or cannot be written.
        TrainingError: A loss is not finite.
        KeyboardInterrupt: A training was interrupted.

    Source: Northcutt, Jiang and Chuang 2021, "Confident learning", arXiv:1911.00068 (out-of-sample probabilities,
    normalised margin); Northcutt, Athalye and Mueller 2021, arXiv:2103.14749 (test sets).
    """
    require_fitting(run.record, splits.train)
    question = FoldStudy(subject=run.recipe, k=k, all_splits=True, device=device)
    done = run_study(question, splits, out=out, progress=progress, on_folder=on_folder)
    return suspects_of_study(splits, StudyFolder(done.path))


def suspects_of_study(splits: DataSplits, folder: StudyFolder) -> Suspects:
    """Rank the images of all splits that a study of folds has answered; nothing is trained.

    Raises:
        RunError: The folder is of no study of folds, or of one that is not done.
        DataError: The data are others than the study's.
    """
    k, answers = out_of_fold(folder, splits)
    judged = {split: found.astype(np.float64) for split, found in answers.items()}
    datasets = {split: dataset for split, dataset in Pool.of(splits).datasets.items() if split in judged}
    return Suspects(
        data=splits.name,
        k=k,
        counts={split: len(dataset) for split, dataset in datasets.items()},
        accuracy={split: _accuracy(judged[split], dataset.labels) for split, dataset in datasets.items()},
        suspects=tuple(
            suspect for split, dataset in datasets.items() for suspect in rank(split, dataset, judged[split])
        ),
    )


def rank(split: str, dataset: ImageDataset, probabilities: Probabilities) -> tuple[Suspect, ...]:
    """The images of a split whose label is not the most probable class, the most suspicious first.

    Args:
        split: Name of the split.
        dataset: Images of the split.
        probabilities: Probability of each class, for each image, from networks that did not see it.
    """
    rows = np.arange(len(dataset))
    of_label = probabilities[rows, dataset.labels]
    others = probabilities.copy()
    others[rows, dataset.labels] = -1
    suggestions = others.argmax(axis=1)
    of_suggestion = others[rows, suggestions]
    scores = (1 + of_suggestion - of_label) / 2
    order = np.argsort(-scores, kind="stable")
    names = dataset.class_names
    return tuple(
        Suspect(
            split=split,
            index=row,
            source=dataset.sources[row] if dataset.sources else None,
            label=names[dataset.labels[row]],
            suggestion=names[suggestions[row]],
            label_probability=float(of_label[row]),
            suggestion_probability=float(of_suggestion[row]),
            score=float(scores[row]),
        )
        for row in order[of_suggestion[order] > of_label[order]].tolist()
    )


def suspects_csv(found: Suspects) -> str:
    """All suspects as CSV, a column for each attribute of `Suspect`."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(Suspect.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(suspect.model_dump() for suspect in found.suspects)
    return buffer.getvalue()


def suspects_figure(found: Suspects, splits: DataSplits, top: int) -> Figure:
    """A picture of the first suspects of each split, with label, suggestion and the suggestion's probability.

    Args:
        found: At least one suspect.
        splits: The data that they stand in.
        top: How many suspects of each split are shown.
    """
    datasets, shown = Pool.of(splits).datasets, found.first(top)
    images = [_visible(datasets[suspect.split].images[suspect.index]) for suspect in shown]
    titles = [_title(suspect) for suspect in shown]
    title = f"{shortened(found.data)}: suspected label errors; label \u2192 suggestion and its probability"
    return image_grid(images, titles, title)


def suspects_png(found: Suspects, splits: DataSplits, top: int) -> bytes:
    """The PNG of `suspects_figure`."""
    return render(suspects_figure(found, splits, top))


def _accuracy(probabilities: Probabilities, labels: Int64[ndarray, " count"]) -> float:
    return float((probabilities.argmax(axis=1) == labels).mean())


def _title(suspect: Suspect) -> str:
    label, suggestion = (shortened(name, NAME_SHOWN) for name in (suspect.label, suspect.suggestion))
    return f"{suspect.split} {suspect.index}\n{label} \u2192 {suggestion} {suspect.suggestion_probability:.1%}"


def _visible(image: ndarray) -> ndarray:
    """An image as it is shown; of other than 1, 3 or 4 channels, their mean."""
    if image.shape[2] in {1, 3, 4}:
        return image
    return np.rint(image.mean(axis=2, keepdims=True)).astype(np.uint8)
