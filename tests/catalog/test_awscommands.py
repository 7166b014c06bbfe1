"""What a change does to others stands beside it: a reader pastes the command and reads no manual."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.model.findings import ShellCommand

TURNS_NAMES_ON = (aws.CREATE_ENDPOINT, aws.PRIVATE_DNS_OF_AN_ENDPOINT, aws.S3_NAMES_INSIDE)


@pytest.mark.parametrize("command", TURNS_NAMES_ON, ids=lambda one: one.about)
def test_private_dns_is_said_to_act_on_the_whole_vpc(command: ShellCommand) -> None:
    assert "--private-dns-enabled" in command.text
    assert "whole VPC" in command.about and "group must first allow" in command.about and "from the VPC's CIDR" in command.about


def test_what_follows_points_back_to_it() -> None:
    assert "after the same rule" in aws.ENABLE_PRIVATE_DNS.about
    assert "the same happens" in aws.ADD_ROUTE_TABLE.about
    for kind in FINDINGS.values():
        for row in (kind, *kind.variants):
            commands = row.aws_commands or ()
            for first, then in (
                (aws.CREATE_ENDPOINT, aws.ENABLE_PRIVATE_DNS),
                (aws.CREATE_S3_GATEWAY, aws.ADD_ROUTE_TABLE),
            ):
                assert then not in commands or first in commands[: commands.index(then)]


def test_a_gateway_is_said_to_cut_connections_and_to_change_the_source() -> None:
    for word in ("cuts open S3 connections", "aws:SourceIp", "main table"):
        assert word in aws.CREATE_S3_GATEWAY.about


def test_plain_names_of_s3_need_no_ipv6() -> None:
    assert "dualstack" not in aws.S3_NAMES_INSIDE.text
    assert "must have IPv6" in aws.S3_DUAL_STACK.about


@pytest.mark.parametrize(("code", "port"), [("s3-http-blocked", "80"), ("s3-https-blocked", "443")])
def test_the_group_of_an_interface_endpoint_for_s3_is_opened_too(code: str, port: str) -> None:
    texts = [one.text for one in FINDINGS[code].aws_commands]
    assert [text for text in texts if "authorize-security-group-ingress" in text and f"--port {port} " in text]


def test_network_acls_let_both_ports_of_s3_out() -> None:
    (row,) = [row for row in FINDINGS["endpoint-blocked"].variants if row.name == "nothing-answers"]
    ranges = [one.text.rpartition(" ")[2] for one in row.aws_commands or () if "create-network-acl-entry" in one.text]
    assert ranges == ["From=443,To=443", "From=80,To=80", "From=1024,To=65535"]
    assert "--ipv6-cidr-block" in aws.ALLOW_BACK_INTO_SUBNET.about


def test_a_subnet_that_cannot_be_reached_is_taken_off() -> None:
    texts = [one.text for one in FINDINGS["endpoint-partly-unreachable"].aws_commands]
    assert texts[-1].endswith("--remove-subnet-ids <ENDPOINT-SUBNET-ID>")


def test_an_empty_list_is_no_proof_of_other_names() -> None:
    """An endpoint of FIPS is one of ssm-fips."""
    assert "by that name" in aws.ENDPOINT.about and "by that name" in aws.ENDPOINT_POLICY.about
