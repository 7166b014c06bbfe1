"""Which certificates the agent trusts: Go's own list of places.

Source: Go's crypto/x509, root_linux.go and root_unix.go (1.22): the first bundle that exists, and directories;
SSL_CERT_FILE and SSL_CERT_DIR replace them. AWS_CA_BUNDLE is not read by registration (measured, agent 3.3.1142.0).
"""

from __future__ import annotations

from typing import Iterator, Mapping, Sequence

from ssm_bootstrap.collect.rootfile import fault_of_trusted
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.network import Trust

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


MOST_CERTIFICATES = 2000
"""Files of one directory that are looked at: a system's store has some hundred."""

_RELATIVE = "expected a path from / on"


def trust_of(files: Files, environment: Mapping[str, str]) -> Trust:
    """The trust of an agent with this environment; empty where the system has no store."""
    bundle = environment.get("SSL_CERT_FILE", "")
    directories = tuple(part for part in environment.get("SSL_CERT_DIR", "").split(":") if part)
    if not bundle:
        bundle = next((files.real(path) for path in BUNDLES if _is_there(files, path)), "")
    return Trust(bundle, directories)


def loose_authorities(files: Files, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Files with certificates that this environment, or the system, has root and the agent trust, and why they should not.

    Each path is nobody else's all the way, or is given here: one that passes may be opened again by its name.
    """
    named = [environment.get(name, "") for name in ("SSL_CERT_FILE", "AWS_CA_BUNDLE")]
    if not named[0]:
        named[0] = next((path for path in BUNDLES if _is_there(files, path)), "")
    for path in dict.fromkeys(filter(None, named)):
        yield from _loose(files, path)
    for directory in dict.fromkeys(filter(None, environment.get("SSL_CERT_DIR", "").split(":"))):
        loose = _loose_directory(files, directory)
        if loose:
            yield directory, loose
            continue
        for name in _names(files, directory):
            yield from _loose(files, f"{directory.rstrip('/')}/{name}")


def _loose(files: Files, path: str) -> Iterator[tuple[str, str]]:
    if not path.startswith("/"):
        yield path, _RELATIVE
        return
    try:
        held = files.hold(path, 0)
    except OSError:
        return  # nobody is led by what is not there, or cannot be read
    fault = "" if held.directory else fault_of_trusted(held)
    if fault:
        yield path, fault


def _loose_directory(files: Files, path: str) -> str:
    if not path.startswith("/"):
        return _RELATIVE
    try:
        loose = files.first_loose(path)
    except OSError:
        return ""
    return f"{loose} belongs to another user, or others may write it" if loose else ""


def _names(files: Files, directory: str) -> Sequence[str]:
    try:
        return files.list(directory)[:MOST_CERTIFICATES]
    except OSError:
        return ()


def _is_there(files: Files, path: str) -> bool:
    try:
        return files.size(path) > 0
    except OSError:
        return False
