"""A file of Terraform as it is being written: its blocks, and the parameters that they ask for."""

from __future__ import annotations

from typing import Any, Optional

from ssm_bootstrap.catalog.cloud.repairs import ENDPOINT_GROUP, MARK, NODE_GROUP, S3_LIST
from ssm_bootstrap.catalog.partitions import PREFIX
from ssm_bootstrap.catalog.policies import added, policy_named
from ssm_bootstrap.render.iac.draft import Sheet, is_own, parameter, policy_document
from ssm_bootstrap.render.iac.hcl import Block, Expression, Template, written

_OWN = "${data.aws_caller_identity.current.account_id}"
_CURRENT = Block("data", ("aws_caller_identity", "current"))
_MADE = {
    ENDPOINT_GROUP: Expression("aws_security_group.endpoints.id"),
    NODE_GROUP: Expression("local.node_security_group_id"),
    S3_LIST: Expression("data.aws_ec2_managed_prefix_list.s3.id"),
}


class HclSheet(Sheet):
    """What is written so far: blocks by kind and labels, and the parameters that they ask for."""

    def __init__(self, region: str) -> None:
        super().__init__(region)
        self.blocks: dict[tuple[str, ...], Block] = {}

    def add(self, block: Block) -> None:
        """One more block; the same once."""
        self.blocks.setdefault((block.kind, *block.labels), block)

    def resource(self, kind: str, label: str, /, **body: Any) -> None:
        """One more resource; what is None is left out."""
        self.add(Block("resource", (kind, label), {key: value for key, value in body.items() if value is not None}))

    def id_of(self, value: str) -> Any:
        """An id: of what is made here, of what the reader gives, or as it is."""
        if value in _MADE:
            if value == S3_LIST:
                self.add(Block("data", ("aws_ec2_managed_prefix_list", "s3"), {"name": f"{PREFIX}.{self.region}.s3"}))
            return _MADE[value]
        if MARK.fullmatch(value):
            asked = parameter(value)
            self.parameters[asked.name] = asked
            return Expression(f"var.{asked.snake}")
        return value

    def document(self, name: str, account: str, present: str = "", system: str = "") -> Any:
        """A policy as an expression that gives its JSON, added to the ``present`` one where there is any."""
        if is_own(account):
            self.add(_CURRENT)
        document = policy_document(policy_named(name, system), self.region, account, _OWN, Template)
        return Expression(f"jsonencode({written(added(present, document) if present else document, 1)})")

    def only_in(self, account: str) -> Optional[Expression]:
        """How often a resource is made that belongs to one account alone; None where that is the reader's own."""
        if is_own(account):
            return None
        self.add(_CURRENT)
        return Expression(f'data.aws_caller_identity.current.account_id == "{account}" ? 1 : 0')
