"""Findings about images and clones: whether this machine is one of its kind, and whose keys lie about on it."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind
from ssm_bootstrap.model.findings import Severity

_REGISTER = "sudo ssm-bootstrap register --activation-id <ACTIVATION-ID> --activation-code-file <FILE> --region {region}"
_FINGERPRINT = "amazon-ssm-agent 3.3.1142.0, agent/managedInstances/fingerprint (fingerprint.go, hardwareInfo_unix.go)"

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="machine-id-missing",
        severity=Severity.WARNING,
        title="This machine has no machine-id of its own",
        cause=(
            "/etc/machine-id holds no id ({detail}). The agent registers with what is in that file, so an id that comes later, "
            "at a boot for instance, makes this another machine, and the service refuses it."
        ),
        summary="Give this machine a machine-id that lasts before it is registered.",
        steps=(
            "After prepare-image this is as it should be: shut down, make the image, and start a machine from it.",
            "On a running machine make an id, and see that it is still the same after a reboot.",
            "Where the root file system is read-only at boot, the id is made anew each time: let it be written once.",
        ),
        commands=("sudo systemd-machine-id-setup", "cat /etc/machine-id", "findmnt /etc/machine-id"),
        source=f"machine-id(5), systemd-machine-id-setup(1); {_FINGERPRINT}; amazon-ssm-agent issue 73",
    ),
    FindingKind(
        code="machine-id-shared",
        severity=Severity.WARNING,
        title="The machine-id is a placeholder that other machines have too",
        cause=(
            "/etc/machine-id holds {detail}, so it came with an image. It is what the agent tells machines apart by, and those "
            "that share it may take on one another's identity."
        ),
        summary="Empty /etc/machine-id in the image, so that each machine gets its own at its first boot.",
        steps=(
            "In the image: run prepare-image, which empties it and removes what the agent left.",
            "On this machine: make a new id, reboot, and register it; an old registration does not survive the change.",
        ),
        commands=(
            "sudo ssm-bootstrap prepare-image",
            "sudo rm /etc/machine-id && sudo systemd-machine-id-setup && sudo reboot",
            _REGISTER,
        ),
        source=f"machine-id(5); {_FINGERPRINT}",
    ),
    FindingKind(
        code="dmidecode-missing",
        severity=Severity.INFO,
        title="dmidecode is missing: the agent's fingerprint goes without the hardware",
        cause=(
            "Four of the nine values by which the agent knows this machine again come from /usr/sbin/dmidecode ({detail}). "
            "Without it they are empty, which does no harm as long as that is so from the registration on."
        ),
        summary="Install dmidecode before the registration, and keep it installed, or leave it out for good.",
        steps=(
            "Was it there when the node was registered? Then install it again before the address of this machine changes.",
            "Otherwise nothing has to be done; to put it in later means that four values change at once.",
        ),
        commands=("sudo dnf install dmidecode", "sudo apt-get install dmidecode"),
        source=f"{_FINGERPRINT}; amazon-ssm-agent issue 205",
    ),
    FindingKind(
        code="similarity-threshold",
        severity=Severity.INFO,
        title="The fingerprint's similarity threshold is {detail}",
        cause=(
            "The agent takes a machine for the registered one if machine-id and address are the same; after a change of "
            "address as many values as the threshold says, 40 % by default, must be. With -1 it compares nothing."
        ),
        summary="Nothing has to be done if that was meant; 40 is the default, and 1 is what AWS advises for changing hardware.",
        steps=(
            "A low threshold keeps a machine that is moved or upgraded online; machine-id still has to stay the same.",
            "With -1 a clone of this machine acts under the same mi- id: keep the identity out of every image.",
        ),
        commands=(
            "sudo amazon-ssm-agent -fingerprint -similarityThreshold 40",
            "sudo ssm-bootstrap restart",
        ),
        source=f"{_FINGERPRINT}; Systems Manager User Guide, ssm-agent-technical-details; amazon-ssm-agent issue 567",
    ),
    FindingKind(
        code="instance-profile-shadowed",
        severity=Severity.INFO,
        title="Root's AWS calls use the hybrid node's keys, not the instance profile",
        cause=(
            "The agent writes the keys of a hybrid node into root's [default] profile, and SDKs and the AWS CLI read that file "
            "before they ask the instance profile. So what root runs on this EC2 instance acts with the activation's role. "
            "Patch Manager's script needs the keys to be just there."
        ),
        summary="Nothing has to be done unless a program of root needs the instance profile: start that one without the file.",
        steps=(
            "Start a program that needs the instance profile with AWS_SHARED_CREDENTIALS_FILE=/dev/null in its environment.",
            (
                "Profile.ShareProfile in amazon-ssm-agent.json moves the keys to a profile of another name and leaves [default] "
                "free. The price: AWS-RunPatchBaseline may then take the instance profile and be denied."
            ),
            "So set it only on a node that is not patched, or give the instance profile what patching needs as well.",
        ),
        aws_steps=("With Profile.ShareProfile: does the instance profile's role allow what AWS-RunPatchBaseline calls?",),
        commands=(
            "sudo grep -n '^\\[' /root/.aws/credentials",
            "sudo env AWS_SHARED_CREDENTIALS_FILE=/dev/null aws sts get-caller-identity",
            "grep -n ShareProfile /etc/amazon/ssm/amazon-ssm-agent.json",
        ),
        source="amazon-ssm-agent issues 115, 157 and 368; amazon-ssm-agent 3.3.1142.0, core/app/credentialrefresher",
    ),
)
