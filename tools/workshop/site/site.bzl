"""The rule that builds the documentation site."""

def _line(file):
    path = file.short_path
    if "/files/" in path:
        path = path.split("/files/", 1)[1].removesuffix(".file")
    return "{}={}".format(file.path, path)

def _documentation_site_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add("--out", out.path)
    arguments.add("--theme", ctx.files.theme[0].path.rpartition("/")[0])
    lines = ctx.actions.args()
    lines.set_param_file_format("multiline")
    lines.use_param_file("--files=%s", use_always = True)
    lines.add_all(ctx.files.pages + ctx.files.sources, map_each = _line)
    ctx.actions.run(
        outputs = [out],
        inputs = ctx.files.pages + ctx.files.sources + ctx.files.theme,
        executable = ctx.executable._build_site,
        arguments = [arguments, lines],
        mnemonic = "DocumentationSite",
        progress_message = "Building the documentation site %{label}",
        execution_requirements = {"block-network": "1"},
    )
    return [DefaultInfo(files = depset([out]))]

documentation_site = rule(
    implementation = _documentation_site_impl,
    doc = "Makes a folder with the site: open its `index.html`, or serve it with any web server.",
    attrs = {
        "pages": attr.label_list(
            allow_files = True,
            doc = "The pages, and the files that they show, with their paths below the top of the tree.",
            mandatory = True,
        ),
        "sources": attr.label_list(
            allow_files = True,
            doc = "The files outside of `docs` that the pages lead to.",
        ),
        "theme": attr.label_list(
            allow_files = True,
            doc = "Our changes to the theme; the first is at the top of their folder.",
            mandatory = True,
        ),
        "_build_site": attr.label(
            cfg = "exec",
            default = ":build_site",
            executable = True,
        ),
    },
)
