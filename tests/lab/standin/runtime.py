"""identity_config.json: whom the core takes itself for, and until when its credentials live."""

import json
import time
from datetime import datetime, timezone
from typing import Any, Dict

from . import steps, vault, world

PATH = world.DATA + "/runtimeconfig/identity_config.json"
#: What must be as it was for kept credentials to be used.
OWNER = ("InstanceId", "IdentityType", "ShareFile", "ShareProfile")


def read() -> Dict[str, Any]:
    """The file's content, {} when there is nothing to be read."""
    try:
        found = json.loads(vault.read_text(PATH) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def write(config: Dict[str, Any]) -> None:
    """Write the file, its directory too."""
    steps.make_directories(PATH.rpartition("/")[0], 0o700)
    steps.overwrite(PATH, json.dumps(config, separators=(",", ":")).encode())


def begin(owner: Dict[str, str]) -> Dict[str, Any]:
    """What a core that has just started goes on from: what is kept, or nothing where it belongs to another identity."""
    kept = read()
    if {name: kept.get(name) for name in OWNER} == owner:
        return kept
    fresh: Dict[str, Any] = {"SchemaVersion": "1.1", **owner, **times(0.0, 0.0), "CredentialSource": ""}
    write(fresh)
    return fresh


def times(expires: float, retrieved: float) -> Dict[str, str]:
    """The two times of credentials, as Go writes times; 0 is none."""
    return {
        name: "0001-01-01T00:00:00Z" if not at else datetime.fromtimestamp(at, timezone.utc).isoformat().replace("+00:00", "Z")
        for name, at in (("CredentialsExpiresAt", expires), ("CredentialsRetrievedAt", retrieved))
    }


def seconds(text: object) -> float:
    """A time that ``times`` wrote; 0 for none."""
    try:
        return max(0.0, datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp())
    except (ValueError, OverflowError):
        return 0.0


def expired() -> str:
    """What a worker says of shared credentials that have run out; empty while they live, and where none are shared."""
    kept = read()
    if not kept.get("ShareFile") or seconds(kept.get("CredentialsExpiresAt")) > time.time():
        return ""
    retrieved, expires = (str(kept.get(f"Credentials{name}At"))[:19] + "Z" for name in ("Retrieved", "Expires"))
    return f"shared credentials are already expired, they were retrieved at {retrieved} and expired at {expires}"
