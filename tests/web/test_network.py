"""The page's network answers in every map as torch does: every layer, grey and in colour, as a vote, with views."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from tests.contract.networks import CASES, maps_of, network_of

from pellucid.explore.network import KNOWN, network_record
from pellucid.predict.answer import probabilities
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.layers import LAYERS
from pellucid.spec.model import ModelSpec

TOLERANCE = 1e-5
EVERY = AugmentSpec(shift=0.13, rotation=20, scale=0.2, shear=10, horizontal_flip=True)
ANSWER = """([record, values]) => {
  const {constructor: Network} = pellucid.network;
  const answer = new Network(record).answer({shape: record.input_shape, values: Float32Array.from(values)});
  const ending = (steps, at) => at === steps.length - 1 && steps[at].layer.activation === "softmax"; // not torch's
  const names = record.vote > 1 ? answer.members.map((_, number) => `members.${number}.`) : [""];
  const maps = answer.members.flatMap((steps, number) => steps.flatMap(({layer, linear, output}, at) => [
    ...(ending(steps, at) && layer.kind === "activation" ? [] : [[names[number] + layer.name, [...linear.values]]]),
    ...(layer.kind === "activation" || (layer.activation ?? "linear") === "linear" || ending(steps, at) ? [] :
      [[`${names[number]}${layer.name}_${layer.activation}`, [...output.values]]]),
  ]));
  return {probabilities: [...answer.probabilities], maps: Object.fromEntries(maps)};
}"""


def test_the_page_knows_every_layer() -> None:
    assert LAYERS.keys() == KNOWN


def test_the_page_answers_in_every_map_as_torch_does(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "draw")
    for name, channels, vote, views in itertools.product(CASES, (1, 3), (1, 2), (None, EVERY)):
        spec = ModelSpec.from_shorthand(CASES[name], (11, 14, channels))
        network = network_of(spec, vote)
        weights = {key: value.numpy() for key, value in network.state_dict().items()}
        record = network_record(spec, weights, vote=vote, test_time=views, temperature=1.5)
        images = np.random.default_rng(channels).integers(0, 256, (1, *spec.input_shape), dtype=np.uint8)
        found = page.evaluate(ANSWER, [record, (images / np.float32(255)).ravel().tolist()])
        expected = probabilities(network, images, torch.device("cpu"), views, temperature=1.5)[0]
        assert np.abs(np.array(found["probabilities"]) - expected).max() < TOLERANCE, name
        maps = maps_of(network, images)
        assert found["maps"].keys() == maps.keys(), name
        for layer, values in maps.items():
            away = np.abs(np.array(found["maps"][layer]) - values.ravel()).max()
            assert away < TOLERANCE * max(1, np.abs(values).max()), (name, layer)
