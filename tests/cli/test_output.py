"""What commands print: one JSON document on standard output, talk on standard error, statuses, saved files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import caller
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import CANARIES, leaks
from tests.story import REGION

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]


def document(text: str) -> dict[str, Any]:
    """The one document; nothing before it and nothing after."""
    found: dict[str, Any] = json.loads(text)
    assert text.endswith("}\n") and text.isascii()
    return found


@pytest.mark.parametrize("command", ["probe", "status", "doctor"])
def test_json_is_one_document_and_standard_error_is_silent(lab: Lab, command: str) -> None:
    done = lab.run(["ssm-bootstrap", command, "--region", REGION, "--json"])
    found = document(done.stdout)
    assert done.stderr == ""
    assert (found["schema"], found["command"], found["exit_status"]) == ("ssm-bootstrap/1", command, done.returncode)


def test_a_healthy_vpc_is_0_and_says_so(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", "probe", "--region", REGION])
    assert (done.returncode, done.stderr) == (0, "")
    assert "No fault found." in done.stdout
    assert "\x1b" not in done.stdout


def test_an_unregistered_node_is_1_for_doctor_and_nothing_for_probe(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", "doctor", "--json"])
    found = document(done.stdout)
    assert done.returncode == 1
    assert [item["code"] for item in found["findings"] if item["severity"] == "error"] == ["not-registered"]
    assert found["region"] == REGION  # IMDS names it
    assert found["capabilities"]["register"]["verdict"] == "ok"


def test_strict_makes_a_warning_1(vpc: Lab, lab: Lab) -> None:
    vpc.apply(CASES["public-path"])
    try:
        statuses = [lab.run(["ssm-bootstrap", "probe", *more]).returncode for more in ((), ("--strict",))]
    finally:
        vpc.apply(CASES["complete"])
    assert statuses == [0, 1]


def test_what_doctor_saves_is_private_and_gives_the_same_again(lab: Lab) -> None:
    first = lab.run(["ssm-bootstrap", "doctor", "--json", "--save", "/root/saved.json"])
    assert lab.mode("/root/saved.json") == 0o600
    again = lab.run(["ssm-bootstrap", "doctor", "--json", "--replay", "/root/saved.json"])
    assert document(again.stdout) == document(first.stdout)
    assert again.returncode == first.returncode
    one = lab.run(["ssm-bootstrap", "doctor", "--json", "--for", "register", "--replay", "/root/saved.json"])
    assert list(document(one.stdout)["capabilities"]) == ["register"]


def test_proxy_passwords_are_in_no_output_and_no_saved_file(lab: Lab) -> None:
    password = CANARIES["proxy-password"].replace(":", "%3A")
    env = {"https_proxy": f"http://user:{password}@10.0.0.100:3128", "no_proxy": "amazonaws.com,169.254.169.254"}
    done = lab.run(["ssm-bootstrap", "doctor", "--json", "--save", "/root/saved.json"], env=env)
    assert leaks(done.stdout + done.stderr) == ()
    assert leaks(lab.read("/root/saved.json")) == ()


def test_colour_is_for_terminals_that_want_it(lab: Lab) -> None:
    def screen(*words: str, **env: str) -> str:
        shown = lab.run(["ssm-bootstrap", "status", *words], env=env, tty=80).stdout
        return shown if env.get("TERM") == "dumb" else shown.replace("\x1b[2K", "")  # the line of a step is rewritten

    assert "\x1b[" in screen()
    assert "\x1b[" not in screen(NO_COLOR="1")
    assert "\x1b[" not in screen("--no-color")
    assert "\x1b[" not in screen(TERM="dumb")


def test_a_terminal_without_unicode_gets_ascii(lab: Lab) -> None:
    caller.needs_pythons_variables()
    done = lab.run(["ssm-bootstrap", "status"], env={"PYTHONIOENCODING": "ascii", "LANG": "C"})
    assert done.stdout.isascii() and "x not-registered" in done.stdout


def test_a_reader_that_goes_away_is_no_fault(lab: Lab) -> None:
    done = lab.run(["sh", "-c", "{ ssm-bootstrap explain no-route; echo $? >&2; } | true"])
    assert done.stderr.strip() in ("0", "141")


def test_the_page_of_a_code_is_there_offline(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", "explain", "s3-unreachable"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("s3-unreachable\n")


def test_probe_needs_no_region_flag_where_metadata_name_it(lab: Lab) -> None:
    assert document(lab.run(["ssm-bootstrap", "probe", "--for", "register", "--json"]).stdout)["region"] == REGION


def test_without_any_region_the_flag_is_named(vpc: Lab, lab: Lab) -> None:
    vpc.apply(CASES["imds-silent"])
    try:
        done = lab.run(["ssm-bootstrap", "probe"])
    finally:
        vpc.apply(CASES["complete"])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ssm-bootstrap: --region: expected a region such as ap-northeast-1")
