"""Findings about the agent's own state."""

from __future__ import annotations

from ssm_bootstrap.catalog.agent import SLEEP_IS_SET
from ssm_bootstrap.catalog.findingkind import Bond, FindingKind, Hop, Layer, Teller, Variant, change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Severity, Side

_UNITS = look("systemctl status --no-pager 'amazon-ssm-agent*' 'snap.amazon-ssm-agent*'")

_ASLEEP = Variant(
    name="asleep",
    when="the cause is gone but the agent has not retried",
    severity=Severity.WARNING,
    title="The agent is waiting to retry; what kept it offline works now",
    cause=(
        "After a failure the agent waits before it retries: minutes at first, hours later on. What failed then answers "
        "now, but the agent has not retried yet."
    ),
    summary="Restart the agent, or wait for its next retry.",
    steps=("Restart it while no command or session is running: `restart --if-asleep` checks first.",),
    aws_steps=(),
    commands=(change("sudo ssm-bootstrap restart --if-asleep"),),
    aws_commands=(),
    source="amazon-ssm-agent 3.3.1142.0, core/app/credentialrefresher/credentialrefresher.go; agent/hibernation",
)

_CUT = Variant(
    name="cut",
    when="the channel was up and was cut",
    title="The agent's control channel was cut and has not come back",
    cause=(
        "The agent had a control channel to ssmmessages and lost it: {detail}. It reconnects at growing intervals without "
        "logging failures, and meanwhile it does not poll ec2messages, so neither sessions nor commands reach this node."
    ),
    summary="Restart the agent; if the channel does not come up, make ssmmessages reachable, including WebSocket.",
    steps=(
        "Restart the agent: it reconnects at once.",
        "The channel is a WebSocket on port 443: a proxy or firewall that drops the Upgrade header breaks only this.",
    ),
    aws_steps=("Firewall or proxy: does it allow WebSocket, and does it leave idle connections open?",),
    commands=(change("sudo ssm-bootstrap restart"), look("ssm-bootstrap probe --region {region} --for session")),
    aws_commands=(),
    source="amazon-ssm-agent 3.3.1142.0, agent/session/communicator/websocketchannel.go:205; measured, agent 3.3 on Debian 12",
)

_MASKED = Variant(
    name="masked",
    when="the unit is masked",
    title="The agent's unit is masked, so nothing can start it",
    cause=(
        "{subject} is masked: its unit file is a link to /dev/null, so systemd refuses to start it, by hand or at boot. An "
        "administrator or a hardening script ran `systemctl mask`; a restart alone does not help."
    ),
    summary="Unmask the agent's unit with systemctl unmask, then enable and start it.",
    steps=(
        "Find out who masked it first: configuration management may mask it again.",
        "If the snap's agent runs instead, leave the package's unit masked: two agents would share one vault.",
    ),
    commands=(
        change("sudo systemctl unmask {subject}"),
        change("sudo systemctl enable --now {subject}"),
        change("sudo ssm-bootstrap restart"),
    ),
    aws_steps=(),
    aws_commands=(),
    source="systemctl(1), mask and unmask",
)
"""The words of agent-not-running where the unit is masked."""

_NOT_INSTALLED = Variant(
    name="not-installed",
    when="ssm-setup-cli could not install the agent",
    title="ssm-setup-cli could not install the agent",
    cause="ssm-setup-cli downloads the agent's package and installs it with snap, dpkg or rpm, and that failed: {detail}.",
    summary="Fix what the package manager says, then run ssm-setup-cli again.",
    steps=(
        "Is there snap, dpkg or rpm on this machine, and is none of them locked or half done?",
        "The log of ssm-setup-cli names the step that failed.",
    ),
    commands=(look("sudo tail -n 50 /var/log/amazon/ssm/ssm-setup-cli.log"), look("df -h /var /tmp")),
    aws_steps=(),
    source="amazon-ssm-agent 3.3.1142.0, agent/setupcli",
)
"""The words of agent-missing where its installation failed."""

