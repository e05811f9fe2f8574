"""The files outside of docs that the pages lead to, as one filegroup: most of them are in other packages."""

_BUILD = """\
filegroup(
    name = "sources",
    srcs = glob(["files/**"], allow_empty = True),
    visibility = ["//visibility:public"],
)
"""

def _site_sources_impl(repository_ctx):
    repository_ctx.file("BUILD.bazel", _BUILD, executable = False)

    # In the build of another module, the site is not built.
    if Label("//:all").repo_name:
        return
    python = repository_ctx.which("python3")
    if not python:
        fail("software_update_site_sources: there is no python3 on PATH; install Python 3.11 or later")
    program = repository_ctx.path(repository_ctx.attr._program)
    repository_ctx.watch(repository_ctx.path(repository_ctx.attr._module))
    top = repository_ctx.path(Label("//:MODULE.bazel")).dirname
    run = repository_ctx.execute([python, "-B", program, top])
    if run.return_code != 0:
        fail("software_update_site_sources: " + run.stderr.strip().split("\n")[-1])
    found = json.decode(run.stdout)

    # A new page is noticed as well.
    repository_ctx.watch_tree(top.get_child("docs"))
    for page in found["read"]:
        repository_ctx.watch(top.get_child(page))

    # With another ending, no BUILD file makes a package.
    for file in found["files"]:
        repository_ctx.symlink(top.get_child(file), "files/{}.file".format(file))
    for folder, names in found["folders"].items():
        repository_ctx.file("files/{}.folder".format(folder), json.encode(names), executable = False)

site_sources = repository_rule(
    implementation = _site_sources_impl,
    doc = "Reads the links of the pages in `docs`, and provides the files outside of `docs` that they lead to.",
    attrs = {
        "_module": attr.label(
            allow_single_file = True,
            default = Label("//tools/workshop/site:markdown_source.py"),
        ),
        "_program": attr.label(
            allow_single_file = True,
            default = Label("//tools/workshop/site:linked_files.py"),
        ),
    },
)
