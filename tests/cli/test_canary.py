"""One code in all places that a node may have it in, and a node's whole life: it comes out, and is left, nowhere untold."""

from __future__ import annotations

import gzip
import io
import json
import signal
import tarfile
import time
from typing import Iterator

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import leaks
from tests.story import ACTIVATION, CODE_FILE, LOGS, REGION, prepare, register_words

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

CODE = "Canary/Code+0042=Of/This+Test"
"""Its own, as the lab's /tmp is this machine's: with letters that URLs and JSON write otherwise."""

CANARY = {"activation-code": CODE}
DROP_IN = "/etc/systemd/system/ssm-bootstrap.service.d/code.conf"
USER_DATA = "/var/lib/cloud/instances/i-0123456789abcdef0/user-data.txt"
HISTORY = "/root/.bash_history"
AGENTS_LOG = f"{LOGS}/amazon-ssm-agent.log"
ELSEWHERE = "/root/notes/deep/setup.txt"
SCRIPT = f"#!/bin/sh\namazon-ssm-agent -register -code '{CODE}' -id {ACTIVATION} -region {REGION}\n"
CREDENTIALS = "/run/credentials/ssm-bootstrap.service"

PLACES = {
    "/etc/ssm-bootstrap.conf": f"[node]\nregion = {REGION}\n[activation]\ncode_file = {CODE_FILE}\ncode = {CODE}\n",
    CODE_FILE: CODE + "\n",
    f"{CREDENTIALS}/activation-code": CODE,
    DROP_IN: f'[Service]\nEnvironment="SSM_BOOTSTRAP_ACTIVATION_CODE={CODE}"\n',
    USER_DATA: SCRIPT,
    HISTORY: f"{SCRIPT}ssm-bootstrap register --activation-code={CODE}\n",
    ELSEWHERE: f"the code is {CODE}\n",
}
"""Where the test puts it, besides a line of the agent's log, the environment and a credential."""

OUTPUTS = (
    ["status"],
    ["status", "--json"],
    ["explain"],
    ["explain", "--json", "--all"],
    ["explain", AGENTS_LOG],
    ["doctor"],
    ["doctor", "--short"],
    ["doctor", "--json", "--history"],
    ["doctor", "--nagios"],
    ["doctor", "--save", "/root/out/seen.json", "--html", "/root/out/page.html"],
    ["doctor", "--prometheus", "/root/out/ssm.prom", "--bundle", "/root/out/bundle.tar.gz", "--inventory"],
    ["doctor", "--replay", "/root/out/bundle.tar.gz"],
    ["explain", "/root/out/seen.json", "/etc/ssm-bootstrap.conf"],
)
WRITTEN = ("/root/out/seen.json", "/root/out/page.html", "/root/out/ssm.prom", "/root/out/bundle.tar.gz")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """An instance that has the code everywhere."""
    with Lab(CASES["complete"], region=REGION) as running:
        prepare(running)
        for path, text in PLACES.items():
            running.write(path, text, mode=0o600)
        running.run(["mkdir", "/root/out"])
        yield running


def said(lab: Lab, *words: str, environment: bool = True) -> tuple[int, str]:
    """What a command of the product says, in which the code may not stand."""
    env = {"SSM_BOOTSTRAP_ACTIVATION_CODE": CODE, "CREDENTIALS_DIRECTORY": CREDENTIALS} if environment else {}
    done = lab.run(["ssm-bootstrap", *words], env=env)
    for text in (done.stdout, done.stderr):
        assert leaks(text, CANARY) == (), words
    assert "a fault of ssm-bootstrap itself" not in done.stderr, (words, done.stderr)
    return done.returncode, done.stdout


def log_of_a_registration() -> str:
    """What an agent that was started with a debugger, or an administrator's own script, may leave in the log."""
    json_of_it = json.dumps({"argv": ["-register", "-code", CODE]})
    return (
        f"2026-11-23 05:50:06.1234 ERROR [amazon-ssm-agent] failed: amazon-ssm-agent -register -code {CODE} -id {ACTIVATION}\n"
        f"2026-11-23 05:50:07.1234 ERROR [amazon-ssm-agent] what no shape knows <{CODE}>, {json_of_it}\n"
        f"2026-11-23 05:50:08.1234 ERROR [amazon-ssm-agent] as in a page &lt;{CODE.replace('+', '&#43;')}&gt;\n"
        f"2026-11-23 05:50:09.1234 ERROR [amazon-ssm-agent] as in a URL {CODE.replace('/', '%2f').replace('+', '%2b')}\n"
    )


