"""Figures as a part of a page: their SVG without anything that would reach beyond it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from markupsafe import Markup

REFERENCE = re.compile(r"(?<=url\(#)[^)]+(?=\))")
SIZE, BOLD = re.compile(r"([\d.]+)px"), re.compile(r"\b(bold|[6-9]00)\b")
COLOUR = re.compile(r"#([0-9a-f]{2})\1\1")  # a grey
LEFT_OUT = {"metadata", "style"}
PIXELS_A_POINT = 96 / 72


def drawing(raw: bytes, text: str, prefix: str) -> Markup:
    """A figure for a page that may be light or dark: what is grey takes the page's ink, in that strength.

    No element has a style of its own, so that the page may forbid them; ids are those that are referred to.

    Args:
        raw: The SVG file, as `plots.figures.inline` gives it.
        text: What the figure shows, for who cannot see it.
        prefix: Begins each id, and is another for each figure of a page.
    """
    root = ET.fromstring(raw)  # noqa: S314
    wanted = {
        named for element in root.iter() for name, value in element.attrib.items() for named in _references(name, value)
    }
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for child in [child for child in element if child.tag.rpartition("}")[2] in LEFT_OUT]:
            element.remove(child)
        attributes = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
        attributes = _presented(attributes)
        if attributes.get("id") not in wanted:
            attributes.pop("id", None)
        element.attrib.clear()
        element.attrib.update({name: _renamed(name, value, prefix) for name, value in attributes.items()})
    box = root.get("viewBox", "0 0 1 1")
    width, height = (round(float(side) * PIXELS_A_POINT) for side in box.split()[2:])
    root.attrib.clear()
    root.attrib |= {"viewBox": box, "width": str(width), "height": str(height), "fill": "currentColor"}
    root.attrib |= {"role": "img", "aria-label": text}
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - texts in it are escaped


def _references(name: str, value: str) -> list[str]:
    """The ids that an attribute refers to."""
    return [value[1:]] if name.endswith("href") and value.startswith("#") else REFERENCE.findall(value)


def _renamed(name: str, value: str, prefix: str) -> str:
    """A value whose ids, if it has any, begin with the prefix."""
    if name == "id":
        return prefix + value
    if name == "href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    return REFERENCE.sub(lambda found: prefix + found[0], value)


def _presented(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes in which those of a style are attributes of their own."""
    style = attributes.pop("style", "")
    for part in filter(None, (part.strip() for part in style.split(";"))):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        if name == "font":
            size = SIZE.search(value)
            attributes |= {"font-size": size[1]} if size else {}
            attributes |= {"font-weight": "bold"} if BOLD.search(value) else {}
        elif name in {"fill", "stroke"}:
            attributes |= _painted(name, value)
        elif name != "font-family":
            attributes[name] = value
    return attributes


def _painted(name: str, value: str) -> dict[str, str]:
    """A colour as it is on light and dark pages alike; white is the page."""
    grey = COLOUR.fullmatch(value)
    if not grey:
        return {name: value}
    level = int(grey[1], 16) / 255
    if level == 1:
        return {name: "none", "class": f"paper-{name}"}
    return {name: "currentColor", **({f"{name}-opacity": f"{1 - level:.2f}"} if level else {})}
