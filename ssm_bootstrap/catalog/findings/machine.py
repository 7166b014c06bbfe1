"""Findings about what surrounds the agent on its machine: firewall, routes, storage, versions, its service and its logs."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Layer, Scope, Teller, Variant
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.capability import ON_A_NODE
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Severity

_UNITS = "systemctl status --no-pager 'amazon-ssm-agent*' 'snap.amazon-ssm-agent*'"
_ENVIRONMENT = "systemctl show -p Environment -p EnvironmentFiles -p DropInPaths amazon-ssm-agent.service"
_DISK = "df -h {subject}"
_LARGEST = "sudo du -xh --max-depth=2 /var/lib/amazon /var/log/amazon | sort -h | tail"
_AGENT = "amazon-ssm-agent 3.3.1142.0"
_PREREQUISITES = "AWS Systems Manager User Guide, patch-manager-prerequisites"

_IMMUTABLE = Variant(
    name="immutable",
    when="the directory is immutable",
    title="A directory that the agent writes to is immutable",
    cause=(
        "{detail}. What is there already can still be written, and nothing new: no command's directory, no update, no rotation "
        "of logs. Hardening scripts set that flag, and neither mode nor owner shows it."
    ),
    summary="Take the immutable flag of {subject} away with chattr -i.",
    steps=("Ask who set it: a hardening script may set it again.", "Restart the agent afterwards."),
    commands=("lsattr -d {subject}", "sudo chattr -i {subject}", "sudo ssm-bootstrap restart"),
    aws_steps=(),
    aws_commands=(),
    source="chattr(1), attribute i; ioctl_iflags(2), FS_IMMUTABLE_FL",
)
"""The words of directory-unusable where it is a flag that is in the way."""

_FIREWALLS = (
    Variant(
        name="perhaps",
        when="the rule holds under conditions that cannot be judged from here",
        severity=Severity.INFO,
        title="A rule of this machine's own firewall may stop this",
    ),
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="host-firewall",
        severity=Severity.ERROR,
        layer=Layer.MACHINE,
        explains=(
            "local-policy",
            "no-route",
            *families.NAMES,
            *families.ENDPOINT,
            *families.S3,
            "proxy-unreachable",
            *families.NO_PATH,
        ),
        scope=Scope.OF_ITS_HOSTS,
        stops_registering=True,
        variants=_FIREWALLS,
        title="This machine's own firewall stops {service}",
        cause=(
            "A rule for outgoing packets on this machine stops connections to {host} on port {port}, and the probe failed as "
            "such a rule makes it fail. What the security groups and network ACLs allow does not matter before that rule goes."
        ),
        summary="Allow outgoing TCP 443 and 80, and DNS on port 53, to {service} in this machine's own firewall.",
        steps=(
            "The rule is: {detail}",
            "Put an accept before it, for the endpoints' addresses or for all of TCP 443 and 80, and save it for the next boot.",
            "S3 behind a gateway endpoint has public addresses: a rule for the VPC's own blocks alone does not let it through.",
            "Where a tool writes the rules (firewalld, ufw, a security agent), change them there, or it will undo the change.",
        ),
        commands=(
            "sudo nft list ruleset",
            "sudo iptables-save",
            "sudo firewall-cmd --state",
            "ssm-bootstrap probe --region {region}",
        ),
        source="nft(8), iptables(8): hook output; a drop there is silent for TCP, a reject is an error at once (connect(2))",
    ),
    FindingKind(
        code="security-denials",
        severity=Severity.WARNING,
        title="SELinux or AppArmor refuses the agent something",
        cause=(
            "The audit log has denials of the agent's own processes. What was refused may be what fails; the line names "
            "the operation and the file."
        ),
        summary="Look at what was denied, and allow it in the policy or correct the file's label.",
        steps=(
            "SELinux: files of the agent that were moved or copied keep a wrong label; `restorecon` sets the right one.",
            "AppArmor: look which profile the line names; the agent's packages bring none of their own.",
            "Run it in permissive or complain mode once, to see whether the denial is the cause.",
        ),
        commands=(
            "sudo ausearch -m avc -ts recent",
            "sudo restorecon -Rv /var/lib/amazon /var/log/amazon /etc/amazon",
            "sudo journalctl -k -b | grep -i apparmor",
        ),
        source="auditd(8), aureport(8); apparmor(7); the agent's log has `permission denied` then",
    ),
    FindingKind(
        code="split-routes",
        severity=Severity.WARNING,
        title="This machine has default routes by more than one interface",
        cause=(
            "Connections go out by the default route of the lowest metric, whichever subnet, security group and route table its "
            "interface has. What was set up for one interface then does not hold for the packets of the agent."
        ),
        summary="Give the interface in the subnet with the endpoints the lowest metric, or take the other default route away.",
        steps=(
            "See which way a packet takes: the route, and the address that it leaves with.",
            "Let only one interface set a default route (DefaultRoute= or UseGateway= of systemd-networkd, DEFROUTE= elsewhere).",
        ),
        aws_steps=(
            "Security group, route table and network ACL have to fit the subnet of the interface that packets leave by.",
            "The route tables of both subnets need the S3 gateway endpoint, if both are used.",
        ),
        commands=("ip route show default", "ip -6 route show default", "ip route get 169.254.169.254", "ip rule"),
        aws_commands=(aws.ROUTE_TABLE,),
        source="ip-route(8); Amazon EC2 User Guide, network interfaces; amazon-ssm-agent issue 449",
    ),
    FindingKind(
        code="ipv6-only",
        severity=Severity.ERROR,
        layer=Layer.MACHINE,
        explains=("no-route", *families.NO_PATH),
        stops_registering=True,
        title="This machine has IPv6 alone, and the agent dials IPv4 names",
        cause=(
            "There is no IPv4 address and no IPv4 route here, and the usual names of Systems Manager have IPv4 addresses. An "
            "agent from 3.3.3270.0 on can use the dual-stack names below api.aws, if it is told to."
        ),
        summary="Use agent 3.3.3270.0 or newer with Agent.UseDualStackEndpoint true, and dual-stack endpoints in the VPC.",
        steps=(
            "Update the agent if it is older than 3.3.3270.0; it has to come by another way than S3 over IPv4.",
            "Write UseDualStackEndpoint: true into section Agent of amazon-ssm-agent.json, and restart the agent.",
            "With NAT64 and DNS64 in the subnet the IPv4 names work too.",
        ),
        aws_steps=(
            "Interface endpoints for ssm, ssmmessages and ec2messages of the address type dualstack or ipv6.",
            "Route table and network ACL: IPv6 as well as IPv4.",
        ),
        commands=("ip -6 addr show scope global", "getent ahostsv6 ssm.{region}.api.aws", "amazon-ssm-agent -version"),
        aws_commands=(aws.ENDPOINT.replace("{service}", "ssm"),),
        source="amazon-ssm-agent release notes, 3.3.3270.0 (UseDualStackEndpoint); Systems Manager User Guide, setup-create-vpc",
    ),
    FindingKind(
        code="no-proxy-incomplete",
        severity=Severity.WARNING,
        title="The agent goes by a proxy where it could go directly",
        cause=(
            "The agent's service has a proxy, and its no_proxy leaves out what needs none: the instance metadata service, or "
            "endpoints that lie inside this VPC. The proxy then stands in the way of what would work without it."
        ),
        summary="Put 169.254.169.254 and `.{domain}` into no_proxy of the agent's unit, as far as the VPC has endpoints.",
        steps=(
            "Write no_proxy into the same drop-in as the proxy, then `systemctl daemon-reload` and restart the agent.",
            "Leave `.{domain}` out if some of the names have to go by the proxy; list the endpoints' names then.",
        ),
        commands=(_ENVIRONMENT, "getent ahosts ssm.{region}.{domain}", "sudo systemctl edit amazon-ssm-agent.service"),
        source="golang.org/x/net/http/httpproxy; Systems Manager User Guide, configure-proxy-ssm-agent",
    ),
    FindingKind(
        code="ca-variables",
        severity=Severity.INFO,
        title="Environment variables name certificates",
        cause=(
            "SSL_CERT_FILE and SSL_CERT_DIR take the place of the system's trust store for the whole agent. AWS_CA_BUNDLE is "
            "read by a part of it alone (the signed look-up of an S3 bucket), so that registration ignores it."
        ),
        summary="Put a further authority into the system's trust store instead, and take the variables away.",
        steps=(
            "A file that SSL_CERT_FILE names has to hold Amazon's own authorities too, as nothing else counts then.",
            "Variables of the shell hold for -register, those of the unit for the service: set them alike, or not at all.",
        ),
        commands=(_ENVIRONMENT, "env | grep -E 'SSL_CERT|AWS_CA_BUNDLE'", "sudo cp CA.pem {ca_file} && sudo {ca_command}"),
        source=f"{_AGENT}, s3util/crossregion.go:135; -register ignores AWS_CA_BUNDLE (measured); Go crypto/x509, root_unix.go",
    ),
    FindingKind(
        code="disk-full",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        subject="/var/lib/amazon/ssm",
        explains=("registration-interrupted", "registration-lost", "patch-platform", *families.STUCK),
        ended_by=("credentials-ready",),
        told_by=(Teller.MACHINE, Teller.LOG),
        stops_registering=True,
        exit_status=ExitStatus.TRY_LATER,
        title="There is no room left for the agent's files",
        cause=(
            "The file system of the agent's state, logs or credentials has no free space or no free inodes. The agent can then "
            "neither store an identity nor unpack a command's script, and a registration may leave a torn vault."
        ),
        summary="Make room on the file system of {subject} before anything else is tried.",
        steps=(
            "Look what fills it: old commands' output lies in /var/lib/amazon/ssm/*/document/orchestration.",
            "With free space and no inodes it is many small files: look for the directory that holds them.",
            "Restart the agent afterwards.",
        ),
        commands=(_DISK, "df -i {subject}", _LARGEST),
        source=f"{_AGENT}, agent/fileutil/harden.go:17, agent/framework/runpluginutil (no space left on device)",
    ),
    FindingKind(
        code="disk-low",
        severity=Severity.WARNING,
        subject="/var/lib/amazon/ssm",
        told_by=(Teller.MACHINE, Teller.LOG),
        title="There is too little room for an update of the agent",
        cause=(
            "The agent wants 100 MB of free space before it updates itself, and gives up with `Insufficient available disk "
            "space` otherwise. Commands and patching still work, until the rest is gone too."
        ),
        summary="Keep at least 100 MB free on the file system of {subject}.",
        steps=("Look what fills it: old commands' output lies in /var/lib/amazon/ssm/*/document/orchestration.",),
        commands=(_DISK, _LARGEST),
        source=f"{_AGENT}, agent/updateutil/updateutil.go (IsDiskSpaceSufficientForUpdate), updateconstants/constants.go",
    ),
    FindingKind(
        code="read-only-storage",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        subject="/var/lib/amazon/ssm",
        explains=("disk-full", "registration-interrupted", "registration-lost", "patch-platform", *families.STUCK),
        ended_by=("credentials-ready",),
        told_by=(Teller.MACHINE, Teller.LOG),
        stops_registering=True,
        exit_status=ExitStatus.NO_PERMISSION,
        title="The agent's directory is on a read-only file system",
        cause=(
            "{detail}. The agent writes its identity, its credentials and every command's script there. A file system that was "
            "writable before is often made read-only by the kernel after errors of the disk."
        ),
        summary="Mount the file system of {subject} writable again, after a look at why it is not.",
        steps=(
            "Look into the kernel's messages for errors of the disk first.",
            "Look into /etc/fstab whether it is meant to be so; then move the agent's directories to one that can be written.",
        ),
        commands=("findmnt -T {subject}", "sudo dmesg | grep -iE 'remount|I/O error|ext4|xfs' | tail", "grep -v '^#' /etc/fstab"),
        source=f"{_AGENT}, agent/managedInstances/vault/fsvault (read-only file system); mount(8), errors=remount-ro",
    ),
    FindingKind(
        code="noexec-mount",
        subject="/var/lib/amazon/ssm",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        explains=("patch-platform",),
        title="No program may run in the agent's directory (noexec)",
        cause=(
            "{detail}. Run Command and Patch Manager unpack their scripts below /var/lib/amazon and /var/log/amazon and run "
            "them there, which ends with `Permission denied` and exit status 126."
        ),
        summary="Mount the file system of {subject} without noexec, or give the agent's directories one of their own.",
        steps=(
            "Take noexec out of its line in /etc/fstab, then remount it.",
            "Where a hardening guide wants noexec on /var or /var/log, a small file system for the agent's directory keeps both.",
        ),
        commands=("findmnt -T {subject}", "grep -v '^#' /etc/fstab"),
        source=f"Systems Manager User Guide, patch-manager-troubleshooting; {_AGENT}, executers.go:302,419",
    ),
    FindingKind(
        code="directory-unusable",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        explains=(
            "log-directory-missing",
            "registration-interrupted",
            "registration-lost",
            "not-registered",
            "patch-platform",
            *families.STUCK,
        ),
        stops_registering=True,
        variants=(_IMMUTABLE,),
        title="Something stands in the way of a directory that the agent writes to",
        cause=(
            "{detail}. The agent makes its directories when it starts, and cannot where something else has the name. What it "
            "keeps there, its identity and state or its logs and patch work, is then neither written nor renewed."
        ),
        summary="Put a directory at {subject} (root, mode 0700) that can be written, and restart the agent.",
        steps=(
            "Look what lies there, and who put it there: a link for another disk, or a file by mistake.",
            "A link may stay, once the directory that it leads to is there and its file system is mounted at boot.",
        ),
        commands=("ls -ld {subject}", "findmnt -T {subject}", "sudo ssm-bootstrap restart"),
        source=f"{_AGENT}, agent/fileutil (directories made at the start); mkdir(2) EEXIST and ENOTDIR",
    ),
    FindingKind(
        code="log-directory-missing",
        severity=Severity.WARNING,
        title="The agent runs, and the directory of its logs is not there",
        cause=(
            "Somebody took the log directory away under the running agent, or it could never be made. What the agent does and "
            "why it fails is written nowhere, and Patch Manager finds no room to work in either."
        ),
        summary="Make the directory {subject} (root, mode 0700) and restart the agent.",
        steps=(
            "The agent makes it when it starts, unless something above it cannot be written.",
            "Look for a clean-up job that removes directories below /var/log.",
        ),
        commands=("sudo install -d -m 0700 {subject}", "sudo ssm-bootstrap restart", "ls -ld /var/log /var/log/amazon"),
        source=f"{_AGENT}, agent/log/logger (seelog internal error), the log directory is made at the start",
    ),
    FindingKind(
        code="logs-moved",
        severity=Severity.INFO,
        title="The agent writes its logs to another place (seelog.xml)",
        cause=(
            "A seelog.xml of this machine's own leads the agent's logs away from /var/log/amazon/ssm. They are read from "
            "there; whoever looks in the usual place sees old files or none."
        ),
        summary="Nothing has to change; know that the logs are where seelog.xml says.",
        steps=("To have them in the usual place again, move the file away and restart the agent.",),
        commands=("grep -nE 'filename|path|minlevel' /etc/amazon/ssm/seelog.xml", "sudo ssm-bootstrap doctor"),
        source=f"{_AGENT}, agent/log/logger/defaultconfig.go:29-60",
    ),
    FindingKind(
        code="logs-switched-off",
        severity=Severity.INFO,
        title="The agent writes no log that could be read (seelog.xml)",
        cause=(
            "A seelog.xml of this machine's own names no file, or lets nothing through. So explain and doctor are blind to "
            "what the agent itself says, and only what can be seen from outside is told."
        ),
        summary="Let the agent write its logs at level info again: move seelog.xml away and restart it.",
        steps=(
            "The package brings seelog.xml.template with the usual settings.",
            "Try again what failed, then look again.",
        ),
        commands=(
            "cat /etc/amazon/ssm/seelog.xml",
            "sudo mv /etc/amazon/ssm/seelog.xml /etc/amazon/ssm/seelog.xml.off",
            "sudo ssm-bootstrap restart",
        ),
        source=f"{_AGENT}, agent/log/logger/defaultconfig.go:29-60",
    ),
    FindingKind(
        code="agent-too-old",
        severity=Severity.ERROR,
        title="The agent is too old for what is asked of it",
        cause=(
            "{detail}. Regions opened in 2024 or later have no ec2messages at all, so that an agent there has to take its "
            "commands from ssmmessages."
        ),
        summary="Update amazon-ssm-agent to 3.3.40.0 or newer.",
        steps=(
            "Take the package from the distribution or from the region's bucket in S3; then restart the agent.",
            "An agent that takes no commands cannot be updated by Systems Manager: do it here, or in the image.",
        ),
        aws_steps=("Without a way to the repositories the package has to come by an S3 endpoint, or in the image.",),
        commands=(
            "amazon-ssm-agent -version",
            "curl -fsS -O https://s3.{region}.{domain}/amazon-ssm-{region}/latest/linux_amd64/amazon-ssm-agent.rpm",
            "sudo snap refresh amazon-ssm-agent",
        ),
        aws_commands=(aws.S3_ENDPOINTS,),
        source=(
            f"{_PREREQUISITES} (2.0.834.0) and systems-manager-setting-up-messageAPIs (3.3.40.0); {_AGENT}, "
            "agent/messageservice (3.1.821.0)"
        ),
    ),
    FindingKind(
        code="agent-twice",
        severity=Severity.WARNING,
        title="The agent is installed as a package and as a snap",
        cause=(
            "Both share one vault, one configuration and one set of sockets. Which of them runs decides which version answers, "
            "and updates of the one do not touch the other."
        ),
        summary="Keep one of the two, the one that runs, and remove the other.",
        steps=(
            "See which unit is active; on Ubuntu that is usually the snap.",
            "Removing a package leaves the vault in place, so that the node stays registered.",
        ),
        commands=(_UNITS, "sudo snap remove amazon-ssm-agent", "sudo apt-get remove amazon-ssm-agent"),
        source=f"{_AGENT}, packaging (the deb's preinst refuses to install beside the snap); issues 192, 255 and 304",
    ),
    FindingKind(
        code="agent-disabled",
        severity=Severity.WARNING,
        title="The agent runs now and will not after the next boot",
        cause=(
            "The agent's unit is active and not enabled: systemd does not start it at boot. The node then goes offline with "
            "the next restart of the machine, which patching itself may bring about."
        ),
        summary="Enable the agent's unit.",
        steps=("Enable it; a snap is enabled with `snap start --enable`.",),
        commands=("sudo systemctl enable {subject}", "systemctl is-enabled {subject}"),
        source="systemctl(1), UnitFileState",
    ),
    FindingKind(
        code="agent-by-hand",
        severity=Severity.WARNING,
        title="A process of the agent was started by hand",
        cause=(
            "{detail}. Such an agent has the environment of that session and ends with it or with the next boot; beside the "
            "unit's own it disturbs the shared sockets and the vault."
        ),
        summary="End that process and let systemd run the agent.",
        steps=("End it (TERM; it may take two minutes), then restart the unit.",),
        commands=("ps -o pid,lstart,cgroup,args -C amazon-ssm-agen", "sudo ssm-bootstrap restart"),
        source=f"{_AGENT}, packaging/linux/amazon-ssm-agent.service; cgroups(7)",
    ),
    FindingKind(
        code="worker-missing",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        explains=(*families.OFFLINE,),
        title="The agent has credentials, and its worker does not run",
        cause=(
            "amazon-ssm-agent only watches; ssm-agent-worker does what AWS sends. It is started once there are credentials, "
            "and again within a minute when it ends, so that it cannot be started or ends at once here."
        ),
        summary="Find out why ssm-agent-worker does not start: memory, permissions, or a program that forbids it.",
        steps=(
            "Look for `failed to start worker` and for a pid that `has been terminated` in the agent's log.",
            "Look for the kernel's out-of-memory killer, and for security software that has no rule for ssm-agent-worker.",
            "Restart the agent.",
        ),
        commands=(
            "ls -l /usr/bin/ssm-agent-worker /snap/amazon-ssm-agent/current/ssm-agent-worker",
            "sudo grep -E 'ssm-agent-worker.*(terminated|failed)' /var/log/amazon/ssm/amazon-ssm-agent.log | tail",
            "sudo dmesg | grep -i 'out of memory' | tail -3",
            "sudo ssm-bootstrap restart",
        ),
        source=f"{_AGENT}, core/app/agent.go:87-106, core/workerprovider (provider.go:163-228); release notes, 3.0.151.0",
    ),
    FindingKind(
        code="config-elsewhere",
        severity=Severity.WARNING,
        layer=Layer.MACHINE,
        explains=(
            *families.NAMES,
            *families.ENDPOINT,
            *families.S3,
            *families.CONNECTED,
            *families.OFFLINE,
            "credentials-refused",
        ),
        is_elsewhere=True,
        scope=Scope.OF_HOSTS_IT_LEADS_TO,
        title="amazon-ssm-agent.json leads the agent to another region",
        cause=(
            "{detail}. The agent goes where that file says, with an identity that the other region does not know; and a VPC's "
            "endpoints do not lead across regions."
        ),
        summary="Correct the hosts and the region in amazon-ssm-agent.json, or take them away, and restart the agent.",
        steps=(
            "Such a file often comes with an image or a script of another region.",
            "Without these keys the agent takes the region of its registration.",
        ),
        commands=("grep -nE 'Endpoint|Region' /etc/amazon/ssm/amazon-ssm-agent.json", "sudo ssm-bootstrap restart"),
        source=f"{_AGENT}, common/identity/endpoint/endpoint.go, agent/appconfig (Ssm.Endpoint, Agent.Region)",
    ),
    FindingKind(
        code="inotify-exhausted",
        severity=Severity.ERROR,
        subject="inotify",
        breaks=ON_A_NODE,
        explains=("agent-part-failed",),
        title="The kernel has no inotify watch or instance left for the agent",
        cause=(
            "Agent and document worker talk through files that they watch by inotify, and the kernel refused: {detail}. No disk "
            "is full: another program holds so many watches that every command and session times out."
        ),
        summary="Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances, and find who holds them.",
        steps=(
            "See the limits, and which processes hold instances and watches; file synchronisers and log shippers are usual.",
            "Raise both limits and keep them in /etc/sysctl.d; a watch takes about 1 KiB of the kernel's memory.",
            "Run the command again; the agent need not be restarted. If it still times out, restart the agent.",
        ),
        commands=(
            "sysctl fs.inotify.max_user_watches fs.inotify.max_user_instances",
            "sudo grep -c ^inotify /proc/[0-9]*/fdinfo/* 2>/dev/null | grep -v ':0$' | sort -t: -k2 -n | tail",
            (
                "printf 'fs.inotify.max_user_watches=524288\\nfs.inotify.max_user_instances=1024\\n'"
                " | sudo tee /etc/sysctl.d/90-inotify.conf && sudo sysctl --system"
            ),
        ),
        source="inotify(7), inotify_add_watch(2); public report aws/amazon-ssm-agent#262",
    ),
)
