"""Hygiene: is this machine one of its kind, would the agent take it for the registered one, whose keys does root use."""

from __future__ import annotations

from typing import Iterator, Optional

from ssm_bootstrap.catalog.distributions import manager_of
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import Fingerprint, MachineId
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase

MACHINE_ID = "/etc/machine-id"
FINGERPRINT = "/var/lib/amazon/ssm/Vault/Store/InstanceFingerprint"
USUAL_THRESHOLD = 40

_SAID = {
    MachineId.MISSING: "there is no such file",
    MachineId.EMPTY: "the file is empty, as in a prepared image that was not started yet",
    MachineId.UNINITIALIZED: "it says uninitialized, as in a prepared image that was not started yet",
    MachineId.MALFORMED: "not 32 digits from 0 to f",
    MachineId.PLACEHOLDER: "a value that was not drawn at random",
}


def machine_id(case: Case) -> Iterator[Finding]:
    """A machine-id that is none, or that other machines have as well."""
    found = value_of(case.image.machine_id)
    if found is None or found is MachineId.FINE:
        return
    code = "machine-id-shared" if found is MachineId.PLACEHOLDER else "machine-id-missing"
    detail = _SAID[found]
    shown = (Evidence("file", MACHINE_ID, detail),)
    yield case.finding(code, MACHINE_ID, detail, evidence=shown)


def fingerprint(case: Case) -> Iterator[Finding]:
    """A registered vault on a machine that it was not made on: the agent will notice, or has been told not to."""
    identity, saved = case.node, _fingerprint(case)
    if identity is None or saved is None or saved.same_machine_id is not False:
        return
    detail = "the machine-id that the vault's fingerprint was taken of is not this machine's"
    kept = value_of(case.surroundings.credentials_from)
    compared = saved.threshold != -1
    if not compared:
        detail += "; the similarity threshold is -1, so the agent does not compare, and a clone shares its mi- id unnoticed"
    yield case.finding(
        "fingerprint-mismatch",
        identity.managed_instance_id,
        detail,
        variant="" if compared else "unnoticed",
        evidence=(Evidence("vault", FINGERPRINT, detail),),
        # Credentials that it has kept go on to work; AWS refuses the next ones.
        severity=Severity.ERROR if compared and kept is None else Severity.WARNING,
        breaks=case.on_a_node if compared and kept is None else (),
    )


def threshold(case: Case) -> Iterator[Finding]:
    """A similarity threshold that somebody has changed, and what it means."""
    identity, saved = case.node, _fingerprint(case)
    if identity is None or saved is None or saved.threshold == USUAL_THRESHOLD:
        return
    detail = f"{saved.threshold}: {meaning_of(saved.threshold)}"
    yield case.finding(
        "similarity-threshold",
        identity.managed_instance_id,
        detail,
        evidence=(Evidence("vault", FINGERPRINT, detail),),
    )


def meaning_of(value: int) -> str:
    """What a similarity threshold does, in words."""
    if value == -1:
        return "nothing is compared, a clone is not noticed"
    if value <= 11:  # one of nine values is 11.1 %, and machine-id is one of them
        return "machine-id alone must stay"
    return phrase("{value} % of the values must stay", value=value)


def dmidecode(case: Case) -> Iterator[Finding]:
    """No dmidecode: a fingerprint without the hardware; worse where the registered one was taken with it."""
    if case.image.has_dmidecode or case.installed_agent is None:
        return
    saved = _fingerprint(case) if case.is_registered else None
    had = saved is not None and saved.had_dmidecode
    detail = "it was there when this node was registered" if had else "the fingerprint has no hardware in it"
    yield case.finding(
        "dmidecode-missing",
        "dmidecode",
        detail,
        facts=_package_manager(case),
        evidence=(Evidence("file", "/usr/sbin/dmidecode", phrase("not there; {detail}", detail=detail)),),
        severity=Severity.WARNING if had else Severity.INFO,
    )


def _package_manager(case: Case) -> dict[str, str]:
    manager = manager_of(case.instance.system_id, case.instance.system_version) if case.instance is not None else None
    return {"package_manager": manager.value} if manager is not None else {}


def shadowed_profile(case: Case) -> Iterator[Finding]:
    """On EC2: keys of the hybrid node in root's default profile, which come before the instance profile."""
    identity, profile, metadata = case.node, case.default_profile, case.metadata
    if identity is None or profile is None or not profile.by_agent or metadata is None or not metadata.instance_id:
        return
    detail = f"[{profile.name}] holds the keys of {identity.managed_instance_id}, on {metadata.instance_id}"
    yield case.finding(
        "instance-profile-shadowed",
        profile.path,
        detail,
        evidence=(Evidence("file", profile.path, detail),),
    )


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """Parts that only root may read, where there is something to compare them with."""
    image = value_of(case.observations.image)
    if image is None or case.installed_agent is None:
        return
    for subject, part in (
        ("machine-id", image.machine_id),
        ("fingerprint", image.fingerprint),
        ("running identity", image.running),
        ("root's AWS credentials", image.default_profile),
    ):
        if isinstance(part, Unseen):
            yield subject, part.reason


def _fingerprint(case: Case) -> Optional[Fingerprint]:
    return value_of(case.image.fingerprint)


CHECKS = (
    Check("fingerprint", fingerprint, after="identity-hybrid"),
    Check("machine-id", machine_id),
    Check("dmidecode", dmidecode),
    Check("similarity-threshold", threshold),
    Check("instance-profile", shadowed_profile),
    Check("image-unseen", not_looked_at),
)
