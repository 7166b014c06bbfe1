"""What moto's CloudFormation does otherwise than AWS's, put right in the server's process: dropped properties, missing types."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional

EVERYWHERE = {"CidrIp": "0.0.0.0/0"}


def mend() -> None:
    """Change moto's classes."""
    _mend_parameters()
    _mend_change_sets()
    _mend_inner_stacks()
    _mend_buckets()
    _mend_vpc()
    _mend_associations()
    _mend_groups()
    _mend_endpoints()
    _mend_roles()
    _mend_autoscaling()
    _add_type("AWS::EC2::SecurityGroupEgress", _make_egress_rule)
    _add_type("AWS::S3::BucketPolicy", _make_bucket_policy)
    _add_type("AWS::SecretsManager::Secret", _make_secret)


def _add_type(kind: str, make: Callable[[Any, str, str], Optional[str]]) -> None:
    """A type that moto lacks: ``make`` gets properties, account and region, and gives the id (None: the resource's name)."""
    from moto.core.common_models import CloudFormationModel

    class Added(CloudFormationModel):
        """A resource of this type."""

        def __init__(self, identity: str) -> None:
            self.physical_resource_id = identity

        @staticmethod
        def cloudformation_type() -> str:
            return kind

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @classmethod
        def create_from_cloudformation_json(  # type: ignore[misc]
            cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any
        ) -> Added:
            return cls(make(cloudformation_json["Properties"], account_id, region_name) or resource_name)

    _KEPT.append(Added)


def _make_egress_rule(said: Any, account: str, region: str) -> None:
    from moto.ec2.models import ec2_backends

    _let_out(ec2_backends[account][region], said["GroupId"], said)


def _make_bucket_policy(said: Any, account: str, region: str) -> None:
    from moto.s3.models import s3_backends
    from moto.utilities.utils import get_partition

    backend = s3_backends[account][get_partition(region)]
    backend.put_bucket_policy(said["Bucket"], json.dumps(said["PolicyDocument"]).encode())


def _make_secret(said: Any, account: str, region: str) -> str:
    """One without a value."""
    from moto.secretsmanager.models import secretsmanager_backends

    told = {"description": said["Description"], "kms_key_id": said.get("KmsKeyId"), "tags": [], "replica_regions": []}
    none = dict.fromkeys(("secret_string", "secret_binary", "client_request_token"))
    made = secretsmanager_backends[account][region].create_secret(said["Name"], **none, **told, force_overwrite=False)
    return str(json.loads(made)["ARN"])


_KEPT: List[Any] = []
"""moto finds types among the living subclasses."""


def _mend_parameters() -> None:
    from moto.cloudformation.parsing import ResourceMap

    loaded = ResourceMap.load_parameters

    def load(self: Any) -> None:
        """A list that is not given is its default, which is a list as well; what it was before is one already."""
        given = self.input_parameters.items()
        self.input_parameters = {name: ",".join(value) if isinstance(value, list) else value for name, value in given}
        loaded(self)
        for name, slot in self._template.get("Parameters", {}).items():
            value = self.resolved_parameters[name]
            if isinstance(value, str) and (slot["Type"] == "CommaDelimitedList" or slot["Type"].startswith("List<")):
                self.resolved_parameters[name] = self._parsed_resources[name] = value.split(",")

    ResourceMap.load_parameters = load  # type: ignore[method-assign]


def _mend_change_sets() -> None:
    from moto.cloudformation.models import CloudFormationBackend

    executed = CloudFormationBackend.execute_change_set

    def execute(self: Any, change_set_name: str, stack_name: Optional[str] = None) -> None:
        """A stack has the outputs of the template that it was made by."""
        executed(self, change_set_name, stack_name)
        for stack in self.stacks.values():
            stack._parse_template()
            stack.output_map = stack._create_output_map()

    CloudFormationBackend.execute_change_set = execute  # type: ignore[method-assign]


