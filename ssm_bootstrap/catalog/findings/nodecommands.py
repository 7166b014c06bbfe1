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


DOWNLOAD_AGENT = change(
    "curl -fsS -O https://s3.{region}.{domain}/amazon-ssm-{region}/latest/{agent_package}",
    "the package is linux_amd64/amazon-ssm-agent.rpm or debian_amd64/amazon-ssm-agent.deb; on arm64, linux_arm64 or debian_arm64",
)
"""Source: Systems Manager User Guide, verify-agent-signature (the keys of the bucket amazon-ssm-REGION)."""


def policy(*names: str) -> ShellCommand:
    """The command that prints policies to paste (catalog/policies.py)."""
    told = "ssm-bootstrap explain --policy {name} --region {{region}}"
    one = told.format(name=names[0] if len(names) == 1 else "$name")
    return look(
        one if len(names) == 1 else f"for name in {' '.join(names)}; do {one}; done",
        "a sufficient policy, for the account's owner",
    )
