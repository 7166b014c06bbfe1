"""Proxy URLs that do not parse: no piece of their password in the report, the JSON, a saved file, or a bundle."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ssm_bootstrap.cli.saving import observations_document, observations_text
from ssm_bootstrap.cli.support_bundle import write_bundle
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.observe import observe_everything
from ssm_bootstrap.session import open_session
from tests.scenarios.fake_commands import ScenarioCommands
from tests.scenarios.player import host_of, report
from tests.scenarios.scenario import read_scenario

LEFT, RIGHT = "canaryLEFT0042", "canaryRIGHT0042"
LETTERS = {"slash": "/", "hash": "#", "question": "?", "at": "@", "space": " ", "colon": ":", "quote": '"', "digits": "12/"}
URLS = {name: f"http://canaryUSER0042:{LEFT}{letter}{RIGHT}@proxy.corp.example:3128" for name, letter in LETTERS.items()}
URLS["number first"] = f"http://canaryUSER0042:12/{RIGHT}@proxy.corp.example:3128"
URLS["no scheme"] = f"canaryUSER0042:{LEFT} {RIGHT}@proxy.corp.example:3128"
URLS["nothing after"] = f"http://canaryUSER0042:{LEFT}"
EVERYTHING = ("register", "run-command", "session", "patch", "agent-update")
PLACES = ("shell", "unit", "drop-in", "environment file", "etc environment", "profile")


def placed(tmp_path: Path, place: str, url: str) -> Any:
    """A healthy node with this URL in that place."""
    scenario = read_scenario("healthy-al2023")
    root = tmp_path / "root"
    scenario.build(root)
    host = host_of(scenario, root, True)
    commands = dict(scenario.commands)
    unit = list(commands["systemctl show amazon-ssm-agent.service"])
    pairs = f"https_proxy={url}\nHTTP_PROXY={url}\nno_proxy={url}\n"
    escaped = url.replace("\\", "\\\\").replace('"', '\\"')
    if place == "shell":
        return replace(host, environment={"https_proxy": url, "http_proxy": url, "NO_PROXY": url})
    if place in ("unit", "drop-in"):
        words = f'"https_proxy={escaped}" "HTTP_PROXY={escaped}" "no_proxy={escaped}"'
        unit = [f"Environment={words}" if line.startswith("Environment=") else line for line in unit]
        put(root, "/etc/systemd/system/amazon-ssm-agent.service.d/proxy.conf", f"[Service]\nEnvironment={words}\n{pairs}")
    elif place == "environment file":
        unit.append("EnvironmentFiles=/etc/sysconfig/amazon-ssm-agent (ignore_errors=no)")
        put(root, "/etc/sysconfig/amazon-ssm-agent", pairs)
    elif place == "etc environment":
        put(root, "/etc/environment", pairs)
    else:
        put(root, "/etc/profile.d/proxy.sh", "".join(f"export {line}\n" for line in pairs.splitlines()))
    commands["systemctl show amazon-ssm-agent.service"] = unit
    return replace(host, commands=ScenarioCommands(commands))


def put(root: Path, path: str, text: str) -> None:
    where = root / path.lstrip("/")
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("url", URLS.values(), ids=list(URLS))
def test_no_output_holds_a_piece_of_the_password(tmp_path: Path, place: str, url: str) -> None:
    host = placed(tmp_path, place, url)
    try:
        observations = observe_everything(open_session(host, None), EVERYTHING)
    finally:
        host.clock.end()
    diagnosis = diagnose(observations)
    text, document = report(observations, diagnosis), report(observations, diagnosis, "--json")
    bundle = tmp_path / "bundle.tar.gz"
    write_bundle(host, str(bundle), observations_document(observations), text, json.loads(document), accounts=False)
    outputs = {
        "text": text,
        "json": document,
        "save": observations_text(observations),
        "bundle": gzip.decompress(bundle.read_bytes()).decode("utf-8", "replace"),
        "observations": repr(observations),
        "diagnosis": repr(diagnosis),
    }
    found = [(name, canary) for name, said in outputs.items() for canary in (LEFT, RIGHT, "canaryUSER0042") if canary in said]
    assert found == []
    assert diagnosis.crashed == ()
