"""Findings about images and clones: whether this machine is one of its kind, and whose keys lie about on it."""

from __future__ import annotations

from dataclasses import replace

from ssm_bootstrap.catalog.findingkind import FindingKind, change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.findings import Severity

_FINGERPRINT = "amazon-ssm-agent 3.3.1142.0, agent/managedInstances/fingerprint (fingerprint.go, hardwareInfo_unix.go)"

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="machine-id-missing",
        severity=Severity.WARNING,
        title="This machine has no machine-id",
        cause=(
            "/etc/machine-id holds no id ({detail}). The agent registers with the content of that file, so if an id is "
            "created later, at boot for instance, the service takes this for another machine and refuses it."
        ),
        summary="Give this machine a persistent machine-id before you register it.",
        steps=(
            "After prepare-image this is expected: shut down, make the image, and launch a machine from it.",
            "On a running machine create an id, and check that it is still the same after a reboot.",
            "If the root file system is read-only at boot, a new id is created each time: make it writable once.",
        ),
        commands=(look("cat /etc/machine-id"), look("findmnt /etc/machine-id"), change("sudo systemd-machine-id-setup")),
        source=f"machine-id(5), systemd-machine-id-setup(1); {_FINGERPRINT}; amazon-ssm-agent issue 73",
    ),
    FindingKind(
        code="machine-id-shared",
        severity=Severity.WARNING,
        title="The machine-id is a placeholder that other machines share",
        cause=(
            "/etc/machine-id holds {detail}, so it came with an image. The agent tells machines apart by it, so machines "
            "that share it may take over each other's identity."
        ),
        summary="Empty /etc/machine-id in the image, so that each machine creates its own at first boot.",
        steps=(
            (
                "In the image alone, before it is made: run `sudo ssm-bootstrap prepare-image`, which empties it and removes "
                "what the agent left behind."
            ),
            (
                "On this running machine, with the commands below: create a new id, reboot, and register again; an existing "
                "registration does not survive the change."
            ),
        ),
        commands=(
            look("cat /etc/machine-id"),
            change(
                "sudo rm -f /etc/machine-id /var/lib/dbus/machine-id && sudo systemd-machine-id-setup",
                "on this running machine, not in the image: a new id",
            ),
            change("sudo reboot"),
            replace(node.REGISTER_ANEW, about="after the reboot, with a new activation"),
        ),
        aws_commands=(aws.CREATE_ACTIVATION,),
        source=f"machine-id(5); {_FINGERPRINT}",
    ),
    FindingKind(
        code="dmidecode-missing",
        severity=Severity.INFO,
        title="dmidecode is missing: the agent's fingerprint lacks the hardware values",
        cause=(
            "Four of the nine values in the agent's machine fingerprint come from /usr/sbin/dmidecode ({detail}). Without "
            "it they are empty, which does no harm if it was missing at registration too."
        ),
        summary="Install dmidecode before you register and keep it installed, or never install it.",
        steps=(
            "Was it installed when the node was registered? Then reinstall it before this machine's IP address changes.",
            "Otherwise do nothing; installing it later changes four values at once.",
        ),
        commands=(change("sudo {package_manager} install dmidecode"),),
        source=f"{_FINGERPRINT}; amazon-ssm-agent issue 205",
    ),
    FindingKind(
        code="similarity-threshold",
        severity=Severity.INFO,
        title="The fingerprint's similarity threshold is {detail}",
        cause=(
            "The agent accepts this machine as the registered one if machine-id and IP address match; if the address has "
            "changed, as many values as the threshold says (40 % by default) must match. With -1 it compares nothing."
        ),
        summary="If that is intended, do nothing; the default is 40, and AWS advises 1 for hardware that changes.",
        steps=(
            "A low threshold keeps a machine online when it is moved or upgraded; machine-id still has to match.",
            "With -1 a clone of this machine works under the same mi- id: keep the identity out of every image.",
        ),
        commands=(
            change("sudo amazon-ssm-agent -fingerprint -similarityThreshold 40"),
            change("sudo ssm-bootstrap restart"),
        ),
        source=f"{_FINGERPRINT}; Systems Manager User Guide, ssm-agent-technical-details; amazon-ssm-agent issue 567",
    ),
    FindingKind(
        code="instance-profile-shadowed",
        severity=Severity.INFO,
        title="Root's AWS calls use the hybrid node's keys, not the instance profile",
        cause=(
            "The agent writes a hybrid node's keys to root's [default] profile, and SDKs and the AWS CLI read that file "
            "before the instance profile. So AWS calls by root on this EC2 instance use the activation's role. Patch "
            "Manager's script needs exactly these keys."
        ),
        summary="Do nothing unless a program run by root needs the instance profile: start that one without the file.",
        steps=(
            "To use the instance profile, start the program with AWS_SHARED_CREDENTIALS_FILE=/dev/null in its environment.",
            (
                "Profile.ShareProfile in amazon-ssm-agent.json moves the keys to another profile and leaves [default] "
                "free. The drawback: AWS-RunPatchBaseline may then use the instance profile and be denied."
            ),
            "So set it only on a node that is not patched, or give the instance profile the permissions for patching too.",
        ),
        aws_steps=(
            "With Profile.ShareProfile: does the instance profile's role allow the calls that AWS-RunPatchBaseline makes?",
        ),
        commands=(
            look("sudo grep -n '^\\[' /root/.aws/credentials"),
            look("sudo env AWS_SHARED_CREDENTIALS_FILE=/dev/null aws sts get-caller-identity --region {region}"),
            look("grep -n ShareProfile /etc/amazon/ssm/amazon-ssm-agent.json"),
        ),
        source="amazon-ssm-agent issues 115, 157 and 368; amazon-ssm-agent 3.3.1142.0, core/app/credentialrefresher",
    ),
)
