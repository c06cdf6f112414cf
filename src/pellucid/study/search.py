"""Which settings and which network do best on the validation split: a search by Optuna."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from pellucid.data.dataset import DataSplits
from pellucid.errors import DeviceError, Fault, PellucidError, RunError, SettingError, SpecError, TrainingError
from pellucid.plots.studies import search_figure
from pellucid.record import FiniteDict
from pellucid.run.history import Epoch
from pellucid.sections.section import Picture
from pellucid.spec.recipes import Recipe
from pellucid.spec.seeds import derive_seed
from pellucid.study.folder import StudyFolder
from pellucid.study.question import Findings, Key, Question
from pellucid.study.settings import SearchSettings
from pellucid.study.space import Space, check_space, choose_from, is_varied, settings_of
from pellucid.study.subject import require_split, require_validation, trained
from pellucid.train.callbacks import Callback, Plan
from pellucid.train.choice import choose

STORAGE, BEST, NAME = "search.db", "best.json", "search"
NUMBER, ROW = "number", "row"  # what the storage keeps of a trial beside Optuna's own
STARTUP = 5  # trials before any is pruned


@dataclass(frozen=True)
class SearchTrial:
    """One choice of settings.

    Attributes:
        trial: Number of the trial, from 0.
        optuna_trial: Number of the trial in Optuna's storage, where a killed trial has one too.
        state: ``complete``, ``pruned`` (stopped early, as others were better by then) or ``failed``.
        val_accuracy: Accuracy on the validation split after the last epoch that was made; None for a failed trial.
        epochs: Epochs that were made.
        train_seconds: Duration of the training; None for a trial that did not come to its end.
        values: What was chosen, as JSON.
        reason: Why the trial failed; None where it did not.
    """

    trial: int
    optuna_trial: int
    state: str
    val_accuracy: float | None
    epochs: int
    train_seconds: float | None
    values: str
    reason: str | None


class SearchFindings(Findings):
    """What the search found.

    Attributes:
        best_trial: Number of the best complete trial.
        best_values: What was chosen in the best trial.
        val_accuracy: Validation accuracy of the best trial. It was chosen for this figure, which therefore flatters.
        importance: Share of the accuracy's variation that each entry explains; empty where there are too few trials.
    """

    best_trial: int
    best_values: FiniteDict
    val_accuracy: float
    importance: dict[str, float]


class SearchStudy(SearchSettings, Question):
    """Search a space of settings and networks for the greatest validation accuracy. The test split is not read.

    Its settings are those of `SearchSettings`.

    Source: Akiba et al. 2019, arXiv:1907.10902 (Optuna); Bergstra et al. 2011, NeurIPS (the sampler, TPE).
    """

    row: ClassVar = SearchTrial

    @property
    @override
    def title(self) -> str:
        return "search"

    @override
    def check(self, data: DataSplits) -> None:
        check_space(self.space)
        _check_distributions(self.space)
        require_split(self.subject, data)
        require_validation(self.subject, "A search")

    @override
    def plan(self, data: DataSplits) -> Sequence[Key]:
        return [(number,) for number in range(self.trials)]

    @override
    def key(self, row: SearchTrial) -> Key:
        return (row.trial,)

    @override
    def describe(self, key: Key) -> str:
        return f"search trial {key[0]}"

    @override
    def begin(self, folder: StudyFolder) -> None:
        """Make the storage; trials that a killed process left open, and that nothing is kept of, count as failed."""
        folder.write("space.json", json.dumps(self.space, indent=2) + "\n")
        optuna = _optuna()
        with _told_of_storage(folder):
            study = optuna.create_study(
                study_name=NAME, storage=_storage(folder), direction="maximize", load_if_exists=True
            )
            for trial in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
                key = (trial.user_attrs.get(NUMBER),)
                if ROW not in trial.user_attrs and not folder.trial(key).path.exists():
                    study.tell(trial.number, state=optuna.trial.TrialState.FAIL)

    @override
    def measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> SearchTrial:
        _optuna()
        with _told_of_storage(folder):
            return self._measure(key, data, folder)

    def _measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> SearchTrial:
        optuna = _optuna()
        (number,) = key
        sampler = optuna.samplers.TPESampler(seed=derive_seed(self.subject.train.seed, "sampler", number) % 2**32)
        pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP)
        study = optuna.load_study(study_name=NAME, storage=_storage(folder), sampler=sampler, pruner=pruner)
        begun = _begun(study, number)
        if begun is None or ROW not in begun.user_attrs:
            trial = optuna.trial.Trial(study, begun._trial_id) if begun else study.ask()
            trial.set_user_attr(NUMBER, number)
            row = self._made(trial, begun.intermediate_values if begun else (), key, data, folder)
            trial.set_user_attr(ROW, asdict(row))  # so that one that is told, and killed then, is not made twice
            begun = trial
        row = SearchTrial(**begun.user_attrs[ROW])
        states = optuna.trial.TrialState
        state = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[row.state]
        accuracy = row.val_accuracy if row.state == "complete" else None
        study.tell(begun.number, accuracy, state=state, skip_if_finished=True)
        return row

    def _made(
        self, trial: Any, reported: Collection[int], key: Key, data: DataSplits, folder: StudyFolder
    ) -> SearchTrial:
        """Train what was chosen for a trial, to the end or until it is pruned."""
        values = choose_from(self.space, trial)
        watch = _Watch(trial, reported)
        state, seconds, reason = "complete", None, None
        try:
            chosen = self._chosen(values, data)
            watch.may_prune = chosen.train.vote == 1 and not chosen.train.test_time_augmentation
            how = {"device": self.device, "precision": self.precision, "callbacks": [watch]}
            results = trained(chosen, data, folder.trial(key), **how).record.results
            seconds = results.train_seconds if results else None
            watch.epochs = results.epochs if results else 0
            # As the run answers, perhaps by a vote or test-time augmentation; the history is of a network alone.
            watch.accuracy = results.validation.accuracy if results and results.validation else None
        except _optuna().TrialPruned:
            state = "pruned"
        except (SpecError, TrainingError, DeviceError) as error:
            state, reason = "failed", str(error)
        accuracy = None if state == "failed" else watch.accuracy
        return SearchTrial(key[0], trial.number, state, accuracy, watch.epochs, seconds, json.dumps(values), reason)

    def _chosen(self, values: dict[str, Any], data: DataSplits) -> Recipe:
        """What one trial trains."""
        text, train = settings_of(values, self.subject.train)
        if text is None:
            return self.subject.replace(train=train)
        return choose(data, model=text).replace(train=train)

    @override
    def conclude(self, rows: Sequence[SearchTrial], data: DataSplits, folder: StudyFolder) -> SearchFindings:
        complete = [row for row in rows if row.state == "complete" and row.val_accuracy is not None]
        if not complete:
            reasons = next((row.reason for row in rows if row.reason), "")
            raise PellucidError(f"No trial came to its end. The first reason: {reasons}")
        best = max(complete, key=lambda row: (row.val_accuracy or 0.0, -row.trial))
        values = json.loads(best.values)
        chosen = self._chosen(values, data)
        folder.write(BEST, chosen.replace(name=Path(BEST).stem).to_json())
        importance = _importance(folder) if len(complete) > STARTUP else {}
        pruned, failed = (sum(row.state == state for row in rows) for state in ("pruned", "failed"))
        told = [
            f"Best of {len(rows)} trials ({pruned} pruned, {failed} failed): trial {best.trial}.",
            f"Validation accuracy {best.val_accuracy:.2%}. It was chosen for that, so that the figure flatters.",
            ", ".join(f"{name} {_short(value)}" for name, value in values.items()) + ".",
            f"Train it with: pellucid train {data.location} --recipe {folder.path / BEST}",
        ]
        if importance:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in importance.items())
            told.insert(3, f"What mattered: {shares}.")
        return SearchFindings(
            conclusion=tuple(told),
            best_trial=best.trial,
            best_values=values,
            val_accuracy=best.val_accuracy or 0.0,
            importance=importance,
        )

    @override
    def pictures(
        self, findings: SearchFindings, rows: Sequence[SearchTrial], folder: StudyFolder
    ) -> tuple[Picture, ...]:
        trials = [(row.trial, row.val_accuracy, row.state) for row in rows if row.val_accuracy is not None]
        varied = [name for name, entry in self.space.items() if is_varied(entry)]
        values = {
            name: [json.loads(row.values)[name] for row in rows if row.val_accuracy is not None] for name in varied
        }
        logarithmic = {name for name in varied if isinstance(self.space[name], dict) and self.space[name].get("log")}
        title = f"search around {self.subject.name} on {folder.data_name}"
        text = f"Validation accuracy trial by trial, and against each setting that was varied: a {title}."
        return (Picture("search", text, partial(search_figure, trials, values, logarithmic, title)),)


class _Watch(Callback):
    """Reports each epoch to Optuna, which may end the trial there if the network alone is what answers.

    Args:
        trial: Optuna's trial.
        reported: Epochs that were reported before the process was killed that made them.
    """

    def __init__(self, trial: Any, reported: Collection[int]) -> None:
        self.trial, self.reported = trial, reported
        self.accuracy, self.epochs, self.planned, self.may_prune = None, 0, 0, True

    @override
    def on_train_begin(self, plan: Plan) -> None:
        self.planned = plan.epochs
        for epoch in plan.history.epochs:
            self.on_epoch_end(epoch)

    @override
    def on_epoch_end(self, epoch: Epoch) -> None:
        self.accuracy, self.epochs = epoch.val_accuracy, epoch.epoch
        if not self.may_prune:
            return
        if epoch.epoch not in self.reported:
            self.trial.report(epoch.val_accuracy, epoch.epoch)
        if epoch.epoch < self.planned and self.trial.should_prune():
            raise _optuna().TrialPruned


def _begun(study: Any, number: int) -> Any:
    """What Optuna keeps of a trial that was begun, and not given up as failed; None where there is nothing."""
    running = _optuna().trial.TrialState.RUNNING
    own = [trial for trial in study.get_trials(deepcopy=False) if trial.user_attrs.get(NUMBER) == number]
    return next((trial for trial in reversed(own) if trial.state == running or ROW in trial.user_attrs), None)


def _check_distributions(space: Space) -> None:
    """See that Optuna can choose from each entry.

    Raises:
        SettingError: It cannot.
    """
    optuna, faults = _optuna(), []
    study = optuna.create_study()
    for name, entry in space.items():
        try:
            choose_from({name: entry}, study.ask())
        except ValueError as error:
            faults.append(Fault(f"The range of {name} cannot be searched ({error})"))
    if faults:
        raise SettingError(faults)


def _optuna() -> Any:
    """Optuna, quiet.

    Raises:
        PellucidError: It is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise PellucidError("A search needs Optuna. Install it with: pip install 'pellucid[tune]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


@contextlib.contextmanager
def _told_of_storage(folder: StudyFolder) -> Iterator[None]:
    """Within this context what the database cannot do is said in a line.

    Raises:
        RunError: The storage cannot be read or written.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        reason = getattr(error.__cause__ or error, "orig", None) or error.__cause__ or error
        raise RunError(f"{folder.path / STORAGE} cannot be read or written ({reason}).") from None


def _storage(folder: StudyFolder) -> str:
    return f"sqlite:///{folder.place(STORAGE).resolve()}"


def _importance(folder: StudyFolder) -> dict[str, float]:
    """Source: PED-ANOVA, Watanabe et al. 2023, arXiv:2304.10255."""
    optuna = _optuna()
    study = optuna.load_study(study_name=NAME, storage=_storage(folder))
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    return {
        name: float(share)
        for name, share in optuna.importance.get_param_importances(study, evaluator=evaluator).items()
    }


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
