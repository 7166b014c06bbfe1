"""Which issuers are trusted, and what Go says of a certificate that is refused."""

import contextlib
import functools
import os
import socket
import ssl
import time
from typing import Any, Callable, Dict, List, Tuple

from . import world

#: Where Go looks on Linux; the first that exists is read.
FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
DIRECTORIES = ("/etc/ssl/certs", "/etc/pki/tls/certs")


def trust() -> ssl.SSLContext:
    """A context with the system's issuers, SSL_CERT_FILE and SSL_CERT_DIR honoured; AWS_CA_BUNDLE has no say."""
    own_file, own_directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    return trusting(
        (own_file,) if own_file else tuple(world.rooted(name) for name in FILES),
        tuple(own_directory.split(":")) if own_directory else tuple(world.rooted(name) for name in DIRECTORIES),
    )


@functools.cache
def trusting(files: Tuple[str, ...], directories: Tuple[str, ...]) -> ssl.SSLContext:
    """A context with the first of the files and all of the directories; read once a process, as Go does it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in files:
        if os.path.isfile(path):
            with contextlib.suppress(ssl.SSLError):
                context.load_verify_locations(cafile=path)
            break
    for path in directories:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
    return context


def explain(error: ssl.SSLCertVerificationError, reach: Callable[[], socket.socket], host: str) -> str:
    """Go's words, in Go's order: the leaf's dates, then its name, then who signed it.

    OpenSSL reports the issuer first, so the leaf is fetched once more and looked at.
    """
    try:
        leaf = read_leaf(reach, host)
    except (OSError, ValueError):
        return "x509: certificate signed by unknown authority"
    now = time.time()
    for key, word, outside in (("notBefore", "before", -1), ("notAfter", "after", 1)):
        limit = ssl.cert_time_to_seconds(leaf[key]) if key in leaf else now
        if (now - limit) * outside > 0:
            return (
                "x509: certificate has expired or is not yet valid: current time "
                f"{rfc3339(now, local=True)} is {word} {rfc3339(limit)}"
            )
    names: List[Tuple[str, str]] = list(leaf.get("subjectAltName", ()))
    dns = [value for kind, value in names if kind == "DNS"]
    if not any(covers(pattern, host) for pattern in dns):
        if not names:
            return "x509: certificate is not valid for any names, but wanted to match " + host
        return f"x509: certificate is valid for {', '.join(dns)}, not {host}"
    if error.verify_code == 10:
        moment = rfc3339(now, local=True)
        return f"x509: certificate has expired or is not yet valid: current time {moment} is after {rfc3339(now)}"
    return "x509: certificate signed by unknown authority"


def read_leaf(reach: Callable[[], socket.socket], host: str) -> Dict[str, Any]:
    """The server's certificate, unverified, as ssl's own dictionary."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = reach()
    connection.settimeout(world.scaled(10.0, 1.0))
    with context.wrap_socket(connection, server_hostname=host) as secured:
        der = secured.getpeercert(binary_form=True) or b""
    descriptor = os.memfd_create("leaf")
    try:
        os.write(descriptor, ssl.DER_cert_to_PEM_cert(der).encode())
        return dict(ssl._ssl._test_decode_cert(f"/proc/self/fd/{descriptor}"))  # type: ignore[attr-defined]
    finally:
        os.close(descriptor)


def covers(pattern: str, host: str) -> bool:
    """Does a certificate's name cover the host?"""
    pattern, host = pattern.lower(), host.lower()
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return pattern == host


def rfc3339(seconds: float, local: bool = False) -> str:
    """A time as Go writes it: UTC with Z, local with its offset."""
    if local and time.localtime(seconds).tm_gmtoff:
        text = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))
        return text[:-2] + ":" + text[-2:]
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
