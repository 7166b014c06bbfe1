"""``python -m ssm_bootstrap``: the same program as the ``ssm-bootstrap`` command."""

from ssm_bootstrap.cli import command

command()
