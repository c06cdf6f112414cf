"""Train an image classifier in seconds, see through it, and ship it with proof.

What is listed here is public; each name is imported when it is first used, so that ``import pellucid`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid.version import __version__

_HOMES = {
    "pellucid.data.load": ("load_data",),
    "pellucid.data.dataset": ("DataSplits", "ImageDataset"),
    "pellucid.errors": (
        "DataError",
        "DeviceError",
        "PellucidError",
        "RunError",
        "SettingError",
        "SpecError",
        "TrainingError",
    ),
    "pellucid.judge.evaluation": ("Evaluation",),
    "pellucid.interpret.attribution.attribution": ("Attribution", "attribute"),
    "pellucid.interpret.attribution.scores": ("score_maps",),
    "pellucid.interpret.control": ("untrained",),
    "pellucid.interpret.feature_maps": ("LayerMaps", "feature_maps"),
    "pellucid.interpret.filters": ("LayerFilters", "filters_of"),
    "pellucid.interpret.legibility": ("Legibility", "legibility", "reference_of"),
    "pellucid.interpret.maximize.ascent": ("maximize",),
    "pellucid.interpret.maximize.maximized": ("Maximized",),
    "pellucid.interpret.maximize.prior": ("fit_prior",),
    "pellucid.interpret.maximize.targets": ("class_targets", "filter_targets", "neuron_target"),
    "pellucid.trained.sample": ("sample_of",),
    "pellucid.model.build": ("build",),
    "pellucid.predict.predictor": ("Prediction", "Predictor"),
    "pellucid.run.history": ("Epoch", "History"),
    "pellucid.spec.augment": ("AugmentSpec",),
    "pellucid.spec.layers": (
        "Activation",
        "AveragePooling2D",
        "BatchNormalization",
        "Conv2D",
        "Dense",
        "Dropout",
        "Flatten",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling2D",
        "MaxPooling2D",
    ),
    "pellucid.spec.model": ("FactorySpec", "ModelSpec"),
    "pellucid.spec.reading": ("ReadSpec",),
    "pellucid.spec.recipes": ("Recipe", "recipe"),
    "pellucid.spec.train": ("SGD", "Adam", "AdamW", "Constant", "Cosine", "OneCycle", "TrainSpec"),
    "pellucid.study.batch_size": ("BatchSizeStudy",),
    "pellucid.study.compare": ("CompareStudy",),
    "pellucid.study.folds": ("FoldStudy",),
    "pellucid.study.learning_rate": ("LearningRateStudy",),
    "pellucid.study.rate_range": ("RangeTest", "range_test"),
    "pellucid.study.runner": ("StudyResult", "resume_study", "run_study"),
    "pellucid.study.search": ("SearchStudy",),
    "pellucid.study.seeds": ("SeedStudy",),
    "pellucid.train.callbacks": ("Callback", "Plan"),
    "pellucid.train.choice": ("choose",),
    "pellucid.train.fit": ("fit",),
    "pellucid.train.progress": ("ProgressBar",),
    "pellucid.trained.run": ("Run", "load_run"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = ["__version__", *_HOME_OF]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits as DataSplits
    from pellucid.data.dataset import ImageDataset as ImageDataset
    from pellucid.data.load import load_data as load_data
    from pellucid.errors import DataError as DataError
    from pellucid.errors import DeviceError as DeviceError
    from pellucid.errors import PellucidError as PellucidError
    from pellucid.errors import RunError as RunError
    from pellucid.errors import SettingError as SettingError
    from pellucid.errors import SpecError as SpecError
    from pellucid.errors import TrainingError as TrainingError
    from pellucid.interpret.attribution.attribution import Attribution as Attribution
    from pellucid.interpret.attribution.attribution import attribute as attribute
    from pellucid.interpret.attribution.scores import score_maps as score_maps
    from pellucid.interpret.control import untrained as untrained
    from pellucid.interpret.feature_maps import LayerMaps as LayerMaps
    from pellucid.interpret.feature_maps import feature_maps as feature_maps
    from pellucid.interpret.filters import LayerFilters as LayerFilters
    from pellucid.interpret.filters import filters_of as filters_of
    from pellucid.interpret.legibility import Legibility as Legibility
    from pellucid.interpret.legibility import legibility as legibility
    from pellucid.interpret.legibility import reference_of as reference_of
    from pellucid.interpret.maximize.ascent import maximize as maximize
    from pellucid.interpret.maximize.maximized import Maximized as Maximized
    from pellucid.interpret.maximize.prior import fit_prior as fit_prior
    from pellucid.interpret.maximize.targets import class_targets as class_targets
    from pellucid.interpret.maximize.targets import filter_targets as filter_targets
    from pellucid.interpret.maximize.targets import neuron_target as neuron_target
    from pellucid.judge.evaluation import Evaluation as Evaluation
    from pellucid.model.build import build as build
    from pellucid.predict.predictor import Prediction as Prediction
    from pellucid.predict.predictor import Predictor as Predictor
    from pellucid.run.history import Epoch as Epoch
    from pellucid.run.history import History as History
    from pellucid.spec.augment import AugmentSpec as AugmentSpec
    from pellucid.spec.layers import Activation as Activation
    from pellucid.spec.layers import AveragePooling2D as AveragePooling2D
    from pellucid.spec.layers import BatchNormalization as BatchNormalization
    from pellucid.spec.layers import Conv2D as Conv2D
    from pellucid.spec.layers import Dense as Dense
    from pellucid.spec.layers import Dropout as Dropout
    from pellucid.spec.layers import Flatten as Flatten
    from pellucid.spec.layers import GlobalAveragePooling2D as GlobalAveragePooling2D
    from pellucid.spec.layers import GlobalMaxPooling2D as GlobalMaxPooling2D
    from pellucid.spec.layers import MaxPooling2D as MaxPooling2D
    from pellucid.spec.model import FactorySpec as FactorySpec
    from pellucid.spec.model import ModelSpec as ModelSpec
    from pellucid.spec.reading import ReadSpec as ReadSpec
    from pellucid.spec.recipes import Recipe as Recipe
    from pellucid.spec.recipes import recipe as recipe
    from pellucid.spec.train import SGD as SGD
    from pellucid.spec.train import Adam as Adam
    from pellucid.spec.train import AdamW as AdamW
    from pellucid.spec.train import Constant as Constant
    from pellucid.spec.train import Cosine as Cosine
    from pellucid.spec.train import OneCycle as OneCycle
    from pellucid.spec.train import TrainSpec as TrainSpec
    from pellucid.study.batch_size import BatchSizeStudy as BatchSizeStudy
    from pellucid.study.compare import CompareStudy as CompareStudy
    from pellucid.study.folds import FoldStudy as FoldStudy
    from pellucid.study.learning_rate import LearningRateStudy as LearningRateStudy
    from pellucid.study.rate_range import RangeTest as RangeTest
    from pellucid.study.rate_range import range_test as range_test
    from pellucid.study.runner import StudyResult as StudyResult
    from pellucid.study.runner import resume_study as resume_study
    from pellucid.study.runner import run_study as run_study
    from pellucid.study.search import SearchStudy as SearchStudy
    from pellucid.study.seeds import SeedStudy as SeedStudy
    from pellucid.train.callbacks import Callback as Callback
    from pellucid.train.callbacks import Plan as Plan
    from pellucid.train.choice import choose as choose
    from pellucid.train.fit import fit as fit
    from pellucid.train.progress import ProgressBar as ProgressBar
    from pellucid.trained.run import Run as Run
    from pellucid.trained.run import load_run as load_run
    from pellucid.trained.sample import sample_of as sample_of


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
