"""Certificates of the lab: an authority that the instance trusts, one that it does not, and leaves with each fault."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Dict, Optional, Tuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

INTERCEPTION = "Example Corp TLS Inspection CA"
VARIANTS = ("untrusted", "expired", "not-yet-valid", "wrong-name")


def names(region: str, domain: str = "amazonaws.com") -> Tuple[str, ...]:
    """The host names that the lab's endpoints are reached by, as certificates spell them."""
    return (
        f"*.{region}.{domain}",
        f"s3.{region}.{domain}",
        f"*.s3.{region}.{domain}",
        f"s3.dualstack.{region}.{domain}",
        f"*.s3.dualstack.{region}.{domain}",
        f"s3.{domain}",
        f"*.s3.{domain}",
        *(f"*.{service}.{region}.vpce.{domain}" for service in ("ssm", "ec2messages", "ssmmessages", "s3", "kms")),
    )


class Authority:
    """A certificate authority with a name of its own."""

    def __init__(self, common_name: str, organization: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        now = datetime.now(timezone.utc)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=4000))
            .not_valid_after(now + timedelta(days=4000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        """The authority's certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, *hosts: str, start: Optional[datetime] = None, end: Optional[datetime] = None) -> Tuple[bytes, bytes]:
        """A leaf for `hosts`, valid from yesterday for 90 days unless told otherwise: certificate, private key."""
        now = datetime.now(timezone.utc)
        key = ec.generate_private_key(ec.SECP256R1())
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        leaf = (
            x509.CertificateBuilder()
            .issuer_name(self._name)
            .public_key(key.public_key())
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])]))
            .serial_number(x509.random_serial_number())
            .not_valid_before(start or now - timedelta(days=1))
            .not_valid_after(end or now + timedelta(days=90))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(authority, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return leaf.public_bytes(serialization.Encoding.PEM), private


@dataclass(frozen=True)
class Certificates:
    """The lab's certificates, all as PEM text. `leaves` is by variant, `good` among them: (certificate, key)."""

    authority: str
    interception: str
    subject_hash: str
    leaves: Dict[str, Tuple[str, str]]


@cache
def certificates(region: str) -> Certificates:
    """Make all of them, once for this process."""
    now = datetime.now(timezone.utc)
    ours, theirs = Authority("Closed VPC Lab Root CA", "Closed VPC Lab"), Authority(INTERCEPTION, "Example Corp")
    hosts = names(region)
    issued = {
        "good": ours.issue(*hosts),
        "untrusted": theirs.issue(*hosts),
        "expired": ours.issue(*hosts, start=now - timedelta(days=400), end=now - timedelta(days=3)),
        "not-yet-valid": ours.issue(*hosts, start=now + timedelta(days=3), end=now + timedelta(days=93)),
        "wrong-name": ours.issue("intranet.example.com", "*.intranet.example.com"),
    }
    command = ["openssl", "x509", "-noout", "-subject_hash"]
    asked = subprocess.run(command, input=ours.pem, stdout=subprocess.PIPE, check=True)
    leaves = {variant: (certificate.decode(), key.decode()) for variant, (certificate, key) in issued.items()}
    return Certificates(ours.pem.decode(), theirs.pem.decode(), asked.stdout.decode().strip(), leaves)
