"""What must be said of each manager's output, and how it is asked."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

from ssm_bootstrap.cli.entry import run

SCRIPT = "07/15/2026 10:00:00 root [INFO]: Running the package manager.\n"
DENIED, UNREACHED, SIGNED = "repository-denied", "repository-unreachable", "package-signature"
BUSY, BROKEN, DEPENDS = "package-manager-busy", "package-manager-broken", "package-dependencies"
BLIND, DAMAGED = "false-compliance", "download-refused"

_SAID: Dict[str, Mapping[str, Tuple[str, ...]]] = {
    "apt": {
        **dict.fromkeys(("healthy-update", "healthy-install", "healthy-simulation"), ()),
        "no-package": ("package-dependencies",),
        **dict.fromkeys(("silent", "refused", "no-name", "no-resolver", "status-503"), (UNREACHED,)),
        **dict.fromkeys(
            ("status-401", "status-403", "status-404", "wrong-release", "wrong-component", "list-too-old"), (DENIED,)
        ),
        **dict.fromkeys(("unsigned", "wrong-key", "expired-key", "bad-signature"), (SIGNED,)),
        **dict.fromkeys(("lists-locked", "dpkg-locked", "dpkg-itself-locked"), (BUSY,)),
        **{name: (name,) for name in ("tls-untrusted", "tls-expired", "tls-wrong-name")},
        "damaged-list": (DAMAGED,),
        "package-404": (DENIED,),
        "unmet": (DEPENDS,),
        "fix-broken": (BROKEN, DEPENDS),
        "failing-package": (BROKEN,),
        "interrupted": (BROKEN,),
        "archives-locked": (BUSY,),
        "no-room": ("disk-full",),
    },
    "dnf": {
        **dict.fromkeys(("healthy-makecache", "healthy-install", "healthy-scan"), ()),
        "no-package": ("package-dependencies",),
        **dict.fromkeys(
            ("silent", "refused", "no-name", "no-resolver", "status-503", "mirror-list-silent", "no-url"), (UNREACHED,)
        ),
        **dict.fromkeys(("status-401", "status-403", "status-404", "wrong-release", "mirror-list-403"), (DENIED,)),
        **dict.fromkeys(("mirror-list-404", "package-404"), (DENIED,)),
        # dnf does not say what is wrong with a certificate.
        "tls-untrusted": ("tls-untrusted",),
        "tls-expired": ("tls-untrusted",),
        "tls-wrong-name": ("tls-wrong-name",),
        **dict.fromkeys(("wrong-key", "unsigned", "key-404", "package-wrong-key", "package-unsigned"), (SIGNED,)),
        "damaged-list": (DAMAGED, UNREACHED),
        **dict.fromkeys(("unmet", "conflict", "files-conflict"), (DEPENDS,)),
        "ignored-silent": (UNREACHED, BLIND),
        "ignored-403": (DENIED, BLIND),
        **dict.fromkeys(("no-repositories", "bad-configuration"), (BLIND,)),
        "locked": (BUSY,),
        "rpm-locked": (BUSY,),
        "rpm-database": (BROKEN,),
    },
    "zypper": {
        **dict.fromkeys(("healthy-refresh", "healthy-install", "no-package"), ()),
        **dict.fromkeys(("silent", "refused", "no-name", "no-resolver", "status-503"), (UNREACHED,)),
        **dict.fromkeys(("status-401", "status-403", "status-404", "wrong-release", "package-404"), (DENIED,)),
        "tls-untrusted": ("tls-untrusted",),
        "tls-expired": ("tls-expired",),
        "tls-wrong-name": ("tls-wrong-name",),
        **dict.fromkeys(("wrong-key", "unsigned", "package-wrong-key", "package-unsigned"), (SIGNED,)),
        "damaged-list": (DAMAGED,),
        **dict.fromkeys(("unmet", "package-locked", "files-conflict"), (DEPENDS,)),
        "no-repositories": (BLIND,),
        **dict.fromkeys(("locked", "rpm-locked"), (BUSY,)),
        "rpm-database": (BROKEN,),
    },
    "curl": {
        "healthy": (),
        **dict.fromkeys(("refused", "no-name", "no-resolver"), ("connection-failed",)),
        "silent": ("patch-payload-unreachable",),
        "status-403": (DAMAGED,),
        "tls-untrusted": ("tls-untrusted",),
        "tls-expired": ("tls-expired",),
        "tls-wrong-name": ("tls-wrong-name",),
        "no-write": ("curl-cannot-write",),
    },
}
EXPECTED: Mapping[str, Mapping[str, Tuple[str, ...]]] = {**_SAID, "yum": _SAID["dnf"]}
"""Codes by manager and kind; what is healthy, or no fault of repositories, has none. yum 4 is dnf by another name."""


def explain(text: str, directory: Path) -> Tuple[int, List[Dict[str, Any]]]:
    """The status and findings for an output, as a patch run gives it: below a line of the script."""
    output = directory / "PatchLinux" / "stdout"
    output.parent.mkdir(exist_ok=True)
    output.write_text(SCRIPT + text, encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = run(["explain", "--json", str(output)])
    findings: List[Dict[str, Any]] = json.loads(printed.getvalue())["findings"]
    return status, findings
