"""Findings about the agent's own state."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Bond, FindingKind, Layer, Side, Variant
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Severity

_UNITS = "systemctl status --no-pager 'amazon-ssm-agent*' 'snap.amazon-ssm-agent*'"

_ASLEEP = Variant(
    name="asleep",
    when="the cause is over and the agent has not tried again",
    severity=Severity.WARNING,
    title="The agent sleeps until its next try; what kept it offline works now",
    cause=(
        "After a failure the agent waits before it asks again, for minutes at first and for hours in the end. What it failed of "
        "answers now, and it has not asked since."
    ),
    summary="Restart the agent, or wait for its next try.",
    steps=("Restart it where no command or session is at work: `restart --if-asleep` looks first.",),
    aws_steps=(),
    commands=("sudo ssm-bootstrap restart --if-asleep",),
    aws_commands=(),
    source="amazon-ssm-agent 3.3.1142.0, core/app/credentialrefresher/credentialrefresher.go; agent/hibernation",
)

_CUT = Variant(
    name="cut",
    when="a channel was there and was cut",
    title="The agent's control channel was cut and has not come back",
    cause=(
        "The agent had a control channel to ssmmessages and lost it: {detail}. It dials again at growing intervals and logs no "
        "failure of that; meanwhile it asks ec2messages no more, so that neither sessions nor commands reach this node."
    ),
    summary="Restart the agent; where the channel does not come up then, make ssmmessages reachable, websocket included.",
    steps=(
        "Restart the agent: it dials at once.",
        "The channel is a websocket on port 443: a proxy or firewall that drops the Upgrade header breaks just this.",
    ),
    aws_steps=("Firewall or proxy: are websockets allowed, and long-lived connections not cut when idle?",),
    commands=("sudo ssm-bootstrap restart", "ssm-bootstrap probe --region {region} --for session"),
    aws_commands=(),
    source="amazon-ssm-agent 3.3.1142.0, agent/session/communicator/websocketchannel.go:205; measured, agent 3.3 on Debian 12",
)

_MASKED = Variant(
    name="masked",
    when="the unit is masked",
    title="The agent's unit is masked, so that nothing can start it",
    cause=(
        "{subject} is masked: its file is a link to /dev/null, and systemd refuses to start it, by hand and at boot. Somebody "
        "or some hardening script did that with `systemctl mask`; a restart alone changes nothing."
    ),
    summary="Unmask the agent's unit with systemctl unmask, then enable and start it.",
    steps=(
        "Ask who masked it first: a fleet's configuration management may mask it again.",
        "Where the snap's agent runs instead, leave the package's unit masked: two agents share one vault.",
    ),
    commands=(
        "sudo systemctl unmask {subject}",
        "sudo systemctl enable --now {subject}",
        "sudo ssm-bootstrap restart",
    ),
    aws_steps=(),
    aws_commands=(),
    source="systemctl(1), mask and unmask",
)
"""The words of agent-not-running where the unit is masked."""

_NO_SETUP_CLI = Variant(
    name="no-setup-cli",
    when="nodeadm does not find ssm-setup-cli",
    title="ssm-setup-cli is not on this machine, so nothing can register it",
    cause=(
        "nodeadm of EKS Hybrid Nodes installs and registers the agent with /opt/aws/ssm-setup-cli, and that file is not there. "
        "`nodeadm install` puts it there; it was not run with ssm as the credential provider, or did not come to its end."
    ),
    summary="Run nodeadm install with --credential-provider ssm, then nodeadm init again.",
    steps=(
        "Name the Kubernetes version of the cluster in nodeadm install.",
        "Run nodeadm init afterwards: it registers the node.",
    ),
    aws_steps=(),
    commands=(
        "ls -l /opt/aws/ssm-setup-cli",
        "sudo nodeadm install <KUBERNETES-VERSION> --credential-provider ssm",
        "sudo nodeadm init --config-source file://<NODE-CONFIG>",
    ),
    aws_commands=(),
    source="Amazon EKS User Guide, hybrid-nodes-troubleshooting",
)
"""The words of agent-missing where it is nodeadm that finds no way to install it."""

_UPDATE_UNSUPPORTED = Variant(
    name="unsupported",
    when="the installer's status is 124",
    title="The agent was not updated: its installer does not support this system",
    cause=(
        "The updater fetched the new version, and its install script ended with status 124: process 1 here is none that it "
        "knows. The script for the snap works with systemd alone, so that a snap of the agent beside upstart (Ubuntu 14.04) or "
        "in a container never gets updated; the old version runs on."
    ),
    summary="Replace the snap of the agent by its deb package, or update the system to a release that has systemd.",
    steps=(
        "See what process 1 is, and whether the agent is a snap.",
        "Where it is a snap and process 1 is not systemd: remove the snap and install the deb; `status` shows the identity.",
        (
            "Where process 1 is systemd, look at the installer's output; snapd may be out of reach of its store, which is no "
            "AWS service and has no VPC endpoint."
        ),
    ),
    aws_steps=("Until then leave the node out of the association that updates the agent: it fails each time.",),
    commands=(
        "cat /proc/1/comm",
        "snap list amazon-ssm-agent",
        "sudo find /var/lib/amazon/ssm/update -name 'std*' -newermt '-7 days' -exec tail -n 20 {{}} +",
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
    title="Sessions are to run as a user, and none is named",
    cause=(
        "Run As is on in the session preferences, and neither the preferences nor the tag SSMSessionRunAs of whoever opens "
        "the session names a user, so that the agent starts no shell. Run Command does not depend on it."
    ),
    summary="Name a user in the session preferences or in the tag SSMSessionRunAs, or switch Run As off.",
    source="amazon-ssm-agent 3.3.1142.0, agent/session/plugins/sessionplugin/shell_unix.go",
)
"""The words of session-user-missing where no user is named at all."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="agent-missing",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        explains=("agent-config-invalid", "agent-not-running", *families.NO_TOKEN),
        stops_registering=True,
        exit_status=ExitStatus.BAD_CONTENT,
        variants=(_NO_SETUP_CLI,),
        title="amazon-ssm-agent is not installed",
        cause="Neither a package nor the snap of the agent is on this machine, so there is nothing to register or to restart.",
        summary="Install amazon-ssm-agent for this distribution.",
        steps=(
            "Amazon Linux has it in its own repositories; for others fetch the deb or rpm from the region's bucket in S3.",
            "Install either the package or the snap, never both.",
        ),
        aws_steps=("In a VPC without internet the bucket needs an S3 endpoint, or the package comes by another way.",),
        commands=(
            "curl -fsS -O https://s3.{region}.{domain}/amazon-ssm-{region}/latest/linux_amd64/amazon-ssm-agent.rpm",
            "curl -fsS -O https://s3.{region}.{domain}/amazon-ssm-{region}/latest/debian_amd64/amazon-ssm-agent.deb",
        ),
        aws_commands=(aws.S3_ENDPOINTS,),
        source="amazon-ssm-agent 3.3.1142.0, packaging; Systems Manager User Guide, the keys of the bucket amazon-ssm-REGION",
    ),
    FindingKind(
        code="agent-not-running",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        explains=(*families.OFFLINE,),
        variants=(_MASKED,),
        title="The agent is installed but not running",
        cause=(
            "No process of amazon-ssm-agent runs, or systemd starts it again and again. The unit may be stopped or failed, or "
            "the agent may end at once because it has no identity or no valid configuration."
        ),
        summary="Start the agent's unit and see why it ended.",
        steps=(
            "Look at the unit's state and its last lines.",
            "If it is disabled, enable it; if package and snap are both there, keep one.",
        ),
        commands=(_UNITS, "sudo journalctl -u amazon-ssm-agent.service -n 50 --no-pager", "sudo ssm-bootstrap restart"),
        source=(
            "amazon-ssm-agent 3.3.1142.0, packaging/linux/amazon-ssm-agent.service; "
            "an agent without identity exits with 0 (measured)"
        ),
    ),
    FindingKind(
        code="agent-offline",
        severity=Severity.ERROR,
        depends_on=(
            "ssm",
            "ssmmessages",
        ),
        variants=(
            _ASLEEP,
            Variant(
                name="not-connected",
                when="the service says that the node is not connected",
                title="Systems Manager has no connection from that node",
                cause=(
                    "Whoever asked for a session was answered by the service that the node is not connected: {detail}. The way "
                    "from here to the service works; what is missing is on that node or on its way."
                ),
                summary="Run `sudo ssm-bootstrap doctor` on that node, and remove the cause that it names.",
                steps=("Where nobody gets onto the node any more: its serial console, or a reboot, starts the agent anew.",),
                commands=("sudo ssm-bootstrap doctor",),
                aws_steps=("What does the service say of the node: when was its last ping? Is it the right region and id?",),
            ),
        ),
        title="The agent runs, but there is no proof that this node is online",
        cause=(
            "The process is there, and the signs of a working node are not: credentials, a worker process, and a control "
            "channel or a working ec2messages connection. A running unit alone proves nothing."
        ),
        summary="See what is missing in doctor's report, remove that cause, then restart the agent.",
        steps=(
            "Without the process ssm-agent-worker the agent has no credentials yet: look at ssm and at the role.",
            "With it, look at ssmmessages.",
        ),
        aws_steps=("What does the service say of the node: when was its last ping?",),
        commands=("sudo ssm-bootstrap doctor", "sudo ssm-bootstrap explain", "sudo ssm-bootstrap restart"),
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
        title="The agent hibernates and asks the service only now and then",
        cause=(
            "The agent's first call to Systems Manager failed, so it went to sleep and pings at intervals that grow from 5 "
            "minutes to an hour. It writes that at INFO and in hibernate.log only, so errors.log may be empty."
        ),
        summary="Remove what made the first call fail, then restart the agent; waiting takes up to an hour.",
        steps=(
            "Look for the reason in hibernate.log: access denied, unknown node, or no network.",
            "Restart the agent once that is mended.",
        ),
        aws_steps=(
            "Does the node still exist in the account, and does its role allow ssm:UpdateInstanceInformation?",
            "Does the policy of the ssm endpoint allow the role?",
        ),
        commands=("sudo tail -n 20 /var/log/amazon/ssm/hibernate.log", "sudo ssm-bootstrap restart"),
        aws_commands=(aws.NODE, aws.ROLE_POLICIES, aws.ENDPOINT_POLICY),
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
        title="amazon-ssm-agent.json cannot be read by the agent",
        cause=(
            "The agent's service refuses to start with a configuration that does not parse, or that has a value of "
            "another type than the agent's own, while its -register quietly falls back to defaults. So the node registers and "
            "then never comes online."
        ),
        summary="Correct the agent's configuration file, or move it away to use the defaults, then restart the agent.",
        steps=(
            "Go to the line and column that are named. Numbers, true and false stand without quotes; case does not count.",
            "Correct it, or move the file away if nothing in it is needed.",
            "Restart the agent.",
        ),
        commands=(
            "sudo python3 -m json.tool /etc/amazon/ssm/amazon-ssm-agent.json",
            "sudo mv /etc/amazon/ssm/amazon-ssm-agent.json /etc/amazon/ssm/amazon-ssm-agent.json.broken",
            "sudo ssm-bootstrap restart",
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
        title="The agent runs as the EC2 instance and not as the hybrid node",
        cause=(
            "The agent takes its identity from the instance profile instead of the registration. Identity.ConsumptionOrder "
            "puts EC2 first, or the agent has not been restarted since it was registered."
        ),
        summary="Put OnPrem first in Identity.ConsumptionOrder of amazon-ssm-agent.json, or remove that key, and restart.",
        steps=(
            "By default a hybrid registration comes before the EC2 identity; only that key changes it.",
            "Restart the agent, then look which identity it takes: `Agent will take identity from OnPrem`.",
        ),
        commands=(
            "grep -n -A4 ConsumptionOrder /etc/amazon/ssm/amazon-ssm-agent.json",
            "sudo grep 'take identity' /var/log/amazon/ssm/amazon-ssm-agent.log | tail -1",
            "sudo ssm-bootstrap restart",
        ),
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/appconfig/constants.go:293, common/identity/identity/identity_selector.go:52-117"
        ),
    ),
    FindingKind(
        code="credentials-refused",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        changed_on=Side.AWS,
        subject="amazon-ssm-agent",
        breaks=ON_A_NODE,
        explains=(*families.OFFLINE,),
        depends_on=("ssm",),
        identity=Bond.NODE,
        title="The service refuses the agent its credentials",
        cause=(
            "The agent is registered, and the service does not give it the role's token. After a refusal it writes one line "
            "and sleeps for 25 to 30 minutes; until it has credentials its worker is not even started."
        ),
        summary="Correct the activation's role (trust and permissions) or the ssm endpoint's policy, then restart the agent.",
        steps=("Restart the agent after the change: otherwise up to 30 minutes pass in which nothing seems to happen.",),
        aws_steps=(
            "Does the role still exist, and does it trust ssm.amazonaws.com?",
            "Is AmazonSSMManagedInstanceCore (or its like) attached to the role?",
            (
                "Endpoint policy of ssm: does it allow the unsigned ssm:RequestManagedInstanceRoleToken? Conditions on a "
                "principal or organisation deny it; ssm:NodeAccountId and ssm:NodeOrgId work."
            ),
            "Does a service control policy deny it? Was the node's role replaced (update-managed-instance-role)?",
        ),
        commands=("sudo ssm-bootstrap explain", "sudo ssm-bootstrap restart"),
        aws_commands=(aws.NODE, aws.ROLE_TRUST, aws.ROLE_POLICIES, aws.ENDPOINT_POLICY),
        source=(
            "amazon-ssm-agent 3.3.1142.0, core/app/credentialrefresher; "
            "Systems Manager User Guide, setup-create-vpc (endpoint policies)"
        ),
    ),
    FindingKind(
        code="channel-down",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
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
        variants=(_CUT,),
        title="The agent has no control channel to ssmmessages",
        cause=(
            "The agent has credentials, and its connection to ssmmessages does not come up or was lost. Sessions cannot work "
            "then; Run Command still does where ec2messages is reachable."
        ),
        summary="Make ssmmessages reachable, websocket included, and allowed by role and endpoint policy; then restart.",
        steps=(
            "The channel is a websocket on port 443: a proxy or firewall that drops the Upgrade header breaks just this.",
            "Restart the agent after the change: it waits up to an hour between tries.",
        ),
        aws_steps=(
            "Is there an interface endpoint for ssmmessages, with 443 allowed in its security group?",
            "Endpoint policy of ssmmessages, and the role: ssmmessages:CreateControlChannel and OpenControlChannel allowed?",
            "Firewall or proxy: are websockets allowed, and long-lived connections not cut when idle?",
        ),
        commands=("ssm-bootstrap probe --region {region} --for session", "sudo ssm-bootstrap restart"),
        aws_commands=(
            aws.ENDPOINT.replace("{service}", "ssmmessages"),
            aws.ENDPOINT_POLICY.replace("{service}", "ssmmessages"),
            aws.ROLE_POLICIES,
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
                name="older",
                when="the version asked for is older than the one that runs",
                title="The agent was not updated: the version that runs is the newer one",
                cause=(
                    "The newest version that the region offers, or the one that was asked for, is older than the one that runs, "
                    "and the updater goes back only where that is allowed: {detail}."
                ),
                summary="Nothing, unless the older version is wanted: then run AWS-UpdateSSMAgent with allowDowngrade=true.",
                steps=("See which version runs.",),
                commands=("amazon-ssm-agent -version",),
                aws_steps=("The next run of the same update succeeds as soon as the region offers a newer version.",),
                aws_commands=("aws s3 cp s3://amazon-ssm-{region}/latest/VERSION - --region {region} --no-sign-request",),
            ),
            Variant(
                name="no-package",
                when="there is no package of the agent for this system",
                title="The agent was not updated: there is no package for this system",
                cause=(
                    "The updater looks for a package by what /etc/os-release says of this system, and the list of packages has "
                    "none by that name: {detail}. The version of before runs on."
                ),
                summary="Update the agent by hand with the package of the distribution that this system is made from.",
                steps=("Until then leave the node out of the association that updates the agent: it fails each time.",),
                commands=("cat /etc/os-release", "uname -m", "amazon-ssm-agent -version"),
                aws_steps=(),
                aws_commands=(),
            ),
            Variant(
                name="unsupported-version",
                when="the version asked for does not run on this system",
                title="The agent was not updated: that version does not run here",
                cause="The version that was asked for was withdrawn, or does not support this system: {detail}.",
                summary="Ask for a version that supports this system; the newest of the region is the default.",
                steps=("See which kernel and release this is.",),
                commands=("uname -r", "cat /etc/os-release", "amazon-ssm-agent -version"),
            ),
        ),
        ended_by=("agent-updated", "update-skipped"),
        title="The agent was not updated; the version of before runs on",
        cause=(
            "AWS-UpdateSSMAgent, or the association that updates the agent, fetched a version and could not install it: "
            "{detail}. The updater puts the old version back, so that the node goes on with that one."
        ),
        summary="Remove what the installer failed of, then update the agent again.",
        steps=(
            "The updater's own log and the package manager's tell the reason: a lock, a full disk, a signature.",
            "See which version runs, and that it runs.",
            "Where the package manager cannot do it, install the package by hand.",
        ),
        aws_steps=("Run AWS-UpdateSSMAgent again once that is done.",),
        commands=(
            "sudo tail -n 50 /var/log/amazon/ssm/AmazonSSMAgent-update.txt",
            "amazon-ssm-agent -version",
            _UNITS,
        ),
        aws_commands=("aws ssm send-command --region {region} --document-name AWS-UpdateSSMAgent --instance-ids {mi}",),
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
        title="This ssm-setup-cli is not the newest one and refuses to go on",
        cause=(
            "ssm-setup-cli compares itself with the newest one in S3 and does nothing where they differ. A copy in an image or "
            "a mirror stops working on the day on which AWS publishes another."
        ),
        summary="Fetch ssm-setup-cli again from S3, remove an older agent, then run it again.",
        steps=(
            "Fetch it anew at each registration; keep no copy in an image.",
            "With EKS Hybrid Nodes run nodeadm uninstall and nodeadm install, which fetch it and the agent anew.",
            "Remove an agent of an older installation first, the snap too.",
        ),
        aws_steps=("A mirror or cache between this machine and S3 may hand out the old file: renew it there.",),
        commands=(
            "curl -fsS -O https://amazon-ssm-{region}.s3.{region}.{domain}/latest/linux_amd64/ssm-setup-cli",
            "sudo chmod 0755 ssm-setup-cli",
            "sudo ./ssm-setup-cli -register -region {region} -activation-id <ACTIVATION-ID> -activation-code <ACTIVATION-CODE>",
        ),
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
        variants=(_RUN_AS_UNSET,),
        title="Sessions are to run as a user that does not exist on this node",
        cause=(
            "Run As is on in the session preferences, and the user that they or the tag SSMSessionRunAs name is not on this "
            "machine: {detail}. The agent makes ssm-user only where Run As is off; Run Command does not depend on it."
        ),
        summary="Create that user on this node, or change the user in the session preferences or the tag SSMSessionRunAs.",
        steps=(
            "Look whether the user exists; a directory service that does not answer makes its users disappear.",
            "Create it if it is meant; a session takes no password.",
            "Open a session again: nothing has to be restarted.",
        ),
        aws_steps=(
            "Which user do the session preferences name (runAsDefaultUser), and is Run As meant at all?",
            "The tag SSMSessionRunAs of the IAM user or role that opens the session comes before the preferences.",
        ),
        commands=("getent passwd <RUN-AS-USER>", "sudo useradd --create-home --shell /bin/bash <RUN-AS-USER>"),
        aws_commands=(
            "aws ssm get-document --region {region} --name SSM-SessionManagerRunShell --query Content --output text",
            "aws iam list-role-tags --role-name <ROLE-THAT-OPENS-THE-SESSION>",
        ),
        source=("Systems Manager User Guide, session-preferences-run-as; public reports aws/amazon-ssm-agent#518 and #219"),
    ),
    FindingKind(
        code="package-not-for-system",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        changed_on=Side.AWS,
        subject="Distributor package",
        title="The Distributor package has no file for this system",
        cause=(
            "A package of Distributor lists for which systems, releases and architectures it has a file, and this node is not "
            "among them: {detail}. The agent and the way to S3 are fine."
        ),
        summary="Use a version of the package that has a file for this system, or have its publisher add one.",
        steps=(
            "Compare what the message names with the system's own release and architecture.",
            "Until there is one, install the software by its vendor's own way.",
        ),
        aws_steps=(
            "Is there a newer version of the package? Name it, or none, so that the newest one is taken.",
            "A package of your own: add the release to its manifest.json, then publish a new version.",
            "A package of a vendor: ask the vendor, and leave such nodes out of the association's targets until then.",
        ),
        commands=("cat /etc/os-release", "uname -m"),
        aws_commands=("aws ssm list-document-versions --region {region} --name <PACKAGE>",),
        source=(
            "Systems Manager User Guide, distributor-working-with-packages-create; "
            "public report CrowdStrike/aws-ssm-distributor#105"
        ),
    ),
)
