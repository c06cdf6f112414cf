"""What a training learns of itself from its validation images once it is done."""

from __future__ import annotations

from pellucid.device import enough_memory, repeatable
from pellucid.trained.calibrate import calibration_of
from pellucid.trained.doubt import learn_doubts
from pellucid.trained.run import Run


def settle(run: Run) -> None:
    """Fit what a run says of its own answers, and put it into its record; nothing is written.

    It is done before the run is written as done. So a training that is killed here is gone on with from its last
    checkpoint, and comes to the same.

    Args:
        run: The run that was just trained to its end, with the data that it was trained on.
    """
    with repeatable(), enough_memory():
        run.predictor.record = run.record.model_copy(
            update={"calibration": calibration_of(run.predictor, run.own_data())}
        )
        learn_doubts(run.predictor, run.own_data())  # after the temperature, which its probabilities are divided by
