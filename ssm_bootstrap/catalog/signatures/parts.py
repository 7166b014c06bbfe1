"""Parts of the agent that tell of themselves that they failed: they count where the end of the message gives no reason."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, Kind, Signature, formatted


def _row(name: str, fixed: str, pattern: str, meaning: str, place: str, sample: str, variant: str = "") -> Signature:
    return Signature(
        id=name,
        kind=Kind.CAUSE,
        fixed=fixed,
        pattern=pattern,
        meaning=meaning,
        source=AGENT + place,
        samples=(formatted(sample),),
        code="agent-part-failed",
        variant=variant,
        yields_to_phase=True,
    )


PARTS: tuple[Signature, ...] = (
    _row(
        "part-core-manager",
        "Failed to start core manager: ",
        r"\bFailed to start core manager: ",
        "the agent's manager of its own parts did not start",
        "core/app; public reports",
        "Failed to start core manager: cannot open database",
    ),
    _row(
        "part-not-scheduled",
        "unable to schedule ",
        r"\bunable to schedule (?:association processor|long running plugins manager|message poll job|send reply job)\. ",
        "a part of the agent could not be set going, so that what it does regularly is not done",
        "agent/runcommand/coremodule.go:78; agent/longrunning/manager/coremodule.go:248; agent/association/processor",
        "unable to schedule message poll job. odd",
    ),
    _row(
        "processor-not-started",
        "ocessor",
        r"\b(?:unable to start document processor: |initial processing in EngineProcessor encountered error: )",
        "the part that runs documents did not come up, so that no command is taken",
        "agent/runcommand/coremodule.go:64-71",
        "unable to start document processor: odd",
    ),
    _row(
        "worker-not-set-up",
        " worker failed to initialize with error ",
        r"\b(?:document|session) worker failed to initialize with error ",
        "the process of a command or a session did not come up",
        "agent/framework/processor/executer/outofproc/worker/main.go:52; sessionworker/main.go:74",
        "document worker failed to initialize with error odd",
    ),
    _row(
        "programs-not-read",
        " is exiting - unable to read from data store",
        r"\A\w{1,60} is exiting - unable to read from data store",
        "the part that keeps programs running could not read which ones, and ended",
        "agent/longrunning/manager/coremodule.go:190",
        "LongRunningPluginsManager is exiting - unable to read from data store",
    ),
    _row(
        "association-crashed",
        "Execute association failed with message, ",
        r"\bExecute association failed with message, ",
        "the agent's own code broke while it ran an association",
        "agent/association/processor/processor.go:273",
        "Execute association failed with message, odd",
        "step",
    ),
    _row(
        "answers-not-taken",
        "Failed to process ",
        r"\bFailed to process (?:replies with error |status for document \S{1,200} with error )",
        "what a command or its service answered was not taken up",
        "agent/framework/processor/processor.go:607; agent/runcommand/coremodule.go:103",
        "Failed to process replies with error odd",
    ),
    _row(
        "session-logger-failed",
        " initializing ",
        r"\b(?:received while initializing session logger\b|an error while initializing console: )",
        "the process that writes down a session did not come up, so that the session has no log",
        "agent/session/logging/main.go:44-67",
        "Invalid number of arguments received while initializing session logger.",
    ),
)
"""All rows."""
