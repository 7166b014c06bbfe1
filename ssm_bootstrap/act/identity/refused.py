"""The activations that the service has refused on this machine, by their hashes: none of them is tried a second time.

An activation that is used up or has expired never becomes good again. A code has 20 letters and more, all of them random, so
that its hash gives nothing away; the file is root's alone nevertheless.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.place import IdAndCode
from ssm_bootstrap.host import Host

SCHEMA = "ssm-bootstrap-refused/1"
MOST = 16


class RefusedActivations:
    """What was refused, in memory and, as far as the disk takes it, in a file (0600) that outlives this run."""

    def __init__(self, host: Host, region: str) -> None:
        self._host, self._region = host, region
        self._codes = _read(host)

    def why(self, activation: IdAndCode) -> str:
        """The finding code with which this activation was refused; empty where it was not."""
        return self._codes.get(self._digest(activation), "")

    def note(self, activation: IdAndCode, code: str) -> None:
        """Keep in mind that it was refused with the finding ``code``."""
        self._codes[self._digest(activation)] = code
        kept = list(self._codes.items())[-MOST:]
        with suppress(OSError):  # this run knows it all the same
            self._host.trees.make_directory(paths.OUR_STATE)
            self._host.files.write_atomic(
                paths.REFUSED, json.dumps({"schema": SCHEMA, "refused": dict(kept)}).encode() + b"\n", 0o600
            )

    def forget(self) -> None:
        """Nothing of it is needed once the node is registered."""
        with suppress(OSError):
            self._host.trees.remove(paths.REFUSED)

    def _digest(self, activation: IdAndCode) -> str:
        text = f"{self._region}\n{activation.identifier}\n{activation.code.reveal()}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _read(host: Host) -> dict[str, str]:
    """A file that makes no sense counts as none: the worst is one more try."""
    try:
        document = json.loads(host.files.read_bytes(paths.REFUSED, 1 << 16))
        rows = document["refused"].items() if document["schema"] == SCHEMA else ()
        return {digest: code for digest, code in rows if code in FINDINGS and FINDINGS[code].is_of_the_activation}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
