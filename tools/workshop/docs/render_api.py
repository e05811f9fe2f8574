"""Renders the documentation in the .bzl files, which starlark_doc_extract collects, as one page a symbol."""

import re
from collections.abc import Iterable, Iterator

import markup
from software_update.format import wire

_SOURCE = "the .bzl files"
_LOAD = "@rules_software_update//rules:defs.bzl"

# Field numbers of Bazel's stardoc_output.proto, whose ModuleInfo the input is.
_MODULE_PROVIDERS, _MODULE_FUNCTIONS = 2, 3
# Other symbols that a module may export. The pages would lack them without a warning.
_MODULE_UNKNOWN = {1: "a rule", 4: "an aspect", 7: "an extension", 8: "a repository rule"}
_PROVIDER_NAME, _PROVIDER_DOC, _PROVIDER_FIELDS = 1, 2, 3
_FUNCTION_NAME, _FUNCTION_PARAMETERS, _FUNCTION_DOC = 1, 2, 3
_NAME, _DOC, _DEFAULT, _MANDATORY = 1, 2, 3, 4


class _Message:
    """A protobuf message, read by field number."""

    def __init__(self, data: bytes) -> None:
        self._fields = [
            (field.number, field.value, data[field.start : field.end])
            for field in wire.fields(data, 0, len(data))
        ]

    def messages(self, number: int) -> Iterator["_Message"]:
        return (_Message(content) for found, _, content in self._fields if found == number)

    def text(self, number: int) -> str:
        return next((content.decode() for found, _, content in self._fields if found == number), "")

    def flag(self, number: int) -> bool:
        return any(value for found, value, _ in self._fields if found == number)

    def has(self, number: int) -> bool:
        return any(found == number for found, _, _ in self._fields)


def render(binaryproto: bytes) -> dict[str, str]:
    """Returns the pages by file name."""
    module = _Message(binaryproto)
    for number, what in _MODULE_UNKNOWN.items():
        if module.has(number):
            raise NotImplementedError(f"the API has {what}; teach render_api.py to document it")
    pages = {
        each.text(_FUNCTION_NAME): _function(each) for each in module.messages(_MODULE_FUNCTIONS)
    }
    pages |= {
        each.text(_PROVIDER_NAME): _provider(each) for each in module.messages(_MODULE_PROVIDERS)
    }
    linked = {f"{name}.md": _link(text, pages.keys() - {name}) for name, text in pages.items()}
    return {"README.md": _index(module)} | linked


def arguments(binaryproto: bytes) -> dict[str, dict[str, bool]]:
    """Returns for each rule whether each of its arguments is mandatory."""
    return {
        rule.text(_FUNCTION_NAME): {
            _argument(each): each.flag(_MANDATORY) for each in rule.messages(_FUNCTION_PARAMETERS)
        }
        for rule in _Message(binaryproto).messages(_MODULE_FUNCTIONS)
    }


def _link(text: str, names: Iterable[str]) -> str:
    """Returns a page with links to other pages where its text names them."""
    parts = re.split(r"(^```.*?^```)", text, flags=re.MULTILINE | re.DOTALL)
    for name in names:
        parts[::2] = [part.replace(f"`{name}`", f"[`{name}`]({name}.md)") for part in parts[::2]]
    return "".join(parts)


def _index(module: _Message) -> str:
    functions = [
        (each.text(_FUNCTION_NAME), each.text(_FUNCTION_DOC))
        for each in module.messages(_MODULE_FUNCTIONS)
    ]
    providers = [
        (each.text(_PROVIDER_NAME), each.text(_PROVIDER_DOC))
        for each in module.messages(_MODULE_PROVIDERS)
    ]
    text = markup.head("Rules and providers", _SOURCE)
    text += "For users of the Bazel rules: every rule and provider. "
    text += f"Load them from `{_LOAD}`.\n"
    for title, symbols in (("Rules", functions), ("Providers", providers)):
        text += f"\n## {title}\n\n"
        text += "".join(
            f"- [`{name}`]({name}.md): {_first_sentence(doc)}\n" for name, doc in symbols
        )
    return text


def _function(function: _Message) -> str:
    name = function.text(_FUNCTION_NAME)
    parameters = list(function.messages(_FUNCTION_PARAMETERS))
    call = "".join(f"    {_signature(each)},\n" for each in parameters)
    return (
        markup.head(name, _SOURCE)
        + f'```starlark\nload("{_LOAD}", "{name}")\n\n{name}(\n{call})\n```\n\n'
        + f"{function.text(_FUNCTION_DOC).strip()}\n\n## Arguments\n\n"
        + markup.table(
            ("name", "default", "meaning"),
            (
                (f"`{_argument(each)}`", _default(each), markup.cell(each.text(_DOC)))
                for each in parameters
            ),
        )
    )


def _provider(provider: _Message) -> str:
    name = provider.text(_PROVIDER_NAME)
    return (
        markup.head(name, _SOURCE)
        + f'```starlark\nload("{_LOAD}", "{name}")\n```\n\n'
        + f"{provider.text(_PROVIDER_DOC).strip()}\n\n## Fields\n\n"
        + markup.table(
            ("name", "meaning"),
            (
                (f"`{each.text(_NAME)}`", markup.cell(each.text(_DOC)))
                for each in provider.messages(_PROVIDER_FIELDS)
            ),
        )
    )


def _argument(parameter: _Message) -> str:
    # Neither mandatory nor with a default: **kwargs.
    rest = not parameter.flag(_MANDATORY) and not parameter.has(_DEFAULT)
    return ("**" if rest else "") + parameter.text(_NAME)


def _signature(parameter: _Message) -> str:
    default = parameter.text(_DEFAULT)
    return _argument(parameter) + (f" = {default}" if default else "")


def _default(parameter: _Message) -> str:
    if parameter.flag(_MANDATORY):
        return "mandatory"
    return f"`{parameter.text(_DEFAULT)}`" if parameter.has(_DEFAULT) else ""


def _first_sentence(doc: str) -> str:
    return re.split(r"(?<=\.)\s", markup.cell(doc), maxsplit=1)[0]
