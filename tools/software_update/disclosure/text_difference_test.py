"""Tests of the difference of two lists of lines."""

from software_update.disclosure.text_difference import MAX_COMPARED_LINES, text_difference


def difference(old: str, new: str) -> list[str]:
    return list(text_difference(old.split("\n"), new.split("\n")))


def test_equal_texts_have_no_difference() -> None:
    assert difference("a\nb\n", "a\nb\n") == []


def test_difference_has_line_numbers_and_context() -> None:
    old = "".join(f"{number}\n" for number in range(1, 41))
    new = old.replace("20\n", "twenty\n")
    assert difference(old, new) == [
        "@@ -17,7 +17,7 @@",
        " 17",
        " 18",
        " 19",
        "-20",
        "+twenty",
        " 21",
        " 22",
        " 23",
    ]


def test_two_places_far_apart_are_two_groups() -> None:
    old = "".join(f"{number}\n" for number in range(1, 41))
    new = old.replace("5\n", "five\n", 1).replace("30\n", "thirty\n")
    heads = [line for line in difference(old, new) if line.startswith("@@")]
    assert heads == ["@@ -2,7 +2,7 @@", "@@ -27,7 +27,7 @@"]


def test_missing_end_of_last_line_differs() -> None:
    assert difference("a\n", "a") == ["@@ -1,2 +1,1 @@", " a", "-"]


def test_texts_that_begin_and_end_alike_overlap_nowhere() -> None:
    assert difference("a\na\n", "a\na\na\n")[0] == "@@ -1,3 +1,4 @@"


def test_long_lines_are_cut() -> None:
    [_, removed, added] = difference("", "x" * 201)
    assert (removed, added) == ("-", "+" + "x" * 200 + "...")
    assert difference("", "x" * 200)[2] == "+" + "x" * 200


def test_too_many_lines_are_counted() -> None:
    old, new = "\n" * 600_000, "x\n" * (MAX_COMPARED_LINES + 1)
    assert difference(old, new) == ["@@ -1,600000 +1,1001 @@ too many lines to compare"]


def test_without_context_only_differences_are_shown() -> None:
    assert list(text_difference(["a", "b", "c"], ["a", "x", "c", "y"], 0)) == ["-b", "+x", "+y"]
