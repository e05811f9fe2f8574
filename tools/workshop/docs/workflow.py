"""Reads the commands of a workflow of GitHub Actions."""

import yaml


def commands(workflow: str) -> dict[str, list[str]]:
    """Returns the commands of each job, by its name: the value of each `run`."""
    return {
        name: [step["run"].strip() for step in job["steps"] if "run" in step]
        for name, job in yaml.safe_load(workflow)["jobs"].items()
    }