_NO_SETUP_CLI = Variant(
    name="no-setup-cli",
    when="nodeadm does not find ssm-setup-cli",
    title="ssm-setup-cli is missing, so nothing can register this machine",
    cause=(
        "nodeadm (EKS Hybrid Nodes) installs and registers the agent with /opt/aws/ssm-setup-cli, and that file is "
        "missing. `nodeadm install` puts it there; it was not run with ssm as the credential provider, or it did not "
        "finish."
    ),
    summary="Run nodeadm install with --credential-provider ssm, then nodeadm init again.",
    steps=(
        "Pass the cluster's Kubernetes version to nodeadm install.",
        "Then run nodeadm init: it registers the node.",
    ),
    aws_steps=(),
    commands=(
        look("ls -l /opt/aws/ssm-setup-cli"),
        change("sudo nodeadm install <KUBERNETES-VERSION> --credential-provider ssm"),
        change("sudo nodeadm init --config-source file://<NODE-CONFIG>"),
    ),
    aws_commands=(),
    source="Amazon EKS User Guide, hybrid-nodes-troubleshooting",
)
"""The words of agent-missing where it is nodeadm that finds no way to install it."""

_UPDATE_UNSUPPORTED = Variant(
    name="unsupported",
    when="the installer exits with 124",
    title="The agent was not updated: its installer does not support this system",
    cause=(
        "The updater downloaded the new version, but its install script exited with 124: it does not support this "
        "machine's init system (process 1). The snap's script supports systemd only, so the agent's snap is never updated "
        "under upstart (Ubuntu 14.04) or in a container; the old version keeps running."
    ),
    summary="Replace the agent's snap with its deb package, or upgrade to a release that uses systemd.",
    steps=(
        "Check what process 1 is, and whether the agent is a snap.",
        "If it is a snap and process 1 is not systemd, remove the snap and install the deb; `status` shows the identity.",
        (
            "If process 1 is systemd, read the installer's output; snapd may not reach the snap store, which is not an AWS "
            "service and has no VPC endpoint."
        ),
    ),
    aws_steps=("Until then, exclude the node from the association that updates the agent: it fails every time.",),
    commands=(
        look("cat /proc/1/comm"),
        look("snap list amazon-ssm-agent"),
        look("sudo find /var/lib/amazon/ssm/update -name 'std*' -newermt '-7 days' -exec tail -n 20 {{}} +"),
    ),
    aws_commands=(),
    source=(
        "amazon-ssm-agent, Tools/src/update/ubuntu/snap-install.sh (exit 124) and updateconstants (ExitCodeUnsupportedPlatform); "
        "public report aws/amazon-ssm-agent#433"
    ),
)
"""The words of agent-update-failed where the install script does not know this system's process 1."""

_RUN_AS_UNSET = Variant(
    name="unset",
    when="no user is named",
    title="Run As is on, but no user is named",
    cause=(
        "Run As is on in the session preferences, but neither the preferences nor the caller's SSMSessionRunAs tag names a "
        "user, so the agent starts no shell. Run Command is not affected."
    ),
    summary="Name a user in the session preferences or in the SSMSessionRunAs tag, or turn Run As off.",
    source="amazon-ssm-agent 3.3.1142.0, agent/session/plugins/sessionplugin/shell_unix.go",
)
"""The words of session-user-missing where no user is named at all."""