def _mend_inner_stacks() -> None:
    from moto.cloudformation.models import Stack
    from moto.cloudformation.utils import get_stack_from_s3_url
    from moto.utilities.utils import get_partition

    def attribute(self: Any, name: str) -> Any:
        """``Outputs.NAME`` of a stack in a stack."""
        return self.output_map[name.partition(".")[2]].value

    def update(
        cls: Any, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> Any:
        """In its place: moto would make another."""
        said = cloudformation_json["Properties"]
        text = get_stack_from_s3_url(said["TemplateURL"], account_id=account_id, partition=get_partition(region_name))
        original_resource.update(text, parameters={**original_resource.parameters, **said.get("Parameters", {})})
        return original_resource

    Stack.get_cfn_attribute = attribute
    Stack.update_from_cloudformation_json = classmethod(update)


def _mend_buckets() -> None:
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    def permission(self: Any, action: str, resource: str) -> Any:
        """moto reads no conditions, so that what is denied without TLS would be denied to all."""
        return PermissionResult.NEUTRAL

    FakeBucket.get_permission = permission  # type: ignore[method-assign]


def _mend_vpc() -> None:
    from moto.ec2.models.vpcs import VPC

    made = VPC.create_from_cloudformation_json.__func__  # type: ignore[attr-defined]

    def create(cls: Any, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any) -> Any:
        vpc = made(cls, resource_name, cloudformation_json, account_id, region_name, **more)
        said = cloudformation_json["Properties"]
        vpc.enable_dns_support = _word(said.get("EnableDnsSupport", True))
        vpc.enable_dns_hostnames = _word(said.get("EnableDnsHostnames", False))
        return vpc

    VPC.create_from_cloudformation_json = classmethod(create)


def _word(value: Any) -> str:
    return str(value).lower()


def _mend_associations() -> None:
    from moto.ec2.models import EC2Backend

    made = EC2Backend.create_subnet_association

    def create(self: Any, route_table_id: str, subnet_id: str) -> Any:
        """As one that is made by EC2's own API, which describes it."""
        self.associate_route_table(route_table_id, subnet_id=subnet_id)
        return made(self, route_table_id, subnet_id)

    EC2Backend.create_subnet_association = create  # type: ignore[method-assign]


def _mend_groups() -> None:
    from moto.ec2.models.security_groups import SecurityGroup

    made = SecurityGroup.create_from_cloudformation_json.__func__  # type: ignore[attr-defined]

    def create(cls: Any, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any) -> Any:
        group = made(cls, resource_name, cloudformation_json, account_id, region_name, **more)
        rules = cloudformation_json["Properties"].get("SecurityGroupEgress", ())
        backend = group.ec2_backend
        if rules:  # CloudFormation takes the rule away with which a group begins
            backend.revoke_security_group_egress(group.id, "-1", None, None, [EVERYWHERE], [], vpc_id=group.vpc_id)
        for rule in rules:
            _let_out(backend, group.id, rule)
        return group

    SecurityGroup.create_from_cloudformation_json = classmethod(create)


def _let_out(backend: Any, group: str, rule: Dict[str, Any]) -> None:
    peers: Dict[str, Any] = {"ip_ranges": [], "source_groups": [], "prefix_list_ids": []}
    if "CidrIp" in rule:
        peers["ip_ranges"] = [{"CidrIp": rule["CidrIp"]}]
    if "DestinationSecurityGroupId" in rule:
        peers["source_groups"] = [{"GroupId": rule["DestinationSecurityGroupId"]}]
    if "DestinationPrefixListId" in rule:
        peers["prefix_list_ids"] = [{"PrefixListId": rule["DestinationPrefixListId"]}]
    backend.authorize_security_group_egress(group, str(rule["IpProtocol"]), rule.get("FromPort"), rule.get("ToPort"), **peers)


def _mend_endpoints() -> None:
    from moto.ec2.models.vpcs import VPCEndPoint

    made = VPCEndPoint.create_from_cloudformation_json.__func__  # type: ignore[attr-defined]

    def create(cls: Any, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any) -> Any:
        said = dict(cloudformation_json["Properties"])
        if isinstance(said.get("PolicyDocument"), dict):  # the API has it as text
            said["PolicyDocument"] = json.dumps(said["PolicyDocument"])
        said["PrivateDnsEnabled"] = _word(said.get("PrivateDnsEnabled", False)) == "true"
        return made(cls, resource_name, {**cloudformation_json, "Properties": said}, account_id, region_name, **more)

    VPCEndPoint.create_from_cloudformation_json = classmethod(create)


def _mend_roles() -> None:
    from moto.iam.models import Role, iam_backends
    from moto.utilities.utils import get_partition

    put = Role.put_policy

    def put_policy(self: Any, policy_name: str, policy_json: Any) -> None:
        """The API has a policy as text; a statement whose condition does not hold is not there."""
        if isinstance(policy_json, dict):
            statements = [one for one in policy_json["Statement"] if one]
            policy_json = json.dumps({**policy_json, "Statement": statements})
        put(self, policy_name, policy_json)

    made = Role.create_from_cloudformation_json.__func__  # type: ignore[attr-defined]

    def create(cls: Any, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any) -> Any:
        role = made(cls, resource_name, cloudformation_json, account_id, region_name, **more)
        backend = iam_backends[account_id][get_partition(region_name)]
        for arn in cloudformation_json["Properties"].get("ManagedPolicyArns", ()):
            backend.attach_role_policy(arn, role.name)
        return role

    Role.put_policy = put_policy  # type: ignore[method-assign]
    Role.create_from_cloudformation_json = classmethod(create)


def _mend_autoscaling() -> None:
    from moto.autoscaling.models import FakeAutoScalingGroup, autoscaling_backends

    made = FakeAutoScalingGroup.create_from_cloudformation_json.__func__  # type: ignore[attr-defined]

    def create(cls: Any, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any) -> Any:
        group = made(cls, resource_name, cloudformation_json, account_id, region_name, **more)
        for hook in cloudformation_json["Properties"].get("LifecycleHookSpecificationList", ()):
            autoscaling_backends[account_id][region_name].create_lifecycle_hook(
                name=hook["LifecycleHookName"],
                as_name=group.name,
                transition=hook["LifecycleTransition"],
                timeout=int(hook["HeartbeatTimeout"]),
                result=hook["DefaultResult"],
            )
        return group

    FakeAutoScalingGroup.create_from_cloudformation_json = classmethod(create)
