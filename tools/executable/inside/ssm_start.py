"""The first module of the executable that runs, by its own CPython."""

from ssm_bootstrap.cli import command


def start():
    """Run ssm-bootstrap."""
    command()