_USER_NOT_CREATED = Variant(
    name="not-created",
    when="the agent could not create ssm-user",
    title="The agent could not create ssm-user",
    cause=(
        "Sessions run as ssm-user unless Run As is on. The agent could not create that user: {detail}. useradd refuses it, "
        "for example because /etc/passwd is immutable or the group ssm-user already exists."
    ),
    summary="Create ssm-user by hand, or turn Run As on with a user that exists.",
    steps=("Exit status 9 or 10 of useradd: the group exists or cannot be written.", "Open a session again afterwards."),
    commands=(look("getent passwd ssm-user"), look("getent group ssm-user"), look("lsattr /etc/passwd /etc/group")),
    source="amazon-ssm-agent 3.3.1142.0, agent/session/utility/utility_unix.go; useradd(8), EXIT VALUES",
)
"""The words of session-user-missing where the agent's own user could not be made."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="agent-missing",
        severity=Severity.ERROR,
        is_looked_at=True,
        layer=Layer.AGENT,
        explains=("agent-config-invalid", "agent-not-running", *families.NO_TOKEN),
        stops_registering=True,
        exit_status=ExitStatus.BAD_CONTENT,
        variants=(
            _NO_SETUP_CLI,
            _NOT_INSTALLED,
        ),
        title="amazon-ssm-agent is not installed",
        cause=(
            "Neither the agent's package nor its snap is installed on this machine, so there is nothing to register or restart."
        ),
        summary="Install amazon-ssm-agent for this distribution.",
        steps=(
            (
                "Amazon Linux has it in its repositories (`dnf install amazon-ssm-agent`); elsewhere let "
                "register --install-agent install the package from the region's S3 bucket: it checks the signature first."
            ),
            "The key with which AWS signs the agent is on the page verify-agent-signature of the Systems Manager User Guide.",
            "Install either the package or the snap, never both.",
        ),
        aws_steps=(
            "In a VPC without internet access the download needs an S3 endpoint; otherwise bake the package into the image.",
        ),
        commands=(node.INSTALL_AND_REGISTER,),
        aws_commands=(aws.S3_ENDPOINTS,),
        source="amazon-ssm-agent 3.3.1142.0, packaging; Systems Manager User Guide, the keys of the bucket amazon-ssm-REGION",
    ),
    FindingKind(
        code="agent-not-running",
        severity=Severity.ERROR,
        is_looked_at=True,
        layer=Layer.AGENT,
        explains=(*families.OFFLINE,),
        variants=(
            _MASKED,
            Variant(
                name="no-init",
                when="no service manager is running",
                severity=Severity.WARNING,
                title="No service manager is running, so nothing starts the agent",
                cause=(
                    "A service was to be started, but process 1 on this machine is not a service manager, as in a "
                    "container: {detail}. The installation is complete; only the start is missing."
                ),
                summary="In a container, start the agent yourself as the entry point; elsewhere, boot with systemd.",
                steps=(
                    "Check what process 1 is.",
                    "To start it by hand, run `amazon-ssm-agent` as root; it stays in the foreground.",
                ),
                commands=(look("cat /proc/1/comm"),),
            ),
        ),
        title="The agent is installed but not running",
        cause=(
            "No amazon-ssm-agent process is running, or systemd keeps restarting it. The unit may be stopped or failed, or "
            "the agent may exit at once because it has no identity or no valid configuration."
        ),
        summary="Start the agent's unit and find out why it stopped.",
        steps=(
            "Check the unit's state and its last log lines.",
            "If it is disabled, enable it; if both the package and the snap are installed, keep one.",
        ),
        commands=(
            _UNITS,
            look("sudo journalctl -u amazon-ssm-agent.service -n 50 --no-pager"),
            change("sudo ssm-bootstrap restart"),
        ),
        source=(
            "amazon-ssm-agent 3.3.1142.0, packaging/linux/amazon-ssm-agent.service; "
            "an agent without identity exits with 0 (measured)"
        ),
    ),
    FindingKind(
        code="agent-offline",
        severity=Severity.ERROR,
        told_by=(Teller.LOG, Teller.CLOUD),
        depends_on=(
            "ssm",
            "ssmmessages",
        ),
        variants=(
            _ASLEEP,
            Variant(
                name="seen-in-aws",
                when="AWS itself lists the node as not online",
                title="Systems Manager has lost the node {subject}",
                cause=(
                    "The node is registered, and Systems Manager does not hear from it: {detail}. The agent is stopped or "
                    "hibernating, has no credentials, or cannot reach the service."
                ),
                summary="If nothing in AWS explains it, run `sudo ssm-bootstrap doctor` on that machine.",
                steps=("Run doctor on the machine and fix the root cause that it names.",),
                commands=(look("sudo ssm-bootstrap doctor"),),
                aws_steps=("Does the instance still exist, and does it run?",),
            ),
            Variant(
                name="not-connected",
                when="the service says the node is not connected",
                title="Systems Manager has no connection from that node",
                cause=(
                    "The service answered the request for a session with: the node is not connected ({detail}). The path "
                    "from here to the service works; the fault is on that node or on its path."
                ),
                summary="Run `sudo ssm-bootstrap doctor` on that node and fix the root cause that it names.",
                steps=(
                    (
                        "If you can no longer log in to the node, use its serial console, or reboot it: that starts the agent "
                        "again."
                    ),
                ),
                commands=(look("sudo ssm-bootstrap doctor"),),
                aws_steps=("When was the node's last ping, and are the region, account and node ID in the request right?",),
            ),
            Variant(
                name="not-a-target",
                when="a call names a target that is not an online node in that account and region",
                title="The target of a call is not a node that is online there",
                cause=(
                    "The service refused a call about a target: {detail}. That target is offline, is not a managed node, or is "
                    "one of another account or region."
                ),
                summary="Name a node that is online in the region and account of the call; look at the target's ping status.",
                steps=("On the target, `sudo ssm-bootstrap doctor` names why it is not online.",),
                commands=(look("sudo ssm-bootstrap status"),),
                aws_steps=("A hybrid node is named by its mi- ID, not by its i- ID.",),
                aws_commands=(
                    look(
                        "aws ssm describe-instance-information --region {region}"
                        " --query 'InstanceInformationList[].[InstanceId,PingStatus,LastPingDateTime,ComputerName]'",
                        "the managed nodes of this account and region",
                    ),
                ),
            ),
        ),
        title="The agent is running, but nothing proves that this node is online",
        cause=(
            "The process is running, but the signs of a working node are missing: credentials, a worker process, and a "
            "control channel or a working ec2messages connection. A running unit alone proves nothing."
        ),
        summary="See what is missing in doctor's report, fix that, then restart the agent.",
        steps=(
            "If there is no ssm-agent-worker process, the agent has no credentials yet: check ssm and the role.",
            "If there is one, check ssmmessages.",
        ),
        aws_steps=("When did Systems Manager last receive a ping from the node?",),
        commands=(look("sudo ssm-bootstrap doctor"), look("sudo ssm-bootstrap explain"), change("sudo ssm-bootstrap restart")),
        aws_commands=(aws.NODE,),
        source=(
            "amazon-ssm-agent 3.3.1142.0, core/app/agent.go:87-106 (no worker without credentials), agent/session/controlchannel"
        ),
    ),
    FindingKind(
        code="agent-hibernating",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        subject="amazon-ssm-agent",
        breaks=ON_A_NODE,
        explains=("channel-down", "agent-offline"),
        depends_on=("ssm",),
        title="The agent is hibernating and contacts Systems Manager only now and then",
        cause=(
            "The agent's first call to Systems Manager failed, so it hibernates and pings at intervals that grow from 5 "
            "minutes to an hour by default. It logs this only at INFO and in hibernate.log, so errors.log may be empty."
        ),
        summary="Fix what made the first call fail, then restart the agent; otherwise it may take up to an hour to retry.",
        steps=(
            "Find the reason in hibernate.log: access denied, unknown node, or no network.",
            f"Agents from {SLEEP_IS_SET.since} on can be configured to sleep less or longer than an hour.",
            "Fix it, then restart the agent.",
        ),
        aws_steps=(
            "Is the node still registered in the account, and does its role allow ssm:UpdateInstanceInformation?",
            "Does the ssm endpoint's policy allow the role?",
        ),
        commands=(look("sudo tail -n 20 /var/log/amazon/ssm/hibernate.log"), change("sudo ssm-bootstrap restart")),
        aws_commands=(aws.NODE, aws.ROLE_NAME, aws.ROLE_POLICIES, aws.of_service(aws.ENDPOINT_POLICY, "ssm"), aws.ATTACH_CORE),
        source="amazon-ssm-agent 3.3.1142.0, agent/agent.go:113, agent/hibernation/hibernation.go:48-151",
    ),
    FindingKind(
        code="agent-config-invalid",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        subject="/etc/amazon/ssm/amazon-ssm-agent.json",
        breaks=ON_A_NODE,
        explains=("agent-not-running", *families.NO_TOKEN),
        ended_by=("credentials-ready",),
        exit_status=ExitStatus.BAD_CONTENT,
        title="The agent cannot read amazon-ssm-agent.json",
        cause=(
            "The agent's service refuses to start if its configuration does not parse or a value has the wrong type, but "
            "`-register` silently falls back to defaults. So the node registers and then never comes online."
        ),
        summary="Fix the agent's configuration file, or move it away to use the defaults, then restart the agent.",
        steps=(
            (
                "Go to the line and column in the message. Write numbers, true and false without quotes; key names are not "
                "case-sensitive."
            ),
            "Fix it, or move the file away if you do not need it.",
            "Restart the agent.",
        ),
        commands=(
            look("sudo python3 -m json.tool /etc/amazon/ssm/amazon-ssm-agent.json"),
            change("sudo mv /etc/amazon/ssm/amazon-ssm-agent.json /etc/amazon/ssm/amazon-ssm-agent.json.broken"),
            change("sudo ssm-bootstrap restart"),
        ),
        source=(
            "amazon-ssm-agent 3.3.1142.0, core/app/bootstrap/bootstrap.go:69, agent/appconfig/appconfig.go:53; Go encoding/json"
        ),
    ),
    FindingKind(
        code="identity-not-hybrid",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        subject="amazon-ssm-agent",
        breaks=ON_A_NODE,
        explains=(*families.NO_TOKEN,),
        identity=Bond.NODE,
        title="The agent runs as the EC2 instance, not as the hybrid node",
        cause=(
            "The agent takes its identity from the EC2 instance instead of the hybrid registration. Either it has not been "
            "restarted since it was registered, or Identity.ConsumptionOrder puts EC2 first."
        ),
        summary=(
            "Restart the agent; if it still runs as EC2, put OnPrem first in Identity.ConsumptionOrder of amazon-ssm-agent.json."
        ),
        steps=(
            ("By default the hybrid registration comes before the EC2 identity; only Identity.ConsumptionOrder changes that."),
            "Restart the agent, then check the log for `Agent will take identity from OnPrem`.",
        ),
        commands=(
            look("grep -n -A4 ConsumptionOrder /etc/amazon/ssm/amazon-ssm-agent.json"),
            look("sudo grep 'take identity' /var/log/amazon/ssm/amazon-ssm-agent.log | tail -1"),
            change("sudo ssm-bootstrap restart"),
        ),
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/appconfig/constants.go:293, common/identity/identity/identity_selector.go:52-117"
        ),
    ),
    FindingKind(
        code="credentials-refused",
        severity=Severity.ERROR,
        breaks_at=(Hop.SERVICE,),
        layer=Layer.AGENT,
        changed_on=Side.AWS,
        subject="amazon-ssm-agent",
        breaks=ON_A_NODE,
        explains=(*families.OFFLINE,),
        depends_on=("ssm",),
        identity=Bond.NODE,
        title="Systems Manager refuses to give the agent credentials",
        cause=(
            "The agent is registered, but the service does not issue the role's token. After a refusal the agent logs one "
            "line and sleeps for 25 to 30 minutes; until it has credentials it does not even start its worker."
        ),
        summary="Fix the activation's role (trust and permissions) or the ssm endpoint's policy, then restart the agent.",
        steps=("Restart the agent after the change; otherwise nothing may happen for up to 30 minutes.",),
        aws_steps=(
            "Does the role still exist, and does it trust ssm.amazonaws.com?",
            "Is AmazonSSMManagedInstanceCore, or an equivalent policy, attached to the role?",
            (
                "ssm endpoint policy: does it allow the unsigned ssm:RequestManagedInstanceRoleToken? Conditions on a "
                "principal or an organization deny it; ssm:NodeAccountId and ssm:NodeOrgId work."
            ),
            "Does a service control policy deny ssm:RequestManagedInstanceRoleToken or ssm:UpdateManagedInstancePublicKey?",
            "Was the node's role replaced (update-managed-instance-role)?",
        ),
        commands=(
            look("sudo ssm-bootstrap explain"),
            node.policy("role-trust", "endpoint-ssm"),
            change("sudo ssm-bootstrap restart"),
        ),
        aws_commands=(
            aws.NODE,
            aws.ROLE_NAME,
            aws.ROLE_TRUST,
            aws.ROLE_POLICIES,
            aws.of_service(aws.ENDPOINT_POLICY, "ssm"),
            aws.PRESENT_ENDPOINT_POLICY,
            aws.ATTACH_CORE,
            aws.SET_ROLE_TRUST,
            aws.SET_ENDPOINT_POLICY,
        ),
        source=(
            "amazon-ssm-agent 3.3.1142.0, core/app/credentialrefresher; "
            "Systems Manager User Guide, setup-create-vpc (endpoint policies) and service control policies (2026-11)"
        ),
    ),
    FindingKind(
        code="channel-down",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        told_by=(Teller.LOG, Teller.CLOUD),
        explains=("agent-offline",),
        depends_on=(
            "ssm",
            "ssmmessages",
        ),
        ended_by=(
            "control-channel-up",
            "channel-opened",
        ),
        transient=True,
        variants=(
            _CUT,
            Variant(
                name="seen-in-aws",
                when="AWS itself says that the node has no control channel, while it pings",
                title="The node {subject} pings, and has no control channel",
                cause=(
                    "Systems Manager hears from the node, and GetConnectionStatus says {detail}: the agent has no WebSocket to "
                    "ssmmessages. Sessions cannot work; commands may still come by ec2messages."
                ),
                summary="If nothing in AWS explains it, run `sudo ssm-bootstrap doctor --for session` on that machine.",
                steps=(
                    "Run doctor on the machine: it connects to ssmmessages, and reads what the agent logs about its channel.",
                ),
                commands=(look("sudo ssm-bootstrap doctor --for session"),),
                aws_steps=(
                    "Just after the agent started this may be so for a minute: ask again.",
                    "Does a firewall or proxy between the node and the endpoint let WebSocket through?",
                ),
                aws_commands=(),
            ),
            Variant(
                name="denied",
                when="ssmmessages refuses the call that opens the channel",
                title="ssmmessages refuses the agent's control channel",
                cause=(
                    "ssmmessages was reached and refuses the call that opens the control channel: {detail}. The node's role or "
                    "a policy does not allow it; Run Command still works if ec2messages is reachable."
                ),
                summary=(
                    "Allow ssmmessages:CreateControlChannel in the node's role and in the endpoint policy; then restart the "
                    "agent."
                ),
                steps=("Restart the agent after the change: it waits up to an hour between retries.",),
                aws_steps=(
                    "Is AmazonSSMManagedInstanceCore attached to the node's role? It allows ssmmessages:CreateControlChannel.",
                    "Do the ssmmessages endpoint policy and the role allow ssmmessages:CreateControlChannel and "
                    "OpenControlChannel?",
                    "Does a service control policy or a permissions boundary deny it?",
                ),
                changed_on=Side.AWS,
                commands=(node.policy("endpoint-ssmmessages"), change("sudo ssm-bootstrap restart")),
                aws_commands=(
                    aws.ROLE_NAME,
                    aws.ROLE_POLICIES,
                    aws.of_service(aws.ENDPOINT_POLICY, "ssmmessages"),
                    aws.PRESENT_ENDPOINT_POLICY,
                    aws.ATTACH_CORE,
                    aws.SET_ENDPOINT_POLICY,
                ),
            ),
            Variant(
                name="garbled",
                when="the WebSocket stream is corrupted",
                title="Something on the path to ssmmessages corrupts the WebSocket",
                cause=(
                    "The WebSocket came up, but the data on it violates the protocol: {detail}. ssmmessages does not send "
                    "that: a proxy or firewall with TLS inspection treats the WebSocket as plain HTTP."
                ),
                summary="Exempt ssmmessages from TLS inspection on the proxy or firewall.",
                aws_steps=("Firewall or proxy: exempt {host} from TLS inspection and let WebSocket through unchanged.",),
            ),
        ),
        title="The agent has no control channel to ssmmessages",
        cause=(
            "The agent has credentials, but its connection to ssmmessages does not come up or was lost. Sessions cannot "
            "work; Run Command still works if ec2messages is reachable."
        ),
        summary=(
            "Make ssmmessages reachable, including WebSocket, and allowed by the role and endpoint policy; then restart the "
            "agent."
        ),
        steps=(
            "The channel is a WebSocket on port 443: a proxy or firewall that drops the Upgrade header breaks only this.",
            "Restart the agent after the change: it waits up to an hour between retries.",
        ),
        aws_steps=(
            "Is there an interface endpoint for ssmmessages, and does its security group allow 443?",
            ("Do the ssmmessages endpoint policy and the role allow ssmmessages:CreateControlChannel and OpenControlChannel?"),
            "Firewall or proxy: does it allow WebSocket, and does it leave idle connections open?",
        ),
        commands=(
            look("ssm-bootstrap probe --region {region} --for session"),
            node.policy("endpoint-ssmmessages"),
            change("sudo ssm-bootstrap restart"),
        ),
        aws_commands=(
            aws.of_service(aws.ENDPOINT, "ssmmessages"),
            aws.of_service(aws.ENDPOINT_POLICY, "ssmmessages"),
            aws.ROLE_NAME,
            aws.ROLE_POLICIES,
            aws.PRESENT_ENDPOINT_POLICY,
            aws.ATTACH_CORE,
            aws.SET_ENDPOINT_POLICY,
        ),
        source="amazon-ssm-agent 3.3.1142.0, agent/session/service/service.go:93-181, agent/session/config/config.go:64-68",
    ),
    FindingKind(
        code="agent-update-failed",
        severity=Severity.WARNING,
        layer=Layer.AGENT,
        subject="amazon-ssm-agent",
        breaks=(Capability.AGENT_UPDATE,),
        variants=(
            _UPDATE_UNSUPPORTED,
            Variant(
                name="step-down",
                when="the downgrade needs a version in between",
                title="The agent was not downgraded: it needs a version in between",
                cause="The updater cannot go from the running version to the requested one directly: {detail}.",
                summary="Downgrade to a version from 3.1.821.0 to 3.2.923.0 first, then to the requested one.",
                steps=("Check which version is running.",),
                commands=(look("amazon-ssm-agent -version"),),
            ),
            Variant(
                name="in-progress",
                when="another update is running",
                title="The agent was not updated: another update is running",
                cause="Another update of the agent holds the updater's lock, for up to an hour: {detail}.",
                summary="Wait until the other update is done, then update again if the version is still the old one.",
                steps=("Check which version is running.",),
                commands=(look("amazon-ssm-agent -version"),),
                transient=True,
            ),
            Variant(
                name="snap-busy",
                when="snapd cannot refresh the snap now",
                title="The agent was not updated: snapd cannot change the snap now",
                cause="snapd does not refresh a snap while its programs run or another change is under way: {detail}.",
                summary="Wait for snapd's own change, or refresh the snap with --ignore-running.",
                steps=("See what snapd is changing; it refreshes the snap by itself later.",),
                commands=(look("snap changes"), look("snap list amazon-ssm-agent")),
                transient=True,
            ),
            Variant(
                name="older",
                when="the requested version is older than the running one",
                title="The agent was not updated: the running version is newer",
                cause=(
                    "The region's latest version, or the requested one, is older than the running one, and the updater "
                    "downgrades only if that is allowed: {detail}."
                ),
                summary="Nothing to do unless you want the older version: then run AWS-UpdateSSMAgent with allowDowngrade=true.",
                steps=("Check which version is running.",),
                commands=(look("amazon-ssm-agent -version"),),
                aws_steps=("The same update succeeds as soon as the region offers a newer version.",),
                aws_commands=(aws.NEWEST_AGENT,),
            ),
            Variant(
                name="no-package",
                when="there is no agent package for this system",
                title="The agent was not updated: there is no package for this system",
                cause=(
                    "The updater picks a package by /etc/os-release, and its manifest has none for this system: {detail}. "
                    "The old version keeps running."
                ),
                summary="Update the agent by hand with the package for the distribution that this system derives from.",
                steps=("Until then, exclude the node from the association that updates the agent: it fails every time.",),
                commands=(look("cat /etc/os-release"), look("uname -m"), look("amazon-ssm-agent -version")),
                aws_steps=(),
                aws_commands=(),
            ),
            Variant(
                name="no-files",
                when="its files cannot be fetched",
                title="The agent was not updated: its files cannot be fetched",
                cause=(
                    "The updater fetches ssm-agent-manifest.json and the package from the region's bucket, and could not: "
                    "{detail}. The old version keeps running."
                ),
                summary="Let this machine fetch from the bucket amazon-ssm-{region}, then update the agent again.",
                steps=("Look at the path to S3 from this machine.",),
                commands=(look("sudo ssm-bootstrap doctor --for agent-update"),),
                aws_steps=("Does the S3 endpoint policy allow s3:GetObject on amazon-ssm-{region}?",),
                aws_commands=(aws.S3_ENDPOINTS, aws.S3_ENDPOINT_POLICY),
                transient=True,
            ),
            Variant(
                name="unsupported-version",
                when="the requested version does not support this system",
                title="The agent was not updated: that version does not run here",
                cause="The requested version was withdrawn, or it does not support this system: {detail}.",
                summary="Request a version that supports this system; the default is the region's latest.",
                steps=("Check the kernel and the release of this system.",),
                commands=(look("uname -r"), look("cat /etc/os-release"), look("amazon-ssm-agent -version")),
            ),
        ),
        ended_by=("agent-updated", "update-skipped"),
        title="The agent was not updated; the old version keeps running",
        cause=(
            "AWS-UpdateSSMAgent, or the association that updates the agent, downloaded a version but could not install it: "
            "{detail}. The updater restores the old version, so the node keeps running with it."
        ),
        summary="Fix what made the installer fail, then update the agent again.",
        steps=(
            "The updater's log and the package manager's log show the reason: a lock, a full disk, a signature.",
            "Check which version is installed, and that it is running.",
            "If the package manager cannot do it, install the package by hand.",
        ),
        aws_steps=("Then run AWS-UpdateSSMAgent again.",),
        commands=(
            look("sudo tail -n 50 /var/log/amazon/ssm/AmazonSSMAgent-update.txt"),
            look("amazon-ssm-agent -version"),
            _UNITS,
        ),
        aws_commands=(aws.UPDATE_AGENT,),
        source="amazon-ssm-agent 3.3.1142.0, agent/update/processor; public report aws/amazon-ssm-agent#433",
    ),
    FindingKind(
        code="setup-cli-outdated",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        subject="ssm-setup-cli",
        breaks=(Capability.REGISTER,),
        identity=Bond.ATTEMPT,
        exit_status=ExitStatus.BAD_CONTENT,
        title="This ssm-setup-cli is not the latest version and refuses to run",
        cause=(
            "ssm-setup-cli compares itself with the latest version in S3 and exits if they differ. A copy in an image or "
            "on a mirror stops working as soon as AWS publishes a new version."
        ),
        summary="Register with ssm-bootstrap in place of ssm-setup-cli, or download ssm-setup-cli for each registration.",
        steps=(
            (
                "ssm-setup-cli takes the activation code as an argument, which anyone who can list processes can read; "
                "ssm-bootstrap reads it from a file, and checks the signature of the agent that it installs."
            ),
            "The key with which AWS signs the agent is on the page verify-agent-signature of the Systems Manager User Guide.",
            "With EKS Hybrid Nodes, run nodeadm uninstall and nodeadm install: they download it and the agent again.",
            "Remove an agent that is already installed first, including the snap.",
        ),
        aws_steps=("A mirror or cache between this machine and S3 may serve the old file: refresh it there.",),
        commands=(node.INSTALL_AND_REGISTER,),
        source=(
            "Amazon EKS User Guide, hybrid-nodes-troubleshooting; Systems Manager User Guide, hybrid-multicloud-ssm-agent-install"
        ),
    ),
    FindingKind(
        code="session-user-missing",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        subject="session preferences",
        breaks=(Capability.SESSION,),
        variants=(_RUN_AS_UNSET, _USER_NOT_CREATED),
        title="Run As names a user that does not exist on this node",
        cause=(
            "Run As is on in the session preferences, but the user named there or in the SSMSessionRunAs tag does not "
            "exist on this machine: {detail}. The agent uses ssm-user only if Run As is off; Run Command is not affected."
        ),
        summary="Create that user on this node, or change the user in the session preferences or the SSMSessionRunAs tag.",
        steps=(
            "Check whether the user exists; users from a directory service vanish if it does not answer.",
            "If the user should exist, create it; a session needs no password.",
            "Open a session again; nothing has to be restarted.",
        ),
        aws_steps=(
            "Which user do the session preferences name (runAsDefaultUser), and is Run As wanted at all?",
            "The SSMSessionRunAs tag of the IAM user or role that opens the session overrides the preferences.",
        ),
        commands=(look("getent passwd <RUN-AS-USER>"), change("sudo useradd --create-home --shell /bin/bash <RUN-AS-USER>")),
        aws_commands=(
            aws.SESSION_PREFERENCES,
            aws.ROLE_TAGS,
        ),
        source=("Systems Manager User Guide, session-preferences-run-as; public reports aws/amazon-ssm-agent#518 and #219"),
    ),
    FindingKind(
        code="package-not-for-system",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        changed_on=Side.AWS,
        subject="Distributor package",
        title="The Distributor package does not cover this system",
        cause=(
            "A Distributor package lists the systems, releases and architectures that it supports, and this node is not "
            "among them: {detail}. The agent and the path to S3 are fine."
        ),
        summary="Use a package version that supports this system, or have its publisher add one.",
        steps=(
            "Compare what the message names with this system's release and architecture.",
            "Until there is one, install the software the way its vendor documents.",
        ),
        aws_steps=(
            "Is there a newer version of the package? Request that, or no version at all to get the latest.",
            "Your own package: add the release to its manifest.json, then publish a new version.",
            "A vendor's package: ask the vendor, and exclude such nodes from the association's targets until then.",
        ),
        commands=(look("cat /etc/os-release"), look("uname -m")),
        aws_commands=(aws.PACKAGE_VERSIONS,),
        source=(
            "Systems Manager User Guide, distributor-working-with-packages-create; "
            "public report CrowdStrike/aws-ssm-distributor#105"
        ),
    ),
)
