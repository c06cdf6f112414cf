"""What was exported, and what was proved of it."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.export.exported import Exported
from pellucid.export.formats.table import FORMATS
from pellucid.export.parity import Agreement, PairedAccuracy, Parity, RawAgreement
from pellucid.export.verify import Verified
from pellucid.language import tell
from pellucid.sections.section import Section, Table
from pellucid.text import printable, shortened
from pellucid.words import counted, percent, size


def export_section(export: Exported) -> Section:
    """An export and its proof.

    Args:
        export: The export.
    """
    parity, place = export.parity, export.path
    sizes = {name: (place / name).stat().st_size for name in parity.files}
    shape = ", ".join(map(str, export.input_shape))
    what = tell(
        "{form}: uint8 [batch, {shape}] in, the probabilities of {classes} out",
        form=_title(parity),
        shape=shape,
        classes=counted(len(export.class_names), "class"),
    )
    data = parity.data
    caption = tell("run and export on the {split} split of {data}", split=tell(data.split), data=shortened(data.name))
    return Section(
        title=tell("Export of {run}", run=shortened(parity.run)),
        document={"folder": str(place), "bytes": sizes, "parity": parity.model_dump(mode="json")},
        body=(
            what,
            _agreements(parity.agreements, caption),
            *_accuracy(parity.accuracy),
            *_raw(parity.raw_images),
            _files(parity, sizes),
            *_facts(parity),
            _versions(parity.versions),
        ),
        remarks=_kept(parity),
    )


def verification_section(verified: Verified) -> Section:
    """An export that was proved again.

    Args:
        verified: What was found.
    """
    parity, place = verified.parity, verified.path
    unchanged = tell("The files are those that were proved: their digests are as parity.json says.")
    asked = [_agreements(verified.agreements, tell("the run then and the export here, on the images of the proof"))]
    unasked = tell("The folder holds no images of the proof, so the network was not asked again.")
    return Section(
        title=tell("Proof of {run}", run=shortened(place.resolve().name)),
        document={
            "folder": str(place),
            "agreements": [each.model_dump(mode="json") for each in verified.agreements],
            "accuracy": verified.accuracy.model_dump(mode="json") if verified.accuracy else None,
            "raw_images": verified.raw_images.model_dump(mode="json") if verified.raw_images else None,
            "versions": verified.versions,
            "parity": parity.model_dump(mode="json"),
        },
        body=(
            unchanged,
            *(asked if verified.agreements else ()),
            *_accuracy(verified.accuracy),
            *_raw(verified.raw_images),
        ),
        remarks=() if verified.agreements else (unasked,),
    )


def _title(parity: Parity) -> str:
    """What the format is called, with the version of ONNX's operators."""
    title = FORMATS[parity.format].title if parity.format in FORMATS else printable(parity.format)
    return tell("{format}, opset {opset}", format=title, opset=parity.opset) if parity.opset else title


def _agreements(agreements: Sequence[Agreement], caption: str) -> Table:
    header = (
        tell("batch size"),
        tell("images"),
        tell("greatest difference"),
        tell("differing answers"),
        tell("of these ties"),
    )
    rows = tuple(
        (
            f"{each.batch_size:,}",
            f"{each.images:,}",
            f"{each.greatest_difference:.2g}",
            str(each.differing_answers),
            str(each.ties),
        )
        for each in agreements
    )
    return Table(header, rows, left=0, caption=caption)


def _accuracy(found: PairedAccuracy | None) -> tuple[str, ...]:
    """What an export that is not exact costs, and the rule that it was proved by."""
    if found is None:
        return ()
    told = tell(
        "accuracy {export} in place of {run} on {images}: a difference of {difference}, with {confidence} confidence "
        "from {low} to {high}; it may cost {margin}",
        export=percent(found.export),
        run=percent(found.run),
        images=counted(found.images, "image", separator=","),
        difference=f"{found.difference:+.2%}",
        confidence=percent(found.confidence, 0),
        low=f"{found.interval[0]:+.2%}",
        high=f"{found.interval[1]:+.2%}",
        margin=percent(found.margin),
    )
    return (told,)


def _raw(found: RawAgreement | None) -> tuple[str, ...]:
    """How far images that are resized inside are as Pellucid reads them."""
    if found is None:
        return ()
    told = tell(
        "raw.onnx resizes {images} of {sizes} as Pellucid reads them: at most {levels} off, {exact} of the values the "
        "same; probabilities differ by at most {difference}, {answers}",
        images=counted(found.images, "image"),
        sizes=counted(len(found.sizes), "size"),
        levels=counted(found.greatest_level_difference, "grey level"),
        exact=percent(found.exact_pixels),
        difference=f"{found.greatest_difference:.2g}",
        answers=counted(found.differing_answers, "differing answer"),
    )
    return (told,)


def _facts(parity: Parity) -> tuple[Table, ...]:
    """What else there is to tell of the files, such as the memory that they need."""
    if not parity.facts:
        return ()
    rows = tuple(
        (printable(name.replace("_", " ")), f"{value:,}" if isinstance(value, int) else printable(str(value)))
        for name, value in parity.facts.items()
    )
    return (Table((tell("what"), tell("value")), rows, left=1),)


def _files(parity: Parity, sizes: dict[str, int]) -> Table:
    rows = tuple((name, size(sizes[name]), digest) for name, digest in parity.files.items())
    weights = (tell("weights of the run"), "", parity.weights_sha256)
    return Table((tell("file"), tell("size"), "SHA-256"), (*rows, weights), left=1)


def _versions(versions: dict[str, dict[str, str]]) -> str:
    run, export = (_listed(versions.get(side, {})) for side in ("run", "export"))
    return tell("the run answered by {run}\nthe export by {export}", run=run, export=export)


def _listed(versions: dict[str, str]) -> str:
    return printable(", ".join(f"{name} {version}" for name, version in versions.items()))


def _kept(parity: Parity) -> tuple[str, ...]:
    """That images went into the folder, which may be nobody's business elsewhere."""
    if not parity.proof_images:
        return ()
    told = tell(
        "proof.safetensors holds {images}, so that the export can be proved again elsewhere; {option} leaves them out.",
        images=counted(parity.proof_images, "held-out image"),
        option="--proof-images 0",
    )
    return (told,)
