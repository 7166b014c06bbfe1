"""Restarting the agent, and proving that it is online."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Sequence

from ssm_bootstrap.act.agent.online import HYBRID, LogPosition, Restarted, prove_online
from ssm_bootstrap.act.agent.service import AgentService, ServiceFailed
from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.network.probe import ProbeRun
from ssm_bootstrap.collect.network.targets import ProxySettings, targets_for
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.logs.classify import LogContext
from ssm_bootstrap.diagnose.logs.endings import SeenBeside
from ssm_bootstrap.diagnose.logs.explain import classify_logs, conclude
from ssm_bootstrap.diagnose.logs.timeline import Present
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.agent import AgentConfig, IdentityState, Proof, ProofSign
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.failure import Stage
from ssm_bootstrap.model.findings import Evidence, Finding, Severity, State
from ssm_bootstrap.model.phrase import joined, phrase
from ssm_bootstrap.model.site import Site
from ssm_bootstrap.session import Session, proxies_of


@dataclass(frozen=True)
class Restart:
    """One restart: ``proxies`` and ``agent_config`` say how the agent dials, ``site`` what its own files say of AWS.

    ``cidrs`` are the VPC's address blocks.
    """

    host: Host
    region: Region
    agent_config: AgentConfig
    proxies: ProxySettings
    site: Site
    cidrs: tuple[str, ...]
    timeout: float

    def run(self) -> Proof:
        """Restart the unit that is active (deb, rpm or snap) and prove it, or say which sign is missing and why."""
        service = AgentService(self.host)
        unit = service.unit()
        if unit is None:
            return self._not_running("amazon-ssm-agent.service", "systemd knows no unit of the agent")
        mark = LogPosition.of(self.host.files)
        try:
            service.restart(unit.name)
        except ServiceFailed as error:
            return self._not_running(unit.name, str(error))
        proof = prove_online(self.host, mark, service.main_pid, unit.main_pid, self._fallback_answers, self.timeout)
        return proof if proof.online else replace(proof, finding=self._why(mark, proof, unit.name, service.main_pid()))

    def _fallback_answers(self) -> bool:
        wanted = targets_for([Capability.RUN_COMMAND], self.region, self.agent_config, self.proxies, self.site)
        probes, _ = ProbeRun(self.host, [item for item in wanted if item[1].endpoint == "ec2messages"], self.region).take()
        return any(probe.reached(Stage.HTTP) for probe in probes)

    def _why(self, mark: LogPosition, proof: Proof, unit: str, pid: int) -> Finding:
        """The cause that the agent's log names since the restart, or the sign that is missing."""
        if proof.identity and proof.identity != HYBRID:
            shown = tuple(Evidence("agent log", sign.name, sign.detail) for sign in proof.signs if sign.name == "identity")
            facts = {
                "region": self.region,
                "detail": phrase("the new process takes its identity from {identity}", identity=proof.identity),
            }
            return make_finding("identity-not-hybrid", "amazon-ssm-agent", facts=facts, evidence=shown, breaks=ON_A_NODE)
        process = Restarted.of(self.host, pid, 0)
        present = Present(at=self.host.clock.now(), has_core=bool(pid), core_began=process.began)
        logs = classify_logs(mark.read_since(self.host), LogContext(self.site, self.cidrs), present)
        told = conclude(logs, SeenBeside(self.site, self.region, present)).findings
        said = [finding for finding in told if finding.severity is Severity.ERROR and finding.symptom_of is None]
        if said:
            return replace(said[0], state=State.NOW, logged=False)
        missing = [sign for sign in proof.signs if not sign.seen]
        detail = joined((joined((sign.name, sign.detail), ": ") for sign in missing), "; ")
        code = "agent-not-running" if missing and missing[0].name == "new process" else "agent-offline"
        return make_finding(
            code,
            unit,
            facts={"region": self.region, "detail": detail},
            evidence=tuple(Evidence("agent log", sign.name, sign.detail) for sign in missing),
            breaks=ON_A_NODE,
        )

    def _not_running(self, unit: str, detail: str) -> Proof:
        finding = make_finding(
            "agent-not-running",
            unit,
            facts={"region": self.region, "detail": detail},
            evidence=(Evidence("systemd", unit, detail),),
            breaks=ON_A_NODE,
        )
        return Proof(False, (ProofSign("new process", False, detail),), finding=finding)


def region_at_work(session: Session) -> Region:
    """The region that the agent works in: the vault's on a registered node, whoever names another; else the one to come.

    The vault is looked at anew: a registration or a rollback may just have changed it. Raises Refusal (2) where nobody names one.
    """
    identity = look_past_journal(session.host.files)
    return Region(identity.region) if identity.state is IdentityState.REGISTERED else session.region


def revive(session: Session, cidrs: Sequence[str] = (), timeout: float = limits.ONLINE) -> Proof:
    """Restart the agent and wait for its signs of life."""
    settings, _ = proxies_of(session)
    region, site = region_at_work(session), session.overrides.site
    return Restart(session.host, region, session.agent_config, settings, site, tuple(cidrs), timeout).run()
