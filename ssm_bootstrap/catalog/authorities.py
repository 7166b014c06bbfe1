"""Where each distribution wants the certificate of a further authority, and which command takes it up.

Sources: update-ca-trust(8) of Fedora and its relatives, update-ca-certificates(8) of Debian and of openSUSE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional


@dataclass(frozen=True)
class AuthorityPlace:
    """The file to copy a certificate in PEM form to, and the command to run then."""

    file: str
    command: str


_TRUST = AuthorityPlace("/etc/pki/ca-trust/source/anchors/added.pem", "update-ca-trust")
_DEBIAN = AuthorityPlace("/usr/local/share/ca-certificates/added.crt", "update-ca-certificates")
_SUSE = AuthorityPlace("/etc/pki/trust/anchors/added.pem", "update-ca-certificates")

_BY_SYSTEM: Mapping[str, AuthorityPlace] = {
    **dict.fromkeys(("amzn", "rhel", "centos", "rocky", "almalinux", "oracle", "ol", "fedora"), _TRUST),
    **dict.fromkeys(("debian", "ubuntu", "raspbian"), _DEBIAN),
    **dict.fromkeys(("sles", "sled", "opensuse", "opensuse-leap", "suse"), _SUSE),
}


def authority_place(system_id: str) -> Optional[AuthorityPlace]:
    """The place of a system, by the ID of /etc/os-release; None where it is not known."""
    return _BY_SYSTEM.get(system_id.lower())
