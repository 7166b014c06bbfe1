"""Every finding code with what is said about it: permanent, one row a code, in modules by topic."""

from __future__ import annotations

from collections.abc import Mapping

from ssm_bootstrap.catalog.findingkind import FindingKind
from ssm_bootstrap.catalog.findings import (
    account,
    agent,
    dns,
    image,
    instance,
    machine,
    network,
    patch,
    proxy,
    registration,
    s3,
    tls,
)

KINDS: tuple[FindingKind, ...] = (
    network.KINDS
    + s3.KINDS
    + dns.KINDS
    + tls.KINDS
    + proxy.KINDS
    + instance.KINDS
    + image.KINDS
    + registration.KINDS
    + account.KINDS
    + agent.KINDS
    + machine.KINDS
    + patch.KINDS
)

FINDINGS: Mapping[str, FindingKind] = {kind.code: kind for kind in KINDS}

VARIANTS: Mapping[tuple[str, str], FindingKind] = {
    ("channel-down", "cut"): agent.CUT,
    ("directory-unusable", "immutable"): machine.IMMUTABLE,
    ("endpoint-refused", "loopback"): network.LOOPBACK,
    ("fingerprint-mismatch", "unnoticed"): registration.UNNOTICED,
    ("not-registered", "no-role"): registration.NO_ROLE,
    ("not-registered", "role-refused"): registration.ROLE_REFUSED,
    ("region-mismatch", "abroad"): instance.ABROAD,
    ("s3-unreachable", "part"): s3.PART,
    ("proxy-denied", "login"): proxy.LOGIN,
    ("proxy-unreachable", "unreadable"): proxy.UNREADABLE,
    ("agent-not-running", "masked"): agent.MASKED,
}
"""Other words for a code where something else is to be changed: (code, name of the case) to its row."""

CHANGED_ON_AWS: frozenset[str] = frozenset(
    {
        "activation-exhausted",
        "activation-expired",
        "activation-invalid",
        "answer-lost",
        "credentials-refused",
        "endpoint-blocked",
        "endpoint-missing",
        "endpoint-partly-unreachable",
        "patch-payload-unreachable",
        "public-path",
        "registration-denied",
        "s3-denied",
        "s3-http-blocked",
        "s3-https-blocked",
        "s3-unreachable",
    }
)
"""Codes whose one change is made on the side of AWS: that side's steps are told first."""
