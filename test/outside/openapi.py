# SPDX-License-Identifier: Apache-2.0
"""Reads api/openapi.yaml: the part of YAML that the file uses (block and flow maps and lists, plain
and quoted scalars, folded text, comments; no anchors, no tags). Anything else is an error with its
line."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "api/openapi.yaml"


class Broken(Exception):
    pass


def scalar(text):
    text = text.strip()
    if text[:1] == '"':
        return json.loads(text)
    if text[:1] in "&*!|>%@`":
        raise Broken(f"not read here: {text!r}")
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    return {"true": True, "false": False, "null": None, "": None}.get(text, text)


class Flow:
    """{…} and […] in one text."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def skip(self):
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1

    def peek(self):
        self.skip()
        return self.text[self.at:self.at + 1]

    def value(self):
        c = self.peek()
        if c == "{":
            return self.map()
        if c == "[":
            return self.list()
        return scalar(self.word(",]}"))

    def word(self, ends):
        self.skip()
        start = self.at
        if self.peek() == '"':
            m = re.compile(r'"(?:[^"\\]|\\.)*"').match(self.text, self.at)
            if not m:
                raise Broken("a quote is open")
            self.at = m.end()
            return m.group(0)
        while self.at < len(self.text) and self.text[self.at] not in ends:
            if self.text[self.at] == ":" and ":" in ends:
                break
            self.at += 1
        return self.text[start:self.at]

    def close(self, mark):
        if self.peek() != mark:
            raise Broken(f"{mark} is missing before {self.text[self.at:self.at + 20]!r}")
        self.at += 1

    def map(self):
        self.at += 1
        got = {}
        while self.peek() != "}":
            key = scalar(self.word(":,]}"))
            self.close(":")
            if str(key) in got:
                raise Broken(f"{key} twice")
            got[str(key)] = self.value()
            if self.peek() == ",":
                self.at += 1
        self.at += 1
        return got

    def list(self):
        self.at += 1
        got = []
        while self.peek() != "]":
            if not self.peek():
                raise Broken("] is missing")
            got.append(self.value())
            if self.peek() == ",":
                self.at += 1
        self.at += 1
        return got


def flow_or_scalar(text):
    text = text.strip()
    if text[:1] in ("{", "["):
        f = Flow(text)
        value = f.value()
        if f.peek():
            raise Broken(f"more behind the end: {text[f.at:]!r}")
        return value
    return scalar(text)


class Reader:
    def __init__(self, text):
        self.lines = []
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip() and not line.strip().startswith("#"):
                self.lines.append((number, len(line) - len(line.lstrip(" ")), line.strip()))
        self.at = 0

    def block(self, indent):
        """The block whose lines have this indent."""
        if self.lines[self.at][2].startswith("- "):
            return self.block_list(indent)
        got = {}
        while self.at < len(self.lines) and self.lines[self.at][1] == indent:
            key, rest = self.split(self.lines[self.at][2])
            if key in got:
                raise Broken(f"{key} twice")
            self.at += 1
            got[key] = self.behind(rest, indent)
        return got

    def behind(self, rest, indent):
        """What a key has: on its line, folded below, or a block below."""
        if rest in (">-", ">"):
            parts = []
            while self.at < len(self.lines) and self.lines[self.at][1] > indent:
                parts.append(self.lines[self.at][2])
                self.at += 1
            return " ".join(parts)
        if rest:
            return flow_or_scalar(rest)
        if self.at < len(self.lines) and self.lines[self.at][1] > indent:
            return self.block(self.lines[self.at][1])
        return None

    def block_list(self, indent):
        got = []
        while self.at < len(self.lines) and self.lines[self.at][1] == indent and \
                self.lines[self.at][2].startswith("- "):
            number, _, text = self.lines[self.at]
            rest = text[2:].strip()
            if rest[:1] in "{[" or not re.match(r"[\w$-]+:(\s|$)", rest):
                self.at += 1
                got.append(flow_or_scalar(rest))
            else:  # a map that begins on the line of its dash
                self.lines[self.at] = (number, indent + 2, rest)
                got.append(self.block(indent + 2))
        return got

    @staticmethod
    def split(line):
        m = re.match(r'("(?:[^"\\]|\\.)*"|/[^":]*|[^"{}\[\]]+?):(?:\s+(.*))?$', line)
        if not m:
            raise Broken(f"no key: {line!r}")
        key = m.group(1)
        return (json.loads(key) if key[0] == '"' else key), m.group(2) or ""


def read(path=FILE):
    reader = Reader(path.read_text(encoding="utf-8"))
    try:
        got = reader.block(0)
    except (Broken, ValueError) as e:
        number = reader.lines[min(reader.at, len(reader.lines)) - 1][0]
        raise Broken(f"{path}:{number}: {e}") from None
    if reader.at < len(reader.lines):
        raise Broken(f"{path}:{reader.lines[reader.at][0]}: indented otherwise than what is before")
    return got


def operations(spec):
    """(method, path, operation) of each."""
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def resolve(spec, thing):
    while isinstance(thing, dict) and "$ref" in thing:
        at = spec
        for part in thing["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        thing = at
    return thing


def merged(spec, schema):
    """A schema with its allOf laid together."""
    schema = resolve(spec, schema)
    if "allOf" not in schema:
        return schema
    whole = {"type": "object", "properties": {}, "required": []}
    for part in schema["allOf"]:
        part = merged(spec, part)
        whole["properties"].update(part.get("properties", {}))
        whole["required"] += part.get("required", [])
    return whole


def misfits(spec, schema, value, where="", found=None):
    """Where a value does not fit a schema: a list of texts."""
    found = [] if found is None else found
    schema = merged(spec, schema)
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
             "number": (int, float), "null": type(None)}
    wanted = schema.get("type")
    if wanted:
        wanted = wanted if isinstance(wanted, list) else [wanted]
        if not any(isinstance(value, types[w]) and (w == "boolean" or not isinstance(value, bool))
                   for w in wanted):
            found.append(f"{where or '.'}: {value!r:.60} is not {' or '.join(map(str, wanted))}")
            return found
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if "oneOf" in schema and not any(not misfits(spec, s, value, where) for s in schema["oneOf"]):
        found.append(f"{where}: fits none of oneOf")
    if isinstance(value, dict):
        for key in schema.get("required", []):
            if key not in value:
                found.append(f"{where}.{key} is missing")
        known = schema.get("properties")
        for key, one in value.items():
            if known and key in known:
                misfits(spec, known[key], one, f"{where}.{key}", found)
            elif known and "additionalProperties" not in schema:
                found.append(f"{where}.{key} is not described")
            elif isinstance(schema.get("additionalProperties"), dict):
                misfits(spec, schema["additionalProperties"], one, f"{where}.{key}", found)
    if isinstance(value, list):
        for i, one in enumerate(value):
            if i < len(schema.get("prefixItems", [])):
                misfits(spec, schema["prefixItems"][i], one, f"{where}[{i}]", found)
            elif "items" in schema:
                misfits(spec, schema["items"], one, f"{where}[{i}]", found)
    return found
