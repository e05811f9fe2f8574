"""The environment variables that a test needs to run its own Bazel."""

# Variables for finding a Bazel, and for its search for modules.
ENV_INHERIT = [
    "BAZEL",
    "BAZELISK_HOME",
    "HOME",
    "HTTPS_PROXY",
    "USE_BAZEL_VERSION",
    "https_proxy",
]
