"""Hygiene: is this machine one of its kind, would the agent take it for the registered one, whose keys does root use."""

from __future__ import annotations

from typing import Iterator, Optional

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import Fingerprint, Image, MachineId
from ssm_bootstrap.model.observed import Unseen, value_of

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
    image = _image(case)
    found = value_of(image.machine_id) if image is not None else None
    if found is None or found is MachineId.FINE:
        return
    code = "machine-id-shared" if found is MachineId.PLACEHOLDER else "machine-id-missing"
    detail = _SAID[found]
    shown = (Evidence("file", MACHINE_ID, detail),)
    yield make_finding(code, MACHINE_ID, facts={"region": case.region, "detail": detail}, evidence=shown)


def fingerprint(case: Case) -> Iterator[Finding]:
    """A registered vault on a machine that it was not made on: the agent will notice, or has been told not to."""
    identity, saved = _registered(case), _fingerprint(case)
    if identity is None or saved is None or saved.same_machine_id is not False:
        return
    detail = "the machine-id that the vault's fingerprint was taken of is not this machine's"
    around = value_of(case.observations.surroundings)
    kept = value_of(around.credentials_from) if around is not None else None
    compared = saved.threshold != -1
    if not compared:
        detail += "; the similarity threshold is -1, so the agent does not compare, and a clone shares its mi- id unnoticed"
    yield make_finding(
        "fingerprint-mismatch",
        identity.managed_instance_id,
        variant="" if compared else "unnoticed",
        facts={"region": case.region, "mi": identity.managed_instance_id, "detail": detail},
        evidence=(Evidence("vault", FINGERPRINT, detail),),
        # Credentials that it has kept go on to work; AWS refuses the next ones.
        severity=Severity.ERROR if compared and kept is None else Severity.WARNING,
        breaks=case.on_a_node if compared and kept is None else (),
    )


def threshold(case: Case) -> Iterator[Finding]:
    """A similarity threshold that somebody has changed, and what it means."""
    identity, saved = _registered(case), _fingerprint(case)
    if identity is None or saved is None or saved.threshold == USUAL_THRESHOLD:
        return
    detail = f"{saved.threshold}: {meaning_of(saved.threshold)}"
    yield make_finding(
        "similarity-threshold",
        identity.managed_instance_id,
        facts={"region": case.region, "mi": identity.managed_instance_id, "detail": detail},
        evidence=(Evidence("vault", FINGERPRINT, detail),),
    )


def meaning_of(value: int) -> str:
    """What a similarity threshold does, in words."""
    if value == -1:
        return "nothing is compared, a clone is not noticed"
    if value <= 11:  # one of nine values is 11.1 %, and machine-id is one of them
        return "machine-id alone must stay"
    return f"{value} % of the values must stay"


def dmidecode(case: Case) -> Iterator[Finding]:
    """No dmidecode: a fingerprint without the hardware; worse where the registered one was taken with it."""
    image, agent = _image(case), value_of(case.observations.agent)
    if image is None or image.has_dmidecode or agent is None or not agent.installed:
        return
    saved = _fingerprint(case) if _registered(case) is not None else None
    had = saved is not None and saved.had_dmidecode
    detail = "it was there when this node was registered" if had else "the fingerprint has no hardware in it"
    yield make_finding(
        "dmidecode-missing",
        "dmidecode",
        facts={"region": case.region, "detail": detail},
        evidence=(Evidence("file", "/usr/sbin/dmidecode", f"not there; {detail}"),),
        severity=Severity.WARNING if had else Severity.INFO,
    )


def shadowed_profile(case: Case) -> Iterator[Finding]:
    """On EC2: keys of the hybrid node in root's default profile, which come before the instance profile."""
    identity, image = _registered(case), _image(case)
    profile = value_of(image.default_profile) if image is not None else None
    instance = value_of(case.observations.instance)
    metadata = value_of(instance.metadata) if instance is not None else None
    if identity is None or profile is None or not profile.by_agent or metadata is None or not metadata.instance_id:
        return
    detail = f"[{profile.name}] holds the keys of {identity.managed_instance_id}, on {metadata.instance_id}"
    yield make_finding(
        "instance-profile-shadowed",
        profile.path,
        facts={"region": case.region, "mi": identity.managed_instance_id, "detail": detail, "instance_id": metadata.instance_id},
        evidence=(Evidence("file", profile.path, detail),),
    )


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """Parts that only root may read, where there is something to compare them with."""
    image, agent = _image(case), value_of(case.observations.agent)
    if image is None or agent is None or not agent.installed:
        return
    for subject, part in (
        ("machine-id", image.machine_id),
        ("fingerprint", image.fingerprint),
        ("running identity", image.running),
        ("root's AWS credentials", image.default_profile),
    ):
        if isinstance(part, Unseen):
            yield subject, part.reason


def _image(case: Case) -> Optional[Image]:
    return value_of(case.observations.image)


def _fingerprint(case: Case) -> Optional[Fingerprint]:
    image = _image(case)
    return value_of(image.fingerprint) if image is not None else None


def _registered(case: Case) -> Optional[Identity]:
    identity = value_of(case.observations.identity)
    return identity if identity is not None and identity.state is IdentityState.REGISTERED else None
