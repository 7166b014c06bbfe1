"""What real package managers printed against repositories that were broken on purpose: each is explained right.

Recorded with apt, dpkg, dnf (by the name of yum too), zypper and curl of Debian 12, the hosts replaced. What stands for nothing
is a run that is healthy, or a name that is not AWS's business.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, FrozenSet, List, Tuple

import pytest

from ssm_bootstrap.cli.entry import run

HOME = Path(__file__).resolve().parents[1] / "data" / "managers"
SCRIPT = b"07/15/2026 10:00:00 root [INFO]: Running the package manager.\n"
DENIED, UNREACHED, SIGNED = "repository-denied", "repository-unreachable", "package-signature"
BUSY, BROKEN, DEPENDS = "package-manager-busy", "package-manager-broken", "package-dependencies"
BLIND, DAMAGED = "false-compliance", "download-refused"

EXPECTED: Dict[str, Dict[str, Tuple[str, ...]]] = {
    "apt": {
        "healthy-install": (),
        "healthy-simulation": (),
        "damaged-list": (DAMAGED,),
        "package-404": (DENIED,),
        "unmet": (DEPENDS,),
        "fix-broken": (BROKEN, DEPENDS),
        "failing-package": (BROKEN,),
        "interrupted": (BROKEN,),
        "archives-locked": (BUSY,),
        "no-room": ("disk-full",),
        **dict.fromkeys(("healthy-update", "no-package", "wrong-component"), ()),
        **dict.fromkeys(("bad-signature", "expired-key", "unsigned", "wrong-key"), (SIGNED,)),
        **dict.fromkeys(("dpkg-itself-locked", "dpkg-locked", "lists-locked"), (BUSY,)),
        **dict.fromkeys(("no-name", "no-resolver", "refused", "silent", "status-503"), (UNREACHED,)),
        **dict.fromkeys(("status-401", "status-403", "status-404", "wrong-release"), (DENIED,)),
        "list-too-old": (BLIND,),
        "tls-expired": ("tls-expired",),
        "tls-untrusted": ("tls-untrusted",),
        "tls-wrong-name": ("tls-wrong-name",),
    },
    "dnf": {
        **dict.fromkeys(("healthy-makecache", "healthy-install", "healthy-scan", "no-package", "conflict"), ()),
        **dict.fromkeys(
            ("silent", "refused", "no-name", "no-resolver", "status-503", "mirror-list-silent", "no-url"), (UNREACHED,)
        ),
        **dict.fromkeys(("status-401", "status-403", "status-404", "wrong-release", "mirror-list-403"), (DENIED,)),
        **dict.fromkeys(("mirror-list-404", "package-404", "key-404", "unsigned"), (DENIED,)),
        # dnf does not say what is wrong with a certificate.
        "tls-untrusted": ("tls-untrusted",),
        "tls-expired": ("tls-untrusted",),
        "tls-wrong-name": ("tls-wrong-name",),
        **dict.fromkeys(("wrong-key", "package-wrong-key", "package-unsigned"), (SIGNED,)),
        "damaged-list": (DAMAGED, UNREACHED),
        **dict.fromkeys(("unmet", "files-conflict"), (DEPENDS,)),
        "ignored-silent": (UNREACHED, BLIND),
        "ignored-403": (DENIED, BLIND),
        **dict.fromkeys(("no-repositories", "bad-configuration"), (BLIND,)),
        "locked": (BUSY,),
        "rpm-locked": (BUSY, SIGNED),  # it says too that the key could not be imported
        "rpm-database": (BROKEN,),
    },
    "zypper": {
        **dict.fromkeys(("healthy-refresh", "healthy-install", "no-package", "conflict"), ()),
        **dict.fromkeys(("refused", "no-name", "no-resolver", "status-503"), (UNREACHED,)),
        **dict.fromkeys(("status-401", "status-403", "status-404", "wrong-release", "package-404"), (DENIED,)),
        "tls-untrusted": ("tls-untrusted",),
        "tls-expired": ("tls-expired",),
        "tls-wrong-name": ("tls-wrong-name",),
        **dict.fromkeys(("wrong-key", "unsigned", "package-wrong-key", "package-unsigned"), (SIGNED,)),
        "damaged-list": (DAMAGED,),
        **dict.fromkeys(("unmet", "package-locked", "files-conflict"), (DEPENDS,)),
        "no-repositories": (BLIND,),
        "locked": (BUSY,),
        "stalled": (),
        "rpm-locked": (BUSY,),
        "rpm-database": (BROKEN,),
    },
    "curl": {
        **dict.fromkeys(("healthy", "refused", "no-name", "no-resolver"), ()),
        "silent": ("patch-payload-unreachable",),
        "status-403": (DAMAGED,),
        "tls-untrusted": ("tls-untrusted",),
        "tls-expired": ("tls-expired",),
        "tls-wrong-name": ("tls-wrong-name",),
        "no-write": ("curl-cannot-write",),
    },
}
EXPECTED["yum"] = dict(EXPECTED["dnf"])  # yum 4 is dnf by another name
NOT_YET = frozenset(
    ("apt", name)
    for name in ("list-too-old", "status-401", "status-403", "status-503", "tls-expired", "tls-untrusted", "tls-wrong-name")
) | {("curl", "tls-wrong-name")}
"""What is not explained right: apt's and curl's ways to tell of certificates, and apt's "not signed" after a refusal."""

CASES = [(manager, case) for manager, cases in EXPECTED.items() for case in cases]


@pytest.mark.parametrize("manager", EXPECTED)
def test_every_recording_is_explained(manager: str) -> None:
    assert {path.stem for path in (HOME / manager).iterdir()} == set(EXPECTED[manager])


@pytest.mark.parametrize(("manager", "case"), CASES)
def test_what_a_manager_prints_is_explained(manager: str, case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a patch run gives it: below a line of the script, standard error behind the rest."""
    output = tmp_path / "PatchLinux" / "stdout"
    output.parent.mkdir()
    output.write_bytes(SCRIPT + (HOME / manager / f"{case}.txt").read_bytes())
    status = run(["explain", "--json", str(output)])
    findings: List[Dict[str, object]] = json.loads(capsys.readouterr().out)["findings"]
    codes: FrozenSet[object] = frozenset(finding["code"] for finding in findings)
    assert (codes == set(EXPECTED[manager][case])) == ((manager, case) not in NOT_YET)
    assert status == int(any(finding["severity"] == "error" for finding in findings))
    assert not [finding for finding in findings if "<HOST>" in f"{finding['title']}{finding['cause']}"]
