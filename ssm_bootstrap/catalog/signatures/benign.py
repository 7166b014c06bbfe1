"""Harmless things that look like faults."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, Kind, Signature, documented, formatted, measured

BENIGN: tuple[Signature, ...] = (
    Signature(
        id="no-seelog-file",
        kind=Kind.BENIGN,
        fixed="Error occurred fetching the seelog config file path: ",
        pattern=r"\AError occurred fetching the seelog config file path: ",
        meaning="there is no seelog.xml, as on nearly every node; written on every run, success included",
        source=AGENT + "agent/log/logger/log_unix.go:41",
        samples=(
            measured(
                "Error occurred fetching the seelog config file path:  open /etc/amazon/ssm/seelog.xml: no such file or directory"
            ),
        ),
    ),
    Signature(
        id="seelog-starts",
        kind=Kind.BENIGN,
        fixed="Initializing new seelog logger",
        pattern=r"\AInitializing new seelog logger",
        meaning="the agent's logger starts",
        source=AGENT + "agent/log/ssmlog/ssmlog.go:179",
        samples=(measured("Initializing new seelog logger"),),
    ),
    Signature(
        id="seelog-started",
        kind=Kind.BENIGN,
        fixed="New Seelog Logger Creation Complete",
        pattern=r"\ANew Seelog Logger Creation Complete",
        meaning="the agent's logger started",
        source=AGENT + "agent/log/ssmlog/ssmlog.go:188",
        samples=(measured("New Seelog Logger Creation Complete"),),
    ),
    Signature(
        id="config-found",
        kind=Kind.BENIGN,
        fixed="Found config file at ",
        pattern=r"\A(?:[\d/]{10} [\d:]{8} )?Found config file at ",
        meaning="there is an amazon-ssm-agent.json",
        source=AGENT + "agent/appconfig/appconfig.go",
        samples=(formatted("Found config file at /etc/amazon/ssm/amazon-ssm-agent.json."),),
    ),
    Signature(
        id="config-applied",
        kind=Kind.BENIGN,
        fixed="Applying config override from ",
        pattern=r"\A(?:[\d/]{10} [\d:]{8} )?Applying config override from ",
        meaning="amazon-ssm-agent.json was read",
        source=AGENT + "agent/appconfig/appconfig.go",
        samples=(formatted("Applying config override from /etc/amazon/ssm/amazon-ssm-agent.json."),),
        near_misses=("Failed to unmarshal config override. Fall back to default.",),
    ),
    Signature(
        id="config-processed",
        kind=Kind.BENIGN,
        fixed="processing appconfig overrides",
        pattern=r"\A(?:[\d/]{10} [\d:]{8} )?processing appconfig overrides",
        meaning="amazon-ssm-agent.json is read",
        source=AGENT + "agent/appconfig/appconfig.go",
        samples=(formatted("2026/11/23 13:50:38 processing appconfig overrides"),),
    ),
    Signature(
        id="no-fingerprint-yet",
        kind=Kind.BENIGN,
        fixed="Could not read InstanceFingerprint file: InstanceFingerprint does not exist",
        pattern=r"Could not read InstanceFingerprint file: InstanceFingerprint does not exist",
        meaning="the first registration makes the fingerprint",
        source=AGENT + "agent/managedInstances/fingerprint/fingerprint.go:184",
        samples=(
            measured("Could not read InstanceFingerprint file: InstanceFingerprint does not exist"),
            measured("Could not read InstanceFingerprint file: InstanceFingerprint does not exist."),
        ),
        near_misses=("Error while fetching fingerprint data from vault: unexpected end of JSON input",),
    ),
    Signature(
        id="fingerprint-made",
        kind=Kind.BENIGN,
        fixed="No initial fingerprint detected, generating fingerprint file",
        pattern=r"No initial fingerprint detected, generating fingerprint file",
        meaning="the first registration makes the fingerprint",
        source=AGENT + "agent/managedInstances/fingerprint/fingerprint.go:155",
        samples=(measured("No initial fingerprint detected, generating fingerprint file..."),),
        near_misses=("Calculated hardware difference, regenerating fingerprint...",),
    ),
    Signature(
        id="no-config-directory",
        kind=Kind.BENIGN,
        fixed="Error adding the directory '",
        pattern=r"Error adding the directory '[^'\n]{1,300}' to watcher: no such file or directory",
        meaning="/etc/amazon/ssm does not exist, so it is not watched",
        source=AGENT + "agent/log/ssmlog/config_watcher.go:73",
        samples=(measured("Error adding the directory '/etc/amazon/ssm' to watcher: no such file or directory"),),
        near_misses=("Error adding the directory '/etc/amazon/ssm' to watcher: too many open files",),
    ),
    Signature(
        id="prompt",
        kind=Kind.BENIGN,
        fixed="Instance already registered. Would you like to override existing",
        pattern=r"\AInstance already registered\. Would you like to override existing",
        meaning="the question of -register on a registered host",
        source=AGENT + "core/agent_parser.go (prompt)",
        samples=(
            measured(
                "Instance already registered. Would you like to override existing with new registration information? [Yes/No]: "
            ),
        ),
        near_misses=("InstanceAlreadyRegistered: ",),
    ),
    Signature(
        id="idle-http",
        kind=Kind.BENIGN,
        fixed="Unsolicited response received on idle HTTP channel",
        pattern=r"Unsolicited response received on idle HTTP channel",
        meaning="a service closed an idle connection",
        source="Go net/http transport.go",
        samples=(
            formatted('2026/11/23 13:50:38 Unsolicited response received on idle HTTP channel starting with "x"; err=<nil>'),
        ),
    ),
    Signature(
        id="imds-companion",
        kind=Kind.BENIGN,
        fixed="Failed to get instance info from IMDS. Err: ",
        pattern=r"\A(?:\w+ )?Failed to get instance info from IMDS\. Err: ",
        meaning="the agent also looked whether it is an EC2 instance; a hybrid node does not need it",
        source=AGENT + "common/identity/availableidentities/ec2/ec2_identity.go:270",
        samples=(
            formatted(
                "Failed to get instance info from IMDS. Err: failed to get identity instance id. Error: EC2MetadataError: failed "
                "to get IMDSv2 token and fallback to IMDSv1 is disabled\n\tstatus code: 0, request id: "
            ),
        ),
    ),
    Signature(
        id="imds-token",
        kind=Kind.BENIGN,
        fixed="EC2MetadataError: ",
        pattern=r"\A(?:\w+ )?EC2MetadataError: failed to get IMDSv2 token and fallback to IMDSv1 is disabled",
        meaning="the agent also looked whether it is an EC2 instance; a hybrid node does not need it",
        source=AGENT + "common/identity/availableidentities/ec2",
        samples=(formatted("EC2RoleProvider EC2MetadataError: failed to get IMDSv2 token and fallback to IMDSv1 is disabled"),),
        near_misses=("EC2RoleRequestError: no EC2 instance role found",),
    ),
    Signature(
        id="file-ipc",
        kind=Kind.BENIGN,
        fixed="falling back to file based IPC",
        pattern=r"falling back to file based IPC",
        meaning="the agent's processes talk through files",
        source=AGENT + "agent/framework/processor/executer/outofproc/channel/channel.go:92,100",
        samples=(formatted("failed to create named pipe, falling back to file based IPC"),),
    ),
    Signature(
        id="s3-region-guessed",
        kind=Kind.BENIGN,
        fixed="no region in HEAD response for bucket ",
        pattern=r"no region in HEAD response for bucket ",
        meaning="the agent takes the node's own region for the bucket",
        source=AGENT + "agent/s3util/crossregion.go",
        samples=(measured("UpdateS3Util no region in HEAD response for bucket amazon-ssm-ap-northeast-1"),),
    ),
    Signature(
        id="s3-region-used",
        kind=Kind.BENIGN,
        fixed="using instance region ",
        pattern=r"using instance region \S+ for bucket ",
        meaning="the agent takes the node's own region for the bucket",
        source=AGENT + "agent/s3util/crossregion.go",
        samples=(measured("UpdateS3Util using instance region ap-northeast-1 for bucket amazon-ssm-ap-northeast-1"),),
    ),
    Signature(
        id="s3-plain-download",
        kind=Kind.BENIGN,
        fixed="An error occurred when attempting s3 download. Attempting http/https download as fallback",
        pattern=r"An error occurred when attempting s3 download\. Attempting http/https download as fallback",
        meaning="the agent tries an unsigned download after a signed one",
        source=AGENT + "agent/fileutil/artifact/artifact.go:414",
        samples=(
            measured("UpdateS3Util An error occurred when attempting s3 download. Attempting http/https download as fallback."),
        ),
    ),
    Signature(
        id="kernel-updates",
        kind=Kind.BENIGN,
        fixed="Unable to gain necessary access for possible kernel updates",
        pattern=r"Unable to gain necessary access for possible kernel updates",
        meaning="inventory of kernel live patches is not available; nothing depends on it",
        source="public report amazon-ssm-agent#185",
        samples=(documented("Unable to gain necessary access for possible kernel updates"),),
    ),
)
