"""Tests of the parts of the site's builder that need no MkDocs, and of the tables in docs/README.md."""

from pathlib import Path

import navigation
import pytest
from linked_files import folder_list, linked_files
from markdown_source import anchor, for_python_markdown, links, replace_links


def test_links_in_code_stay() -> None:
    page = (
        "[a](a.md) and `[b](b.md)`\n```\n[c](c.md)\n```\n[`d`](d.md#x) ![e](e.png)\n[f]: f.md\n"
        "[g](https://example.com) [h](#here) [i](mailto:me@example.com)\n"
    )
    assert links(page) == ["a.md", "d.md#x", "e.png", "f.md"]
    moved = replace_links(page, lambda link: f"new/{link}")
    assert "[a](new/a.md)" in moved and "[`d`](new/d.md#x)" in moved and "`[b](b.md)`" in moved
    assert "[c](c.md)" in moved and "(https://example.com)" in moved and "[f]: new/f.md" in moved


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("text\n- a\n- b", "text\n\n- a\n- b"),
        ("- a\n  more\n- b", "- a\n    more\n- b"),
        ("- a\n\n  more\n\ntext", "- a\n\n    more\n\ntext"),
        ("- a\n  - b\n    more\n- c", "- a\n    - b\n        more\n- c"),
        ("1. a\n\n   ```\n   code\n     deep\n   ```\n2. b", None),
        ("- a\nlazy\n\ntext", "- a\n    lazy\n\ntext"),
        ("```\n- a\n  - b\n```", "```\n- a\n  - b\n```"),
        ("| `a \\| b` | c \\| d |", "| `a | b` | c \\| d |"),
    ],
)
def test_lists_as_python_markdown_reads_them(page: str, expected: str | None) -> None:
    if expected is None:
        expected = "1. a\n\n    ```\n    code\n      deep\n    ```\n2. b"
    assert for_python_markdown(page) == expected


def test_anchors_are_those_of_code_hosts() -> None:
    assert anchor("C++: `x_y`, --z") == "c-x_y---z"


def test_files_that_pages_lead_to(tmp_path: Path) -> None:
    pages = {
        "docs/a.md": "[x](../tools/x.py) [r](../examples/README.md#top) [t](../tests/) [no](../no)",
        "examples/README.md": "[y](y.sh) [out](../../out.md)",
        "examples/y.sh": "",
        "tools/x.py": "",
        "tests/b_test.py": "",
        "tests/.hidden": "",
        "tests/sub/c.py": "",
        "README.md": "",
    }
    for name, text in pages.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    files, read = linked_files(tmp_path)
    assert files == ["README.md", "examples/README.md", "examples/y.sh", "tests", "tools/x.py"]
    assert read == ["README.md", "docs/a.md", "examples/README.md"]
    assert folder_list(tmp_path / "tests") == ["b_test.py", "sub/"]


def test_navigation(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli/README.md").write_text("| [`b c`](b-c.md) |\n[other](../x.md)")
    (tmp_path / "README.md").write_text(
        "# Top\n\n## First: words\n\n### Group\n\n| page |\n|---|\n| [A](a.md) | b |\n"
        "\n## Empty\n\ntext\n\n## Last\n\n| [CLI](cli/README.md) |\n| [R](repository/README.md) |\n"
    )
    assert navigation.navigation(tmp_path) == [
        {"Home": "README.md"},
        {"First": [{"Group": [{"A": "a.md"}]}]},
        {
            "Last": [
                {"CLI": ["cli/README.md", {"b c": "cli/b-c.md"}]},
                {"R": "repository/README.md"},
            ]
        },
    ]


def test_each_page_is_in_a_table_of_the_documentations_first_page() -> None:
    docs = Path("docs")
    reached = set(navigation.pages(navigation.navigation(docs)))
    assert {str(each.relative_to(docs)) for each in docs.rglob("*.md")} - reached == set()


@pytest.mark.parametrize(
    "page", sorted(Path("docs/start").glob("*.md")), ids=lambda page: page.stem
)
def test_path_of_a_role_has_at_most_five_steps(page: Path) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and line[2].isdigit()
    ]
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]
    for _, step, gain, time in rows:
        assert links(step) and gain
        assert time.split()[1].startswith(("minute", "hour"))
