"""The page's types, read from TypeScript, and a document held against them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TYPES = Path(__file__).parents[3] / "web" / "src" / "payload.ts"
WORD = re.compile(r'"[^"]*"|[A-Za-z_]\w*|\d+|[{}\[\]<>|:;,?=]')
PLAIN = {"number": (int, float), "string": (str,), "boolean": (bool,), "null": (type(None),)}


class Reader:
    """Reads types word by word: each becomes a tuple of its kind and its parts."""

    def __init__(self, text: str) -> None:
        self.words = WORD.findall(re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL))

    def take(self, *wanted: str) -> str:
        word = self.words.pop(0)
        assert not wanted or word in wanted, (word, wanted, self.words[:5])
        return word

    def type(self) -> Any:
        if self.words[0] == "|":
            self.take()
        found = [self.many()]
        while self.words and self.words[0] == "|":
            self.take()
            found.append(self.many())
        return found[0] if len(found) == 1 else ("union", found)

    def many(self) -> Any:
        found = self.one()
        while self.words[:2] == ["[", "]"]:
            del self.words[:2]
            found = ("array", found)
        return found

    def one(self) -> Any:
        word = self.take()
        if word == "{":
            return self.fields()
        if word == "[":
            parts = [self.type()]
            while self.take(",", "]") == ",":
                parts.append(self.type())
            return ("tuple", parts)
        if word == "Record":
            self.take("<"), self.take("string"), self.take(",")
            value = self.type()
            self.take(">")
            return ("record", value)
        return ("literal", word.strip('"')) if word[0] == '"' else ("number", int(word)) if word.isdigit() else word

    def fields(self) -> Any:
        found = {}
        while self.words[0] != "}":
            name = self.take()
            optional = self.words[0] == "?" and bool(self.take())
            self.take(":")
            found[name] = (self.type(), optional)
            if self.words[0] in ",;":
                self.take()
        self.take("}")
        return ("object", found)


def types() -> dict[str, Any]:
    """The types of the page by name."""
    text = TYPES.read_text(encoding="utf-8")
    found = {}
    for name, body in re.findall(r"^export interface (\w+) (\{.*?^\})", text, re.DOTALL | re.MULTILINE):
        found[name] = Reader(body).type()
    for name, body in re.findall(r"^export type (\w+) =(.*?);$", text, re.DOTALL | re.MULTILINE):
        found[name] = Reader(body).type()
    return found


def faults(value: Any, kind: Any, known: dict[str, Any], where: str = "") -> list[str]:
    """In what a value is not of a type; nothing where it is."""
    if isinstance(kind, str):
        if kind not in PLAIN:
            return faults(value, known[kind], known, where)
        right = type(value) in PLAIN[kind]
        return [] if right else [f"{where} must be {kind}, is {type(value).__name__}"]
    name, inner = kind
    if name in {"literal", "number"}:
        return [] if value == inner else [f"{where} must be {inner}, is {value!r:.40}"]
    if name == "union":
        tried = [faults(value, each, known, where) for each in inner]
        return [] if not all(tried) else min(tried, key=len)
    if name == "object":
        return _object_faults(value, inner, known, where)
    if name == "record":
        return [one for key, each in value.items() for one in faults(each, inner, known, f"{where}.{key}")]
    if not isinstance(value, list | tuple) or (name == "tuple" and len(value) != len(inner)):
        return [f"{where} must be a list, is {value!r:.40}"]
    kinds = inner if name == "tuple" else [inner] * len(value)
    return [
        one
        for n, (each, own) in enumerate(zip(value, kinds, strict=True))
        for one in faults(each, own, known, f"{where}[{n}]")
    ]


def _object_faults(value: Any, fields: dict[str, Any], known: dict[str, Any], where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where} must be an object, is {value!r:.40}"]
    missing = [
        f"{where}.{name} is missing"
        for name, (_, optional) in fields.items()
        if name not in value | {} and not optional
    ]
    extra = [f"{where}.{name} is not in the contract" for name in value if name not in fields]
    inner = [
        one for name in value.keys() & fields for one in faults(value[name], fields[name][0], known, f"{where}.{name}")
    ]
    return missing + extra + inner


@pytest.fixture(scope="session")
def faults_in_payload() -> Callable[[Any], list[str]]:
    """In what a document is not a `Payload` of the page's."""
    known = types()
    return lambda document: faults(document, "Payload", known)
