"""What a test needs of the environment to run a Bazel of its own."""

# What finds a Bazel, and what that one needs to find its modules.
ENV_INHERIT = [
    "BAZEL",
    "BAZELISK_HOME",
    "HOME",
    "HTTPS_PROXY",
    "USE_BAZEL_VERSION",
    "https_proxy",
]
