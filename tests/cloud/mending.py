"""What moto does otherwise than EC2, put right in the server's process: endpoints, network ACLs, DHCP options, filters, pages."""

from __future__ import annotations

import ipaddress
import json
from typing import Any, Callable, Dict, Iterable, List, Optional

from tests.cloud.stubs import State

NEW_POLICY = json.dumps({"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}, indent=1)
"""The policy that EC2 gives to an endpoint for which none was named."""


def mend(state: Callable[[], State]) -> None:
    """Change moto's classes; ``state`` gives what the test has set."""
    _mend_endpoints()
    _mend_services(state)
    _mend_owner(state)
    _mend_acls()
    _mend_filters()
    _mend_pages(lambda: state().page)


def _mend_endpoints() -> None:
    from moto.core.responses import ActionResult
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
    from moto.ec2.responses import EC2Response

    made, changed = VPCBackend.create_vpc_endpoint, VPCBackend.modify_vpc_endpoint

    def create(self: Any, *given: Any, **named: Any) -> Any:
        if self.get_vpc(named["vpc_id"]) and named.get("private_dns_enabled") and _is_interface(named.get("endpoint_type")):
            _refuse_second(self, named["vpc_id"], named["service_name"])
        if not _is_interface(named.get("endpoint_type")):
            _refuse_route(self, named["service_name"], named.get("route_table_ids") or ())
        if _is_interface(named.get("endpoint_type")) and not named.get("security_group_ids"):
            named["security_group_ids"] = [self.get_default_security_group(named["vpc_id"]).id]
        endpoint = made(self, *given, **{**named, "policy_document": named.get("policy_document") or NEW_POLICY})
        endpoint.ip_address_type, endpoint.dns_options = "ipv4", {}
        if _is_interface(endpoint.vpc_endpoint_type):
            for interface in list(endpoint.network_interface_ids):
                self.enis.pop(interface)
            endpoint.network_interface_ids = []
            for subnet in endpoint.subnet_ids or []:
                _add_interface(self, endpoint, subnet)
            endpoint.dns_options = {"DnsRecordIpType": "ipv4", "PrivateDnsOnlyForInboundResolverEndpoint": False}
        else:
            endpoint.vpc_endpoint_type, endpoint.private_dns_enabled = "Gateway", False
        return endpoint

    def modify(self: Any, vpc_id: str, **named: Any) -> None:
        endpoint = self.vpc_end_points[vpc_id]
        before = set(endpoint.subnet_ids or []), set(endpoint.route_table_ids)
        changed(self, vpc_id, **named)
        for subnet in before[0] - set(endpoint.subnet_ids or []):
            for key in [key for key in endpoint.network_interface_ids if self.enis[key].subnet.id == subnet]:
                self.enis.pop(key)
                endpoint.network_interface_ids.remove(key)
        for subnet in set(endpoint.subnet_ids or []) - before[0]:
            _add_interface(self, endpoint, subnet)
        for key in endpoint.network_interface_ids:
            self.enis[key]._group_set = [self.get_security_group_from_id(group) for group in endpoint.security_group_ids]
        target = endpoint.destination_prefix_list_id
        for table in before[1] - set(endpoint.route_table_ids):
            _drop_routes(self, table, vpc_id)
        for table in set(endpoint.route_table_ids) - before[1]:
            self.create_route(table, None, gateway_id=vpc_id, destination_prefix_list_id=target)

    def delete(self: Any, vpce_ids: Optional[List[str]] = None) -> None:
        for key in vpce_ids or []:
            endpoint = self.vpc_end_points.pop(key)
            for interface in endpoint.network_interface_ids:
                self.enis.pop(interface, None)
            for table in endpoint.route_table_ids:
                _drop_routes(self, table, key)

    answered = EC2Response.modify_vpc_endpoint

    def modified(self: Any) -> Any:
        """What moto reads of the request, and the two parameters that it does not."""
        endpoint = self.ec2_backend.vpc_end_points[self._get_param("VpcEndpointId")]
        private, options = self._get_bool_param("PrivateDnsEnabled"), self._get_param("DnsOptions", {})
        if private and not endpoint.private_dns_enabled:
            _refuse_second(self.ec2_backend, endpoint.vpc_id, endpoint.service_name)
        if private is not None:
            endpoint.private_dns_enabled = private
        if "PrivateDnsOnlyForInboundResolverEndpoint" in options:
            only = str(options["PrivateDnsOnlyForInboundResolverEndpoint"]).lower() == "true"
            endpoint.dns_options = {**endpoint.dns_options, "PrivateDnsOnlyForInboundResolverEndpoint": only}
        if self._get_bool_param("ResetPolicy"):
            endpoint.policy_document = NEW_POLICY
        return answered(self)

    def public_access_block(self: Any) -> Any:
        options = {"AwsAccountId": self.ec2_backend.account_id, "AwsRegion": self.region, "State": "default-state"}
        return ActionResult({"VpcBlockPublicAccessOptions": {**options, "InternetGatewayBlockMode": _block_mode(self)}})

    for kind in (VPCBackend, EC2Backend):
        kind.create_vpc_endpoint, kind.modify_vpc_endpoint, kind.delete_vpc_endpoints = create, modify, delete
    EC2Response.modify_vpc_endpoint = modified
    EC2Response.describe_vpc_block_public_access_options = public_access_block
    EC2Response.modify_vpc_block_public_access_options = _set_block_mode
    told = VPCEndPoint.get_filter_value
    VPCEndPoint.get_filter_value = lambda self, name, method=None: (  # type: ignore[method-assign]
        {"vpc-endpoint-id": self.id, "vpc-id": self.vpc_id, "service-name": self.service_name}.get(name)
        or told(self, name, method)
    )


def _mend_services(state: Callable[[], State]) -> None:
    """moto loads every part of itself to know the services, those too that it was installed without."""
    from moto.core.responses import ActionResult
    from moto.ec2.responses import EC2Response

    def services(self: Any) -> Any:
        wanted = set(self._filters_from_querystring().get("service-name", ()))
        zones = state().zones or {name: [f"{self.region}{letter}" for letter in "acd"] for name in wanted}
        found = [{"ServiceName": name, "AvailabilityZones": own} for name, own in sorted(zones.items()) if name in wanted]
        return ActionResult({"ServiceNames": [item["ServiceName"] for item in found], "ServiceDetails": found})

    def block(self: Any) -> Any:
        return ActionResult({"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": state().public_access_block}})

    def exclusions(self: Any) -> Any:
        found = [
            {
                "ExclusionId": f"vpcbpa-exclude-{place}",
                "ResourceArn": f"arn:aws:ec2:{self.region}:111122223333:{'vpc' if key.startswith('vpc-') else 'subnet'}/{key}",
                "InternetGatewayExclusionMode": mode,
                "State": "create-complete",
            }
            for place, (key, mode) in enumerate(sorted(state().public_access_exclusions.items()))
        ]
        return ActionResult({"VpcBlockPublicAccessExclusions": found})

    EC2Response.describe_vpc_endpoint_services = services
    EC2Response.describe_vpc_block_public_access_options = block
    EC2Response.describe_vpc_block_public_access_exclusions = exclusions


def _mend_owner(state: Callable[[], State]) -> None:
    from moto.ec2.models.vpcs import VPC

    own = VPC.owner_id
    VPC.owner_id = property(lambda self: state().vpc_owner or own.fget(self))


def _block_mode(response: Any) -> str:
    return str(getattr(response.ec2_backend, "block_mode", "off"))


def _set_block_mode(response: Any) -> Any:
    response.ec2_backend.block_mode = response._get_param("InternetGatewayBlockMode")
    return type(response).describe_vpc_block_public_access_options(response)


def _is_interface(kind: Optional[str]) -> bool:
    return (kind or "").lower() == "interface"


def _refuse_second(backend: Any, vpc_id: str, service_name: str) -> None:
    """One endpoint of a service may have the service's name in a VPC."""
    from moto.ec2.exceptions import EC2ClientError

    for other in backend.vpc_end_points.values():
        if (other.vpc_id, other.service_name) == (vpc_id, service_name) and other.private_dns_enabled:
            raise EC2ClientError("InvalidParameter", "private-dns-enabled cannot be set: there is a conflicting DNS domain")


def _refuse_route(backend: Any, service_name: str, tables: Iterable[str]) -> None:
    """A route table has one route to a service's prefix list."""
    from moto.ec2.exceptions import EC2ClientError

    for other in backend.vpc_end_points.values():
        for table in set(tables) & set(other.route_table_ids or ()) if other.service_name == service_name else ():
            raise EC2ClientError("RouteAlreadyExists", f"route table {table} already has a route to {service_name}")


def _add_interface(backend: Any, endpoint: Any, subnet_id: str) -> None:
    """An interface as EC2 makes it for an endpoint: an address of the subnet, the endpoint's groups, in use."""
    subnet = backend.get_subnet(subnet_id)
    taken = {item.private_ip_address for item in backend.enis.values() if item.subnet.id == subnet_id}
    hosts = list(ipaddress.ip_network(subnet.cidr_block).hosts())[20:]
    address = next(str(host) for host in hosts if str(host) not in taken)
    text = f"VPC Endpoint Interface {endpoint.id}"
    item = backend.create_network_interface(subnet_id, address, group_ids=endpoint.security_group_ids, description=text)
    item.status, item.interface_type, item.requester_managed = "in-use", "vpc_endpoint", True
    endpoint.network_interface_ids.append(item.id)


def _drop_routes(backend: Any, table_id: str, endpoint_id: str) -> None:
    table = backend.route_tables.get(table_id)
    for key, route in list(table._routes.items() if table else ()):
        if endpoint_id in (route.vpc_endpoint_id, getattr(route.gateway, "id", None)):
            del table._routes[key]


def _mend_acls() -> None:
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.network_acls import NetworkAclBackend

    made = NetworkAclBackend.create_network_acl

    def create(self: Any, vpc_id: str, tags: Any = None, default: bool = False) -> Any:
        acl = made(self, vpc_id, tags, default)
        if not default:
            for egress in (True, False):
                entry: Dict[str, Any] = dict.fromkeys(("icmp_code", "icmp_type", "port_range_from", "port_range_to"))
                self.create_network_acl_entry(
                    network_acl_id=acl.id,
                    rule_number=32767,
                    protocol="-1",
                    rule_action="deny",
                    egress=egress,
                    cidr_block="0.0.0.0/0",
                    ipv6_cidr_block=None,
                    **entry,
                )
        return acl

    for kind in (NetworkAclBackend, EC2Backend):
        kind.create_network_acl = create


def _mend_filters() -> None:
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface

    told = NetworkInterface.get_filter_value

    def value(self: Any, name: str, method: Optional[str] = None) -> Any:
        if name == "addresses.private-ip-address":
            return [item["PrivateIpAddress"] for item in self.private_ip_addresses]
        if name == "ipv6-addresses.ipv6-address":
            return list(self.ipv6_addresses)
        return told(self, name, method)

    NetworkInterface.get_filter_value = value


def _mend_pages(page: Callable[[], int]) -> None:
    """Answers of EC2 in pages: every list of an answer is cut, and the token is where the next page begins."""
    from moto.core.responses import ActionResult
    from moto.ec2.responses import EC2Response

    def paged(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def answer(self: Any) -> Any:
            made = method(self)
            size, begin = page(), int(self._get_param("NextToken") or 0)
            if not size or not isinstance(made, ActionResult) or not isinstance(made.result, dict):
                return made
            lists = {name: list(part) for name, part in made.result.items() if isinstance(part, (list, tuple))}
            cut = {name: part[begin : begin + size] for name, part in lists.items()}
            more = any(len(part) > begin + size for part in lists.values())
            return ActionResult({**made.result, **cut, **({"NextToken": str(begin + size)} if more else {})})

        return answer

    for name in (
        *("describe_instances", "describe_vpcs", "describe_dhcp_options", "describe_subnets", "describe_route_tables"),
        *("describe_network_acls", "describe_security_groups", "describe_security_group_rules", "describe_vpc_endpoints"),
        *("describe_network_interfaces", "describe_managed_prefix_lists", "get_managed_prefix_list_entries"),
    ):
        setattr(EC2Response, name, paged(getattr(EC2Response, name)))
