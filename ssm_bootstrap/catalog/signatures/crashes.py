"""Programs in Go that broke: the agent's processes, parts of it that caught their own error, and other programs."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, Beside, Kind, Signature, documented, formatted

_MODULE = r"github\.com/aws/amazon-ssm-agent/(?:agent|core|common|internal)/"
_SYSLOG = r"(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S{1,100} )?(?:[\w./-]{1,60}(?:\[\d{1,9}\])?: )?"
"""What syslog puts before each line, the program with or without a number."""

_OF_THE_AGENT = Beside(("agent-frame", "unit-broke"), "agent-part-failed", "panic")
_HANDLERS = AGENT + "the handlers that recover a panic, all over agent, core and common"
_UPDATER = AGENT + "agent/plugins/updatessmagent/updateagent.go; agent/update/updater/updater.go; agent/update/tester"
_ENDED = r"\A(?:\S{1,60} )?(?:(?:SSM Agent Worker|Core Agent) crashed with message |(?:document|session) worker panic: )"
_OF_UPDATES = (
    r"\bUpdateAgent panicked with error |\brecovered from panic for updater |\bupdate from S3 run panic: "
    r"|\btest framework panicked: |\bfollowing test case panicked: "
)


def _crash(name: str, fixed: str, pattern: str, sample: str, *near_misses: str) -> Signature:
    """How Go's runtime begins to tell that a program of its ends; the lines below name the program's packages."""
    return Signature(
        id=f"go-{name}",
        kind=Kind.CAUSE,
        fixed=fixed,
        pattern=pattern,
        meaning="a program written in Go ended with an internal error",
        source="Go runtime (runtime/panic.go, signal_unix.go)",
        samples=(formatted(sample),),
        near_misses=near_misses,
        code="command-failed",
        variant="crashed",
        beside=_OF_THE_AGENT,
        yields_to_phase=True,
        transient=False,
    )


CRASHES: tuple[Signature, ...] = (
    *(
        Signature(
            id=f"agent-{name}-ended",
            kind=Kind.CAUSE,
            fixed=fixed,
            pattern=_ENDED,
            meaning="a process of the agent broke (a Go panic) and ended; the agent starts it again",
            source=AGENT + "agent/agent.go; core/agent.go; agent/framework/processor/executer/outofproc",
            samples=samples,
            near_misses=("message poll loop panic: x",),
            code="agent-part-failed",
            variant="panic",
            transient=False,
        )
        for name, fixed, samples in (
            ("worker", " worker panic: ", (formatted("session worker panic: x"), formatted("document worker panic: x"))),
            (
                *("core", " crashed with message "),
                (formatted("SSM Agent Worker crashed with message x!"), formatted("Core Agent crashed with message x!")),
            ),
        )
    ),
    Signature(
        id="agent-update-panic",
        kind=Kind.CAUSE,
        fixed=" panic",
        pattern=_OF_UPDATES,
        meaning="the updater broke (a Go panic), caught it, and did not update the agent",
        source=_UPDATER,
        samples=(
            formatted("UpdateAgent panicked with error 'nil map'. Unlocking lockfile"),
            formatted("recovered from panic for updater nil map!"),
            formatted("following test case panicked: x"),
        ),
        near_misses=("Recovered from panic: nil map",),
        code="agent-part-failed",
        variant="update",
        transient=False,
    ),
    Signature(
        id="agent-part-panic",
        kind=Kind.CAUSE,
        fixed=" panic",
        pattern=(
            rf"(?!{_ENDED}|[^\n]{{0,200}}?(?:{_OF_UPDATES}))"
            r"\A(?![Kk]ernel |panic:)(?:[^\n:]{1,100} panic(?:s|ked)?(?: in \w{1,60}| with(?: error)?)?(?::(?=\s|\Z)|\Z| \w)"
            r"|(?:\S{1,60} )?[Rr]ecovered from panic: )"
        ),
        meaning="a part of the agent itself broke (a Go panic); it was caught, and the agent runs on",
        source=_HANDLERS,
        samples=(
            formatted("Shutdown start plugin panic: nil map"),
            formatted("document 1b2c submission panicked"),
            formatted("run command ModuleExecute run panic: x"),
            formatted("moduleStop on HealthCheck panic with error: x"),
            formatted("listen reply thread panicked in CommandWorkerProcessorWrapper: \nx"),
            formatted("file watcher remove/close panics: x"),
            formatted("Recovered from panic: x"),
        ),
        near_misses=("kernel.panic = 10 was set", "Kernel panic - not syncing: VFS", "session worker panic: x"),
        code="agent-part-failed",
        variant="recovered",
        transient=False,
    ),
    Signature(
        id="agent-thread-crashed",
        kind=Kind.CAUSE,
        fixed=" crashed with message",
        pattern=rf"(?!{_ENDED})\A(?![^\n]{{0,100}}Plugin crashed)[^\n:]{{1,100}} crashed with message:? ",
        meaning="a part of the agent itself broke (a Go panic); it was caught, and the agent runs on",
        source=AGENT + "agent/session (the threads that move a session's data)",
        samples=(formatted("Handle data transfer crashed with message: x"),),
        near_misses=("SSM Agent Worker crashed with message x!", "Plugin crashed with message x!"),
        code="agent-part-failed",
        variant="recovered",
        transient=False,
    ),
    Signature(
        id="agent-runtime-error",
        kind=Kind.CAUSE,
        fixed="runtime error: ",
        pattern=(
            r"(?<!panic: )(?<!crashed with message )(?<!panic with error: )(?<!panicked with error ')(?<!for updater )"
            r"\bruntime error: (?:invalid memory address|index out of range|slice bounds out of range)"
        ),
        meaning="the agent itself broke (a Go panic) and said so in a message of its own",
        source="Go runtime; public reports",
        samples=(
            documented(
                "error occurred trying to start core module. Plugin name: StartupProcessor. Error: Internal error occurred by "
                "startup processor: runtime error: invalid memory address or nil pointer dereference"
            ),
        ),
        near_misses=("panic: runtime error: invalid memory address or nil pointer dereference",),
        code="agent-part-failed",
        variant="recovered",
        transient=False,
    ),
    Signature(
        id="agent-stacktrace",
        kind=Kind.CAUSE,
        fixed="acktrace:",
        pattern=r"(?:\n|\A)[Ss]tr?acktrace:",
        meaning="a part of the agent itself broke; where that was follows",
        source=AGENT + "agent/framework (recover handlers)",
        samples=(
            formatted("Stacktrace:\ngoroutine 12 [running]:"),
            formatted("stacktrace:\ngoroutine 12 [running]:"),
            formatted("Stracktrace:\ngoroutine 12 [running]:"),
        ),
        near_misses=("a stacktrace: x",),
        code="agent-part-failed",
        variant="recovered",
        transient=False,
    ),
    Signature(
        id="agent-segfault",
        kind=Kind.CAUSE,
        fixed="]: segfault at ",
        pattern=(
            r"\b(?:amazon-ssm-age|ssm-agent-work|ssm-document-w|ssm-session-wo|ssm-session-lo|ssm-setup-cli)\w{0,3}"
            r"\[\d{1,9}\]: segfault at "
        ),
        meaning="the kernel ended a process of the agent that read memory it may not",
        source="Linux, arch/x86/mm/fault.c (show_signal_msg); names are cut after 15 characters",
        samples=(documented("ssm-agent-worke[812]: segfault at 8 ip 000000000045a2b1 sp 000000c000123450 error 4"),),
        near_misses=("python3[812]: segfault at 8 ip 000000000045a2b1",),
        code="agent-part-failed",
        variant="panic",
        transient=False,
    ),
    _crash(
        "panic",
        "panic: ",
        rf"(?:\A|\n){_SYSLOG}panic: ",
        "panic: runtime error: invalid memory address or nil pointer dereference\ngoroutine 1 [running]:",
        "kernel.panic = 10 was set",
        "Shutdown start plugin panic: nil map",
    ),
    _crash(
        "fatal-error",
        "fatal error: ",
        rf"(?:\A|\n){_SYSLOG}fatal error: (?!\S{{1,200}}: No such file)",
        "fatal error: concurrent map writes",
        "x.c:1:10: fatal error: stdio.h: No such file or directory",
    ),
    _crash(
        "signal",
        "SIG",
        rf"(?:\A|\n){_SYSLOG}SIG(?:SEGV|BUS|ABRT|ILL|FPE|QUIT|TRAP): [a-z]",
        "SIGSEGV: segmentation violation\nPC=0x45a2b1 m=0 sigcode=1",
        "received SIGSEGV",
    ),
    Signature(
        id="agent-frame",
        kind=Kind.PHASE,
        fixed="github.com/aws/amazon-ssm-agent/",
        pattern=rf"(?m:^){_SYSLOG}[ \t]{{0,8}}(?:created by {_MODULE}|{_MODULE}[\w./*()\[\]-]{{1,200}}\()",
        meaning="a line of a trace that names the agent's own code",
        source="Go runtime (runtime/traceback.go)",
        samples=(
            formatted("github.com/aws/amazon-ssm-agent/agent/log/ssmlog.(*Wrapper).Debugf(0xc000)"),
            formatted("created by github.com/aws/amazon-ssm-agent/core/app.(*SSMCoreAgent).Start in goroutine 1"),
        ),
        near_misses=("see https://github.com/aws/amazon-ssm-agent/issues/1",),
        code="agent-part-failed",
        variant="panic",
        transient=False,
        sums_up=True,
    ),
)
"""All rows. What the agent caught comes before what ends a program."""
