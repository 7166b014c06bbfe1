"""A change follows no file that another user may write: not to a host, not by a proxy, not by whom it trusts."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

import pytest

from ssm_bootstrap.act.agent.program import must_not_be_led
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.network.connector import BUNDLES
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.observe import observe_network
from ssm_bootstrap.session import Session, open_session
from tests.fakes import RootedFiles, ScriptedCommands, ScriptedMachine, ScriptedNetwork

FILE = "/etc/sysconfig/amazon-ssm-agent"
UNIT = "Id=amazon-ssm-agent.service\nLoadState=loaded\nActiveState=active\n"
LED: Mapping[str, tuple[str, str]] = {
    "the agent's configuration": (paths.AGENT_CONFIG, '{"Agent": {"Region": "eu-west-1"}}'),
    "EnvironmentFile=": (FILE, "https_proxy=http://proxy.example:3128\nSSL_CERT_DIR=/srv/certs\n"),
    "the system's certificates": (BUNDLES[0], "PEM"),
    "SSL_CERT_FILE of the caller": ("/srv/ca.pem", "PEM"),
    "SSL_CERT_DIR of the unit": ("/srv/certs/a.pem", "PEM"),
}


def healthy(files: RootedFiles) -> Session:
    for path, content in LED.values():
        if not files.exists(path):
            files.put(path, content, 0o644)
    shown = f"{UNIT}Environment=\nEnvironmentFiles={FILE} (ignore_errors=no)\n"
    commands = ScriptedCommands({"systemctl show amazon-ssm-agent.service": shown, "systemctl show": "LoadState=not-found\n"})
    names = ScriptedNetwork({}, resolvers={})
    names.resolve = lambda host, port: ("10.0.1.9",)  # type: ignore[method-assign]
    environment = {"AWS_CA_BUNDLE": "/srv/ca.pem"}
    host = Host(files=files, commands=commands, network=names, machine=ScriptedMachine(), environment=environment)
    return open_session(host, "eu-west-1", ask_metadata=False)


def test_a_machine_as_it_is_delivered_is_no_reason_to_refuse(files: RootedFiles) -> None:
    session = healthy(files)
    must_not_be_led(session, "nothing was registered")
    assert session.agent_config.region == "eu-west-1" and observe_network(session, "probe", ["register"]).loose == ()


@pytest.mark.parametrize("led", LED)
@pytest.mark.parametrize("spoil", ["file", "directory"])
def test_a_change_is_refused(files: RootedFiles, led: str, spoil: str) -> None:
    healthy(files)
    path = LED[led][0]
    real = Path(files.real(path))
    (real if spoil == "file" else real.parent).chmod(0o777)
    with pytest.raises(Refusal) as refused:
        must_not_be_led(healthy(files), "nothing was registered")
    message = refused.value.message
    assert refused.value.status is ExitStatus.BAD_CONTENT and "\n" not in message
    assert "others may write" in message or "nobody else may write" in message


def test_a_look_goes_on_and_says_whose_certificates_it_went_by(files: RootedFiles) -> None:
    healthy(files)
    Path(files.real("/srv/ca.pem")).chmod(0o666)
    seen = observe_network(healthy(files), "probe", ["register"])
    told = dict(diagnose(seen).unseen)
    assert seen.probes and "mode 0666" in told["/srv/ca.pem"]
