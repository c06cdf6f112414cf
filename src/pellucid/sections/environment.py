"""Where a run was trained: machine and versions."""

from __future__ import annotations

from pellucid.language import tell
from pellucid.run.record import RunRecord
from pellucid.sections.section import Section, Table
from pellucid.text import shortened


def environment_section(record: RunRecord) -> Section:
    """The machine, how it was used, and the versions of what the result depends on.

    Args:
        record: Of the run.
    """
    machine, data = record.environment, record.data
    rows = [
        (tell("begun (UTC)"), record.started[:19].replace("T", " ")),
        (tell("processor or GPU"), shortened(machine.device_name)),
        (tell("device"), shortened(machine.device)),
        (tell("threads"), str(machine.threads)),
        (tell("number format"), shortened(machine.precision)),
        (tell("operating system"), shortened(machine.platform)),
        ("Pellucid", shortened(record.pellucid_version)),
        *((shortened(name), shortened(version)) for name, version in machine.versions.items()),
        (tell("fingerprint of the data"), shortened(data.fingerprint, 64)),
    ]
    if record.weights_sha256:
        rows.append((tell("fingerprint of the weights"), shortened(record.weights_sha256, 64)))
    return Section(
        title=tell("Where it was trained"),
        document={"environment": machine.model_dump(mode="json"), "started": record.started},
        body=(Table(("", ""), tuple(rows), left=2),),
        remarks=tuple(
            tell("Gone on with where something was different: {what}.", what=shortened(what)) for what in record.inexact
        ),
    )
