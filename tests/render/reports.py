"""Diagnoses to render: the closed VPC, a healthy one, and one made of an enemy's text."""

from __future__ import annotations

from datetime import timedelta
from typing import Iterable, List

from rich.cells import cell_len

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.agent import Agent, AgentConfig, AgentProcess, Identity, IdentityState, Unit
from ssm_bootstrap.model.capability import Capability, CapabilityVerdict, Verdict
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Diagnosis, Evidence, Severity, State, Unexplained
from ssm_bootstrap.model.observations import Plan
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.render.folding import WORD
from tests.fakes import NOON
from tests.made import EVERYTHING, INSIDE, PUBLIC, REGION, ROWS, healthy, observations, probe

UNIT = Unit("amazon-ssm-agent.service", "loaded", "active", "running", 812, file_state="enabled")
AGENT = Agent(
    True,
    "rpm",
    "/usr/bin/amazon-ssm-agent",
    "3.3.1142.0",
    Seen(UNIT),
    Seen((AgentProcess(812, "amazon-ssm-agent", 1.0), AgentProcess(834, "ssm-agent-worker", 2.0))),
    AgentConfig("/etc/amazon/ssm/amazon-ssm-agent.json", True, endpoints=(("Ssm.Endpoint", "vpce-1.ssm.example"),)),
)
CLOSED = observations(
    *(probe(name, PUBLIC, Stage.TCP, Failure.TIMED_OUT, detail="no answer") for name in ROWS),
    agent=Seen(AGENT),
    identity=Seen(Identity(IdentityState.NOT_REGISTERED)),
)
HEALTHY = observations(*healthy(), agent=Seen(AGENT), identity=Seen(Identity(IdentityState.REGISTERED, "mi-1", REGION)))

EVIL = "\x1b[2J\x1b]0;gone\x07\u202eevil\r\n[bold red]markup[/] :smile: {braces} " + "x" * 300
ENEMY_FINDING = make_finding(
    "endpoint-missing",
    EVIL,
    facts={"host": EVIL, "detail": EVIL, "region": REGION, "service": EVIL},
    evidence=tuple(Evidence("log", f"{EVIL}:{number}", EVIL, NOON) for number in range(7)),
    state=State.PAST,
    logged=True,
    first=NOON - timedelta(hours=1),
    last=NOON,
    count=7,
    confirmed_by=("probe",),
)
ENEMY = Diagnosis(
    capabilities=(CapabilityVerdict(Capability.REGISTER, Verdict.BROKEN, ("endpoint-missing",)),),
    findings=(
        ENEMY_FINDING,
        make_finding("agent-offline", EVIL, symptom_of="endpoint-missing"),
        make_finding("imds-unreachable", EVIL, severity=Severity.INFO),
    ),
    unseen=((EVIL, EVIL),),
    unexplained=(Unexplained(EVIL, 3, NOON, NOON, EVIL),),
    crashed=(("check", EVIL),),
    records=(1, 2, 3),
)
ENEMY_SEEN = observations(
    probe("ssm", INSIDE, Stage.HTTP, Failure.NOT_AWS, detail=EVIL),
    plan=Plan(EVIL, Seen(REGION), EVIL, EVERYTHING),
    agent=Seen(Agent(True, EVIL, EVIL, EVIL, Seen(UNIT), Seen(()), AgentConfig(EVIL, True, EVIL))),
    identity=Seen(Identity(IdentityState.LOST, detail=EVIL)),
)

STORIES = {"closed": (CLOSED, diagnose(CLOSED)), "healthy": (HEALTHY, diagnose(HEALTHY)), "enemy": (ENEMY_SEEN, ENEMY)}


def too_wide(lines: Iterable[str], width: int) -> List[str]:
    """The lines that do not fit, but for a single word of a shell, which cannot be folded."""
    bare = ((line, line.strip().removesuffix(" \\")) for line in lines if cell_len(line) > width)
    return [line for line, words in bare if " " in words and not WORD.fullmatch(words)]
