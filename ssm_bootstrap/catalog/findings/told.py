"""Findings that only a log tells: refused calls and downloads, parts of the agent that broke, commands, sessions."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Variant, change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.capability import ON_A_NODE, Capability
from ssm_bootstrap.model.findings import Severity, Side

_AGENT = "amazon-ssm-agent 3.3.1142.0"
_PROXIES = look("env | grep -i _proxy | sed 's#//[^@/]*@#//***@#'", "the proxies that a program started here uses")

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="call-denied",
        severity=Severity.ERROR,
        breaks_at=(Hop.SERVICE,),
        layer=Layer.AGENT,
        changed_on=Side.AWS,
        explains=families.OFFLINE,
        variants=(
            Variant(
                name="of-a-person",
                when="a user's own call is denied",
                title="The caller is not allowed to do this; the node is not affected",
                cause="AWS answered that this user or role is not allowed to make this call: {detail}.",
                summary="Allow the call in the policies of that user or role, or in its permission set.",
                steps=("Nothing on the node has to change.",),
                aws_steps=("Does the policy of that user, role or permission set allow the action on this node and document?",),
                commands=(look("aws sts get-caller-identity --region {region}"),),
                aws_commands=(),
            ),
            Variant(
                name="of-another",
                when="the denied caller is not a managed node",
                title="A caller other than this node is denied a call",
                cause=(
                    "The message names the caller, and it is not a managed node (a node's session name is its node ID): it "
                    "is a container, a function or a program with its own role. AWS answered: {detail}."
                ),
                summary="Allow the call in the role and for the resource that the message names.",
                steps=("Nothing on the node has to change.",),
                aws_steps=(
                    "Does a policy of the role that the message names allow this action on this resource?",
                    "An ECS task gets its secrets with its execution role; a Lambda function calls with its own role.",
                ),
                commands=(look("aws sts get-caller-identity --region {region}"),),
                aws_commands=(),
            ),
            Variant(
                name="by-endpoint",
                when="the message names the VPC endpoint policy",
                title="The VPC endpoint policy denies a call",
                cause="The service was reached and answered that the VPC endpoint policy does not allow this call: {detail}.",
                summary="Allow the call in the VPC endpoint policy for {service}.",
                aws_commands=(aws.NODE, aws.ENDPOINT_POLICY, aws.PRESENT_ENDPOINT_POLICY, aws.SET_ENDPOINT_POLICY),
            ),
        ),
        title="The node's role is not allowed to make a call",
        cause="The service was reached and answered that the caller is not allowed to do this: {detail}.",
        summary="Allow the call in the node's role, and in the endpoint policy and the organization's policies.",
        steps=("Nothing on this machine has to change.",),
        aws_steps=(
            (
                "Is AmazonSSMManagedInstanceCore attached to the node's role, and does the role have the permission that the "
                "message names?"
            ),
            "Does the endpoint policy, a service control policy or a permissions boundary deny it?",
        ),
        commands=(node.RECENT,),
        aws_commands=(aws.NODE, aws.ROLE_NAME, aws.ROLE_POLICIES, aws.ENDPOINT_POLICY, aws.ATTACH_CORE),
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
                cause="An AWS call had to be signed, but no credentials were found: {detail}.",
                summary="Make the agent's credentials available: register the node, and check that it is online.",
            ),
            Variant(
                name="expired",
                when="the credentials have expired",
                title="The credentials expired before they were renewed",
                cause=(
                    "A call was signed with expired credentials: {detail}. The agent renews them before the hour is over "
                    "if it can reach ssm."
                ),
                summary="Find out why the agent could not renew its credentials, then restart it.",
            ),
            Variant(
                name="of-the-client",
                when="it is the caller's own login",
                changed_on=Side.CLIENT,
                severity=Severity.WARNING,
                title="The login of whoever called AWS is missing, over or not accepted",
                cause="AWS rejected the credentials of a person's or a script's own call: {detail}. The node is not affected.",
                summary="Log in to AWS again on the computer that made the call, or give it credentials.",
                steps=("Nothing on the node has to change.",),
                commands=(),
                client_steps=("Which profile is used: AWS_PROFILE, --profile? Has its session expired (`aws sso login`)?",),
                client_commands=(look("aws sts get-caller-identity --region {region}"),),
                aws_steps=(),
                aws_commands=(),
            ),
        ),
        title="AWS rejects the credentials of a call",
        cause=(
            "The service was reached but does not know the key, or the signature is wrong: {detail}. The key belongs to "
            "another account, partition or node, the clock is wrong, or a different profile is used."
        ),
        summary="Find out whose credentials are used, remove foreign profiles, and restart the agent.",
        steps=(
            "Do the files in /root/.aws hold keys that the agent did not write?",
            "Is the clock right, and was the agent's vault restored from a copy?",
        ),
        commands=(
            look("sudo ssm-bootstrap doctor"),
            look("sudo ls -l /root/.aws"),
            look("date -u"),
            change("sudo ssm-bootstrap restart"),
        ),
        source="AWS common errors (AWS API references); botocore exceptions; aws-sdk-go credentials",
    ),
    FindingKind(
        code="request-refused",
        severity=Severity.ERROR,
        layer=Layer.IDENTITY,
        variants=(
            Variant(
                name="key",
                when="AWS does not accept the agent's key",
                title="AWS does not accept this machine's key",
                cause="The service answered that this machine or its key is already known, or that the key is invalid: {detail}.",
                summary="Create a new activation, then replace the old identity on this machine with register --force.",
                commands=(node.RECENT, node.REGISTER_ANEW),
                aws_commands=(aws.CREATE_ACTIVATION,),
            ),
            Variant(
                name="region",
                when="the region gives no valid host name",
                title="The region name is not valid",
                cause="The agent cannot build an endpoint name from the region it was given: {detail}.",
                summary="Write the region the way AWS does, such as eu-west-1, in plain ASCII letters.",
                commands=(node.RECENT, node.REGISTER_NEW),
            ),
            Variant(
                name="registration",
                when="a registration was refused",
                circumstance=Circumstance.REGISTERING,
                title="Systems Manager rejects a value in the registration",
                cause="The service was reached and rejects what the registration sent: {detail}.",
                commands=(node.RECENT, node.REGISTER_NEW),
            ),
            Variant(
                name="parameter",
                when="a parameter does not exist",
                title="A parameter in Parameter Store does not exist",
                cause="The service was reached, and knows no such parameter or version in this account and region: {detail}.",
                summary="Correct the parameter's name and version, or create it in the account and region that is asked.",
                steps=("Nothing on this machine has to change, unless it names the parameter or the region.",),
                aws_steps=("Is the name complete, with its leading slash? Names are case-sensitive.",),
                aws_commands=(look("aws ssm describe-parameters --region {region} --query 'Parameters[].Name'"),),
            ),
            Variant(
                name="other-service",
                when="the service is not one that a managed node needs",
                severity=Severity.WARNING,
                title="A service other than Systems Manager refused a call",
                cause="A service that the agent does not use refused another program's call: {detail}.",
                summary="Look that error up in the service's documentation; nothing on this node has to change.",
                steps=("Who made the call? The line before it names the program or the template.",),
            ),
        ),
        title="AWS rejects a value in a request",
        cause="The service was reached and rejects what was sent: {detail}.",
        summary="Correct the value that the message names, and try again.",
        steps=("Compare the value in the message with what was typed or configured.",),
        commands=(node.RECENT,),
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
                when="the file does not exist",
                title="The file to download does not exist",
                cause="The server was reached but does not have the file: {detail}.",
                summary="Correct the name, version or region of the requested file.",
            ),
            Variant(
                name="no-bucket",
                when="the bucket does not exist",
                title="The S3 bucket does not exist",
                cause="S3 was reached and has no bucket of that name: {detail}.",
                summary="Correct the bucket's name where the command, document or session names it, or create the bucket.",
                aws_steps=("Is the bucket's name right, and was the bucket deleted?",),
                aws_commands=(look("aws s3api list-buckets --region {region} --query 'Buckets[].Name'"),),
            ),
            Variant(
                name="upload",
                when="a file is not accepted",
                title="S3 refuses an upload",
                cause=(
                    "S3 was reached but does not accept the file: {detail}. Only the output does not get to the bucket; the "
                    "command itself is not affected."
                ),
                summary="Allow s3:PutObject on the bucket in the role, the bucket policy and the S3 endpoint policy.",
                aws_steps=(
                    "Do the role's policy, the bucket's policy and the S3 endpoint's policy allow s3:PutObject?",
                    "Is the bucket encrypted with a KMS key? Then the role also needs kms:GenerateDataKey on it.",
                ),
            ),
            Variant(
                name="region",
                when="the bucket is in another region",
                title="The bucket is in a different region from the request",
                cause="S3 was reached and answered that the bucket is in another region: {detail}.",
                summary="Use a bucket in the node's own region, or name the bucket's region.",
            ),
            Variant(
                name="damaged",
                when="the file is not the expected one",
                title="A downloaded file is incomplete or was modified",
                cause="The hash of the downloaded file is not the expected one: {detail}.",
                summary="Download it again, and exempt the host from proxies or firewalls that inspect or rewrite traffic.",
            ),
        ),
        title="A download was refused",
        cause=(
            "The server was reached but refuses to serve the file: {detail}. For S3 that means a policy on the role, "
            "bucket, key or endpoint, or a name that does not exist."
        ),
        summary="Allow the download in the role, the bucket policy and the endpoint policy, or correct its name.",
        steps=("If the name is right, nothing on this machine has to change.",),
        aws_steps=(
            (
                "Do the S3 endpoint policy, the role and the bucket policy allow s3:GetObject (and s3:PutObject) on this bucket, "
                "and kms:Decrypt if it uses SSE-KMS?"
            ),
        ),
        commands=(node.RECENT,),
        aws_commands=(aws.S3_ENDPOINT_POLICY, aws.ROLE_NAME, aws.ROLE_POLICIES),
        source="Amazon S3 API Reference, error responses; curl manual, EXIT CODES",
    ),
    FindingKind(
        code="connection-failed",
        severity=Severity.ERROR,
        layer=Layer.AGENT,
        variants=(
            Variant(
                name="unnamed",
                when="the text does not name the host",
                title="A program cannot connect, and its text does not name the host",
                cause=(
                    "The program that failed is {program}, and its text does not tell what it tried to reach: {detail}. "
                    "What is to be changed depends on whether that is AWS or a host of your own."
                ),
                summary="Find out which host it tried to reach: in the lines before this one, or with more output (-v, --debug).",
                steps=(
                    "Run the program again with more output, and give all of it to `ssm-bootstrap explain`.",
                    "Is it a host of AWS? `ssm-bootstrap probe` tells what is in the way.",
                ),
                commands=(look("sudo ssm-bootstrap probe"), _PROXIES),
            ),
            Variant(
                name="address",
                when="the text tells an address and no host",
                title="A program cannot connect to {address}",
                cause=(
                    "The program that failed is {program}; its text tells an address and no name: {detail}. {address} may be "
                    "an endpoint in this VPC, or a host of your own."
                ),
                summary="Find out what has the address {address}, then make it reachable from this machine.",
                steps=(
                    "Is it the address of an endpoint's network interface? `ssm-bootstrap probe` shows the addresses of each.",
                    "Otherwise: is the service there running, and do the firewalls in between allow its port?",
                ),
                commands=(
                    look("sudo ssm-bootstrap probe"),
                    look('for address in {each_address}; do ip route get "$address"; done'),
                    look('for address in {each_address}; do nc -vz -w 5 "$address" {port}; done'),
                ),
            ),
            Variant(
                name="refused",
                when="the host refuses the connection",
                title="{host} refuses a program's connection",
                cause=(
                    "The program that failed is {program}, and {host} answered that nothing listens on that port: {detail}. "
                    "It is not an AWS endpoint that this node needs: Systems Manager is not affected."
                ),
                summary="Start the service on {host}, or correct the host and port that the program is configured with.",
                steps=(
                    "Is the service on {host} running, and does it listen on that port and address?",
                    "A firewall that rejects packets looks the same: is this machine allowed to connect?",
                ),
                commands=(look('for host in {hosts}; do nc -vz -w 5 "$host" {port}; done'), _PROXIES),
            ),
            Variant(
                name="name",
                when="the resolver does not know the host's name",
                title="The resolver does not know {host}, which a program wants to reach",
                cause=(
                    "The program that failed is {program}, and the name {host} was not found: {detail}. It is not an AWS "
                    "endpoint that this node needs: Systems Manager is not affected."
                ),
                summary="Correct the name that the program is configured with, or let the VPC's resolver know {host}.",
                steps=(
                    "Is the name right? Ask for it on a machine where it works.",
                    "Names of your own network need a Resolver rule or a private hosted zone that this VPC is associated with.",
                ),
                commands=(look('for host in {hosts}; do getent ahosts "$host"; done'), look("cat /etc/resolv.conf")),
            ),
            Variant(
                name="tls",
                when="TLS to the host does not come about",
                title="A program does not accept the TLS of {host}",
                cause=(
                    "The program that failed is {program}; it reached {host}, and TLS did not come about: {detail}. It is not "
                    "an AWS endpoint that this node needs: Systems Manager is not affected."
                ),
                summary="Let the program trust the CA of {host}, or exempt that host from TLS inspection.",
                steps=(
                    "Who issued the certificate? A proxy or firewall that intercepts TLS shows its own.",
                    "Python programs have CAs of their own: REQUESTS_CA_BUNDLE, SSL_CERT_FILE or pip's --cert names a file.",
                ),
                commands=(look("openssl s_client -connect {host}:443 -servername {host} </dev/null"), _PROXIES),
            ),
            Variant(
                name="aws",
                when="the host belongs to an AWS service that Systems Manager does not use",
                title="{host} does not answer, and Systems Manager does not need it",
                cause=(
                    "Nothing came back from {host}: {detail}. It belongs to an AWS service that Systems Manager does not use, "
                    "so the node itself is not affected."
                ),
                summary="If a program here needs {host}, create a VPC endpoint for that service, or use a proxy.",
                steps=("Does this machine need that service? Only what it needs has to be reachable.",),
                commands=(look('for host in {hosts}; do getent ahosts "$host"; done'), _PROXIES),
            ),
            Variant(
                name="reason-unsaid",
                when="the text does not say why a host of AWS was not reached",
                title="A program did not reach {host}, and does not say why",
                cause="The program that failed is {program}; it names the host and no reason: {detail}.",
                summary="Run `ssm-bootstrap probe` on this machine: it tells what is in the way to {host}.",
                steps=("Does this node need that service? Only what it needs has to be reachable.",),
                commands=(
                    look("sudo ssm-bootstrap probe"),
                    look('for host in {hosts}; do getent ahosts "$host"; done'),
                    _PROXIES,
                ),
            ),
        ),
        title="A program cannot reach {host}",
        cause=(
            "The program that failed is {program}; it tried to reach {host}: {detail}. It is not an AWS endpoint that this "
            "node needs: no VPC endpoint leads there, and Systems Manager is not affected."
        ),
        summary="Give this machine a way to {host}: a route, the firewalls in between, or a proxy that the program uses.",
        steps=(
            "Is the host's name right, and is it in your own network or on the internet?",
            "A VPC without internet access needs a mirror, a proxy or a private connection for it.",
        ),
        commands=(
            look('for host in {hosts}; do getent ahosts "$host"; done'),
            look('for host in {hosts}; do nc -vz -w 5 "$host" {port}; done'),
            _PROXIES,
        ),
        transient=True,
        source="curl manual, EXIT CODES; urllib3, requests and botocore exceptions; Linux errno; GNU wget",
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
                when="the agent crashed",
                title="The agent crashed; it restarts by itself",
                cause="A process of the agent ended with an internal error: {detail}. The agent's version: {agent_version}.",
                summary="Update the agent; if it happens again, send the version and stack trace to AWS.",
            ),
            Variant(
                name="recovered",
                when="part of the agent broke, and the agent caught that",
                title="A part of the agent broke; the agent caught that and runs on",
                cause=(
                    "The agent caught an internal error of its own: {detail}. What that part was doing was not done; nothing "
                    "crashed. The agent's version: {agent_version}."
                ),
                summary="Update the agent; if it happens again, send the version and stack trace to AWS.",
                steps=("Was a command or session under way? Run it again: the agent does not repeat it.",),
                commands=(look("amazon-ssm-agent -version"), look("sudo ssm-bootstrap doctor")),
            ),
            Variant(
                name="update",
                when="the updater broke and caught that",
                title="The agent was not updated: the updater broke, and caught that",
                cause=(
                    "The updater caught an internal error of its own and gave up: {detail}. The update did not happen, and the "
                    "version from before runs on: {agent_version}."
                ),
                summary="Run AWS-UpdateSSMAgent again; if it breaks again, install the package by hand and tell AWS.",
                steps=("Check which version is running.",),
                commands=(look("amazon-ssm-agent -version"), look("sudo ls -lt /var/lib/amazon/ssm/update")),
            ),
            Variant(
                name="step",
                when="the agent crashed in one step of a document",
                title="The agent's own code crashed in a step of a document",
                cause="The agent caught an internal error in the step, marked it as failed and went on: {detail}.",
                summary=(
                    "Update the agent and run the document again; if it happens again, send the version and the document to AWS."
                ),
            ),
            Variant(
                name="messages",
                when="a message of ssmmessages cannot be read",
                title="The agent cannot read, or not put together, a message of ssmmessages",
                cause="A message of a session or command does not have the form that the agent expects: {detail}.",
                summary="Exempt ssmmessages from proxies that rewrite traffic, and update the agent if it is old.",
                steps=("Which version is running?", "Does a proxy or firewall inspect TLS to ssmmessages?"),
                commands=(look("amazon-ssm-agent -version"), look("sudo ssm-bootstrap probe --for session")),
            ),
            Variant(
                name="command-lost",
                when="the agent did not take a command up",
                title="The agent did not take a command up, or lost what it kept of it",
                cause="A command or association was received, but its record could not be handed on or read: {detail}.",
                summary="Run the command again; if it happens again, look for a full disk and restart the agent.",
                steps=("Does /var/lib/amazon/ssm have free space?",),
                commands=(look("df -h /var/lib/amazon/ssm"), look("sudo ssm-bootstrap doctor")),
            ),
            Variant(
                name="inventory",
                when="a part of the inventory is missing",
                title="A part of the inventory was not gathered or not sent",
                cause="The inventory in Systems Manager lacks something or is old: {detail}. Nothing else depends on it.",
                summary="Correct what the message names in the inventory association, or gather less with it.",
                steps=("The next run gathers it anew.",),
                commands=(look("sudo ssm-bootstrap doctor"),),
            ),
            Variant(
                name="association",
                when="the state of an association was not exchanged",
                title="The state of an association was not fetched or not reported",
                cause="The agent could not exchange the state of an association with Systems Manager: {detail}.",
                summary="Wait for the next run, which tries again; if it goes on, look for what the message names.",
                steps=("Until then the association is shown as pending or with its last result.",),
                commands=(look("sudo ssm-bootstrap doctor"),),
                transient=True,
            ),
            Variant(
                name="address",
                when="the agent finds no IP address to report",
                title="The agent finds no IP address of this machine to report",
                cause="The agent drops every health report before sending it, so the node never comes online: {detail}.",
                summary="Give an interface that is up a primary IP address, not only an alias, and restart the agent.",
                commands=(look("ip -brief address"), change("sudo systemctl restart amazon-ssm-agent")),
            ),
            Variant(
                name="paused",
                when="part of the agent pauses after repeated failures",
                title="Part of the agent is pausing after repeated failed calls",
                cause="Ten calls in a row failed, so this part of the agent tries again after 15 minutes: {detail}.",
                summary="Find out why the calls failed in the records before this one; nothing else has to be done.",
                transient=True,
            ),
        ),
        title="An agent process failed or did not respond",
        cause=(
            "An agent process died, did not start or lost its channel to the others: {detail}. The agent restarts its "
            "processes by itself; a command that was running is lost."
        ),
        summary="Look for low memory, security software or a second agent; if it persists, restart the agent.",
        steps=(
            "Which version is running, and is it the only agent?",
            "Did the kernel's OOM killer end processes?",
        ),
        commands=(
            look("amazon-ssm-agent -version"),
            look("sudo ssm-bootstrap doctor"),
            look("sudo journalctl -k -n 50 --no-pager"),
            look("free -m"),
        ),
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
            "A file in the vault, which holds the agent's identity and fingerprint, cannot be read: {detail}. A full disk "
            "or a power failure leaves such files."
        ),
        summary="Restore a copy of the vault, or register this node again with register --force.",
        steps=(
            "Is the file system full or read-only? Fix that first.",
            "If you have a copy of /var/lib/amazon/ssm/Vault, stop the agent, restore it, and start the agent.",
            "Otherwise have an activation made, then register with --force: a copy of the damaged vault is kept.",
        ),
        commands=(look("sudo ls -lR /var/lib/amazon/ssm/Vault"), look("df -h /var/lib/amazon/ssm"), node.REGISTER_ANEW),
        aws_commands=(aws.CREATE_ACTIVATION,),
        source=f"{_AGENT}, agent/managedInstances/vault/fsvault and fingerprint",
    ),
    FindingKind(
        code="file-denied",
        severity=Severity.ERROR,
        layer=Layer.MACHINE,
        variants=(
            Variant(
                name="not-root",
                when="the program was not run as root",
                title="The program must be run as root",
                cause="It changes the system but was not started as root: {detail}.",
                summary="Run it again with sudo.",
            ),
        ),
        title="A file cannot be opened, written or run",
        cause=(
            "The kernel denied a program access to a file: {detail}. The program does not run as root, or SELinux, an "
            "immutable flag, a mount option or the file's mode blocks it."
        ),
        summary="Allow access to the file that the message names, and try again.",
        steps=(
            "Was the program run as root?",
            "Check the file's mode and flags, its mount options, and SELinux or AppArmor denials.",
        ),
        commands=(
            look("sudo ssm-bootstrap doctor"),
            look("sudo ls -ld /var/lib/amazon/ssm /var/log/amazon/ssm"),
            look("sudo ausearch -m avc -ts today"),
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
                when="the open file limit is reached",
                title="A program has reached its limit of open files",
                cause="A program reached the limit of files it may have open: {detail}.",
                summary="Raise the open file limit (LimitNOFILE in the unit), or restart the program that holds them.",
            ),
        ),
        title="This machine is out of memory",
        cause="A process could not allocate memory or was killed, usually because none was left: {detail}.",
        summary="Give this machine more memory or swap, or find what uses it up.",
        steps=("Check what the OOM killer ended and what uses memory and files.",),
        commands=(
            look("free -m"),
            look("sudo journalctl -k -n 50 --no-pager"),
            look("systemctl show amazon-ssm-agent -p LimitNOFILE"),
        ),
        source="Linux errno ENOMEM and EMFILE; Go os/exec, text of an exit by signal",
    ),
    FindingKind(
        code="command-failed",
        severity=Severity.WARNING,
        tells_no_reason=True,
        layer=Layer.AGENT,
        subject="command",
        variants=(
            Variant(
                name="runs-on",
                when="what a command began could not be stopped",
                title="What a command or session began could not be stopped, and may still run",
                cause="The command or session was cancelled or ran out of time, and its processes did not end: {detail}.",
                summary="Look for its processes on this machine, and end them.",
                steps=("The agent goes on; only what that command began may still run.",),
                commands=(look("ps -e -o pid,ppid,etime,args --forest"),),
            ),
            Variant(
                name="content",
                when="a document that another one calls cannot be fetched",
                title="A document that a command or association needs cannot be fetched",
                cause="The agent could not get a document that it is to run: {detail}.",
                summary="Correct the document's name, version or place, or allow the node's role to read it.",
                steps=("Systems Manager was reached, unless the error names the network.",),
                aws_steps=("May the node's role call ssm:GetDocument on it, or read it where it is kept?",),
                commands=(look("sudo ssm-bootstrap doctor"),),
            ),
            Variant(
                name="output-lost",
                when="a command's output was not kept",
                title="A command ran, but its output was not kept or not sent on",
                cause="The agent could not write a command's output, or not send it to S3 or CloudWatch Logs: {detail}.",
                summary="Free up space for the orchestration directory, and allow the node's role to write to the destination.",
                steps=("Does /var/lib/amazon/ssm have free space?",),
                aws_steps=("May the node's role write to the bucket or log group that the command names?",),
                commands=(look("df -h /var/lib/amazon/ssm"),),
            ),
            Variant(
                name="not-rebooted",
                when="the machine was not restarted",
                title="A command asked for a restart of this machine, and it did not happen",
                cause="The agent could not restart the machine: {detail}. What waits for the restart has not taken effect.",
                summary="Restart the machine by hand at a time that suits.",
                steps=("Does something keep it from shutting down?",),
                commands=(look("systemd-inhibit --list"), look("systemctl list-jobs")),
            ),
            Variant(
                name="schedule",
                when="an association's schedule cannot be read",
                title="An association's schedule cannot be read, so it does not run on this node",
                cause="The agent leaves an association out because of its schedule: {detail}.",
                summary="Correct the association's schedule expression: rate(...), cron(...) or at(...).",
                steps=("Nothing on this machine has to change.",),
                aws_steps=("Which association is it? The message names its ID.",),
                commands=(look("sudo ssm-bootstrap doctor"),),
            ),
            Variant(
                name="in-its-output",
                when="the text is the command's own output",
                circumstance=Circumstance.OUTPUT_GIVEN,
                summary="Look for the reason in the lines before this one; the agent itself worked.",
                steps=("The agent and its path to AWS are fine: check the script.",),
                commands=(look("sudo ssm-bootstrap doctor"),),
            ),
            Variant(
                name="document",
                when="the agent cannot run the document",
                title="A command's document does not fit this node",
                cause="The agent received the command but cannot run its document: {detail}.",
                summary="Correct the document, or exclude this node from its targets.",
            ),
            Variant(
                name="crashed",
                when="a program crashed that is not shown to be the agent",
                title="A program written in Go crashed; nothing shows that it was the agent",
                cause=(
                    "A program ended with an internal error: {detail}. The program: {program}. No line of its trace names "
                    "amazon-ssm-agent."
                ),
                summary="Give the whole trace to whoever maintains that program.",
                steps=(
                    "The lines below `goroutine` name the program's packages and files.",
                    "Is the trace cut off? If a line of it names github.com/aws/amazon-ssm-agent, it was the agent.",
                ),
                commands=(look("sudo journalctl -b -n 100 --no-pager"),),
            ),
            Variant(
                name="libraries",
                when="a Python program cannot load its libraries",
                title="A Python program did not start: its libraries do not match",
                cause="A Python program found a library missing, or in a different version than it needs: {detail}.",
                summary="Remove what pip installed over the system's packages, or reinstall that program completely.",
                steps=(
                    "The traceback names the file: under /usr/local it is pip's, under /usr/lib the system's.",
                    "The agent and its path to AWS are not affected.",
                ),
                commands=(look("python3 -m pip list"),),
            ),
            Variant(
                name="package",
                when="a Distributor package cannot be fetched",
                title="A Distributor package's description cannot be fetched",
                cause="The agent could not get the description of the package that it was to install: {detail}.",
                summary="Correct the package's name and version, or allow the node's role to read it.",
                steps=("Systems Manager was reached: nothing on this machine has to change.",),
                aws_steps=(
                    "Does the package exist in this region and account, with the version that the command names?",
                    "May the node's role call ssm:GetDocument and ssm:DescribeDocument on it?",
                ),
            ),
            Variant(
                name="stuck",
                when="an association never finished",
                title="An association never finished",
                cause="An association run has been in progress for a very long time: {detail}.",
                summary="Stop what it waits for, and set a timeout in its document.",
            ),
        ),
        title="A command's own script failed",
        cause="The agent ran a command, and its script exited with an error: {detail}.",
        summary="Read the command's output for the reason; the agent itself worked.",
        steps=(
            (
                "The agent and its path to AWS are fine: check the script. For a run more than two hours ago, use `explain "
                "--command ID`."
            ),
        ),
        commands=(look("sudo find /var/lib/amazon/ssm -path '*orchestration*' -name stderr -mmin -120 -exec tail -n 5 {{}} +"),),
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
                when="an AWS call by the patch script failed",
                title="An AWS call by Patch Manager's script failed",
                cause="The patch script could not get its baseline or snapshot, or could not report its result: {detail}.",
                summary="Make ssm and S3 reachable and allowed for the node's role, then scan again.",
            ),
            Variant(
                name="collided",
                when="two patch runs got in each other's way",
                title="Two patch runs got in each other's way, or /var is full",
                cause=(
                    "Runs that start within two minutes of each other remove each other's files, and the result of one is "
                    "refused: {detail}."
                ),
                summary="Run one patch command at a time on this node, then scan again.",
                steps=(
                    "Did two commands, maintenance windows or associations start within two minutes of each other?",
                    "Does /var have free space?",
                ),
                aws_steps=("Give each maintenance window and association that patches this node a time of its own.",),
                commands=(look("df -h /var"), look("sudo ls -lt /var/log/amazon/ssm/patch-baseline-operations")),
            ),
            Variant(
                name="override-denied",
                when="the node's role may not read the baseline override",
                changed_on=Side.AWS,
                title="The node's role may not read the patch policy's baselines",
                cause=(
                    "The command names a list of baselines in S3, and the node's role may not read it: {detail}. Quick Setup "
                    "gives that permission to the roles of EC2 instances; to a hybrid node's role it does so only on request."
                ),
                summary="Allow the activation's role s3:GetObject on aws-quicksetup-patchpolicy-*, as Quick Setup does.",
                steps=("Nothing on this machine has to change.",),
                aws_steps=(
                    (
                        "Attach the policy of the patch policy to the role (in Quick Setup: add required IAM policies), and give "
                        "the role the tag that begins with QSConfigId- and that the bucket's policy names."
                    ),
                    "S3 endpoint policy: does it allow s3:GetObject on aws-quicksetup-patchpolicy-*?",
                ),
                aws_commands=(aws.NODE, aws.ROLE_NAME, aws.ROLE_POLICIES, aws.S3_ENDPOINT_POLICY),
            ),
            Variant(
                name="override",
                when="the baseline override cannot be used",
                title="The baseline override of a patch command cannot be used",
                cause="The baseline list in S3 that the command names cannot be downloaded or read: {detail}.",
                summary="Fix the command's BaselineOverride: it must be an S3 object that the node's role can read.",
            ),
        ),
        title="Patch Manager's script failed on this machine",
        cause="The script could not unpack or run its payload, or failed before a reboot: {detail}.",
        summary="Free up space where the script works and check that its Python runs, then scan again.",
        steps=(
            "Do /var/log/amazon/ssm and /tmp have free space, and can programs run there?",
            "The lines before the exit status say more.",
        ),
        commands=(
            look("sudo ssm-bootstrap doctor --for patch"),
            look("df -h /var/log/amazon/ssm /tmp"),
            look("python3 --version"),
        ),
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
                name="key-client",
                when="who opens the session may not use the key",
                title="Whoever opens the session cannot use the session encryption key",
                cause="Sessions are encrypted with a KMS key, and the client cannot use it: {detail}. The node is not affected.",
                summary="Allow kms:GenerateDataKey on the key for the user or role that opens the session.",
                steps=("Nothing on the node has to change.",),
                aws_steps=("Do that user's or role's policy and the key's policy allow kms:GenerateDataKey?",),
                client_steps=("Does the client have the credentials that it should have, and can it reach kms?",),
                commands=(),
                client_commands=(look("aws sts get-caller-identity --region {region}", "who opens the session"),),
            ),
            Variant(
                name="key-node",
                when="the node may not use the key",
                title="The node cannot use the session encryption key",
                cause="Sessions are encrypted with a KMS key, and the node's role cannot use it: {detail}.",
                summary="Allow kms:Decrypt on the key for the node's role, in the role's policy and in the key's.",
                aws_steps=(
                    "Do the role's policy and the key's policy allow kms:Decrypt for the node's role?",
                    "Is the key enabled, and in this region?",
                ),
                aws_commands=(aws.SESSION_PREFERENCES, aws.ROLE_NAME, aws.ROLE_POLICIES),
            ),
            Variant(
                name="log-bucket",
                when="the node may not see whether the log bucket is encrypted",
                title="The node may not check the encryption of the bucket for session logs",
                cause="Session logs must be encrypted, and the node's role may not ask whether the bucket is: {detail}.",
                summary="Allow s3:GetEncryptionConfiguration on the log bucket for the node's role, or allow unencrypted logs.",
                aws_steps=(
                    "Do the role's policy, the bucket's policy and the S3 endpoint's policy allow s3:GetEncryptionConfiguration?",
                    "Is the bucket's name in the session preferences right?",
                ),
                aws_commands=(aws.SESSION_PREFERENCES, aws.ROLE_NAME, aws.ROLE_POLICIES, aws.S3_ENDPOINT_POLICY),
            ),
            Variant(
                name="log-upload",
                when="the session log cannot be uploaded",
                severity=Severity.WARNING,
                title="Session logs do not get to their bucket",
                cause="The session worked, but S3 refuses its log: {detail}.",
                summary="Allow s3:PutObject on the log bucket for the node's role, and the use of the bucket's KMS key.",
                aws_steps=(
                    "Do the role's policy, the bucket's policy and the S3 endpoint's policy allow s3:PutObject?",
                    "Is the bucket encrypted with a KMS key? Then the role also needs kms:GenerateDataKey on it.",
                ),
                aws_commands=(aws.SESSION_PREFERENCES, aws.ROLE_NAME, aws.ROLE_POLICIES, aws.S3_ENDPOINT_POLICY),
            ),
            Variant(
                name="port-forbidden",
                when="the agent forwards to no such address",
                title="The agent does not forward ports to that address",
                cause="The agent refuses to forward to the metadata service and other link-local services of EC2: {detail}.",
                summary="Forward to another host; ask for metadata on the node itself.",
                steps=("Nothing on the node has to change.",),
                aws_steps=(),
                aws_commands=(),
            ),
            Variant(
                name="key",
                when="the session's encryption key cannot be used",
                title="The session encryption key cannot be used",
                cause=("Sessions are encrypted with a KMS key, and the node or the caller cannot use it: {detail}."),
                summary="Allow kms:Decrypt for the node's role and kms:GenerateDataKey for the caller, and make kms reachable.",
                aws_commands=(aws.SESSION_PREFERENCES, aws.of_service(aws.ENDPOINT, "kms"), aws.ROLE_NAME, aws.ROLE_POLICIES),
            ),
            Variant(
                name="log",
                when="the session log destination is wrong",
                title="The session log destination prevents sessions",
                cause=(
                    "The session preferences require logging, but the bucket or log group cannot be used as configured: {detail}."
                ),
                summary="Encrypt the bucket or log group, or allow an unencrypted one, and give the role write access.",
            ),
            Variant(
                name="port",
                when="the forwarded port does not answer",
                title="The port that a session forwards to does not answer",
                cause="The session came up, but the node could not connect to the port to forward to: {detail}.",
                summary="Start the service that listens on that port, or use another port or host.",
                changed_on=Side.MACHINE,
                steps=("Check what is listening, and on which address.",),
                aws_steps=(),
                commands=(look("sudo ss -tlnp"), node.RECENT),
                aws_commands=(),
            ),
            Variant(
                name="agent",
                when="the agent does not support this session type",
                title="The agent on that node does not support this session type",
                cause="The agent is too old for this session type, or its session worker is missing: {detail}.",
                summary=(
                    "Update the agent on that node, and check that /usr/bin/ssm-session-worker exists and the disk is not full."
                ),
                steps=("Check the version and the files of the agent on that node.",),
                commands=(look("amazon-ssm-agent -version"), look("ls -l /usr/bin/ssm-session-worker"), look("df -h /var /usr")),
                aws_commands=(aws.UPDATE_AGENT,),
            ),
            Variant(
                name="refused",
                when="the service refuses the session's data channel",
                title="The service refuses a session's data channel",
                cause="The service was reached and refuses this session's data channel: {detail}.",
                summary="Open the session again; if it is refused again, allow the node's role ssmmessages:CreateDataChannel.",
            ),
            Variant(
                name="cut",
                when="the client lost an open session",
                changed_on=Side.CLIENT,
                severity=Severity.WARNING,
                title="A session's connection was lost on the client's side",
                cause=(
                    "The client's Session Manager plugin lost its connection: {detail}. Usually a VPN, a NAT or a firewall "
                    "on the client's side closes idle connections."
                ),
                summary=(
                    "Open the session again; have the client's VPN, NAT or firewall keep idle connections open, or send "
                    "keep-alives."
                ),
                steps=("Nothing on the node has to change.",),
                commands=(),
                client_steps=(
                    "For ssh, set ServerAliveInterval; for a shell, see how long the VPN or NAT keeps idle connections.",
                ),
                aws_steps=("Is the idle timeout in the session preferences shorter than the work takes?",),
            ),
            Variant(
                name="shell",
                when="the session's shell does not start",
                changed_on=Side.MACHINE,
                title="A session's shell or command could not be started on the node",
                cause="The session was opened, but its shell, its profile or its command could not be run: {detail}.",
                summary="Correct the shell profile in the session preferences, or the login shell of the session's user.",
                steps=("Does the session's user exist, and does its login shell run?",),
                commands=(look("getent passwd ssm-user"), look("df -h /var /tmp")),
            ),
            Variant(
                name="log-lost",
                when="a session's log is incomplete",
                severity=Severity.WARNING,
                title="A session's log is incomplete or does not get to its destination",
                cause="The session worked, but its log was not written, was changed, or could not be sent: {detail}.",
                summary="Check the log destination in the session preferences, and the node role's rights on it.",
                steps=("Does /var/lib/amazon/ssm have free space, and may a session's user change the agent's files?",),
                commands=(look("df -h /var/lib/amazon/ssm"),),
                aws_steps=("Does the bucket or log group exist in this region, and may the node's role write to it?",),
                aws_commands=(aws.SESSION_PREFERENCES, aws.ROLE_NAME, aws.ROLE_POLICIES),
            ),
            Variant(
                name="channel",
                when="a session's own channel does not come up",
                title="A session's own channel to ssmmessages did not come up",
                cause="The node received the session, but could not open its data channel: {detail}.",
                summary="Open the session again; if it fails again, run `ssm-bootstrap probe --for session` on the node.",
                steps=("The control channel works: the node received the request.",),
                commands=(look("sudo ssm-bootstrap probe --for session"),),
                aws_steps=("May the node's role call ssmmessages:CreateDataChannel and ssmmessages:OpenDataChannel?",),
            ),
            Variant(
                name="port-broke",
                when="a connection of a forwarded port broke",
                changed_on=Side.MACHINE,
                severity=Severity.WARNING,
                title="A connection of a forwarded port broke off, or none came about",
                cause="The session is up, but its connection to the forwarded port failed: {detail}.",
                summary="Connect again; if it breaks again, look at the service behind that port.",
                steps=("A service that closes idle connections looks the same.",),
                commands=(look("sudo ss -tlnp"),),
                aws_steps=(),
                aws_commands=(),
            ),
            Variant(
                name="plugin",
                when="the client's plugin gave up",
                changed_on=Side.CLIENT,
                aws_steps=(),
                aws_commands=(),
                severity=Severity.WARNING,
                title="The session was opened, but the client's plugin gave up",
                cause=(
                    "The service opened the session, but the session-manager-plugin on the client could not continue: "
                    "{detail}. EOF on its input means that there is no terminal; a socket that cannot be bound has too "
                    "long a path, or there is no temporary directory."
                ),
                summary="Fix it on the computer that opens the session: a terminal, a short TMPDIR, a free port.",
                steps=("Nothing on the node has to change.",),
                client_steps=("In a pipeline, give it a terminal (`script -qec`), or use Run Command instead.",),
                commands=(),
                client_commands=(look("session-manager-plugin --version"),),
            ),
            Variant(
                name="proxy-command",
                when="ssh got no answer from its ProxyCommand",
                changed_on=Side.CLIENT,
                aws_steps=(),
                aws_commands=(),
                severity=Severity.WARNING,
                title="ssh over Session Manager: the ProxyCommand exited before ssh got an answer",
                cause=(
                    "ssh prints this for any ProxyCommand that exits early: {detail}. The reason is in the output of `aws "
                    "ssm start-session`, which ssh and Ansible do not show."
                ),
                summary="Run the ProxyCommand by hand and read its message: permissions, plugin, or target not connected.",
                steps=("Nothing on the node has to change.",),
                client_steps=(
                    ("By hand: `aws ssm start-session --target` with the node ID, and `--document-name AWS-StartSSHSession`."),
                    "Is the session-manager-plugin installed on the machine that runs ssh?",
                ),
                commands=(),
                client_commands=(look("session-manager-plugin --version"), look("aws sts get-caller-identity --region {region}")),
            ),
            Variant(
                name="ssh-key",
                when="sshd on the node does not accept the user's key",
                changed_on=Side.CLIENT,
                aws_steps=(),
                aws_commands=(),
                severity=Severity.WARNING,
                title="ssh over Session Manager: the node does not accept the user or the key",
                cause=(
                    "ssh got through the session to sshd on the node, which rejected the login: {detail}. Session Manager and "
                    "the agent work; the user's name, the key or the node's authorized_keys is wrong."
                ),
                summary="Use the right user and key (-l, -i), or add the public key to that user's authorized_keys on the node.",
                steps=("Is the public key in ~/.ssh/authorized_keys of that user on the node? A session's shell can add it.",),
                client_steps=("Which key does ssh offer? `ssh -v` tells it. Is the user one that the node's image has?",),
                commands=(),
                client_commands=(look("ssh-add -l"),),
            ),
            Variant(
                name="handshake",
                when="the handshake of a session timed out",
                changed_on=Side.CLIENT,
                title="The two ends of a session did not finish their handshake",
                cause=(
                    "The session was opened, but its two ends could not agree in time: {detail}. Usually the client's proxy or "
                    "VPN holds up the websocket to ssmmessages, or one end cannot use the KMS key of the session preferences."
                ),
                summary="Let the client reach ssmmessages without a proxy that holds it up, and both ends the KMS key.",
                steps=("Is a KMS key set in the session preferences? Then the node must reach kms, too.",),
                client_steps=(
                    "Does `session-manager-plugin --version` tell a current version?",
                    "Try from another network: if that works, the client's proxy or VPN is what holds it up.",
                ),
                client_commands=(look("session-manager-plugin --version"),),
                aws_steps=(
                    "A KMS key in the preferences: may the caller use kms:GenerateDataKey and the node's role kms:Decrypt?",
                ),
                aws_commands=(aws.SESSION_PREFERENCES, aws.of_service(aws.ENDPOINT, "kms")),
            ),
            Variant(
                name="client",
                when="the client's plugin is missing or too old",
                changed_on=Side.CLIENT,
                aws_steps=(),
                aws_commands=(),
                title="The client's Session Manager plugin is missing or too old",
                cause="The fault is on the computer that opens the session, not on this node: {detail}.",
                summary="Install the latest session-manager-plugin, on the computer that opens the session.",
                steps=("Nothing on the node has to change.",),
                commands=(),
                client_steps=("Installed already? Then its directory must be in the PATH of what runs `aws`.",),
                client_commands=(look("command -v session-manager-plugin; session-manager-plugin --version"),),
            ),
        ),
        title="A session could not be opened",
        cause="The agent received the request for a session but could not start it: {detail}.",
        summary="Fix what the message names in the session preferences or on this machine, and open the session again.",
        steps=("Run Command is not affected: the node is online.",),
        aws_steps=("What do the session preferences set for the key, logs, shell profile and Run As?",),
        commands=(node.RECENT,),
        aws_commands=(aws.SESSION_PREFERENCES,),
        source="Systems Manager User Guide, session-manager-troubleshooting and session-preferences",
    ),
)
