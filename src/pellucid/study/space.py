"""What a search varies: settings of the training and blanks in the text of a network, in a file that is easy to read.

```json
{
  "learning_rate": {"low": 0.001, "high": 0.1, "log": true},
  "batch_size": [64, 128, 256],
  "optimizer.weight_decay": {"low": 0.0, "high": 0.1},
  "model": "conv {filters} 3x3 relu, maxpool 2x2, flatten, dense 10 softmax",
  "filters": [8, 16, 32]
}
```

A list is a choice, ``low`` and ``high`` a range (of whole numbers where both are), anything else is the same in every
trial. A dot leads into the optimizer, the schedule or an augmentation.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pellucid.errors import Fault, SettingError, suggest
from pellucid.spec.train import TrainSpec
from pellucid.untrusted import read_json

Space = dict[str, Any]
RANGE = {"low", "high", "log", "step"}
NESTED = ("optimizer", "schedule", "augmentation", "test_time_augmentation")
FIXED = {"seed", "vote", "validation_split"}  # what all trials have in common
BLANK = re.compile(r"{(\w+)}")
DEFAULT: Space = {
    "learning_rate": {"low": 0.002, "high": 0.1, "log": True},
    "batch_size": [64, 128, 256, 512],
    "label_smoothing": {"low": 0.0, "high": 0.2},
}


def read_space(path: Path) -> Space:
    """Read a search space from its JSON file.

    Raises:
        SettingError: The file cannot be read, or an entry of it is unknown or wrong; all faults are named.
    """
    try:
        space = read_json(path)
    except (OSError, ValueError) as error:
        raise SettingError([Fault(f"The search space {path} cannot be read ({error})")]) from None
    if not isinstance(space, dict):
        raise SettingError([Fault("A search space must be a mapping of names", type(space).__name__)])
    check_space(space)
    return space


def check_space(space: Space) -> None:
    """See that every entry is a setting or a blank of the model's text, and can be chosen from.

    Raises:
        SettingError: An entry is unknown or cannot be chosen from; all faults are named.
    """
    blanks = set(BLANK.findall(str(space.get("model", ""))))
    settings = set(TrainSpec.model_fields) - FIXED
    faults = [Fault(f"The model's blank {{{blank}}} must be an entry of its own") for blank in blanks - space.keys()]
    if "model" in space and not isinstance(space["model"], str | list):
        faults.append(Fault("model must be a text, or a list of texts", repr(space["model"])))
    for name, entry in space.items():
        if name.partition(".")[0] not in (NESTED if "." in name else settings | blanks | {"model"}):
            remedy = suggest(name, sorted(settings | blanks | {"model"}))
            faults.append(Fault(f"Unknown entry {name!r} of the search space", remedy=remedy))
        faults += _faults(name, entry)
    if not any(map(is_varied, space.values())):
        faults.append(Fault("A search space must vary something", remedy="Give a list, or low and high."))
    if faults:
        raise SettingError(faults)


def is_varied(entry: Any) -> bool:
    """Whether an entry leaves a choice."""
    return isinstance(entry, list) or (isinstance(entry, dict) and "low" in entry)


def choose_from(space: Space, trial: Any) -> dict[str, Any]:
    """One value for each entry, as Optuna's trial suggests."""
    return {name: _chosen(trial, name, entry) if is_varied(entry) else entry for name, entry in space.items()}


def settings_of(values: dict[str, Any], base: TrainSpec) -> tuple[str | None, TrainSpec]:
    """The text of the network, or None, and how to train it.

    Args:
        values: One for each entry of a space.
        base: Gives what the space does not.

    Raises:
        SpecError: A setting breaks a rule.
    """
    text = values.get("model")
    plain = {name: value for name, value in values.items() if name in TrainSpec.model_fields}
    spec = base.replace(**plain)
    for part in NESTED:
        inner = {name.partition(".")[2]: value for name, value in values.items() if name.startswith(f"{part}.")}
        if inner:
            now = getattr(spec, part)
            spec = spec.replace(**{part: (now.model_dump() if now else {}) | inner})
    return BLANK.sub(lambda blank: str(values[blank[1]]), text) if text else None, spec


def _faults(name: str, entry: Any) -> list[Fault]:
    if isinstance(entry, list) and not entry:
        return [Fault(f"The choices of {name} must not be empty")]
    if not isinstance(entry, dict) or "kind" in entry:
        return []
    if not {"low", "high"} <= entry.keys() <= RANGE:
        return [Fault(f"The range of {name} must have low and high, and may have log or step", ", ".join(entry))]
    if any(isinstance(entry[end], bool) or not isinstance(entry[end], int | float) for end in ("low", "high")):
        return [Fault(f"The ends of {name} must be numbers", f"{entry['low']!r} and {entry['high']!r}")]
    if entry["low"] >= entry["high"] or (entry.get("log") and entry["low"] <= 0):
        return [
            Fault(
                f"The range of {name} must rise, from above 0 if it is logarithmic",
                f"{entry['low']} to {entry['high']}",
            )
        ]
    return []


def _chosen(trial: Any, name: str, entry: Any) -> Any:
    if isinstance(entry, list):
        return trial.suggest_categorical(name, entry)
    whole = isinstance(entry["low"], int) and isinstance(entry["high"], int)
    suggest_number = trial.suggest_int if whole else trial.suggest_float
    return suggest_number(name, **entry)
