"""The search for secrets finds one that is there, so that finding none means something."""

from __future__ import annotations

import sys

import pytest

from tests.lab import leaks
from tests.lab.client import Lab
from tests.laws.secrets import CANARIES

pytestmark = pytest.mark.lab
CODE = CANARIES["activation-code"]


def test_a_code_in_the_environment_of_what_lives_on_is_found(lab: Lab) -> None:
    """But not in that of the product itself, to which it was given."""
    before = list(leaks.FOUND)
    children = [
        lab.start(["sleep", "60"], {"HANDED_ON": CODE}),
        lab.start(
            [sys.executable, "-c", "import time; time.sleep(60)", "ssm-bootstrap"], {"SSM_BOOTSTRAP_ACTIVATION_CODE": CODE}
        ),
        lab.start(["sleep", "61"], {"OTHER": "harmless"}),
    ]
    try:
        searched = leaks.SEARCHED["environments"]
        leaks.search_environments(lab)
        assert leaks.SEARCHED["environments"] > searched + 1
        found = leaks.FOUND[len(before) :]
        assert "environment of 'sleep\\x0060\\x00': activation-code" in found
        assert not any("61" in entry or "ssm-bootstrap" in entry for entry in found)
    finally:
        leaks.FOUND[:] = before
        for child in children:
            child.kill()


def test_a_secret_in_tmp_is_found(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a secret of this test alone: /tmp is this machine's own, and labs beside this one are searched too."""
    own = "canaryOFthisTEST4711"
    monkeypatch.setitem(leaks.CANARIES, "a secret of this test", own)  # type: ignore[attr-defined]
    before = list(leaks.FOUND)
    made = lab.run(["sh", "-c", "mktemp /tmp/tmpXXXXXX"]).stdout.strip()
    try:
        lab.run(["sh", "-c", f"printf '%s' \"$SECRET\" > {made}"], env={"SECRET": own})
        leaks.search_files(lab, set())
        assert any(entry.startswith(f"{made}: ") for entry in leaks.FOUND[len(before) :])
    finally:
        leaks.FOUND[:] = before
        lab.remove(made)


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
