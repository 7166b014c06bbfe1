"""Bad input: one line on standard error, the right exit status, nothing changed and nobody called."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import CANARIES, leaks
from tests.story import ACTIVATION, CODE, CODE_FILE, DATA, REGION

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

CONF = "/etc/ssm-bootstrap.conf"
ID = ("--activation-id", ACTIVATION)
FILE = ("--activation-code-file", CODE_FILE)
HERE = ("--region", REGION)


def refused(lab: Lab, status: int, said: str, *words: str, **more: Any) -> None:
    """Run it; it is refused, and the machine is as it was."""
    before = {path: lab.exists(path) for path in (f"{DATA}/Vault", f"{DATA}/registration", f"{DATA}/.ssm-bootstrap")}
    done = lab.run(["ssm-bootstrap", *words], **more)
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert len(lines) == 1, lines
    assert lines[0].startswith("ssm-bootstrap") and said in lines[0]
    assert lines[0].isprintable()
    assert leaks(done.stdout + done.stderr) == ()
    assert {path: lab.exists(path) for path in before} == before
    assert lab.asked() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fly",), "'fly' is not a command"),
        (("probe", "--fast"), "unknown flag --fast"),
        (("probe", "--reg", REGION), "unknown flag --reg"),
        (("probe", "--region"), "--region: expected one argument"),
        (("probe", "--region", "tokyo"), "--region: 'tokyo' is not a valid region: did you mean ap-northeast-1?"),
        (("probe", "--region", "ap-northest-1"), "'ap-northest-1' is not a valid region: did you mean ap-northeast-1?"),
        (("doctor", "--region", "AP_NORTHEAST_1"), "is not a valid region: did you mean ap-northeast-1?"),
        (("explain", "--region", "us-gv-west-1"), "is not a valid region: did you mean us-gov-west-1?"),
        (("install", "--region", "eu-cetral-1"), "is not a valid region: did you mean eu-central-1?"),
        (("user-data", "--region", "eu-wst-1", "--s3-uri", "s3://my-bucket/x.pyz", *ID), "did you mean eu-west-1?"),
        (("probe", "--region", "“ap-northeast-1”"), "is not a valid region: it has quotes or letters outside ASCII"),
        (("probe", "--region", ""), "'' is not a valid region"),
        (("probe", "--for", "fly"), "--for: 'fly' is not a capability; expected register, run-command"),
        (("probe", "--for", ""), "--for: expected one or more of register"),
        (("probe", "extra"), "too many arguments; ssm-bootstrap probe --help"),
        (("register", "--wait", "soon"), "--wait: 'soon' is not a duration; expected seconds"),
        (("register", "--attempts", "0"), "--attempts: '0': expected a number from 1 to 100"),
        (("register", "--attempts", "many"), "--attempts: 'many': expected a number"),
        (("doctor", "--save", "/a", "--replay", "/b"), "--replay"),
        (("register", *HERE), "--activation-id: expected the id that CreateActivation gave"),
        (("register", *HERE, *ID), "--activation-code-file: expected a file"),
        (("register", *HERE, "--activation-id", "x", *FILE), "--activation-id: expected an activation id, a UUID"),
        (("register", *HERE, "--activation-id", f"“{ACTIVATION}”", *FILE), "found curly quotes"),
    ],
    ids=lambda value: " ".join(value)[-40:] if isinstance(value, tuple) else "",
)
def test_a_bad_flag_is_2(lab: Lab, words: tuple[str, ...], said: str) -> None:
    refused(lab, 2, said, *words)


def test_a_path_in_place_of_the_code_is_2_and_not_repeated(lab: Lab) -> None:
    words = ("register", *HERE, *ID, "--activation-code", CODE_FILE)
    refused(lab, 2, "--activation-code-file takes a file", *words)
    assert CODE_FILE not in lab.run(["ssm-bootstrap", *words]).stderr


def test_an_activation_that_was_not_sent_is_said_to_be_unused(lab: Lab) -> None:
    words = ("register", *HERE, *ID, "--activation-code-file", "-")
    refused(lab, 78, "; nothing was changed, and the activation was not used", *words, stdin="short\n")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "empty; expected an activation code"),
        ("short", "expected 20 to 250 characters, found 5"),
        (f"“{CODE}”", "found curly quotes"),
        (f"{CODE[:9]} {CODE[9:]}", "found spaces or quotes"),
        (f"{CODE}\x1b[2J", "expected printable characters"),
        ("unset", "no activation code was put in place"),
    ],
)
def test_a_malformed_code_is_78(lab: Lab, code: str, said: str) -> None:
    refused(lab, 78, said, "register", *HERE, *ID, "--activation-code-file", "-", stdin=code + "\n")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660])
def test_a_code_that_others_may_read_is_78(lab: Lab, mode: int) -> None:
    lab.write(CODE_FILE, CODE, mode=mode)
    refused(lab, 78, f"mode {mode:04o}; expected a file of root with mode 0600", "register", *HERE, *ID, *FILE)


def test_a_code_file_that_is_not_there_is_78(lab: Lab) -> None:
    words = ("register", *HERE, *ID, "--activation-code-file", "/nowhere")
    refused(lab, 78, "--activation-code-file: /nowhere: no such file or directory", *words)


@pytest.mark.parametrize("command", ["probe", "status", "doctor", "register"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("rubbish\n", f"{CONF}:1: expected [section] lines and key = value lines"),
        ("[node]\ncolour = red\n", f"{CONF}: [node] colour: unknown; expected"),
        ("[node]\nregion = tokyo\n", f"{CONF}: [node] region: 'tokyo' is not a valid region"),
        ("[node]\nclosed = perhaps\n", f"{CONF}: [node] closed: expected yes or no"),
    ],
)
def test_a_bad_configuration_is_78(lab: Lab, command: str, content: str, said: str) -> None:
    lab.write(CONF, content)
    try:
        refused(lab, 78, said, command)
    finally:
        lab.remove(CONF)


def test_a_bad_region_variable_is_78(lab: Lab) -> None:
    refused(lab, 78, "SSM_BOOTSTRAP_REGION: 'tokyo' is not a valid region", "status", env={"SSM_BOOTSTRAP_REGION": "tokyo"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file or directory"),
        ("", "not JSON"),
        ("[]", 'expected "schema"'),
        ('{"schema": "other/1"}', 'expected "schema"'),
        ('{"schema": "ssm-bootstrap-observations/1"}', "observations: expected an object"),
        ('{"schema": "ssm-bootstrap-observations/1", "observations": {}}', "observations.version: missing"),
        (
            '{"schema": "ssm-bootstrap-observations/1", "observations": {"version": "1", "taken_at": "2026-11-23T12:00:00",'
            ' "plan": {"command": "doctor", "region": {"seen": "eu-west-1"}}}}',
            "observations.taken_at: '2026-11-23T12:00:00' is no RFC 3339 time",
        ),
        (
            '{"schema": "ssm-bootstrap-observations/1", "observations": {"version": "1", "taken_at": "2026-11-23T12:00:00Z",'
            ' "plan": {"command": "doctor", "region": {"seen": "eu-west-1"}, "capabilities": ["fly"]}}}',
            "observations.plan: 'fly' is not a valid Capability",
        ),
        ("[" * 100_000, "expected what doctor --save "),
    ],
    ids=["missing", "empty", "list", "other", "nothing", "no version", "no zone", "no capability", "deep"],
)
def test_a_bad_replay_is_78_and_a_missing_one_66(lab: Lab, content: Any, said: str) -> None:
    lab.remove("/root/saved.json")
    if content is not None:
        lab.write("/root/saved.json", content)
    refused(lab, 66 if content is None else 78, said, "doctor", "--replay", "/root/saved.json")


def test_a_save_with_no_place_to_go_is_78_before_anything_is_looked_at(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", "doctor", *HERE, "--save", "/nowhere/file"])
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == "ssm-bootstrap: --save: /nowhere/file: expected a file in a directory that is there\n"


def test_a_save_that_may_not_be_written_is_77(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", "doctor", *HERE, "--save", "/proc/file"])
    assert (done.returncode, done.stdout) in ((77, ""), (78, ""))  # what /proc says depends on the kernel
    assert done.stderr.startswith("ssm-bootstrap: --save: /proc/file: ") and done.stderr.count("\n") == 1


def test_the_value_of_a_mistyped_flag_is_not_repeated(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", "register", "--activation_code", "a-secret-that-was-typed", "--codes=another-secret"])
    assert done.returncode == 2 and "secret" not in done.stdout + done.stderr
    assert "--activation_code" in done.stderr and "--codes" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("/nowhere.log",), "/nowhere.log: no such file or directory"),
        (("-", "/etc/hosts"), "-: expected alone"),
    ],
)
def test_a_log_that_is_not_there(lab: Lab, words: tuple[str, ...], said: str) -> None:
    refused(lab, 2 if "-" in words else 66, said, "explain", *words)


def test_the_agents_logs_where_there_are_none(lab: Lab) -> None:
    refused(lab, 78, "expected the agent's logs; there are none", "explain")


def test_whoever_is_not_root_is_told_so(lab: Lab) -> None:
    # The lab may know one user alone: a namespace inside of it gives that user another number.
    somebody = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    done = lab.run([*somebody, "ssm-bootstrap", "register", *HERE, *ID, *FILE])
    assert (done.returncode, done.stdout) == (77, "")
    assert done.stderr == "ssm-bootstrap: register: only root may change the agent's identity (use sudo)\n"


def test_canaries_are_what_is_looked_for() -> None:
    assert CANARIES["activation-code"] == CODE
