"""The environment of actions that run a tool of ours in Python."""

visibility([
    "//rules/...",
    "//tools/...",
])

# Nothing of the host's environment: what the launcher of a py_binary needs to find its interpreter,
# and what keeps Python from depending on the machine or writing next to the sources. With a language, a quarter of
# a small action would be looking for translations of argparse.
PYTHON_ENVIRONMENT = {
    "LANGUAGE": "C",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
}
