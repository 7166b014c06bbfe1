"""Findings about the account that a node belongs to."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.model.findings import Severity

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="account-mismatch",
        severity=Severity.ERROR,
        is_always_told=True,
        title="This node belongs to a different account than expected",
        cause=(
            "{mi} is registered in a different account than the configuration expects: {detail}. A node belongs to the account "
            "of its activation, whatever account its instance is in, and whoever owns that account can run commands here."
        ),
        summary=(
            "Register this node again with an activation from the expected account, or correct `account` in the configuration."
        ),
        steps=(
            "Make sure that the number in /etc/ssm-bootstrap.conf is the account of the activation.",
            "If you do not know the other account, stop the agent until it is clear who registered this machine.",
            "To move the node, register it with an activation from the expected account; it gets a new mi- ID.",
        ),
        aws_steps=(
            "With credentials for the expected account: is {mi} one of its managed nodes in {region}?",
            "The old node stays in the other account as offline: its owner should deregister it once the new one works.",
        ),
        commands=(
            look("grep -n account /etc/ssm-bootstrap.conf"),
            look("sudo ssm-bootstrap status"),
            node.REGISTER_ANEW,
        ),
        aws_commands=(aws.CALLER_ACCOUNT, aws.NODE, aws.CREATE_ACTIVATION),
        source=(
            "Systems Manager User Guide, hybrid-multicloud (activations belong to an account and region); "
            "IAM User Guide, troubleshoot_access-denied (the message names role, account and session); "
            "STS API Reference, GetAccessKeyInfo (an access key id tells its account)"
        ),
    ),
)
