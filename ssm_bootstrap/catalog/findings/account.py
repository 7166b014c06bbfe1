"""Findings about the account that a node belongs to."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.model.findings import Severity

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="account-mismatch",
        severity=Severity.ERROR,
        is_always_told=True,
        title="This node belongs to another account than the one expected",
        cause=(
            "{mi} is registered in another account than the configuration expects: {detail}. A node belongs to the account of "
            "its activation, whatever account its instance is in, and who owns that account can run commands here."
        ),
        summary="Register this node again with an activation of the account expected, or correct `account` in the configuration.",
        steps=(
            "Make sure that the number in /etc/ssm-bootstrap.conf is the account meant: the one of the activation.",
            "If nobody here knows the other account, stop the agent until it is clear who registered this machine.",
            "To move the node, register it with an activation of the account expected; it gets a new mi- id.",
        ),
        aws_steps=(
            "With credentials of the account expected: is {mi} among its managed nodes in {region}?",
            "The old node stays in the other account as offline: its owner deregisters it once the new one works.",
        ),
        commands=(
            "grep -n account /etc/ssm-bootstrap.conf",
            "sudo ssm-bootstrap status",
            "sudo ssm-bootstrap register --force --activation-id <ACTIVATION-ID> --activation-code-file <FILE> --region {region}",
        ),
        aws_commands=("aws sts get-caller-identity --query Account", aws.NODE, aws.CREATE_ACTIVATION),
        source=(
            "Systems Manager User Guide, hybrid-multicloud (activations belong to an account and region); "
            "IAM User Guide, troubleshoot_access-denied (the message names role, account and session); "
            "STS API Reference, GetAccessKeyInfo (an access key id tells its account)"
        ),
    ),
)
