"""The environment variables that a test needs to run its own Bazel."""

# What finds a Bazel, and what that one needs to find its modules.
ENV_INHERIT = [
    "BAZEL",
    "BAZELISK_HOME",
    "HOME",
    "HTTPS_PROXY",
    "USE_BAZEL_VERSION",
    "https_proxy",
]
