"""What the agent's parts say of their own work that failed: families of messages that a reader acts upon in different ways.

A row is a phase: where the end of its message tells a reason, that reason counts. What is only tidied up is harmless alone.
"""

from __future__ import annotations

from typing import NamedTuple

from ssm_bootstrap.catalog.signatures.kinds import AGENT, Kind, Signature, formatted
from ssm_bootstrap.model.capability import Capability

_LOST = "agent-part-failed"


class _Family(NamedTuple):
    """Messages of one meaning: the finding that they lead to, where they are written, and each wording."""

    name: str
    meaning: str
    place: str
    code: str
    variant: str
    wordings: tuple[tuple[str, str, str], ...]  # literal, pattern (empty: the literal begins the message), sample
    degrades: tuple[Capability, ...] = ()
    near_misses: tuple[str, ...] = ()


_SESSIONS: tuple[_Family, ...] = (
    _Family(
        "session-run-as",
        "the user that a session is to run as cannot be looked up",
        "agent/session/shell/shell_unix.go:247-293",
        "session-user-missing",
        "",
        (
            (
                "Failed to retrieve ",
                r"\AFailed to retrieve (?:uid|gid|groups|group id) (?:for|from) ",
                "Failed to retrieve uid for x: y",
            ),
        ),
        (Capability.SESSION,),
    ),
    _Family(
        "session-shell",
        "the shell or the command of a session could not be started",
        "agent/session/shell/shell.go; shell_unix.go",
        "session-failed",
        "shell",
        (
            ("Failed to start pty: ", "", "Failed to start pty: x"),
            (
                "nable to start shell: ",
                r"\b[Uu]nable to start shell: (?:fork/)?exec\b",
                "Unable to start shell: fork/exec /bin/fish: no such file or directory",
            ),
            ("Failed to parse commands input: ", "", "Failed to parse commands input: x"),
            (
                "alidation failed, err: ",
                r"\A(?:V|SeparateOutputStream properties v)alidation failed, err: ",
                "Validation failed, err: x",
            ),
        ),
        (Capability.SESSION,),
    ),
    _Family(
        "session-log-lost",
        "the log of a session is not complete, or does not get to where it is to be kept",
        "agent/session/shell/shell.go:112-658; shell_unix.go:398-409; agent/session/logging/main.go",
        "session-failed",
        "log-lost",
        (
            (
                "ocal temp log file",
                r"\bLocal temp log file is missing|\b[Aa]ttributes? of local temp log file\b",
                "Local temp log file is missing, logging might be interrupted.",
            ),
            ("S3 client initialization failed, err: ", "", "S3 client initialization failed, err: x"),
            (
                "Uploading logs to S3 cannot be completed",
                "",
                "Uploading logs to S3 cannot be completed due to failure in initializing s3util.",
            ),
            (
                "log group specified in session preferences either does not exist",
                r"\bCloudWatch log group specified in session preferences ",
                "The CloudWatch log group specified in session preferences either does not exist or unable to validate it",
            ),
            ("Failed to open log file ", "", "Failed to open log file x"),
            ("error occurred while closing file, ", "", "error occurred while closing file, x"),
        ),
        (Capability.SESSION,),
    ),
    _Family(
        "session-channel",
        "the channel of one session did not come up",
        "agent/session/datachannel/datachannel.go:287-327",
        "session-failed",
        "channel",
        (
            ("Failed to get datachannel token, error: ", "", "Failed to get datachannel token, error: x"),
            (
                "failed to initialize websocket channel for datachannel",
                "",
                "failed to initialize websocket channel for datachannel, error: x",
            ),
            ("Failed to get region with error: ", "", "Failed to get region with error: x"),
        ),
        (Capability.SESSION,),
    ),
    _Family(
        "session-port-broke",
        "a connection of a forwarded port broke off, or none came about",
        "agent/session/plugins/port/port_basic.go; port_mux.go",
        "session-failed",
        "port-broke",
        (
            ("Unable to write to port, err: ", "", "Unable to write to port, err: x."),
            ("Unable to dial connection to listener on ", "", "Unable to dial connection to listener on x: y"),
            ("Unable to start local server: ", "", "Unable to start local server: x"),
            ("Unable to accept connection: ", "", "Unable to accept connection: x"),
            ("Unable to setup smux server: ", "", "Unable to setup smux server: x"),
            ("Unable to read from connection: ", "", "Unable to read from connection: x"),
            ("Failed to read from port: ", r"\AFailed to read from port: (?!EOF\s*\Z)", "Failed to read from port: x"),
        ),
        (Capability.SESSION,),
        ("Failed to read from port: EOF",),
    ),
    _Family(
        "message-garbled",
        "a message between the agent and ssmmessages could not be read or put together",
        "agent/session/contracts; agent/session/datachannel/datachannel.go",
        _LOST,
        "messages",
        (
            ("ould not ", r"\ACould not (?:de)?serialize ", "Could not deserialize field MessageType with error: x"),
            ("annot ", r"\ACannot (?:(?:de)?serialize |parse AgentTask message )", "Cannot deserialize raw message, err: x."),
            (" failed: ", r"\A(?:[gp]et|put)(?:Uuid|Bytes|String|Long|Integer) failed: ", "getUuid failed: Offset is invalid."),
            (
                " failed: ",
                r"\A(?:bytesTo(?:Long|Integer)|(?:long|integer)ToBytes) failed: ",
                "bytesToLong failed: input array size is not equal to 8.",
            ),
            ("Invalid StreamDataMessage, err: ", "", "Invalid StreamDataMessage, err: x."),
            (
                "Invalid message type ",
                r"\AInvalid message type (?:received: |\S{1,20}\. We only accept )",
                "Invalid message type received: x",
            ),
            ("Unable to process stream data payload", "", "Unable to process stream data payload, err: x."),
        ),
    ),
)

