"""The lab's instance from inside: what its identity is, what runs, and what AWS knows of it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from tests.story import register_words

DATA = Path("/var/lib/amazon/ssm")
STATE = DATA / ".ssm-bootstrap"
SNAPSHOT, JOURNAL = STATE / "snapshot", STATE / "journal.json"
LOG = Path("/var/log/amazon/ssm/amazon-ssm-agent.log")
UNIT = "amazon-ssm-agent.service"
AWS = "/run/lab/aws.sock"
STARTED, UP, DOWN = "Starting Core Agent", "Set up control channel successfully", "Closing websocket channel"
SAVED, LAYERS = Path("/run/sweep-saved"), Path("/run/sweep-layers")
AGENT = ("standin-systemd", "amazon-ssm-agent", "ssm-agent-worker")

Tree = Dict[str, Tuple[int, int, int, Optional[bytes]]]
"""Path to mode, owner, group and content (None for a directory)."""


class Wrong(Exception):
    """The node is not as it must be; the text says how."""


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    status: int
    text: str


def tree(*places: Path) -> Tree:
    """Everything below some places, byte for byte, named from the first directory they lie in."""
    found: Tree = {}

    def add(path: Path, name: str) -> None:
        if not os.path.lexists(path):
            return
        state = path.lstat()
        is_directory = path.is_dir() and not path.is_symlink()
        found[name] = (state.st_mode, state.st_uid, state.st_gid, None if is_directory else path.read_bytes())
        if is_directory:
            for item in sorted(os.listdir(path)):
                add(path / item, f"{name}/{item}")

    for place in places:
        add(place, place.name)
    return found


def identity(below: Path = DATA) -> Tree:
    """Vault and registration file, of the agent or of a snapshot."""
    return tree(below / "Vault", below / "registration")


def id_of(found: Tree) -> str:
    """The managed instance's id where the identity is whole; raises Wrong that says what is not."""
    try:
        manifest = json.loads(found["Vault/Manifest"][3] or b"")
        name = str(Path(manifest["RegistrationKey"]).relative_to(DATA))
        key = json.loads(found[name][3] or b"")
        mark = json.loads(found[str(Path(manifest["InstanceFingerprint"]).relative_to(DATA))][3] or b"")
        file = json.loads(found["registration"][3] or b"")
        for field in ("instanceID", "region", "privateKey", "publicKey", "privateKeyType", "privateKeyCreatedDate"):
            if not key[field]:
                raise Wrong(f"RegistrationKey has no {field}")
        if not mark["fingerprint"]:
            raise Wrong("InstanceFingerprint is blank")
    except (KeyError, ValueError, TypeError) as error:
        raise Wrong(f"the identity is not whole: {type(error).__name__}: {error}; there is {sorted(found)}") from None
    if file != {"ManagedInstanceID": key["instanceID"], "Region": key["region"]}:
        raise Wrong(f"vault {key['instanceID']} and registration file {file} do not agree")
    return str(key["instanceID"])


