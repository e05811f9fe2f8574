"""Tests of ninja.py."""

from software_update.attachments.ninja import read_paths

INPUTS = """\
../lamp/app.c
'../lamp/a b.c'
lamp:app
obj/lamp/app.o
/usr/share/font
"""
DEPS = """\
obj/lamp/app.o: #deps 2, deps mtime 17 (VALID)
    ../lamp/app.c
    ../lamp/app.h

obj/other.o: #deps 1, deps mtime 17 (VALID)
    ../other.h

gen/bundle.json: #deps 2, deps mtime 17 (STALE)
    ../lamp/folder/file
    gen/made.txt

"""
DEPFILE = r"build.ninja.stamp: ../.gn ../lamp/BUILD.gn ../with\ space.gni"


def test_files_that_the_build_did_not_make() -> None:
    assert read_paths("out", INPUTS, DEPS, DEPFILE, "gen/bundle.json") == [
        ".gn",
        "/usr/share/font",
        "lamp/BUILD.gn",
        "lamp/a b.c",
        "lamp/app.c",
        "lamp/app.h",
        "lamp/folder/file",
        "with space.gni",
    ]


def test_a_build_folder_anywhere() -> None:
    inputs = "../../app.c\nobj/app.o\n../../out/other/x\n"
    assert read_paths("out/debug", inputs, "", "", "lamp:bundle") == ["app.c", "out/other/x"]
