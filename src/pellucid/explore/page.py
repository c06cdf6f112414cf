"""The page itself: the built template with a run in it, under a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.errors import PellucidError
from pellucid.names import MARK
from pellucid.text import printable, shortened
from pellucid.version import __version__

TEMPLATE = Path(__file__).with_name("explorer.html")
POLICY, PAYLOAD = "<!--policy-->", '<script type="application/json" id="payload"></script>'
TITLE, ROOT = re.compile("<title>.*?</title>"), re.compile('<html lang="[^"]*">')
PARTS = re.compile(r"<(script|style)([^>]*)>(.*?)</\1>", re.DOTALL)
TAGS = {"en": "en", "zh": "zh-Hans"}  # of languages, as HTML has them
# What could end the element that the document stands in, or begin another.
ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def template() -> str:
    """The page without a run, as `make explorer` builds it of ``web/``.

    Raises:
        PellucidError: It is not there.
    """
    try:
        return TEMPLATE.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PellucidError(
            f"{TEMPLATE.name} is missing in this installation of Pellucid. In a clone of its repository: make explorer"
        ) from None


def page(document: Mapping[str, Any]) -> str:
    """The whole page of a run.

    Args:
        document: What the page is told; see `payload_of`.

    Raises:
        PellucidError: The template is missing, or is of another version.
    """
    text = template()
    if text.count(POLICY) != 1 or text.count(PAYLOAD) != 1:
        raise PellucidError(f"{TEMPLATE.name} of this installation is of another version of Pellucid. Install it anew.")
    policy = html.escape(policy_of(text))
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="generator" content="{MARK} {__version__}">'
    )
    title = html.escape(shortened(printable(document["run"]["name"])))
    text = ROOT.sub(f'<html lang="{TAGS[document["language"]]}">', text, count=1)
    text = TITLE.sub(lambda _: f"<title>{title} \u00b7 Pellucid</title>", text, count=1)
    filled = PAYLOAD.replace("></", f">{as_data(document)}</")
    return text.replace(POLICY, head).replace(PAYLOAD, filled)


def as_data(document: Mapping[str, Any]) -> str:
    """A document as JSON that may stand in an element of a page, whatever names it holds."""
    return json.dumps(document, allow_nan=False, separators=(",", ":")).translate(ESCAPES)


def policy_of(text: str) -> str:
    """What a page may do: its own scripts and styles, known by their digests, and pictures that stand in it.

    Args:
        text: The page, or its template.
    """
    digests: dict[str, list[str]] = {"script": [], "style": []}
    for kind, attributes, content in PARTS.findall(text):
        if "application/json" not in attributes:
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            digests[kind].append(f"'sha256-{digest}'")
    allowed = [f"{kind}-src {' '.join(own) or chr(39) + 'none' + chr(39)}" for kind, own in digests.items()]
    rest = ("img-src data: blob:", "base-uri 'none'", "form-action 'none'")
    return "; ".join(["default-src 'none'", *allowed, *rest])