def holding(lab: Lab) -> set[str]:
    """Every file of the instance's own layers and of its /run that holds the code; packed ones are unfolded."""
    found = set()
    listed = lab.run(
        ["sh", "-c", "find /run/lab/layers -path '*/upper/*' -type f; find /run -path /run/lab -prune -o -type f -print"]
    )
    lower = {}
    for line in lab.run(["sh", "-c", "ls /run/lab/layers"]).stdout.split():
        lower[f"/run/lab/layers/{line}/upper"] = "/" + line.replace("-", "/")
    for path in listed.stdout.splitlines():
        try:
            data = lab.read(path)
        except OSError:
            continue
        if leaks(b"\n".join([path.encode(), data, *unfolded(data)]), CANARY):
            layer = next((upper for upper in lower if path.startswith(upper)), "")
            found.add(lower[layer] + path[len(layer) :] if layer else path)
    return found


def unfolded(data: bytes) -> Iterator[bytes]:
    """What lies in a packed file of ours."""
    if data.startswith(b"\x1f\x8b"):
        plain = gzip.decompress(data)
        yield plain
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            for member in archive:
                stream = archive.extractfile(member)
                yield stream.read() if stream else b""


def begin_and_kill(lab: Lab) -> None:
    """A registration that is killed, its child too, while AWS has yet to answer."""
    lab.behave(activation="hang")
    words = ["ssm-bootstrap", "register", "--activation-id", ACTIVATION, "--region", REGION]
    process = lab.start(words, env={"SSM_BOOTSTRAP_ACTIVATION_CODE": CODE})
    while not lab.ask_aws(get="state")["instances"]:
        assert process.poll() is None, "it ended before it asked AWS"
        time.sleep(0.01)
    listed = lab.run(["sh", "-c", "grep -lzx -- -register /proc/[0-9]*/cmdline 2>/dev/null; true"]).stdout
    for word in [str(process.pid), *(word for word in listed.split("/") if word.isdigit())]:
        lab.run(["kill", "-9", word])
    assert process.wait(10) == -signal.SIGKILL


def test_a_code_comes_out_nowhere(lab: Lab) -> None:
    put = set(PLACES)
    assert holding(lab) == put, "the search finds what is there"
    said(lab, "install", "--no-enable", "--activation-code-file", CODE_FILE)
    own = {"/etc/ssm-bootstrap/activation-code"}
    assert holding(lab) <= put | own

    begin_and_kill(lab)
    assert holding(lab) <= put | own
    lab.behave(activation="ok")
    assert said(lab, *register_words("--wait", "30s"))[0] == 0
    assert holding(lab) <= put | own

    log = lab.read(AGENTS_LOG).decode() + log_of_a_registration()
    lab.write(AGENTS_LOG, log)
    put.add(AGENTS_LOG)
    for output in OUTPUTS:
        for environment in (True, False) if output[0] == "explain" else (True,):
            said(lab, *output, environment=environment)
    assert all(lab.exists(path) for path in WRITTEN)
    assert "what no shape knows <***>" in said(lab, "explain", "--json", environment=False)[1]
    assert holding(lab) <= put | own

    status, told = said(lab, "prepare-image", "--yes", "--json", environment=False)
    document = json.loads(told)
    left = {item["path"] for item in document["left"]}
    assert status == 78 and {DROP_IN, HISTORY, ELSEWHERE, AGENTS_LOG} <= left
    on_disk = {path for path in holding(lab) if not path.startswith("/run/")}
    assert on_disk == {DROP_IN, HISTORY, ELSEWHERE, AGENTS_LOG}

    said(lab, "install", "--uninstall", environment=False)
    assert {path for path in holding(lab) if not path.startswith("/run/")} <= left
    for path in (DROP_IN, HISTORY, ELSEWHERE, AGENTS_LOG):
        lab.remove(path)
    said(lab, "prepare-image", "--yes", "--json", environment=False)
    assert {path for path in holding(lab) if not path.startswith("/run/")} == set()
