"""Findings about what surrounds the agent on its machine: firewall, routes, storage, versions, its service and its logs."""

from __future__ import annotations

from ssm_bootstrap.catalog.addresses import IMDS_V6, RESOLVER_V6
from ssm_bootstrap.catalog.agent import OOM_PROTECTED
from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Scope, Teller, Variant, change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.capability import ON_A_NODE
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Severity

_UNITS = look("systemctl status --no-pager 'amazon-ssm-agent*' 'snap.amazon-ssm-agent*'")
_ENVIRONMENT = look("systemctl show -p Environment -p EnvironmentFiles -p DropInPaths amazon-ssm-agent.service")
_DISK = look("df -h {subject}")
_LARGEST = look("sudo du -xh --max-depth=2 /var/lib/amazon /var/log/amazon | sort -h | tail")
_AGENT = "amazon-ssm-agent 3.3.1142.0"
_PREREQUISITES = "AWS Systems Manager User Guide, patch-manager-prerequisites"

_IMMUTABLE = Variant(
    name="immutable",
    when="the directory is immutable",
    title="A directory that the agent writes to is immutable",
    cause=(
        "{detail}. Existing files can still be written, but nothing can be created: no command directory, no update, no "
        "log rotation. Hardening scripts set this flag, and neither mode nor owner shows it."
    ),
    summary="Remove the immutable flag from {subject} with chattr -i.",
    steps=("Find out who set it: a hardening script may set it again.", "Restart the agent afterwards."),
    commands=(look("lsattr -d {subject}"), change("sudo chattr -i {subject}"), change("sudo ssm-bootstrap restart")),
    aws_steps=(),
    aws_commands=(),
    source="chattr(1), attribute i; ioctl_iflags(2), FS_IMMUTABLE_FL",
)
"""The words of directory-unusable where it is a flag that is in the way."""

