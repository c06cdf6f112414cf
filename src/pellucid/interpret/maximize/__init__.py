"""Pictures that a class, a filter or a neuron answers most strongly."""

from pellucid.interpret.maximize.ascent import maximize
from pellucid.interpret.maximize.maximized import Maximized
from pellucid.interpret.maximize.prior import DataPrior, fit_prior
from pellucid.interpret.maximize.targets import Target, class_targets, filter_targets, neuron_target

__all__ = [
    "DataPrior",
    "Maximized",
    "Target",
    "class_targets",
    "filter_targets",
    "fit_prior",
    "maximize",
    "neuron_target",
]
