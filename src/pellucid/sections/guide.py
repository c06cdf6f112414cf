"""How the figures of a report are to be read."""

from __future__ import annotations

from pellucid.language import tell
from pellucid.sections.section import Section, Table


def guide_section() -> Section:
    """The words that a report uses, each explained in a sentence."""
    rows = (
        (tell("accuracy"), tell("Share of the images that are answered right.")),
        (
            tell("95% interval"),
            tell(
                "If the same were measured on many other sets of images like these, 95 of 100 such intervals would hold"
                " the true share."
            ),
        ),
        (
            tell("training, validation, test"),
            tell(
                "From training images the network learns; validation images show how far it has come; test images are"
                " asked once, at the end."
            ),
        ),
        (tell("loss"), tell("How far the probabilities are from the truth: 0 where every right class has 100%.")),
        (tell("epoch"), tell("One pass over all training images.")),
        (tell("precision"), tell("Of the answers for a class, the share that are right.")),
        (tell("recall"), tell("Of the images of a class, the share that are found.")),
        ("F1", tell("The harmonic mean of precision and recall.")),
        (tell("filter"), tell("A small pattern that a layer looks for everywhere on an image.")),
        (tell("parameters"), tell("The numbers that a network learns.")),
    )
    return Section(
        title=tell("Words of this page"),
        document={"words": dict(rows)},
        body=(Table(("", ""), rows, left=2),),
        remarks=(
            tell(
                "The accuracy holds for images like the test images. Other cameras, writers or crops may fare worse;"
                " try some of your own with pellucid predict."
            ),
        ),
    )
