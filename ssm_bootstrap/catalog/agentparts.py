"""The parts of the agent, for errors that no signature explains: by the prefix of a record, or by the place that wrote it.

Source: amazon-ssm-agent, the log contexts and the names of the files below agent, core and common. A record tells the
name of the file without its directory: where several parts have a file of one name, the function tells them apart.
"""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Optional

from ssm_bootstrap.catalog.logformat import split_prefixes
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import AgentPart
from ssm_bootstrap.model.logs import Level, LogRecord


class _Row(NamedTuple):
    """A part with what it is known by, each parted by blanks: prefixes, files without ``.go``, ``function@file``, and the
    directories that are its alone: a file that is not known is most often named like the one in which it lies."""

    name: str
    capability: Optional[Capability]
    means: str
    contexts: str = ""
    files: str = ""
    functions: str = ""
    directories: str = ""


_RUN, _SESSION, _UPDATE = Capability.RUN_COMMAND, Capability.SESSION, Capability.AGENT_UPDATE

_ROWS: tuple[_Row, ...] = (
    _Row(
        "the part that keeps associations", None, "an association was not run or not reported; the next run tries again",
        "Association", "refreshassociation schedulemanager singal scheduleexpression",
        "ModuleExecute@processor InitializeAssociationProcessor@processor "
        "ProcessAssociation@processor associationExecutionReport@processor "
        "pluginExecutionReport@processor runScheduledAssociation@processor CreateScheduler@scheduler "
        "SetNextScheduledDate@model ListAssociations@service LoadAssociationDetail@service "
        "UpdateAssociationStatus@service UpdateInstanceAssociationStatus@service CreateNewServiceIfUnHealthy@service",
        directories="association rateexpr",
    ),
    _Row(
        "the part that reports compliance", None, "the compliance of an association was not reported; the next run tries again",
        "ComplianceUploader", "", "CreateNewServiceIfUnHealthy@uploader NewComplianceUploader@uploader",
        directories="compliance",
    ),
    _Row(
        "the part that gathers inventory", None, "a part of the inventory is missing or old; the next run gathers it anew",
        "InventoryUploader aws:softwareInventory",
        "inventory frequentcollector dataProvider dataProvider_unix customGatherer windowsUpdateGatherer",
        "NewInventoryUploader@uploader SendDataToSSM@uploader updateContentHash@uploader",
        directories="awscomponent billinginfo datauploader gatherers instancedetailedinformation",
    ),
    _Row(
        "the part that tells Systems Manager that the node is there", None,
        "a ping was not sent; without any the node is shown as offline, and the next is tried some minutes later",
        "HealthCheck", "healthcheck", "UpdateInstanceInformation@service",
        directories="health",
    ),
    _Row(
        "the part that waits while Systems Manager does not know the node", None,
        "the agent sleeps and looks again, less and less often, until it is let in",
        "", "hibernation",
    ),
    _Row(
        "the part that takes commands from ec2messages", _RUN,
        "a command may not have been taken or answered; it is asked for again",
        "MDSInteractor MessagingDeliveryService", "mdsinteractor",
        "processSendReply@service DeleteFailedReply@service GetFailedReply@service "
        "LoadFailedReplies@service PersistFailedReply@service isErrorUnexpected@service processMessage@coremodule "
        "sendFailedReplies@coremodule checkStopPolicy@scheduler parseSendCommandMessage@utils",
    ),
    _Row(
        "the part that takes documents from a directory of the node", _RUN, "a document put there was not run",
        "OfflineService", "offlineservice",
    ),
    _Row(
        "the part that takes commands and sessions from ssmmessages", None,
        "a message may not have been taken or answered; the channel is opened again by itself",
        "MGSInteractor", "mgsinteractor sendreply sessioncompletereplytype controlchannel",
        "GenerateAgentJobReplyPayload@utils",
        directories="replytypes",
    ),
    _Row(
        "the part that hands messages on inside the agent", None, "a command or a session may not have been begun or answered",
        "MessageService MessageHandler Idempotency CommandProcessorWrapper",
        "messageservice messagehandler idempotency commandworkerprocessorwrapper sessionworkerprocessorwrapper messageutil",
        directories="interactor processorwrappers",
    ),
    _Row(
        "the part that runs documents", _RUN,
        "a document, or a step of it, was not run to its end; it is not run again by itself",
        "EngineProcessor BasicExecuter OutOfProcExecuter DataBackend",
        "basicexecuter iohandler commandoutput fileS3 master backend messaging runpluginutil docmanager docparser parameters "
        "parameterstore util compatibility executers pluginutil pool proc",
        "NewWorkerProcessorSpec@processor cancel@processor decrementCommandBuffer@processor getDocStateFiles@processor "
        "pushPersistedDocToJobPool@processor submit@processor func1@plugin",
        directories="executer iomodule multiwriter outofproc paramvalidator",
    ),
    _Row(
        "the part that runs scripts and documents within documents", _RUN,
        "a step of a command failed; the command's output tells more",
        "", "execdoc rundocument runscript",
    ),
    _Row(
        "the part that installs packages of Distributor", _RUN,
        "a package was not installed or removed; the command's output tells more",
        "aws:configurePackage", "configurepackage trace",
        directories="birdwatcher birdwatcherarchive birdwatcherservice documentarchive ec2infradetect envdetect localpackages "
        "osdetect packageservice ssminstaller",
    ),
    _Row(
        "the part that runs containers", _RUN, "a step that works with Docker failed; nothing else of the agent needs it",
        "aws:configureDocker aws:runDockerAction", "linuxcontainerutil windowscontainerutil dockercontainer",
        directories="configurecontainers",
    ),
    _Row(
        "the part that fetches scripts from S3, Git and the web", _RUN,
        "a step of a command got no content; its output tells more",
        "aws:downloadContent",
        "downloadcontent githubresource githubclient gitresource githandler httphandler ssmdocresource system",
        directories="httpresource privategit privategithub remoteresource s3resource",
    ),
    _Row(
        "the part that fetches and stores files in S3", None, "a file was not fetched, or the output of a command not stored",
        "", "crossregion riputil s3util s3util_dep",
        "func1@artifact "
        "CanGetS3Object@artifact FileCopy@artifact ListS3Directory@artifact ListS3Folders@artifact Md5HashValue@artifact "
        "S3FileRead@artifact Sha256HashValue@artifact s3Download@artifact",
    ),
    _Row(
        "the part that keeps programs running", None,
        "a program that the agent watches was not begun or ended; it is tried again",
        "LongRunningPluginsManager LongRunning", "invoke",
        "StartPlugin@invoker StopPlugin@invoker Execute@invoker prepareForStart@invoker configCloudWatch@coremodule "
        "RegisteredPlugins@plugin loadDaemonPlugins@plugin",
        directories="longrunning rundaemon",
    ),
    _Row(
        "the part that serves sessions", _SESSION, "a session was not begun, or broke off; a new one can be started",
        "SessionProcessorWrapper pluginName=Standard_Stream pluginName=InteractiveCommands pluginName=NonInteractiveCommands "
        "pluginName=Port",
        "websocketchannel websocketutil agentmessage datachannel port port_basic port_mux sessionplugin singlecommand shell "
        "shell_unix eventlog utility_unix",
        "Serialize@model Deserialize@model NewCloudWatchService@service createFileChannelAndExecutePlugin@main",
        directories="communicator execcmd interactivecommands noninteractivecommands session standardstream telemetry",
    ),
    _Row(
        "the part that sends the agent's and the sessions' output to CloudWatch Logs", None,
        "lines are missing in CloudWatch Logs; commands and sessions run all the same",
        "", "cloudwatchlogs_publisher cloudwatchlogsservice",
        directories="agentlogstocloudwatch cloudwatchlogspublisher cloudwatchlogsqueue",
    ),
    _Row(
        "the updater", _UPDATE, "the agent was not updated, or put back to the version before; it runs on",
        "UpdaterTests SelfUpdate UpdateS3Util",
        "updateagent progress context updater updater_unix tester ec2detector_other updateutil updatemanifest updates3util "
        "bottlerocket_precondition_unix staticpie_preconditions selfupdate",
        "cleanAgentUpdaterDir@processor cleanUpdateDownloadDir@processor installAgent@processor proceedUpdate@processor "
        "validateUpdateParam@processor fileCopy@artifact httpDownload@artifact md5HashValue@artifact sha256HashValue@artifact",
        directories="bottlerocket staticpie updateconstants updateinfo updateprecondition",
    ),
    _Row(
        "the set-up program of the agent", Capability.REGISTER, "the agent was not installed or registered; it can be run again",
        "DownloadManager", "setupcli managers exechelper downloadmanager manager ssm_setup_cli_util",
        directories="configurationmanager packagemanagers registermanager servicemanagers verificationmanagers",
    ),
    _Row(
        "the part that registers the node", Capability.REGISTER, "the node was not registered, or what it is known by not "
        "read or kept",
        "Registrar AuthRegisterService", "agent_parser registrar authregister_client instance_info fingerprint",
        directories="fsvault managedInstances registration vault",
    ),
    _Row(
        "the part that gets and renews credentials", None,
        "no new credentials; the old ones hold until they run out, and it tries again",
        "CredentialRefresher SharedCredentialsProvider OnPremCredsProvider TokenRequestService",
        "credentialrefresher shared_Credentials ec2_role_provider iir_role_provider role_provider ssmclient "
        "ssm_ec2_role_provider",
        directories="credentialproviders ec2roleprovider iirprovider onpremprovider sharedprovider ssmec2roleprovider",
    ),
    _Row(
        "the part that finds out which machine this is", None,
        "region, name or kind of the node are not known; most else waits for it",
        "OnPremIdentity ECSIdentity EC2Identity EndpointHelper",
        "custom_identity ec2_identity onprem_identity endpoint identity identity_creator identity_selector runtimeconfiginit",
        directories="availableidentities customidentity nitrodetector onprem xendetector",
    ),
    _Row(
        "the part by which the agent's processes talk to each other", None,
        "one process of the agent did not hear another; it is tried again",
        "MessageBus", "respondent survey channel filewatcherchannel filewatcherchannel_unix",
    ),
    _Row(
        "the part that starts the agent and its worker", None, "a part of the agent was not begun, or had to be begun again",
        "WorkerProvider LongRunningWorkerContainer",
        "agent bootstrap coremanager coremodules coremodulewrapper longrunningprovider provider utilty_unix",
        directories="workerprovider",
    ),
    _Row(
        "the part that writes to the serial console at the start", None, "the console lacks some lines; nothing else needs it",
        "StartupProcessor", "startup startup_unix serialport_unix",
        directories="serialport",
    ),
    _Row("the part that restarts the machine after a command", _RUN, "the machine was not restarted", "",
         "rebooter_unix", directories="rebooter"),
    _Row("the part that sets the agent's logs up", None, "the logs may be written otherwise than asked for",
         "", "cwconfiglog config_watcher ssmlog",
        directories="logger",
    ),
    _Row("the part that sets TLS up", None, "certificates of one's own may not be trusted", "", "tlsconfig",
         directories="certreader"),
    _Row("the part that reads errors of AWS", None, "a call to AWS failed; what made it says which", "", "awserr"),
)  # fmt: skip

