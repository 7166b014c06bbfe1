"""What systemd and Upstart say of the agent's unit: ``systemctl status``, and lines of the journal about a start."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import Kind, Signature, documented

_SYSTEMD = "systemctl(1), status; systemd.exec(5), process exit codes"
_STATUS = r"\A[^\w\n]{0,8}(?:snap\.amazon-ssm-agent\.)?amazon-ssm-agent\.service(?: - [^\n]{0,200})?\n(?s:.{0,1500}?)"
_ACTIVE = _STATUS + r"(?<!\S)Loaded: (?!masked|not-found)(?s:.{0,1500}?)(?<!\S)Active: "
_LOADED = "● amazon-ssm-agent.service - amazon-ssm-agent\n   Loaded: loaded (/etc/systemd/system/x.service; enabled)\n"
_SNAP = (
    "● snap.amazon-ssm-agent.amazon-ssm-agent.service - Service for snap application amazon-ssm-agent.amazon-ssm-agent\n"
    "     Loaded: loaded (/etc/systemd/system/snap.amazon-ssm-agent.amazon-ssm-agent.service; enabled; preset: enabled)\n"
)

UNITS: tuple[Signature, ...] = (
    Signature(
        id="unit-down",
        kind=Kind.CAUSE,
        fixed="Active: ",
        pattern=_ACTIVE + r"(?:inactive|failed|deactivating)\b",
        meaning="systemd says that the agent's unit is stopped or failed",
        source=_SYSTEMD,
        samples=(
            documented(_LOADED + "   Active: inactive (dead); 44s ago"),
            documented(_SNAP.replace("●", "×") + "     Active: failed (Result: exit-code) since Thu 2025-05-22 03:58:46 UTC"),
        ),
        near_misses=(
            _LOADED + "   Active: active (running); 44s ago",
            "● amazon-ssm-agent.service\n     Loaded: masked (Reason: Unit x is masked.)\n     Active: inactive (dead)",
            "● chronyd.service - NTP\n   Loaded: loaded (/x)\n   Active: inactive (dead)",
        ),
        code="agent-not-running",
        transient=False,
    ),
    Signature(
        id="unit-restarting",
        kind=Kind.CAUSE,
        fixed="Active: activating",
        pattern=_ACTIVE + r"activating \(auto-restart\)",
        meaning="the agent ends again and again, and systemd waits to start it anew",
        source=_SYSTEMD,
        samples=(documented(_LOADED + "   Active: activating (auto-restart) (Result: exit-code)"),),
        near_misses=(_LOADED + "   Active: activating (start)",),
        code="agent-not-running",
        transient=False,
    ),
    Signature(
        id="unit-masked",
        kind=Kind.CAUSE,
        fixed="Loaded: masked",
        pattern=_STATUS + r"(?<!\S)Loaded: masked\b",
        meaning="the agent's unit is masked",
        source=_SYSTEMD,
        samples=(documented("○ amazon-ssm-agent.service\n     Loaded: masked (Reason: Unit x is masked.)"),),
        near_misses=("○ chronyd.service\n     Loaded: masked (Reason: Unit chronyd.service is masked.)",),
        code="agent-not-running",
        variant="masked",
        transient=False,
    ),
    Signature(
        id="unit-unknown",
        kind=Kind.CAUSE,
        fixed="Loaded: not-found",
        pattern=_STATUS + r"(?<!\S)Loaded: not-found\b",
        meaning="there is no such unit: the agent is not installed, or it is a snap, whose unit has another name",
        source=_SYSTEMD,
        samples=(documented("● amazon-ssm-agent.service\n   Loaded: not-found (Reason: No such file)\n   Active: inactive"),),
        code="agent-missing",
        transient=False,
    ),
    Signature(
        id="unit-not-found",
        kind=Kind.CAUSE,
        fixed="amazon-ssm-agent.service",
        pattern=(
            r"\bUnit amazon-ssm-agent\.service (?:could not be found|not found|not loaded)"
            r"|\bFailed to \w{1,20} amazon-ssm-agent\.service: Unit (?:amazon-ssm-agent\.service )?not (?:found|loaded)"
        ),
        meaning="there is no such unit: the agent is not installed, or it is a snap, whose unit has another name",
        source="systemctl; public reports",
        samples=(
            documented("Unit amazon-ssm-agent.service could not be found."),
            documented("Failed to restart amazon-ssm-agent.service: Unit amazon-ssm-agent.service not found."),
        ),
        near_misses=("Unit file amazon-ssm-agent.service does not exist.", "Unit amazon-ssm-agent.service entered failed state."),
        code="agent-missing",
        transient=False,
    ),
    Signature(
        id="unit-not-at-boot",
        kind=Kind.CAUSE,
        fixed="; disabled",
        pattern=_STATUS + r"(?<!\S)Loaded: loaded \([^;\n]{1,200}; disabled\b(?s:.{0,1500}?)(?<!\S)Active: active \(running\)",
        meaning="the agent runs, and systemd will not start it at the next boot",
        source=_SYSTEMD,
        samples=(documented(_LOADED.replace("; enabled", "; disabled") + "   Active: active (running)"),),
        near_misses=(_LOADED.replace("; enabled", "; enabled; preset: disabled") + "   Active: active (running) since Tue",),
        code="agent-disabled",
        transient=False,
    ),
    Signature(
        id="unit-up",
        kind=Kind.BENIGN,
        fixed="Active: active (running)",
        pattern=_STATUS
        + r"(?<!\S)Loaded: loaded \([^;\n]{1,200}(?:; (?!disabled)|\))(?s:.{0,1500}?)(?<!\S)Active: active \(running\)",
        meaning="systemd says that the agent runs",
        source=_SYSTEMD,
        samples=(
            documented(_LOADED + "   Active: active (running); 44s ago"),
            documented(_SNAP + "     Active: active (running) since Thu 2025-05-22 03:58:46 UTC; 13min ago"),
        ),
        near_misses=(_LOADED + "   Active: failed (Result: start-limit-hit); 44s ago",),
    ),
    Signature(
        id="unit-start-limit",
        kind=Kind.STATE,
        fixed="tart request repeated too quickly",
        pattern=(
            r"\b(?:snap\.amazon-ssm-agent\.)?amazon-ssm-agent\.service"
            r"(?:: (?:[Ss]tart request repeated too quickly|Failed with result 'start-limit)| start request repeated too quickly)"
        ),
        meaning="the agent ended so often in a short time that systemd starts it no more",
        source="systemd.unit(5), StartLimitIntervalSec",
        samples=(documented("amazon-ssm-agent.service: Start request repeated too quickly."),),
        near_misses=("chronyd.service: Start request repeated too quickly.",),
        code="agent-not-running",
        transient=False,
        ended_by=("credentials-ready",),
    ),
    Signature(
        id="unit-broke",
        kind=Kind.PHASE,
        fixed="ain process exited, code=exited, status=2/",
        pattern=r"\bamazon-ssm-agent\.service: [Mm]ain process exited, code=exited, status=2/",
        meaning="the agent ended with the status that Go gives a program that breaks",
        source="systemd.exec(5), process exit codes; Go runtime (runtime/panic.go, fatalpanic)",
        samples=(documented("amazon-ssm-agent.service: Main process exited, code=exited, status=2/INVALIDARGUMENT"),),
        near_misses=("amazon-ssm-agent.service: Main process exited, code=exited, status=1/FAILURE",),
        sums_up=True,
    ),
    Signature(
        id="unit-no-program",
        kind=Kind.STATE,
        fixed=", status=20",
        pattern=r"\bamazon-ssm-agent\.service: [Mm]ain process exited, code=exited, status=20\d/[A-Z_]{2,20}",
        meaning="systemd could not run the agent's program at all",
        source=_SYSTEMD,
        samples=(documented("amazon-ssm-agent.service: Main process exited, code=exited, status=203/EXEC"),),
        near_misses=("amazon-ssm-agent.service: Main process exited, code=exited, status=1/FAILURE",),
        code="agent-not-running",
        transient=False,
        ended_by=("credentials-ready",),
    ),
    *(
        Signature(
            id=f"no-init-{name}",
            kind=Kind.CAUSE,
            fixed=words,
            pattern=pattern,
            meaning="a service was to be started where no service manager runs",
            source=source,
            samples=(documented(sample),),
            code="agent-not-running",
            variant="no-init",
            transient=False,
        )
        for name, words, pattern, source, sample in (
            (
                *("upstart", "Unable to connect to Upstart: ", r"\bUnable to connect to Upstart: "),
                "initctl of Upstart; public report",
                "start: Unable to connect to Upstart: Failed to connect to socket /com/ubuntu/upstart: Connection refused",
            ),
            (
                *("systemd", "not been booted with systemd as init", r"\bSystem has not been booted with systemd as init system"),
                "systemctl",
                "System has not been booted with systemd as init system (PID 1). Can't operate.",
            ),
            (
                *("bus", "Failed to get D-Bus connection: ", r"\AFailed to get D-Bus connection: Operation not permitted"),
                "systemctl of systemd 219",
                "Failed to get D-Bus connection: Operation not permitted",
            ),
        )
    ),
)
"""All rows."""
