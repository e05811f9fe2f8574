"""Renders the JSON Schemas as a page with a table of fields for each document."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import markup
from json_schemas import COMMON, Field, Schemas, Table

_INTRODUCTION = """\
For programs that read or write the JSON of `software-update`: every document and field, each with a
[JSON Schema](https://json-schema.org/draft/2020-12) to validate with.

The field `schema` names a document's schema. Later versions of this tool may add fields under the
same name; they remove no field and change no meaning without a new name. Ignore fields that you do
not know.

All JSON that the tool reads must be UTF-8 without a byte order mark, must not contain a key twice in
one object, and may have at most 32 arrays and objects inside each other (`[]` has depth 1, `[[]]` has
depth 2). The error for other JSON says what is wrong and how to change the file. The tool also rejects
UTF-16, UTF-32 and byte order marks in key files, in argument files, and in files with a version, a
passphrase, a PIN or release notes.
"""


def render(folder: Path) -> str:
    """Returns the page for the schemas in `folder`, which is next to the page."""
    schemas = Schemas(folder)
    documents = schemas.documents()
    text = markup.head("JSON documents", f"the schemas in {folder.name}/") + _INTRODUCTION + "\n"
    text += markup.table(
        ("document", "contents"),
        (
            (f"[`{name}`](#{_anchor(name)})", _first_sentence(schemas.files[file]["description"]))
            for name, file in documents.items()
        ),
    )
    types = schemas.files[COMMON]["$defs"].values()
    text += "\n## Types\n\n" + markup.table(
        ("type", "meaning"), ((each["title"], markup.cell(each["description"])) for each in types)
    )
    for name, file in documents.items():
        others = documents.keys() - {name}
        text += f"\n## `{name}`\n\n{_linked(_section(schemas, file, folder.name), others)}"
    return text


def _section(schemas: Schemas, file: str, folder: str) -> str:
    schema = schemas.files[file]
    text = f"{schema['description']}\n\nSchema: [{file}]({folder}/{file})\n"
    for example in schema.get("examples", []):
        text += f"\n```json\n{json.dumps(example)}\n```\n"
    return text + "".join(f"\n{_table(table)}" for table in schemas.tables(file))


def _linked(text: str, names: Iterable[str]) -> str:
    """Returns a text that links each of these documents where it names it."""
    for name in names:
        text = text.replace(f"`{name}`", f"[`{name}`](#{_anchor(name)})")
    return text


def _table(table: Table) -> str:
    title = f"### {table.title[0].upper()}{table.title[1:]}\n\n" if table.title else ""
    title += f"{table.description}\n\n" if table.description else ""
    sometimes = any(field.present for field in table.fields)
    columns = ("field", "type", *(["present"] if sometimes else []), "meaning")
    return title + markup.table(columns, (_row(each, sometimes) for each in table.fields))


def _row(field: Field, sometimes: bool) -> tuple[str, ...]:
    present = [field.present or "always"] if sometimes else []
    return (f"`{field.path}`", field.type, *present, markup.cell(field.meaning))


def _anchor(name: str) -> str:
    """Returns the anchor of a heading with a document's name."""
    return name.replace(".", "")


def _first_sentence(text: str) -> str:
    return markup.cell(re.split(r"(?<=\.) (?=[A-Z`])", text, maxsplit=1)[0])
