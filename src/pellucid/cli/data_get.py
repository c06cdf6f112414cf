"""`pellucid data get`."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.options import Json
from pellucid.cli.output import print_json, print_path


def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set's name; pellucid data list has them.")],
    as_json: Json = False,
) -> None:
    """Download what a data set needs, so that it can be used without a network, and print the folder.

    What is there already is checked and not downloaded again. A download that broke off is continued.

    \b
    Examples:
      pellucid data get fashion-mnist
      pellucid data get cifar10
    """
    from pellucid.data.catalogue import CATALOGUE
    from pellucid.data.mnist import FOLDER
    from pellucid.data.published import PUBLISHED, fetch_published
    from pellucid.errors import DataError, unknown

    if name not in CATALOGUE:
        raise DataError(str(unknown("data set", name, CATALOGUE)))
    paths = fetch_published(name) if name in PUBLISHED else sorted(FOLDER.glob("*.gz"))
    folder = paths[0].parent
    if as_json:
        print_json({"data": name, "folder": str(folder), "files": [path.name for path in paths]})
    else:
        print_path(folder)
