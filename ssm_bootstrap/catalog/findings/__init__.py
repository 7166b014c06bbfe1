"""Every finding code with what is said about it: permanent, one row per code, in modules by topic."""

from __future__ import annotations

from collections.abc import Mapping

from ssm_bootstrap.catalog.findingkind import FindingKind, Variant
from ssm_bootstrap.catalog.findings import (
    account,
    activationplace,
    agent,
    cloudaccount,
    cloudnames,
    cloudnetwork,
    dns,
    image,
    instance,
    machine,
    network,
    packages,
    patch,
    proxy,
    registration,
    s3,
    sides,
    tls,
    told,
)
from ssm_bootstrap.model.failure import Failure, Stage

KINDS: tuple[FindingKind, ...] = (
    network.KINDS
    + s3.KINDS
    + dns.KINDS
    + tls.KINDS
    + proxy.KINDS
    + instance.KINDS
    + image.KINDS
    + registration.KINDS
    + activationplace.KINDS
    + account.KINDS
    + agent.KINDS
    + machine.KINDS
    + patch.KINDS
    + packages.KINDS
    + cloudnames.KINDS
    + cloudaccount.KINDS
    + cloudnetwork.KINDS
    + told.KINDS
    + sides.KINDS
)

FINDINGS: Mapping[str, FindingKind] = {kind.code: kind for kind in KINDS}

VARIANTS: Mapping[tuple[str, str], Variant] = {(kind.code, row.name): row for kind in KINDS for row in kind.variants}
"""Other words for a code where something else is to be changed: (code, name of the case) to them."""

BY_FAILURE: Mapping[tuple[Stage, Failure], str] = {place: kind.code for kind in KINDS for place in kind.failures}
"""A failure of a dialled host, at its stage, to the code that it means; one that is not here depends on more."""

BY_ERROR: Mapping[str, tuple[str, str]] = {
    **{name: (kind.code, "") for kind in KINDS for name in kind.errors},
    **{name: (kind.code, row.name) for kind in KINDS for row in kind.variants for name in row.errors},
}
"""AWS's name of an error, where the activation is fetched from its place, to the code and the variant that it means."""


def code_of_failure(failure: Failure) -> str:
    """The code of a failure whose stage is not told; empty where the stages mean different things."""
    codes = {code for (_, known), code in BY_FAILURE.items() if known is failure}
    return codes.pop() if len(codes) == 1 else ""