_PROCESSES: tuple[_Row, ...] = (
    _Row("the process that runs documents", _RUN, "a document may not have been run to its end", "ssm-document-worker"),
    _Row("the process that serves sessions", _SESSION, "a session may have broken off", "ssm-session-worker ssm-session-logger"),
)
"""Where neither a prefix nor the place tells more."""

OTHER_PROGRAM = AgentPart("another program's output", None, "a program that was run said this; the agent did not")
"""What printed a line that stands between records and is no record of the agent."""

PARTS: tuple[AgentPart, ...] = tuple(AgentPart(*row[:3]) for row in (*_ROWS, *_PROCESSES))


def _table(rows: tuple[_Row, ...], column: str) -> Mapping[str, AgentPart]:
    return {key: AgentPart(*row[:3]) for row in rows for key in getattr(row, column).split()}


_BY_CONTEXT, _BY_FILE, _BY_FUNCTION = _table(_ROWS, "contexts"), _table(_ROWS, "files"), _table(_ROWS, "functions")
_BY_DIRECTORY = _table(_ROWS, "directories")
_BY_PROCESS = _table(_PROCESSES, "contexts")


_FOR_A_SYSTEM = re.compile(r"_(?:unix|linux|other|deps?|noop)\Z")
"""What the name of a Go file has at its end where others of that name are for other systems."""

