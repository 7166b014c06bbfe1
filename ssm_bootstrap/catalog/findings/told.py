"""Findings that only a log tells: refused calls and downloads, parts of the agent that broke, commands, sessions."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Layer, Side, Variant
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.findings import Severity

_AGENT = "amazon-ssm-agent 3.3.1142.0"
_REGISTER = "sudo ssm-bootstrap register --activation-id <ACTIVATION-ID> --activation-code-file <FILE> --region {region}"
_RECENT = "sudo ssm-bootstrap explain"
_SESSION_PREFERENCES = "aws ssm get-document --region {region} --name SSM-SessionManagerRunShell --query Content --output text"

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="call-denied",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        changed_on=Side.AWS,
        explains=families.OFFLINE,
        variants=(
            Variant(
                name="of-a-person",
                when="it is a person's own call that is denied",
                title="Whoever called may not do this; the node is not concerned",
                cause="The service answered that the user or role of a person may not make this call: {detail}.",
                summary="Allow the call in the permissions of that user or role, or of its permission set.",
                steps=("Nothing on the node has to change.",),
                aws_steps=("Does the policy of that user, role or permission set allow the action on this node and document?",),
                commands=("aws sts get-caller-identity",),
                aws_commands=(),
            ),
            Variant(
                name="by-endpoint",
                when="the message names the VPC endpoint's policy",
                title="The VPC endpoint's policy forbids a call",
                cause="The service was reached and answered that the VPC endpoint's policy does not allow this call: {detail}.",
                summary="Allow the call in the policy of the VPC endpoint for {service}.",
            ),
        ),
        title="The node's role may not make a call",
        cause="The service was reached and answered that the caller may not do this: {detail}.",
        summary="Allow the call in the node's role, and in the policies of the endpoint and the organisation.",
        steps=("Nothing on this machine has to change.",),
        aws_steps=(
            "Is AmazonSSMManagedInstanceCore attached to the node's role, and the permission that the message names?",
            "Does the endpoint's policy, a service control policy or a permissions boundary deny it?",
        ),
        commands=(_RECENT,),
        aws_commands=(aws.NODE, aws.ROLE_POLICIES, aws.ENDPOINT_POLICY),
        source="AWS Identity and Access Management User Guide, troubleshoot_access-denied",
    ),
    FindingKind(
        code="credentials-unusable",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        explains=families.OFFLINE,
        variants=(
            Variant(
                name="none",
                when="there are no credentials",
                title="There are no credentials for a call",
                cause="A call of AWS was to be signed, and no credentials were found: {detail}.",
                summary="Make the agent's own credentials available: register the node, and see that it is online.",
            ),
            Variant(
                name="expired",
                when="the credentials have expired",
                title="The credentials were not renewed in time",
                cause=(
                    "A call was signed with credentials whose time was over: {detail}. The agent renews them before the hour is "
                    "over where it can reach ssm."
                ),
                summary="Find out why the agent could not renew its credentials, then restart it.",
            ),
        ),
        title="The service does not accept the credentials of a call",
        cause=(
            "The service was reached and does not know the key, or its signature is not right: {detail}. The key is of another "
            "account, partition or node, or somebody else's profile is used."
        ),
        summary="See whose credentials are used, take foreign profiles away, and restart the agent.",
        steps=(
            "Do the files below /root/.aws hold keys that the agent did not write?",
            "Was the agent's vault put back from a copy, or the clock set?",
        ),
        commands=("sudo ssm-bootstrap doctor", "sudo ls -l /root/.aws", "date -u", "sudo ssm-bootstrap restart"),
        source="AWS common errors (AWS API references); botocore exceptions; aws-sdk-go credentials",
    ),
    FindingKind(
        code="request-refused",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        variants=(
            Variant(
                name="key",
                when="the service does not take the agent's key",
                title="The service does not take this machine's key",
                cause="The service answered that it knows this machine or its key, or that the key is bad: {detail}.",
                summary="Clear the identity that is left on this machine, and register it again.",
            ),
            Variant(
                name="region",
                when="no host name can be made of the region",
                title="The name of the region cannot be right",
                cause="The agent cannot make the name of an endpoint from the region that it was given: {detail}.",
                summary="Write the region as AWS does, like eu-west-1, in plain letters.",
            ),
        ),
        title="The service does not accept a value of a request",
        cause="The service was reached and refuses what was sent: {detail}.",
        summary="Correct the value that the message names, and try again.",
        steps=("Compare the value that the message names with what was typed or configured.",),
        commands=(_RECENT, _REGISTER),
        source="Systems Manager API Reference, common errors; RegisterManagedInstance",
    ),
    FindingKind(
        code="download-refused",
        severity=Severity.ERROR,
        layer=Layer.ANSWER,
        changed_on=Side.AWS,
        variants=(
            Variant(
                name="not-found",
                when="there is no such file",
                title="A file that was to be downloaded is not there",
                cause="The server was reached and has no such file: {detail}.",
                summary="Correct the name, version or region of the file that was asked for.",
            ),
            Variant(
                name="region",
                when="the bucket lies in another region",
                title="A bucket lies in another region than was asked",
                cause="S3 was reached and answered that the bucket is in another region: {detail}.",
                summary="Name a bucket of the node's own region, or the bucket's region.",
            ),
            Variant(
                name="damaged",
                when="the file is not the one expected",
                title="A downloaded file is incomplete or was rewritten",
                cause="What was downloaded has another hash than the one expected: {detail}.",
                summary="Download it again, and exempt the host from what inspects or rewrites traffic on the way.",
            ),
        ),
        title="A download is answered and refused",
        cause=(
            "The server was reached and does not hand out the file: {detail}. With S3 that is a policy of role, bucket or "
            "endpoint, or a name that does not exist."
        ),
        summary="Allow the download in the role, the bucket's policy and the endpoint's policy, or correct its name.",
        steps=("Nothing on this machine has to change where the name is right.",),
        aws_steps=("Does the S3 endpoint's policy allow s3:GetObject and s3:PutObject on this bucket, as do role and bucket?",),
        commands=(_RECENT,),
        aws_commands=(aws.S3_ENDPOINT_POLICY, aws.ROLE_POLICIES),
        source="Amazon S3 API Reference, error responses; curl manual, EXIT CODES",
    ),
    FindingKind(
        code="agent-part-failed",
        severity=Severity.WARNING,
        tells_no_reason=True,
        layer=Layer.AGENT,
        subject="amazon-ssm-agent",
        variants=(
            Variant(
                name="panic",
                when="the agent itself broke",
                title="A fault inside the agent; it restarts by itself",
                cause="A program of the agent ended with an internal error: {detail}.",
                summary="Update the agent, and where it happens again send version and stack to AWS.",
            ),
            Variant(
                name="address",
                when="the agent finds no address to report",
                title="The agent finds no address of this machine to report",
                cause="Each health report is dropped before it is sent, so that the node never comes online: {detail}.",
                summary="Give an interface that is up an address of its own, not an alias alone, and restart the agent.",
                commands=("ip -brief address", "sudo systemctl restart amazon-ssm-agent"),
            ),
            Variant(
                name="paused",
                when="a part of the agent pauses after many failed calls",
                title="A part of the agent pauses after many failed calls",
                cause="Ten calls in a row failed, and this part of the agent tries again after 15 minutes: {detail}.",
                summary="Look for the reason of the failed calls in the records before; nothing else has to be done.",
                transient=True,
            ),
        ),
        title="A process of the agent failed or did not answer",
        cause=(
            "A process of the agent died, did not come up or lost its channel to the others: {detail}. The agent starts its "
            "processes again by itself; a command that was under way is lost."
        ),
        summary="Look for too little memory, security software or a second agent, and restart the agent if it stays so.",
        steps=(
            "Which version runs, and is there one agent alone?",
            "Did the kernel end processes for lack of memory?",
        ),
        commands=("amazon-ssm-agent -version", "sudo ssm-bootstrap doctor", "sudo journalctl -k -n 50 --no-pager", "free -m"),
        source=f"{_AGENT}, agent/framework/processor/executer/outofproc; core/workerprovider",
    ),
    FindingKind(
        code="vault-damaged",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        subject="/var/lib/amazon/ssm/Vault",
        breaks=ON_A_NODE,
        explains=("not-registered", "fingerprint-mismatch", *families.STUCK),
        ended_by=("registered", "credentials-ready"),
        title="The agent's vault is damaged",
        cause=(
            "A file of the vault, with the agent's identity and fingerprint, cannot be read: {detail}. A full disk "
            "or a cut of the power leaves such files."
        ),
        summary="Put a copy of the vault back, or clear it and register this node again.",
        steps=(
            "Is the file system full or read-only? Mend that first.",
            "Where there is a copy of /var/lib/amazon/ssm/Vault, put it back; otherwise clear and register again.",
        ),
        commands=("sudo ls -lR /var/lib/amazon/ssm/Vault", "df -h /var/lib/amazon/ssm", _REGISTER),
        source=f"{_AGENT}, agent/managedInstances/vault/fsvault and fingerprint",
    ),
    FindingKind(
        code="file-denied",
        severity=Severity.ERROR,
        layer=Layer.MACHINE,
        variants=(
            Variant(
                name="not-root",
                when="the program was not run by root",
                title="The program has to be run by root",
                cause="It changes the system and was not started by root: {detail}.",
                summary="Run it again with sudo.",
            ),
        ),
        title="A file may not be opened, written or run",
        cause=(
            "The kernel refused a program a file: {detail}. The program does not run as root, or SELinux, an immutable flag, a "
            "mount option or the file's mode is in the way."
        ),
        summary="Allow the access to the file that the message names, and try again.",
        steps=(
            "Was the program run by root?",
            "Look at the file's mode and flags, at its mount, and at what SELinux or AppArmor refused.",
        ),
        commands=(
            "sudo ssm-bootstrap doctor",
            "sudo ls -ld /var/lib/amazon/ssm /var/log/amazon/ssm",
            "sudo ausearch -m avc -ts recent",
        ),
        source="Linux errno EACCES, EPERM and EIO",
    ),
    FindingKind(
        code="resources-exhausted",
        severity=Severity.ERROR,
        layer=Layer.MACHINE,
        subject="this machine",
        variants=(
            Variant(
                name="files",
                when="the limit of open files is reached",
                title="A program has no open file left",
                cause="A program reached the limit of files that it may hold open: {detail}.",
                summary="Raise the limit of open files (LimitNOFILE of the unit), or restart the program that holds them.",
            ),
        ),
        title="This machine has too little memory",
        cause="A process could not have memory, or was killed, mostly because there was none left: {detail}.",
        summary="Give this machine more memory or swap, or find what uses it up.",
        steps=("See what the kernel ended and what uses memory and files.",),
        commands=("free -m", "sudo journalctl -k -n 50 --no-pager", "systemctl show amazon-ssm-agent -p LimitNOFILE"),
        source="Linux errno ENOMEM and EMFILE; Go os/exec, text of an exit by signal",
    ),
    FindingKind(
        code="command-failed",
        severity=Severity.WARNING,
        layer=Layer.AGENT,
        subject="command",
        variants=(
            Variant(
                name="document",
                when="the agent cannot run the document",
                title="A command's document does not fit this node",
                cause="The agent got the command and cannot run its document: {detail}.",
                summary="Correct the document, or leave this node out of its targets.",
            ),
            Variant(
                name="stuck",
                when="an association never ended",
                title="An association never ended",
                cause="A run of an association has been under way for very long: {detail}.",
                summary="End what it waits for, and give its document a time-out.",
            ),
        ),
        title="A command's own script ended with an error",
        cause="The agent ran a command, and its script ended with a status of its own: {detail}.",
        summary="Read the command's output, which tells the reason; the agent did what it was told.",
        steps=("The agent and its way to AWS are fine: look at the script.",),
        commands=("sudo find /var/lib/amazon/ssm -path '*orchestration*' -name stderr -mmin -120 -exec tail -n 5 {{}} +",),
        source=f"{_AGENT}, agent/plugins/runscript/runscript.go:206",
    ),
    FindingKind(
        code="patch-run-failed",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        subject="Patch Manager",
        breaks=(Capability.PATCH,),
        variants=(
            Variant(
                name="call",
                when="a call of the patch script failed",
                title="A call of Patch Manager's script to AWS failed",
                cause="The patch script could not get its baseline or snapshot, or not report its result: {detail}.",
                summary="Make ssm and S3 reachable and allowed for the node's role, then scan again.",
            ),
            Variant(
                name="override",
                when="the baseline override is not usable",
                title="The baseline override of a patch command is not usable",
                cause="The list of baselines that the command names in S3 cannot be had or read: {detail}.",
                summary="Correct the command's BaselineOverride: an object in S3 that the node's role may read.",
            ),
        ),
        title="Patch Manager's script failed on this machine",
        cause="The script could not unpack or run its program, or ended with a failure before a reboot: {detail}.",
        summary="Make room where the script works and see that its Python runs, then scan again.",
        steps=(
            "Is there room below /var/log/amazon/ssm and /tmp, and may programs be run there?",
            "The output of the command tells more: read what stands before its status.",
        ),
        commands=("sudo ssm-bootstrap doctor --for patch", "df -h /var/log/amazon/ssm /tmp", "python3 --version"),
        source="AWS-RunPatchBaseline document and payload 1.80-1.83 (exit codes)",
    ),
    FindingKind(
        code="session-failed",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        changed_on=Side.AWS,
        subject="session",
        variants=(
            Variant(
                name="key",
                when="the session's key cannot be used",
                title="The key that sessions are encrypted with cannot be used",
                cause=(
                    "Sessions are to be encrypted with a key of KMS, and the node or whoever opens the session cannot use it: "
                    "{detail}."
                ),
                summary="Allow kms:Decrypt to the node's role and kms:GenerateDataKey to the caller, and make kms reachable.",
                aws_commands=(_SESSION_PREFERENCES, aws.ENDPOINT.replace("{service}", "kms"), aws.ROLE_POLICIES),
            ),
            Variant(
                name="log",
                when="the destination of session logs does not fit",
                title="The destination of session logs stops sessions",
                cause="The session preferences want logs, and their bucket or log group cannot be used as they say: {detail}.",
                summary="Encrypt the bucket or log group, or allow an unencrypted one, and let the role write.",
            ),
            Variant(
                name="port",
                when="a port cannot be connected to",
                title="The port that a session forwards to does not answer",
                cause="The session came up, and the node could not connect to the port that it is to forward to: {detail}.",
                summary="Start what is to listen on that port, or name another port or host.",
                changed_on=Side.MACHINE,
                steps=("See what listens, and on which address.",),
                aws_steps=(),
                commands=("sudo ss -tlnp", _RECENT),
                aws_commands=(),
            ),
            Variant(
                name="agent",
                when="the agent does not know this kind of session",
                title="The agent on that node does not know this kind of session",
                cause="The agent is older than this kind of session, or its session worker is missing: {detail}.",
                summary="Update the agent on that node, and see that /usr/bin/ssm-session-worker is there and the disk not full.",
                steps=("See the version and the files of the agent on that node.",),
                commands=("amazon-ssm-agent -version", "ls -l /usr/bin/ssm-session-worker", "df -h /var /usr"),
                aws_commands=("aws ssm send-command --region {region} --document-name AWS-UpdateSSMAgent --instance-ids {mi}",),
            ),
            Variant(
                name="refused",
                when="the service refuses the session's data channel",
                title="The service refuses the data channel of a session",
                cause="The service was reached and answers no to the channel of this session: {detail}.",
                summary="Open the session again; if it is refused again, allow ssmmessages:CreateDataChannel to the node's role.",
            ),
            Variant(
                name="client",
                when="the client's plug-in is missing or too old",
                title="The Session Manager plug-in of the client is missing or too old",
                cause="Not this node but the computer from which the session is opened lacks something: {detail}.",
                summary="Install the newest session-manager-plugin on the computer from which the session is opened.",
            ),
        ),
        title="A session could not be opened",
        cause="The agent got the request for a session and could not bring it up: {detail}.",
        summary="Mend what the message names in the session preferences or on this machine, and open the session again.",
        steps=("Run Command does not depend on it: the node is online.",),
        aws_steps=("What do the session preferences say of key, logs, shell profile and Run As?",),
        commands=(_RECENT,),
        aws_commands=(_SESSION_PREFERENCES,),
        source="Systems Manager User Guide, session-manager-troubleshooting and session-preferences",
    ),
)
