"""The JSON Schemas of docs/reference/schemas, and the fields that they describe.

The functions understand the keywords that these schemas use, and raise NotImplementedError for others.
"""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMMON = "common.schema.json"

_ANNOTATIONS = {"$schema", "title", "description", "examples", "$defs"}
_LIMITS = {
    "maxItems",
    "uniqueItems",
    "pattern",
    "contentEncoding",
    "minLength",
    "maxLength",
    "minItems",
    "minimum",
    "maximum",
}
_OBJECTS = {"properties", "required", "propertyNames", "additionalProperties"}
_STRUCTURE = {"$ref", "type", "const", "enum", "items", "oneOf", "anyOf"} | _OBJECTS
_KNOWN = _ANNOTATIONS | _LIMITS | _STRUCTURE | {"if", "then", "else"}


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of a document.

    `path` is its place, such as `targets[].name`; a `*` in it stands for any name. `present` says when the
    document contains it, and is empty if it always does.
    """

    path: str
    type: str
    present: str
    meaning: str


@dataclasses.dataclass(frozen=True)
class Table:
    """The fields of an object. `title` is empty for the document itself, and `description` may be."""

    title: str
    description: str
    fields: tuple[Field, ...]


class Schemas:
    """All schemas in a folder, which refer to each other by file name."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, Any] = {
            path.name: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*.schema.json"))
        }

    def documents(self) -> dict[str, str]:
        """Returns the file of each document by the document's name, sorted by name."""
        names = {each["title"]: file for file, each in self.files.items() if file != COMMON}
        return dict(sorted(names.items()))

    def tables(self, file: str) -> list[Table]:
        """Returns the fields of the document in `file`, in the order of its schema."""
        walk = _Walk(self, file)
        main = Table("", "", tuple(walk.fields(self.files[file], "")))
        return [main, *walk.more] if main.fields else walk.more

    def paths(self, file: str) -> set[str]:
        """Returns the paths of all fields of the document in `file`."""
        return {field.path for table in self.tables(file) for field in table.fields}

    def resolved(self, file: str, schema: Any) -> Any:
        """Returns a schema with the keywords of the one in the same file that its `$ref` names."""
        while (ref := schema.get("$ref", "")).startswith("#"):
            _, target = self.target(file, ref)
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            required = [*target.get("required", []), *rest.get("required", [])]
            schema = {**target, **rest, **({"required": required} if required else {})}
        return schema

    def target(self, file: str, ref: str) -> tuple[str, Any]:
        """Returns the file and the schema that a `$ref` in `file` names."""
        name, _, pointer = ref.partition("#")
        schema = self.files[name or file]
        for part in pointer.split("/")[1:]:
            schema = schema[part]
        return name or file, schema


class _Walk:
    """A walk through a schema. `more` collects the tables of alternatives."""

    def __init__(self, schemas: Schemas, file: str) -> None:
        self._schemas = schemas
        self._file = file
        self.more: list[Table] = []

    def fields(self, schema: Any, path: str, present: str = "") -> Iterator[Field]:
        """Yields the fields inside a value, whose place is `path`, and which is there as `present` says."""
        schema = self._resolved(schema)
        if "$ref" in schema:
            return
        for each in _alternatives(schema):
            found = self._resolved(each)
            if "title" in found:
                inner = tuple(self.fields({**found, "title": ""}, path))
                self.more.append(Table(found["title"], found.get("description", ""), inner))
            else:
                yield from self.fields(found, path, present)
        if "items" in schema:
            yield from self.fields(schema["items"], f"{path}[]", present)
        yield from self._properties(schema, path, present)
        if "if" in schema:
            says = _condition(schema["if"])
            for branch, word in (("then", "if"), ("else", "unless")):
                if isinstance(schema.get(branch), dict):
                    yield from self._properties(schema[branch], path, f"{word} {says}")

    def _properties(self, schema: Any, path: str, present: str) -> Iterator[Field]:
        properties = dict(schema.get("properties", {}))
        if "additionalProperties" in schema:
            properties["*"] = schema["additionalProperties"]
        for name, value in properties.items():
            place = f"{path}.{name}" if path else name
            found = self._resolved(value)
            here = present if name in schema.get("required", []) else "optional"
            meaning = [f"`{found['const']}`."] if "const" in found else []
            meaning += [found["description"]] if "description" in found else []
            yield Field(place, self.type_of(found), here, " ".join(meaning))
            yield from self.fields(found, place, here)

    def type_of(self, schema: Any) -> str:
        """Returns the type of a value in words."""
        schema = self._resolved(schema)
        if "$ref" in schema:
            file, target = self._schemas.target(self._file, schema["$ref"])
            name: str = self._schemas.files[file]["title"]
            return str(target["title"]) if file == COMMON else f"`{name}`"
        if "const" in schema:
            return "string"
        if "enum" in schema:
            return _or([f"`{each}`" if each != "" else "empty" for each in schema["enum"]])
        if alternatives := _alternatives(schema):
            return _or([self.type_of(each) for each in alternatives])
        types = schema.get("type", "any")
        return _or(
            [self._name(each, schema) for each in ([types] if isinstance(types, str) else types)]
        )

    def _name(self, type_: str, schema: Any) -> str:
        if type_ == "array":
            items = self.type_of(schema["items"])
            return f"list of {items}s" if items[-1].islower() else f"list of {items}"
        return schema.get("title") or type_

    def _resolved(self, schema: Any) -> Any:
        if unknown := schema.keys() - _KNOWN:
            raise NotImplementedError(f"{self._file}: no documentation of {', '.join(unknown)}")
        return self._schemas.resolved(self._file, schema)


def _alternatives(schema: Any) -> list[Any]:
    found: list[Any] = schema.get("oneOf", schema.get("anyOf", []))
    return found


def _condition(schema: Any) -> str:
    match schema:
        case {"properties": dict(properties)} if len(properties) == 1:
            [(name, value)] = properties.items()
            return f"`{name}` is `{value['const']}`"
        case {"required": [name]}:
            return f"there is `{name}`"
    raise NotImplementedError(f"no documentation of the condition {schema}")


def _or(texts: list[str]) -> str:
    return " or ".join(part for part in (", ".join(texts[:-1]), texts[-1]) if part)
