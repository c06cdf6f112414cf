"""The weights that a training begins from where they are those of a run: found, matched layer by layer, frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import torch
from torch import Tensor, nn

from pellucid.data.listing import natural_order
from pellucid.errors import Fault, RunError, SettingError, SpecError, suggest
from pellucid.model.frozen import freeze
from pellucid.model.vote import members_of
from pellucid.predict.weights import weights_in
from pellucid.run.folder import WEIGHTS, RunFolder, find_run, require_whole
from pellucid.run.record import Origin, RunRecord
from pellucid.spec.train import StartFrom, TrainSpec

Layers = dict[str, dict[str, Tensor]]
MEMBER = "members."  # how a vote names its networks


def found(start: StartFrom) -> StartFrom:
    """The run by its whole path, and with the digest of its weights.

    Raises:
        RunError: There is no such run, it is damaged, or its weights are others than those that were asked for.
    """
    folder = find_run(start.run)
    weights, digest = weights_in(folder)
    if strange := [name for name, weight in weights.items() if not weight.isfinite().all()]:
        raise RunError(f"{folder.path / WEIGHTS} holds numbers in {strange[0]} that are not finite.")
    require_whole(folder, folder.read_record().weights_sha256, digest)
    if start.digest not in {None, digest}:
        rule = f"The weights to start from must have the SHA-256 {start.digest}"
        remedy = "Bring the run back as it was, or start from it anew."
        raise RunError(f"{rule}; received {digest} in {folder.path / WEIGHTS}. {remedy}")
    return StartFrom(run=str(folder.path.resolve()), digest=digest)


def record_of(start: StartFrom) -> RunRecord:
    """What run.json says of the run to start from.

    Raises:
        RunError: There is no such run.
    """
    return find_run(start.run).read_record()


def begin(network: nn.Module, train: TrainSpec, class_names: tuple[str, ...]) -> Origin | None:
    """Give a network's layers the weights of the run that its training begins from, and freeze those that are to be.

    A layer takes the weights of the layer of its name if all of them have its shapes. The last layer gives a value for
    each class and takes them only where the classes are the same. Each member of a vote takes those of one network.

    Args:
        network: The network, on the CPU; it is changed in place.
        train: Says which run, and which layers are frozen.
        class_names: Name of each class, in the order of the network's outputs.

    Returns:
        What was taken, of one network of a vote; None where the training begins from fresh weights.

    Raises:
        RunError: There is no such run, or its weights are others than they were.
        SpecError: No layer fits.
        SettingError: A layer to be frozen is unknown or was not taken, or none is left to learn.
    """
    if train.start_from is None:
        return None
    folder = RunFolder(found(train.start_from).run)
    record, origins = folder.read_record(), []
    sources = [_layers(weights) for weights in _networks(weights_in(folder)[0], record.train.vote)]
    for number, member in enumerate(members_of(network)):
        own, theirs = _layers(member.state_dict()), dict(sources[number % len(sources)])
        if class_names != record.data.class_names:
            theirs.pop(list(own)[-1], None)
        taken = _take(own, theirs)
        if not taken:
            raise _nothing_fits(folder, own, theirs)
        fresh = tuple(name for name in own if name not in taken)
        origins.append(Origin(taken=tuple(taken), fresh=fresh, frozen=tuple(_frozen(train.freeze, taken, own))))
    freeze_layers(network, origins[0])
    if not any(weight.requires_grad for weight in network.parameters()):
        raise SettingError([Fault("freeze must leave a layer to learn", ", ".join(train.freeze))])
    return origins[0]


def freeze_layers(network: nn.Module, origin: Origin | None) -> None:
    """Freeze the layers that were frozen when the training began, in each member of a vote."""
    for member in members_of(network):
        for name in origin.frozen if origin else ():
            freeze(member.get_submodule(name))


def _take(own: Layers, theirs: Layers) -> list[str]:
    """Copy the weights of all layers that fit; their names, in the order of the network."""
    taken = [name for name, weights in own.items() if _shapes(weights) == _shapes(theirs.get(name, {}))]
    with torch.no_grad():
        for name in taken:
            for kind, weight in own[name].items():
                weight.copy_(theirs[name][kind])
    return taken


def _networks(weights: Mapping[str, Tensor], vote: int) -> list[dict[str, Tensor]]:
    """The weights of each network of a run by the names that they have in a network alone."""
    if vote == 1:
        return [dict(weights)]
    prefixes = [f"{MEMBER}{number}." for number in range(vote)]
    return [
        {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
        for prefix in prefixes
    ]


def _layers(weights: Mapping[str, Tensor]) -> Layers:
    """Weights by the layer that they are of, in the order of the network."""
    layers: Layers = {}
    for name, weight in weights.items():
        layer, _, kind = name.rpartition(".")
        layers.setdefault(layer, {})[kind] = weight
    return layers


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {kind: (weight.shape, weight.dtype) for kind, weight in weights.items()}


def _frozen(patterns: Iterable[str], taken: list[str], own: Layers) -> list[str]:
    """The layers that are to be frozen, by their names or by patterns of them."""
    chosen, faults = set[str](), []
    for pattern in patterns:
        matching = {name for name in taken if fnmatchcase(name, pattern)}
        chosen |= matching
        if matching:
            continue
        if any(fnmatchcase(name, pattern) for name in own):
            rule = f"Only a layer that took its weights from the run can be frozen: {', '.join(taken)}"
            faults.append(Fault(rule, pattern, "Leave it out: fresh weights must learn."))
        else:
            faults.append(Fault(f"Unknown layer to freeze {pattern!r}", remedy=suggest(pattern, taken)))
    if faults:
        raise SettingError(faults)
    return [name for name in taken if name in chosen]


def _nothing_fits(folder: RunFolder, own: Layers, theirs: Layers) -> SpecError:
    """Told with the layers of both, as far as they have weights."""
    theirs = {name: theirs[name] for name in sorted(theirs, key=natural_order)}  # a file has them in any order
    remedy = "Give the --recipe or --model that the run was trained with, or neither."
    rule = f"At least one layer must have the name and the shape of one in {folder.path}, which has {_told(theirs)}"
    return SpecError([Fault(rule, _told(own), remedy)])


def _told(layers: Layers) -> str:
    """Each layer with the shape of its largest weight."""
    largest = {name: max(weights.values(), key=Tensor.numel) for name, weights in layers.items()}
    return ", ".join(f"{name} ({'x'.join(map(str, weight.shape))})" for name, weight in largest.items())
