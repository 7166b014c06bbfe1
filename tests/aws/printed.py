"""Every AWS command that a row of the findings prints, rendered as a reader sees it and run in a shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.render.shell import blocks
from tests.aws.cli import path_with_cli
from tests.aws.server import KEYS, recordings
from tests.aws.vpc import SERVICES

EACH = [{"service": service} for service in SERVICES]
"""A finding about several services."""

_SUBJECTS = {
    "--instance-ids": "INSTANCE_ID",
    "--network-acl-ids": "NETWORK_ACL_ID",
    "--transit-gateway-route-table-id": "TRANSIT_GATEWAY_ROUTE_TABLE_ID",
}
"""The variable that holds what the flag's subject is."""

_SET = re.compile(r"([A-Z][A-Z0-9_]*)=[a-z-]*\.\.\.")
_CALL = re.compile(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)")


class Printed(NamedTuple):
    """A command as it is printed, the line that sets its variables, and the codes of the rows that have it."""

    text: str
    settings: str
    changes: bool
    codes: Sequence[str]

    @property
    def calls(self) -> Sequence[str]:
        """The calls of the AWS CLI in it, such as ``ssm describe-activations``."""
        return [f"{service} {operation}" for service, operation in _CALL.findall(self.text)]

    @property
    def is_recorded(self) -> bool:
        """Whether a call of it is answered from a recording."""
        return bool({recording.call for recording in recordings()} & set(self.calls))


def printed_commands() -> List[Printed]:
    """Each once, for one service and for several: those of every side, as some look at AWS from the instance or the client."""
    found: Dict[str, Printed] = {}
    for code, commands in _sides():
        for each in ([], EACH):
            for block in blocks(fill_commands(commands, {}, each)):
                for command in block.commands:
                    if _CALL.search(command.text):
                        settings = " ".join(f"{name}=..." for name in dict.fromkeys(_used(command.text)))
                        one = Printed(command.text, settings, block.changes, [])
                        found.setdefault(command.text, one).codes.append(code)  # type: ignore[attr-defined]
    return list(found.values())


def _sides() -> Iterator[tuple[str, Sequence[ShellCommand]]]:
    for kind in KINDS:
        for row in (kind, *kind.variants):
            yield kind.code, row.commands or ()
            yield kind.code, row.aws_commands or ()
            yield kind.code, row.client_commands or ()


def _used(text: str) -> List[str]:
    set_here = re.findall(r"\b([A-Z][A-Z0-9_]*)=\$\(", text)
    return [name for name in re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", text) if name not in set_here]


def run(command: str, settings: str, variables: Mapping[str, str], url: str, home: str) -> subprocess.CompletedProcess[str]:
    """The command in a shell where its variables are set on a line before, without sudo; nothing of the caller's AWS is in it."""
    alone = command[len("sudo ") :] if command.startswith("sudo ") else command
    (subject,) = [name for flag, name in _SUBJECTS.items() if f"{flag} $SUBJECT" in alone] or ["SUBJECT"]
    known = {**variables, "SUBJECT": variables.get(subject, "")}
    line = _SET.sub(lambda found: f"{found[1]}={known[found[1]]}", settings)
    environment = {
        "PATH": path_with_cli(Path(home)),
        "HOME": home,
        "LANG": "C.UTF-8",
        **KEYS,
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_MAX_ATTEMPTS": "1",
    }
    return subprocess.run(
        ["sh", "-c", f"{line}\n{alone}"], capture_output=True, text=True, check=False, env=environment, cwd=home
    )


def gives_data(text: str) -> bool:
    """Whether an answer holds anything: not an empty list, null or None, nor lists and objects of nothing else."""
    if text.strip() in ("", "None"):
        return False
    try:
        answer = json.loads(text)
    except ValueError:
        return True
    return _holds(answer)


def _holds(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds, value.values()))
    if isinstance(value, list):
        return any(map(_holds, value))
    return value not in (None, "")