_DOCUMENTS: tuple[_Family, ...] = (
    _Family(
        "command-runs-on",
        "what a command or session began could not be stopped",
        "agent/executers; agent/session/shell; plugins/port",
        "command-failed",
        "runs-on",
        (
            (
                "ancellation failed to stop the ",
                r"\A[Tt]he cancellation failed to stop the (?:session|process)",
                "the cancellation failed to stop the process.",
            ),
            (
                "unable to terminate ",
                r"\Aunable to terminate (?:pty|command execution process \S{1,40}): ",
                "unable to terminate pty: x",
            ),
        ),
    ),
    _Family(
        "document-unread",
        "the agent cannot make sense of a document or its parameters",
        "agent/framework/docparser; plugins/pluginutil",
        "command-failed",
        "document",
        (
            (
                "Encountered an error while ",
                r"\AEncountered an error while (?:parsing document|resolving document content): ",
                "Encountered an error while parsing document: x",
            ),
            ("unable to parse plugin configuration", "", "unable to parse plugin configuration"),
            ("invalid parameter name ", "", "invalid parameter name x"),
            (
                "Unmarshaling remote resource document failed",
                "",
                "Unmarshaling remote resource document failed. Please make sure",
            ),
            ("Plugin setting is not of the right type", "", "Plugin setting is not of the right type"),
        ),
    ),
    _Family(
        "document-not-fetched",
        "a document that another one calls could not be fetched",
        "agent/plugins/rundocument/rundocument.go",
        "command-failed",
        "content",
        (
            ("Unable to get ssm document. ", "", "Unable to get ssm document. x"),
            ("Could not read document from remote resource", "", "Could not read document from remote resource -  x"),
            ("unable to retrieve document, ", "", "unable to retrieve document, x"),
        ),
    ),
    _Family(
        "output-not-kept",
        "a command ran, and its output was not kept or not sent on",
        "agent/framework/processor/executer/iohandler",
        "command-failed",
        "output-lost",
        (
            ("Failed to write the message to std", "", "Failed to write the message to stdout: x"),
            ("Failed to upload the output to s3: ", "", "Failed to upload the output to s3: x"),
            ("Error Creating Log Group for CloudWatchLogs output: ", "", "Error Creating Log Group for CloudWatchLogs output: x"),
            ("Error with the scanner while reading the stream", "", "Error with the scanner while reading the stream"),
        ),
    ),
    _Family(
        "document-process",
        "the process that runs a document ended badly, or the agent lost its channel to it",
        "agent/framework/processor/executer/outofproc",
        _LOST,
        "",
        (
            (
                " exited unsuccessfully, error message: ",
                r"\Aprocess: \S{1,40} exited unsuccessfully, error message: ",
                "process: 7 exited unsuccessfully, error message: x",
            ),
            (
                "start process: ",
                r"\Astart process: (?!\S*ssm-(?:document|session)-worker)\S{1,300} error: ",
                "start process: x error: y",
            ),
            ("failed to prepare outofproc executer", "", "failed to prepare outofproc executer, falling back to InProc Executer"),
            ("failed to send message to ipc channel: ", "", "failed to send message to ipc channel: x"),
            (
                "messaging pipeline process datagram encountered error: ",
                "",
                "messaging pipeline process datagram encountered error: x",
            ),
            ("document state during messaging worker error: ", "", "document state during messaging worker error: x"),
            ("failed to create channel: ", "", "failed to create channel: x"),
            (
                ") failed to stop with error: ",
                r"\APlugin \(\S{1,100}\) failed to stop with error: ",
                "Plugin (x) failed to stop with error: y",
            ),
            ("no instanceID provided, ", "", "no instanceID provided, x"),
        ),
    ),
    _Family(
        "command-lost",
        "a command was not taken up, or what is kept of it cannot be read",
        "agent/framework/processor; docmanager; task",
        _LOST,
        "command-lost",
        (
            (
                "Document Submission failed: ",
                r"\ADocument Submission failed: (?!Job with id \S{1,100} already )",
                "Document Submission failed:  x",
            ),
            ("document is nil", r"\Adocument is nil\s*\Z", "document is nil"),
            (
                " to a closed queue",
                r"\AAttempting to add job \S{1,200} to a closed queue",
                "Attempting to add job x to a closed queue",
            ),
            ("clean up failed because of the following error code ", "", "clean up failed because of the following error code x"),
            ("CancelCommand failed ", "", "CancelCommand failed x"),
            (
                "skipping ",
                r"\Askipping (?:in-progress document \S{1,200} because of error code|reading \S{1,60} documents from) ",
                "skipping in-progress document x because of error code y",
            ),
            (
                " while reading Interim state of command from file - ",
                r"\Aencountered error with message ",
                "encountered error with message x while reading Interim state of command from file - y",
            ),
        ),
    ),
    _Family(
        "not-rebooted",
        "a command asked for a restart of the machine, and it did not come about",
        "agent/rebooter; framework/coremanager",
        "command-failed",
        "not-rebooted",
        (
            ("Error rebooting the machine", "", "Error rebooting the machine. Agent restart required Err: x"),
            ("shutdown error: ", "", "shutdown error: x"),
            ("reboot type not supported yet", "", "reboot type not supported yet"),
        ),
    ),
)