_FIREWALLS = (
    Variant(
        name="perhaps",
        breaks_at=(Hop.FIREWALL, Hop.SECURITY_GROUP, Hop.NETWORK_ACL),
        when="the rule has conditions that cannot be checked from here",
        severity=Severity.INFO,
        title="A rule in this machine's own firewall may block this",
    ),
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="host-firewall",
        severity=Severity.ERROR,
        breaks_at=(Hop.FIREWALL,),
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
        title="This machine's own firewall blocks {service}",
        cause=(
            "An outbound rule on this machine blocks connections to {host} on port {port}, and the probe failed the way "
            "such a rule makes it fail. Until that rule is gone, security groups and network ACLs make no difference."
        ),
        summary="Allow outbound TCP 443 and 80, and DNS on port 53, to {service} in this machine's own firewall.",
        steps=(
            "The rule is: {detail}",
            (
                "Put an accept rule before it, for the endpoints' addresses or for all of TCP 443 and 80, and save it for the "
                "next boot."
            ),
            (
                "S3 behind a gateway endpoint has public addresses: a rule for the VPC's CIDR blocks alone does not let it "
                "through."
            ),
            "If a tool writes the rules (firewalld, ufw, a security agent), change them there, or it will undo the change.",
        ),
        commands=(
            node.OWN_FIREWALL,
            look("ssm-bootstrap probe --region {region}"),
        ),
        source="nft(8), iptables(8): hook output; a drop there is silent for TCP, a reject is an error at once (connect(2))",
    ),
    FindingKind(
        code="security-denials",
        severity=Severity.WARNING,
        title="SELinux or AppArmor denied the agent something",
        cause=(
            "The audit log has denials for the agent's own processes. What was denied may be what fails; the record names "
            "the operation and the file."
        ),
        summary="Read the denial, then allow it in the policy or fix the file's label.",
        steps=(
            "SELinux: files of the agent that were moved or copied keep the wrong label; `restorecon` sets the right one.",
            "AppArmor: check which profile the record names; the agent's packages ship none.",
            (
                "To test whether the denial is the cause, make only that domain permissive (`semanage permissive -a`) or that "
                "profile complain."
            ),
        ),
        commands=(
            look("sudo ausearch -m avc -ts today"),
            change("sudo restorecon -Rv /var/lib/amazon /var/log/amazon /etc/amazon"),
            look("sudo journalctl -k -b | grep -i apparmor"),
        ),
        source="auditd(8), aureport(8); apparmor(7); the agent's log has `permission denied` then",
    ),
    FindingKind(
        code="split-routes",
        severity=Severity.WARNING,
        title="This machine has default routes through more than one interface",
        cause=(
            "Connections leave by the default route with the lowest metric, whatever subnet, security group and route "
            "table that interface has. What you set up for one interface then does not apply to the agent's traffic."
        ),
        summary="Give the interface in the subnet with the endpoints the lowest metric, or remove the other default route.",
        steps=(
            "Check which route and source address a packet to an endpoint uses.",
            "Let only one interface set a default route (DefaultRoute= or UseGateway= of systemd-networkd, DEFROUTE= elsewhere).",
        ),
        aws_steps=(
            "Security group, route table and network ACL must match the subnet of the interface that traffic leaves by.",
            "If both subnets are used, both route tables need the S3 gateway endpoint.",
        ),
        commands=(
            look("ip route show default"),
            look("ip -6 route show default"),
            look("getent ahostsv4 ssm.{region}.{domain}"),
            look("ip route get <ENDPOINT-ADDRESS>"),
            look("ip rule"),
        ),
        aws_commands=(aws.ROUTE_TABLE,),
        source="ip-route(8); Amazon EC2 User Guide, network interfaces; amazon-ssm-agent issue 449",
    ),
    FindingKind(
        code="ipv6-only",
        severity=Severity.ERROR,
        breaks_at=(Hop.INSTANCE,),
        layer=Layer.MACHINE,
        explains=("no-route", *families.NO_PATH),
        stops_registering=True,
        title="This machine has only IPv6, but the agent uses IPv4-only names",
        cause=(
            "This machine has no IPv4 address and no IPv4 route, and the default Systems Manager names have only IPv4 "
            "addresses. Agent 3.3.3270.0 or later can use the dual-stack names if it is configured to."
        ),
        summary="Use agent 3.3.3270.0 or later with Agent.UseDualStackEndpoint set to true, and dual-stack endpoints in the VPC.",
        steps=(
            "If the agent is older than 3.3.3270.0, update it; the package cannot come from S3 over IPv4.",
            "Set UseDualStackEndpoint to true in the Agent section of amazon-ssm-agent.json, and restart the agent.",
            "Alternatively, with NAT64 and DNS64 in the subnet the IPv4 names work too.",
        ),
        aws_steps=(
            (
                "Interface endpoints of address type dualstack or ipv6 for ssm, ssmmessages and ec2messages, with private "
                "DNS for {host} and the others; regions opened in 2024 or later have no ec2messages."
            ),
            (
                "S3, for patches and agent updates: an endpoint of address type dualstack; the names are under "
                "s3.dualstack.{region}.{domain}. A gateway endpoint of type ipv4 carries no IPv6."
            ),
            "Route table and network ACL: IPv6 as well as IPv4.",
            (
                f"On Nitro instances alone: metadata by IPv6 ({IMDS_V6}) is off until HttpProtocolIpv6 is enabled; {RESOLVER_V6} "
                f"resolves names."
            ),
        ),
        commands=(look("ip -6 addr show scope global"), look("getent ahostsv6 {host}"), look("amazon-ssm-agent -version")),
        aws_commands=(
            aws.of_service(aws.ENDPOINT, "ssm", "ssmmessages", "ec2messages", "s3"),
            aws.ROUTE_TABLE,
            aws.NETWORK_ACL,
            aws.DUAL_STACK,
            aws.S3_DUAL_STACK,
            aws.METADATA_IPV6,
        ),
        source=(
            "amazon-ssm-agent release notes, 3.3.3270.0 (UseDualStackEndpoint); Systems Manager User Guide, setup-create-vpc; "
            "EC2 API Reference, InstanceMetadataOptionsRequest and VpcEndpoint (2026-11)"
        ),
    ),
    FindingKind(
        code="no-proxy-incomplete",
        severity=Severity.WARNING,
        title="The agent uses a proxy where it could connect directly",
        cause=(
            "The agent's unit sets a proxy, and its no_proxy leaves out what needs no proxy: the instance metadata "
            "service, or endpoints inside this VPC. The proxy then breaks what would work without it."
        ),
        summary="Add 169.254.169.254 and `.{domain}` to no_proxy in the agent's unit, as far as the VPC has endpoints.",
        steps=(
            (
                "Put no_proxy in the same drop-in as the proxy (snap: snap.amazon-ssm-agent.amazon-ssm-agent.service), then "
                "run `systemctl daemon-reload` and restart the agent."
            ),
            "If some names must go through the proxy, leave out `.{domain}` and list the endpoints' names instead.",
        ),
        commands=(
            _ENVIRONMENT,
            look("getent ahosts ssm.{region}.{domain}"),
            change("sudo systemctl edit amazon-ssm-agent.service"),
        ),
        source="golang.org/x/net/http/httpproxy; Systems Manager User Guide, configure-proxy-ssm-agent",
    ),
    FindingKind(
        code="ca-variables",
        severity=Severity.INFO,
        title="Environment variables set CA certificates",
        cause=(
            "SSL_CERT_FILE replaces the system's CA bundle and SSL_CERT_DIR its certificate directories, for the whole "
            "agent. AWS_CA_BUNDLE is read by one part only (the signed lookup of an S3 bucket), so registration ignores "
            "it."
        ),
        summary="Add an extra CA to the system's trust store instead, and remove the variables.",
        steps=(
            "If both are set, they must include Amazon's CAs too: the system's trust store is not read then.",
            ("Variables in your shell apply to -register, those in the unit to the service: set them the same, or not at all."),
        ),
        commands=(
            _ENVIRONMENT,
            look("env | grep -E 'SSL_CERT|AWS_CA_BUNDLE'"),
            change("sudo cp <CA-PEM-FILE> {ca_file} && sudo {ca_command}"),
        ),
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
        variants=(
            Variant(
                name="place-unsaid",
                when="a text does not tell which file system is full",
                circumstance=Circumstance.PLACE_UNSAID,
                subject="a file system",
                title="A file system is full; the text does not tell which",
                cause=(
                    "A program found no space left, and its text names no directory: {detail}. It may be the file system with "
                    "the agent's files or another one."
                ),
                summary="Find the file system that is full, and free up space on it before you try anything else.",
                steps=(
                    "In the output of df look for 100% in use, of blocks or of inodes.",
                    "If there is free space but no inodes, look for a directory with very many small files.",
                    "Was it the one with /var/lib/amazon/ssm or /var/log/amazon? Then restart the agent.",
                ),
                commands=(look("df -h"), look("df -i")),
            ),
            Variant(
                name="elsewhere",
                when="the full file system is not one that the agent writes to",
                circumstance=Circumstance.PLACE_OF_OTHERS,
                title="The file system of {subject} is full",
                cause=(
                    "A program found no space left, or no free inodes, on the file system of {subject}: {detail}. Where the "
                    "agent's own files lie on it too, the agent can no longer store anything either."
                ),
                steps=(
                    "Find what fills it; if there is free space but no inodes, look for a directory with very many small files.",
                    "Run again what failed.",
                ),
                commands=(_DISK, look("df -i {subject}"), look("df -h /var/lib/amazon/ssm")),
            ),
        ),
        title="There is no space left for the agent's files",
        cause=(
            "The file system with the agent's state, logs or credentials has no free space or no free inodes. The agent "
            "can then neither store an identity nor unpack a command's script, and a registration may leave a damaged "
            "vault."
        ),
        summary="Free up space on the file system of {subject} before you try anything else.",
        steps=(
            "Find what fills it: the output of old commands is in /var/lib/amazon/ssm/*/document/orchestration.",
            "If there is free space but no inodes, look for a directory with very many small files.",
            "Then restart the agent.",
        ),
        commands=(_DISK, look("df -i {subject}"), _LARGEST),
        source=f"{_AGENT}, agent/fileutil/harden.go:17, agent/framework/runpluginutil (no space left on device)",
    ),
    FindingKind(
        code="disk-low",
        severity=Severity.WARNING,
        subject="/var/lib/amazon/ssm",
        told_by=(Teller.MACHINE, Teller.LOG),
        title="There is too little disk space for an agent update",
        cause=(
            "The agent needs 100 MB of free space to update itself, and otherwise gives up with `Insufficient available "
            "disk space`. Commands and patching still work until the rest is used up too."
        ),
        summary="Keep at least 100 MB free on the file system of {subject}.",
        steps=("Find what fills it: the output of old commands is in /var/lib/amazon/ssm/*/document/orchestration.",),
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
            "{detail}. The agent writes its identity, its credentials and every command's script there. The kernel often "
            "remounts a file system read-only after disk errors."
        ),
        summary="Find out why the file system of {subject} is read-only, then mount it read-write again.",
        steps=(
            "First check the kernel log for disk errors.",
            (
                "Check in /etc/fstab whether it is meant to be read-only; if so, move the agent's directories to a writable "
                "file system."
            ),
        ),
        commands=(
            look("findmnt -T {subject}"),
            look("sudo dmesg | grep -iE 'remount|I/O error|ext4|xfs' | tail"),
            look("grep -v '^#' /etc/fstab"),
        ),
        source=f"{_AGENT}, agent/managedInstances/vault/fsvault (read-only file system); mount(8), errors=remount-ro",
    ),
    FindingKind(
        code="noexec-mount",
        subject="/var/lib/amazon/ssm",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        explains=("patch-platform",),
        title="The agent's directory is mounted noexec, so no program can run there",
        cause=(
            "{detail}. Run Command and Patch Manager unpack their scripts below /var/lib/amazon and /var/log/amazon and run "
            "them there, which ends with `Permission denied` and exit status 126."
        ),
        summary="Mount the file system of {subject} without noexec, or give the agent's directories a file system of their own.",
        steps=(
            "Remove noexec from its line in /etc/fstab, then remount it.",
            (
                "If a hardening guide requires noexec on /var or /var/log, give the agent's directory a small file system of "
                "its own."
            ),
        ),
        commands=(look("findmnt -T {subject}"), look("grep -v '^#' /etc/fstab")),
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
        title="The agent cannot create or use one of its directories",
        cause=(
            "{detail}. The agent creates its directories when it starts, and cannot if something else has that name. "
            "Whatever it keeps there (identity and state, or logs and patching) is then not written."
        ),
        summary="Make {subject} a writable directory (root, mode 0700), and restart the agent.",
        steps=(
            "Check what is there and who put it there: a link to another disk, or a file by mistake.",
            "A link may stay if the directory it points to exists and its file system is mounted at boot.",
        ),
        commands=(look("ls -ld {subject}"), look("findmnt -T {subject}"), change("sudo ssm-bootstrap restart")),
        source=f"{_AGENT}, agent/fileutil (directories made at the start); mkdir(2) EEXIST and ENOTDIR",
    ),
    FindingKind(
        code="log-directory-missing",
        severity=Severity.WARNING,
        title="The agent is running, but its log directory is missing",
        cause=(
            "The log directory was removed while the agent was running, or it could never be created. What the agent does "
            "and why it fails is not logged, and Patch Manager has nowhere to work either."
        ),
        summary="Create the directory {subject} (root, mode 0700) and restart the agent.",
        steps=(
            "The agent creates it when it starts, unless a parent directory is not writable.",
            "Look for a cleanup job that removes directories under /var/log.",
        ),
        commands=(
            look("ls -ld /var/log /var/log/amazon"),
            change("sudo install -d -m 0700 {subject}"),
            change("sudo ssm-bootstrap restart"),
        ),
        source=f"{_AGENT}, agent/log/logger (seelog internal error), the log directory is made at the start",
    ),
    FindingKind(
        code="logs-moved",
        severity=Severity.INFO,
        title="The agent logs to another directory (seelog.xml)",
        cause=(
            "This machine's own seelog.xml sends the agent's logs somewhere other than /var/log/amazon/ssm. ssm-bootstrap "
            "reads them there; the usual directory has old files or none."
        ),
        summary="Nothing has to change; just remember that the logs are where seelog.xml says.",
        steps=("To move them back, move the file away and restart the agent.",),
        commands=(look("grep -nE 'filename|path|minlevel' /etc/amazon/ssm/seelog.xml"), look("sudo ssm-bootstrap doctor")),
        source=f"{_AGENT}, agent/log/logger/defaultconfig.go:29-60",
    ),
    FindingKind(
        code="logs-switched-off",
        severity=Severity.INFO,
        title="The agent writes no log that can be read (seelog.xml)",
        cause=(
            "This machine's own seelog.xml names no file, or filters everything out. So explain and doctor cannot see what "
            "the agent itself reports, only what is visible from outside."
        ),
        summary="Turn the agent's logging back on at level info: move seelog.xml away and restart the agent.",
        steps=(
            "The package ships seelog.xml.template with the default settings.",
            "Repeat what failed, then check again.",
        ),
        commands=(
            look("cat /etc/amazon/ssm/seelog.xml"),
            change("sudo mv /etc/amazon/ssm/seelog.xml /etc/amazon/ssm/seelog.xml.off"),
            change("sudo ssm-bootstrap restart"),
        ),
        source=f"{_AGENT}, agent/log/logger/defaultconfig.go:29-60",
    ),
    FindingKind(
        code="agent-too-old",
        severity=Severity.ERROR,
        title="The agent is too old for what it has to do",
        cause=(
            "{detail}. Regions opened in 2024 or later have no ec2messages at all, so the agent must receive commands "
            "through ssmmessages there."
        ),
        summary="Update amazon-ssm-agent to 3.3.40.0 or later.",
        steps=(
            (
                "Install the package from the distribution, or from the region's S3 bucket once its signature is checked, then "
                "restart the agent."
            ),
            "The key with which AWS signs the agent is on the page verify-agent-signature of the Systems Manager User Guide.",
            "Systems Manager cannot update an agent that receives no commands: update it here, or in the image.",
        ),
        aws_steps=(
            (
                "Without access to the repositories the package has to come through an S3 endpoint or in the image; the snap "
                "store has no VPC endpoint."
            ),
        ),
        commands=(
            look("amazon-ssm-agent -version"),
            node.DOWNLOAD_AGENT,
            node.INSTALL_AGENT,
            change("sudo snap refresh amazon-ssm-agent", "if the agent is a snap, in place of both"),
            change("sudo ssm-bootstrap restart"),
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
        is_looked_at=True,
        variants=(
            Variant(
                name="refused",
                when="the package was refused because the snap is installed",
                title="The agent's package was not installed: the agent's snap is installed",
                cause=(
                    "The package checks for the agent's snap before it unpacks anything, and refuses to install next to it: "
                    "{detail}. Nothing was changed; the snap's agent keeps running."
                ),
                summary="Do not install the package, and update the snap; or remove the snap first, if you want the package.",
                steps=(
                    (
                        "To keep the snap: `sudo snap refresh amazon-ssm-agent`; a script that installs the package should "
                        "check for the snap first."
                    ),
                    "To use the package: remove the snap, then install it; the vault stays, so the node stays registered.",
                ),
                commands=(look("snap list amazon-ssm-agent"), _UNITS),
            ),
        ),
        title="The agent is installed both as a package and as a snap",
        cause=(
            "Both share one vault, one configuration and one set of sockets. The version you get depends on which one "
            "runs, and updating one does not update the other."
        ),
        summary="Keep the one that is running and remove the other.",
        steps=(
            "Check which unit is active; on Ubuntu that is usually the snap.",
            "Run only one of the two removals below. The vault stays in place, so the node stays registered.",
        ),
        commands=(_UNITS, change("sudo snap remove amazon-ssm-agent"), change("sudo apt-get remove amazon-ssm-agent")),
        source=f"{_AGENT}, packaging (the deb's preinst refuses to install next to the snap); issues 192, 255 and 304",
    ),
    FindingKind(
        code="agent-disabled",
        severity=Severity.WARNING,
        is_looked_at=True,
        title="The agent is running but does not start at boot",
        cause=(
            "The agent's unit is active but not enabled, so systemd does not start it at boot. The node goes offline at "
            "the next reboot, which patching itself may trigger."
        ),
        summary="Enable the agent's unit.",
        steps=("Enable it; for the snap use `snap start --enable amazon-ssm-agent`.",),
        commands=(change("sudo systemctl enable {subject}"), look("systemctl is-enabled {subject}")),
        source="systemctl(1), UnitFileState",
    ),
    FindingKind(
        code="agent-by-hand",
        severity=Severity.WARNING,
        title="An agent process was started by hand",
        cause=(
            "{detail}. Such an agent has that shell's environment and ends with that session or at the next boot; next to "
            "the unit's own agent it interferes with the shared sockets and the vault."
        ),
        summary="Stop that process and let systemd run the agent.",
        steps=("Stop it (TERM; it may take two minutes), then restart the unit.",),
        commands=(look("ps -o pid,lstart,cgroup,args -C amazon-ssm-agen"), change("sudo ssm-bootstrap restart")),
        source=f"{_AGENT}, packaging/linux/amazon-ssm-agent.service; cgroups(7)",
    ),
    FindingKind(
        code="worker-missing",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        explains=(*families.OFFLINE,),
        title="The agent has credentials, but its worker is not running",
        cause=(
            "amazon-ssm-agent only supervises; ssm-agent-worker does the work that AWS sends. It is started once there are "
            "credentials, and again within a minute if it exits, so here it either cannot start or exits at once."
        ),
        summary="Find out why ssm-agent-worker does not start: memory, permissions, or security software that blocks it.",
        steps=(
            "Look for `failed to start worker` and for a pid that `has been terminated` in the agent's log.",
            "Look for the kernel's OOM killer, and for security software that blocks ssm-agent-worker.",
            f"From {OOM_PROTECTED.since} on the agent's units keep {OOM_PROTECTED.what}: update an older agent.",
            "Restart the agent.",
        ),
        commands=(
            look("ls -l /usr/bin/ssm-agent-worker /snap/amazon-ssm-agent/current/ssm-agent-worker"),
            look("sudo grep -E 'ssm-agent-worker.*(terminated|failed)' /var/log/amazon/ssm/amazon-ssm-agent.log | tail"),
            look("sudo dmesg | grep -i 'out of memory' | tail -3"),
            change("sudo ssm-bootstrap restart"),
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
        title="amazon-ssm-agent.json points the agent at another region",
        cause=(
            "{detail}. The agent connects to the hosts in that file, with an identity that the other region does not know; "
            "and a VPC's endpoints serve only their own region."
        ),
        summary="Fix or remove the endpoints and the region in amazon-ssm-agent.json, and restart the agent.",
        steps=(
            "Such a file often comes from an image or a script for another region.",
            "Without these keys the agent uses the region it is registered in.",
        ),
        commands=(look("grep -nE 'Endpoint|Region' /etc/amazon/ssm/amazon-ssm-agent.json"), change("sudo ssm-bootstrap restart")),
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
            "The agent and its document worker communicate through files that they watch with inotify, and the kernel "
            "refused: {detail}. The disk is not full: other programs hold so many watches that every command and session "
            "times out."
        ),
        summary="Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances, and find out which process uses them up.",
        steps=(
            (
                "Check the limits, and which processes hold instances and watches; file sync tools and log shippers are the "
                "usual ones."
            ),
            "Raise both limits and keep them in /etc/sysctl.d; a watch takes about 1 KiB of kernel memory.",
            "Run the command again. If it still times out, restart the agent.",
        ),
        commands=(
            look("sysctl fs.inotify.max_user_watches fs.inotify.max_user_instances"),
            look("sudo grep -c ^inotify /proc/[0-9]*/fdinfo/* 2>/dev/null | grep -v ':0$' | sort -t: -k2 -n | tail"),
            (
                change(
                    "printf 'fs.inotify.max_user_watches=524288\\nfs.inotify.max_user_instances=1024\\n'"
                    " | sudo tee /etc/sysctl.d/90-inotify.conf && sudo sysctl --system"
                )
            ),
        ),
        source="inotify(7), inotify_add_watch(2); public report aws/amazon-ssm-agent#262",
    ),
)
