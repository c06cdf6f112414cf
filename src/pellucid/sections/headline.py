"""The one answer: how many images that it had not seen a run answered right."""

from __future__ import annotations

from pellucid.judge.evaluation import Evaluation
from pellucid.language import sentences, tell
from pellucid.run.record import RunRecord
from pellucid.sections.section import Section
from pellucid.text import shortened
from pellucid.words import counted, percent


def headline_section(record: RunRecord, evaluation: Evaluation | None) -> Section:
    """The accuracy in words, with its interval; or why there is none.

    Args:
        record: Of the run.
        evaluation: How the run answers its own test split; None where it was not judged.
    """
    test = record.results.test if record.results else None
    document = {
        "data": record.data.name,
        "recipe": record.recipe,
        "status": record.status,
        "test": test.model_dump(mode="json") if test else None,
    }
    if test is None:
        return Section(tell("Not judged on a test split"), document, body=(_unjudged(record),))
    low, high = test.accuracy_interval
    share = tell(
        "Of other images like these it answers between {low} and {high} right (95% interval).",
        low=percent(low),
        high=percent(high),
    )
    return Section(
        title=tell("{share} of the test images are answered right", share=percent(test.accuracy)),
        document=document,
        body=(sentences(_judged(evaluation), share),),
        warnings=_few_classes(evaluation),
    )


def _judged(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return ""
    return tell(
        "Of {images} that the training never saw, it answers {wrong} wrong.",
        images=counted(evaluation.count, "image", separator=","),
        wrong=f"{len(evaluation.mistakes):,}",
    )


def _unjudged(record: RunRecord) -> str:
    """Why there is no accuracy, and what there is in its place."""
    results, name = record.results, shortened(record.data.name)
    if results is None:
        return tell("The training has not come to its end, so nothing is known of its answers yet.")
    if record.status == "interrupted":
        epochs = counted(results.epochs, "epoch")
        said = tell("The training was interrupted after {epochs}, and not judged.", epochs=epochs)
    else:
        said = tell("The run has not been judged on a test split of {data}.", data=name)
    if results.validation is None:
        return said
    share = percent(results.validation.accuracy)
    more = tell("On the validation images, by which the training was watched, {share} were right.", share=share)
    return sentences(said, more)


def _few_classes(evaluation: Evaluation | None) -> tuple[str, ...]:
    """What an accuracy over some of the classes does not say."""
    if evaluation is None:
        return ()
    present = [score.name for score in evaluation.per_class if score.support]
    if len(present) == len(evaluation.class_names):
        return ()
    whole, few = counted(len(evaluation.class_names), "class"), f"{len(present):,}"
    return (
        tell(
            "The test split has images of {few} of {classes} only; of the others it says nothing.",
            few=few,
            classes=whole,
        ),
    )
