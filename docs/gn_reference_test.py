"""Tests of the GN reference: the comments in gn/ document every argument."""

import re
from pathlib import Path

import pytest
from render_gn import CommentError, Template, build_arguments, render, templates

_GN = Path("gn")
_FORWARDED = re.compile(r"forward_variables_from\(invoker,\s*\[([^\]]*)\]")


@pytest.mark.parametrize("template", templates(_GN), ids=lambda each: each.name)
def test_every_argument_is_documented(template: Template) -> None:
    used = set(re.findall(r"\binvoker\.(\w+)", template.code))
    used |= {
        name for names in _FORWARDED.findall(template.code) for name in re.findall(r"\w+", names)
    }
    if "forward_variables_from(invoker, software_update_common_arguments)" in template.code:
        used |= {"testonly", "visibility"}
    assert {argument.name for argument in template.arguments} == used


def test_every_build_argument_is_documented() -> None:
    declared = re.findall(r"^  (\w+) =", (_GN / "args.gni").read_text(), re.MULTILINE)
    assert [argument.name for argument in build_arguments(_GN)] == declared


_COMMENT = """\
# Makes a thing: $target_out_dir/NAME.thing.
#
#   file: [path] What it is made of, as
#     "a.bin".
#   visibility, testonly: As everywhere. Default: GN's.
#
# Makes
#   NAME: The thing.
"""


_ARGS = """\
_folder = get_path_info("../a", "abspath")
_files = [ "$_folder/b" ]

declare_args() {
  # Where it is.
  # Type: path.
  place =
      get_path_info("../a", "abspath") + ":b"

  # What is there.
  # Type: list of paths.
  files = _files
}
"""


def api(folder: Path, comment: str) -> Path:
    (folder / "software_update.gni").write_text('import("args.gni")\nimport("thing.gni")\n')
    (folder / "thing.gni").write_text(f'{comment}template("thing") {{\n  not_needed(invoker)\n}}\n')
    (folder / "args.gni").write_text(_ARGS)
    return folder


def test_rendered_parts(tmp_path: Path) -> None:
    page = render(api(tmp_path, _COMMENT))
    assert "\nMakes a thing: `$target_out_dir/NAME.thing`.\n" in page
    assert '| `file` | path | mandatory | What it is made of, as `"a.bin"`. |\n' in page
    assert "| `testonly` |  | GN's | As everywhere. |\n" in page
    assert "| `NAME` | The thing. |\n" in page
    assert '| `place` | path | `"a:b"` | Where it is. |\n' in page
    assert '| `files` | list of paths | `[ "a/b" ]` | What is there. |\n' in page


@pytest.mark.parametrize("line", ["#   file: [path]", '#     "a.bin".', "#   NAME: The thing."])
def test_other_forms_are_rejected(tmp_path: Path, line: str) -> None:
    folder = api(tmp_path, _COMMENT.replace(line, line.replace("#  ", "# ")))
    with pytest.raises(CommentError, match=r"^thing: "):
        render(folder)
