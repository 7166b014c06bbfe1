"""--inventory: the file's place and mode, and the nodes that have none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ssm_bootstrap.cli.doctor import write_inventory
from ssm_bootstrap.cli.output import Talk
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.trees import Trees
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.exitstatus import Refusal
from ssm_bootstrap.model.observed import Seen
from tests.fakes import RootedFiles
from tests.render.reports import HEALTHY

MI = "mi-0123456789abcdef0"
PLACE = f"/var/lib/amazon/ssm/{MI}/inventory/custom/ssm-bootstrap.json"


def write(files: RootedFiles, identity: Identity) -> None:
    seen = replace(HEALTHY, identity=Seen(identity))
    write_inventory(seen, diagnose(seen), Host(files=files, trees=Trees(files.real("/"))), Talk(Secrets()))


def test_a_registered_node(files: RootedFiles) -> None:
    write(files, Identity(IdentityState.REGISTERED, MI, "ap-northeast-1"))
    assert json.loads(files.read_text(PLACE))["TypeName"] == "Custom:SsmBootstrap"
    assert files.mode_and_owner(PLACE)[0] == 0o600


def test_what_it_held_before_is_kept_as_what_changed(files: RootedFiles) -> None:
    identity = Identity(IdentityState.REGISTERED, MI, "ap-northeast-1")
    before = {"TypeName": "Custom:SsmBootstrap", "Content": {"RootCause": "dns-silent"}}
    files.put(PLACE, json.dumps(before))
    write(files, identity)
    content = json.loads(files.read_text(PLACE))["Content"]
    assert (content["PreviousCause"], content["ChangedAt"]) == ("dns-silent", content["CheckedAt"])
    files.put(PLACE, "{torn")
    write(files, identity)
    assert json.loads(files.read_text(PLACE))["Content"]["PreviousCause"] == "unknown"


@pytest.mark.parametrize(
    "identity",
    [
        Identity(IdentityState.NOT_REGISTERED),
        Identity(IdentityState.REGISTERED, "../../../../etc", "ap-northeast-1"),
        Identity(IdentityState.REGISTERED, "mi-1/../../x", "ap-northeast-1"),
    ],
)
def test_a_node_without_a_place(files: RootedFiles, identity: Identity, capsys: pytest.CaptureFixture[str]) -> None:
    write(files, identity)
    said = capsys.readouterr().err
    assert "there is no place for its inventory yet" in said and "wrote" not in said
    assert list(Path(files.real("/")).rglob("*")) == []


def test_what_cannot_be_written_is_one_line(files: RootedFiles) -> None:
    files.put("/var/lib/amazon/ssm", "a file")
    with pytest.raises(Refusal, match=f"--inventory: {PLACE}: "):
        write(files, Identity(IdentityState.REGISTERED, MI, "ap-northeast-1"))
