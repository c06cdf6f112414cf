"""The kinds of studies, by the name that study.json and the command line give them."""

from __future__ import annotations

from pellucid.study.batch_size import BatchSizeStudy
from pellucid.study.compare import CompareStudy
from pellucid.study.folds import FoldStudy
from pellucid.study.learning_rate import LearningRateStudy
from pellucid.study.question import Question
from pellucid.study.search import SearchStudy
from pellucid.study.seeds import SeedStudy

KINDS: dict[str, type[Question]] = {
    "batch-size": BatchSizeStudy,
    "learning-rate": LearningRateStudy,
    "folds": FoldStudy,
    "seeds": SeedStudy,
    "compare": CompareStudy,
    "search": SearchStudy,
}