def run(words: Sequence[str], timeout: float = 60, **environment: str) -> Said:
    """A command of the instance, to its end."""
    done = subprocess.run(
        list(words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        env={**os.environ, **environment},
    )
    return Said(done.returncode, done.stdout.decode("utf-8", "replace"))


def bootstrap(*words: str, **environment: str) -> Said:
    """The real ``ssm-bootstrap``."""
    return run(["ssm-bootstrap", *words], **environment)


def systemctl(*words: str) -> Said:
    """The instance's systemctl."""
    return run(["systemctl", *words])


def ask_aws(**order: Any) -> Dict[str, Any]:
    """An order to the AWS server, and its answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(10)
        line.connect(AWS)
        line.sendall(json.dumps(order).encode() + b"\n")
        answer: Dict[str, Any] = json.loads(line.makefile().readline() or "{}")
    if not answer.get("ok"):
        raise RuntimeError(f"the AWS server refused {order}: {answer.get('error')}")
    return answer


def behave(**changes: Any) -> None:
    """Change how AWS behaves."""
    ask_aws(behaviour=changes)


def registered_at_aws() -> Mapping[str, Mapping[str, Any]]:
    """The instances that AWS registered."""
    found: Mapping[str, Mapping[str, Any]] = ask_aws(get="state")["instances"]
    return found


def log_since_start() -> str:
    """What the agent's log says since the agent's last start."""
    try:
        with LOG.open("rb") as stream:
            stream.seek(max(0, LOG.stat().st_size - (1 << 18)))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    _, started, rest = text.rpartition(STARTED)
    return rest if started else ""


def await_online(instance: str, seconds: float = 15.0) -> None:
    """Wait until the agent runs, and has said since its last start that it is up as ``instance``; raises Wrong."""
    deadline = time.monotonic() + seconds
    while True:
        told = log_since_start()
        if UP in told and DOWN not in told and f"control-channel/{instance}" in told:
            return
        if time.monotonic() > deadline:
            state = systemctl("is-active", UNIT).text.strip()
            raise Wrong(f"the agent ({state}) is not online as {instance} after {seconds:.0f} s; its log ends: {told[-300:]!r}")
        time.sleep(0.01)


def main_pid() -> int:
    """The unit's main process, 0 where there is none."""
    return int(systemctl("show", "-P", "MainPID", UNIT).text.strip() or 0)


def processes(*names: str) -> List[int]:
    """The processes that are one of ``names``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")[:3]
            except OSError:
                continue
            if any(os.path.basename(os.fsdecode(word)) in names for word in words):
                found.append(int(entry.name))
    return found


def end(*pids: int) -> None:
    """Kill at once."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def is_alive(pid: int) -> bool:
    """True while the process runs; one that has ended and was not collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wipe() -> None:
    """No agent runs, and nothing of it or of ours is left."""
    while processes(*AGENT):
        end(*processes(*AGENT))
        time.sleep(0.01)
    while os.path.ismount(DATA):
        subprocess.run(["umount", "--lazy", str(DATA)], check=True)
    shutil.rmtree(DATA, ignore_errors=True)
    shutil.rmtree("/run/standin-systemd", ignore_errors=True)
    LOG.unlink(missing_ok=True)  # it would tell of a start that is over


def make_registered() -> None:
    """A node that was registered, and registered anew: it has a snapshot; its state is kept for ``restore``."""
    wipe()
    for more in ((), ("--force",)):
        done = bootstrap(*register_words(*more))
        if done.status:
            raise RuntimeError(f"the sweep's node cannot be made: {done.text}")
    shutil.rmtree(SAVED, ignore_errors=True)
    shutil.copytree(DATA, SAVED)


def restore() -> None:
    """The node as ``make_registered`` left it, its agent started."""
    wipe()
    shutil.copytree(SAVED, DATA)
    _start()


def restore_from_image() -> None:
    """The same with all of it on the lower layer of an overlay, whose directories cannot be renamed; raises RuntimeError."""
    wipe()
    DATA.mkdir(parents=True)
    for layer in ("upper", "work"):
        shutil.rmtree(LAYERS / layer, ignore_errors=True)
        (LAYERS / layer).mkdir(parents=True)
    layers = f"lowerdir={SAVED},upperdir={LAYERS}/upper,workdir={LAYERS}/work"
    # In a user namespace there is userxattr alone, with which nothing is redirected.
    for more in ("redirect_dir=off", "userxattr"):
        said = run(["mount", "-t", "overlay", "overlay", "-o", f"{layers},{more}", str(DATA)])
        if not said.status:
            break
    else:
        raise RuntimeError(f"no overlay can be mounted here: {said}")
    try:
        (DATA / "Vault").rename(DATA / "Vault.moved")
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    else:
        raise RuntimeError("the overlay lets a directory of its lower layer be renamed")
    _start()


def _start() -> None:
    if systemctl("start", UNIT).status:
        raise RuntimeError("the agent does not start")
