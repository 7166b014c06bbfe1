"""Commands for the person on the instance that several rows have."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import change, look
from ssm_bootstrap.model.findings import ShellCommand

REGISTER = change(
    "sudo ssm-bootstrap register --activation-id {activation_id} --activation-code-file {activation_code_file} --region {region}"
)
REGISTER_NEW = change(REGISTER.text.replace("{activation_id}", "<NEW-ACTIVATION-ID>"))
REGISTER_ANEW = change(
    REGISTER_NEW.text.replace("register", "register --force", 1),
    "with a new activation: the old identity is put back if this fails, and kept for `ssm-bootstrap rollback` if not",
)
REGISTER_PATIENTLY = change(f"{REGISTER.text} --wait 15m")
OWN_FIREWALL = look(
    "sudo nft list ruleset; sudo iptables-save; sudo ip6tables-save; sudo firewall-cmd --list-all-policies",
)
STATUS_OF_HOSTS = look(
    "for host in {hosts}; do curl -sS -m 5 -o /dev/null -w '%{{http_code}}\\n' \"https://$host/\"; done",
)
ROUTES = look('for address in {each_address}; do ip route get "$address"; done', "the interface and the gateway that it takes")
RECENT = look("sudo ssm-bootstrap explain")


INSTALL_AND_REGISTER = change(
    REGISTER.text.replace("register", "register --install-agent --key-file <KEY-FILE>", 1),
    "install the agent's package from the region's bucket if AWS's key signed it, and register",
)
_AT = "https://s3.{region}.{domain}/amazon-ssm-{region}/latest/{agent_package}"
DOWNLOAD_AGENT = change(
    f"curl -fsS -o agent-package {_AT} -o agent-package.sig {_AT}.sig",
    "the package is linux_amd64/amazon-ssm-agent.rpm or debian_amd64/amazon-ssm-agent.deb; on arm64, linux_arm64 or debian_arm64",
)
_WITH_AWS_KEY = "gpg --no-default-keyring --keyring ./agent-key.gpg"
INSTALL_AGENT = change(
    f"{_WITH_AWS_KEY} --import <KEY-FILE> && {_WITH_AWS_KEY} --verify agent-package.sig agent-package"
    " && if [ -e /etc/debian_version ]; then sudo dpkg -i agent-package; else sudo rpm -U agent-package; fi",
    "install it only if AWS's key signed it",
)
"""Source: Systems Manager User Guide, verify-agent-signature (the keys of the bucket amazon-ssm-REGION; the signature lies
beside the package, and the page has the key)."""


ON_DNF = "on Amazon Linux 2023, RHEL 8 and later, and relatives"
ON_YUM = "on Amazon Linux 2 and RHEL 7"
ON_APT = "on Debian and Ubuntu"
ON_ZYPPER = "on SLES"
"""Where a command that stands beside others for the same is the one to run."""


def policy(*names: str) -> ShellCommand:
    """The command that prints policies to paste (catalog/policies.py)."""
    told = "ssm-bootstrap explain --policy {name} --region {{region}}"
    one = told.format(name=names[0] if len(names) == 1 else "$name")
    return look(
        one if len(names) == 1 else f"for name in {' '.join(names)}; do {one}; done",
        "a sufficient policy, for the account's owner",
    )