_REGULARLY: tuple[_Family, ...] = (
    _Family(
        "inventory-not-gathered",
        "a part of the inventory was not gathered or not sent",
        "agent/plugins/inventory; agent/association",
        _LOST,
        "inventory",
        (
            (
                "Encountered error",
                r"\AEncountered error(?:\. Skipping upload to SSM| [^\n]{1,500}\. Skip uploading )",
                "Encountered error. Skipping upload to SSM x",
            ),
            ("error uploading inventory data ", "", "error uploading inventory data x"),
            (
                " hence no inventory data for ",
                r"\AUnable to (?:read inventory file|detect package manager) - hence ",
                "Unable to detect package manager - hence no inventory data for x",
            ),
            (
                "Failed to gather ",
                r"\AFailed to gather (?:inventory data |kernel version )",
                "Failed to gather inventory data for x: y",
            ),
            ("the size of the collected data exceeded", "", "the size of the collected data exceeded the maximum allowable size"),
            ("Error while validating gatherer ", "", "Error while validating gatherer x"),
            ("Unable to configure SSM Inventory uploader", "", "Unable to configure SSM Inventory uploader - x"),
            (
                "instance information will not be sent to Inventory",
                r"\AUnable to fetch InstanceId, ",
                "Unable to fetch InstanceId, instance information will not be sent to Inventory",
            ),
            (
                "Unable to load optimizer for ",
                r"\AUnable to load optimizer for (?:inventory uploader|compliance service) because ",
                "Unable to load optimizer for inventory uploader because - x",
            ),
            ("failed to create inventory plugin", "", "failed to create inventory plugin, error: x, plugin : y"),
            ("Unable get the snap list result", "", "Unable get the snap list result."),
            (
                "encountered error while creating folders for ",
                "",
                "encountered error while creating folders for inventory plugin x",
            ),
            (" limit of ", r"\AFound more than limit of \d{1,9} files", "Found more than limit of 500 files"),
            ("Scanned maximum allowed directories", "", "Scanned maximum allowed directories. Returning collected files"),
        ),
    ),
    _Family(
        "schedule-unread",
        "the schedule of an association cannot be read, so that it never runs",
        "agent/association/model; schedulemanager; scheduler",
        "command-failed",
        "schedule",
        (
            (
                " error parsing schedule expression ",
                r"\ASkipping association \S{1,200} as there was an ",
                "Skipping association x as there was an error parsing schedule expression y. Error received while parsing was z.",
            ),
            ("Failed to parse scheduled association, ", "", "Failed to parse scheduled association, x"),
            ("unable to create scheduler, ", "", "unable to create scheduler, x"),
        ),
    ),
    _Family(
        "association-not-reported",
        "the state of an association was not fetched or not reported; the next run tries again",
        "agent/association/service/service.go; processor",
        _LOST,
        "association",
        (
            ("unable to update association status, ", "", "unable to update association status, x"),
            ("unable to retrieve association parameter, ", "", "unable to retrieve association parameter, x"),
            ("Unable to get next scheduled association, ", "", "Unable to get next scheduled association, x, will retry later"),
            ("starting EngineProcessor encountered error: ", "", "starting EngineProcessor encountered error: x"),
        ),
    ),
    _Family(
        "update-not-begun",
        "the updater was not begun, or called without what it needs",
        "core/app/selfupdate; agent/update/updater/updater.go",
        "agent-update-failed",
        "",
        (
            (
                "Self update failed to ",
                r"\ASelf update failed to (?:get |execute )",
                "Self update failed to execute the self update, x",
            ),
            ("unable to schedule self update job. ", "", "unable to schedule self update job. x"),
            ("Failed to initialize update info object: ", "", "Failed to initialize update info object: x"),
            ("Failed to resolve update root: ", "", "Failed to resolve update root: x"),
            ("incorrect usage (use -update)", "", "incorrect usage (use -update)."),
            ("must pass either manifest url or source location", "", "must pass either manifest url or source location"),
            ("no ", r"\Ano (?:current|target) version\s*\Z", "no current version"),
            ("Failed to get version status: ", "", "Failed to get version status: x"),
            ("failed to parse manifest: ", "", "failed to parse manifest: x"),
        ),
    ),
    _Family(
        "update-would-step-down",
        "the requested version is older than the running one, and a downgrade was not asked for",
        "agent/update/processor/processor.go:362",
        "agent-update-failed",
        "older",
        (("Downgrade is not enabled", "", "Downgrade is not enabled, please enable downgrade to perform this update"),),
    ),
    _Family(
        "update-no-such-file",
        "the list of the agent's versions has no package for this system",
        "agent/updateutil/updatemanifest",
        "agent-update-failed",
        "no-package",
        (("Did not find file name ", "", "Did not find file name x with version y for package z"),),
    ),
    _Family(
        "tidied-up-not",
        "old files of commands, channels or updates were not taken away; nothing else depends on it",
        "agent/framework/docmanager; iohandler; agent/update/processor",
        "",
        "",
        (
            ("failed to delete orchestration file", "", "failed to delete orchestration file. Err: x Filepath: y"),
            (
                "orchestration directories",
                r"\A(?:Failed to get orchestration directories under |Reached max number of deletions for )",
                "Failed to get orchestration directories under x",
            ),
            ("error deleting ", r"\Aerror deleting (?:the )?directory ", "error deleting the directory x"),
            ("failed to remove channel directory: ", "", "failed to remove channel directory: x"),
            (
                "while deleting ",
                r"\A(?:error while deleting the update |combined errors while deleting files in updater )",
                "error while deleting the update download folder: x",
            ),
            (
                "encountered error ",
                r"\Aencountered error \S{1,200} while deleting file ",
                "encountered error x while deleting file y",
            ),
        ),
    ),
    _Family(
        "telemetry-not-sent",
        "the agent's own statistics were not kept or sent; nothing else depends on it",
        "agent/session/telemetry",
        "",
        "",
        (
            ("Unable to get event counters from audit file. ", "", "Unable to get event counters from audit file. x"),
            ("Unable to update success status in audit file: ", "", "Unable to update success status in audit file: x"),
            ("Unable to schedule agent health audit process. ", "", "Unable to schedule agent health audit process. x"),
            ("wrong event type mapped to the event log", "", "wrong event type mapped to the event log"),
            ("error while sending test failure metric: ", "", "error while sending test failure metric: x"),
        ),
    ),
)


def _rows(family: _Family) -> tuple[Signature, ...]:
    return tuple(
        Signature(
            id=f"{family.name}-{number}" if number else family.name,
            kind=Kind.PHASE,
            fixed=literal,
            pattern=pattern or r"\A(?:\[?[\w.:-]{1,60}\]? )?" + _escaped(literal),
            meaning=family.meaning,
            source=AGENT + family.place,
            samples=(formatted(sample),),
            code=family.code or None,
            variant=family.variant,
            transient=False,
            degrades=family.degrades,
            is_minor=True,
            sums_up=not family.code,
            near_misses=family.near_misses,
        )
        for number, (literal, pattern, sample) in enumerate(family.wordings)
    )


def _escaped(literal: str) -> str:
    return "".join(f"\\{sign}" if sign in ".()-[]" else sign for sign in literal)


AGENT_WORK: tuple[Signature, ...] = tuple(row for family in (*_SESSIONS, *_DOCUMENTS, *_REGULARLY) for row in _rows(family))
"""All rows."""
