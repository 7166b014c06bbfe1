"""The search for secrets finds one that is there, so that finding none means something."""

from __future__ import annotations

import pytest

from tests.lab import leaks
from tests.lab.client import Lab
from tests.laws.secrets import CANARIES

pytestmark = pytest.mark.lab
CODE = CANARIES["activation-code"]


def test_a_secret_in_an_output_and_in_a_file_is_found(lab: Lab) -> None:
    """One in each place; what the test itself wrote by the lab's own hand is not counted."""
    before = list(leaks.FOUND)
    try:
        lab.write("/root/code", CODE)
        lab.run(["sh", "-c", f"echo ssm-bootstrap {CODE}"])
        lab.run(["sh", "-c", "cat /root/code > /var/log/amazon-code; mkdir -p /etc/amazon; cp /root/code /etc/amazon/code"])
        leaks.search_files(lab, {"/root/code"})
        found = leaks.FOUND[len(before) :]
        assert [entry.split(": ")[0] for entry in found if entry.startswith("/")] == ["/etc/amazon/code"]
        assert any(entry.startswith("output of sh -c") for entry in found)
    finally:
        leaks.FOUND[:] = before
        lab.remove("/etc/amazon/code")
        lab.remove("/var/log/amazon-code")
