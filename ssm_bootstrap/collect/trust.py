"""Which certificates the agent trusts: Go's own list of places.

Source: Go's crypto/x509, root_linux.go and root_unix.go (1.22): the first bundle that exists, and directories;
SSL_CERT_FILE and SSL_CERT_DIR replace them. AWS_CA_BUNDLE is not read by registration (measured, agent 3.3.1142.0).
"""

from __future__ import annotations

from typing import Mapping

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


def trust_of(files: Files, environment: Mapping[str, str]) -> Trust:
    """The trust of an agent with this environment; empty where the system has no store."""
    bundle = environment.get("SSL_CERT_FILE", "")
    directories = tuple(part for part in environment.get("SSL_CERT_DIR", "").split(":") if part)
    if not bundle:
        bundle = next((files.real(path) for path in BUNDLES if _is_there(files, path)), "")
    return Trust(bundle, directories)


def _is_there(files: Files, path: str) -> bool:
    try:
        return files.size(path) > 0
    except OSError:
        return False
