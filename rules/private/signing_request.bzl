"""The public target `NAME.signing_request`, for roots and bundles alike."""

visibility("//rules/...")

UnsignedMetadataInfo = provider(
    doc = "Metadata that waits for signatures.",
    fields = {"metadata": "File: the metadata without signatures."},
)

def _signing_request_impl(ctx):
    metadata = ctx.attr.metadata[UnsignedMetadataInfo].metadata
    return [DefaultInfo(
        files = depset([metadata]),
        runfiles = ctx.runfiles(files = [metadata]),
    )]

signing_request = rule(
    implementation = _signing_request_impl,
    doc = """Metadata that waits for signatures, as a target of its own.

It needs neither a signature nor a bundle, so that a release can be signed elsewhere.""",
    attrs = {
        "metadata": attr.label(
            doc = "The target that makes the metadata.",
            mandatory = True,
            providers = [UnsignedMetadataInfo],
        ),
    },
)