_SESSION_PROCESSES, _SHARED = frozenset(("ssm-session-worker", "ssm-session-logger")), frozenset(("DataBackend",))
"""In the processes of a session, a prefix that those of documents have too tells nothing."""


def part_of(record: LogRecord) -> Optional[AgentPart]:
    """The part of the agent that wrote a record: by its innermost known prefix, its source, its process; None if none tells."""
    if record.level is Level.NONE:  # another program's words, or a record of the agent that lost its head
        source, context, _ = split_prefixes(record.message)
        return _part_by(source, context) or OTHER_PROGRAM
    return _part_by(record.source, record.context)


def _part_by(source: str, context: tuple[str, ...]) -> Optional[AgentPart]:
    function, _, place = source.partition(" @ ")
    file = place.rsplit(".", 1)[0]
    file = file[:-3] if file.endswith(".go") else file
    plain = _FOR_A_SYSTEM.sub("", file)
    is_of_a_session = not _SESSION_PROCESSES.isdisjoint(context)
    prefixes = tuple(name for name in reversed(context) if not (is_of_a_session and name in _SHARED))
    return (
        next((_BY_CONTEXT[name] for name in prefixes if name in _BY_CONTEXT), None)
        or _BY_FUNCTION.get(f"{function.rsplit('.', 1)[-1]}@{file}")
        or _BY_FILE.get(file)
        or _BY_FILE.get(plain)
        or _BY_DIRECTORY.get(plain)
        or next((_BY_PROCESS[name] for name in prefixes if name in _BY_PROCESS), None)
    )
