"""Answers to the calls that moto does not know, in boto3's shapes, made from a state that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Tuple

Params = Mapping[str, Any]
Answer = Dict[str, Any]


@dataclass
class State:
    """What the server has of it; times are seconds since 1970. ``page`` is how many items an answer holds, 0 for all."""

    activations: List[Answer] = field(default_factory=list)
    nodes: List[Answer] = field(default_factory=list)
    settings: Dict[str, str] = field(default_factory=dict)
    quotas: List[Answer] = field(default_factory=list)
    profiles: Dict[str, List[str]] = field(default_factory=dict)  # ARNs of resources by id of the Profile; every VPC has all
    firewall: List[Answer] = field(
        default_factory=list
    )  # rules with "Domains" and perhaps "List"; the group's priority is its place
    public_access_block: str = "off"
    public_access_exclusions: Dict[str, str] = field(default_factory=dict)  # mode by id of a VPC or subnet
    connections: Dict[str, str] = field(default_factory=dict)  # of control channels, by id of the node; connected if not here
    zones: Dict[str, List[str]] = field(default_factory=dict)  # of each service of endpoints; empty for all in a, c and d
    denied: List[str] = field(default_factory=list)  # service:Operation
    throttled: Dict[str, int] = field(default_factory=dict)  # service:Operation, and how often
    absent: List[str] = field(default_factory=list)  # service:Operation that this region does not know
    refused: str = ""  # the code with which every call is refused
    vpc_owner: str = ""  # the account that owns every VPC; empty for the one that asks
    page: int = 0


def _pages(state: State, key: str, items: List[Answer], params: Params, most: int = 0) -> Answer:
    begin = int(params.get("NextToken") or 0)
    size = state.page or most or len(items) or 1
    more = {"NextToken": str(begin + size)} if len(items) > begin + size else {}
    return {key: items[begin : begin + size], **more}


def _activations(state: State, params: Params) -> Answer:
    return _pages(state, "ActivationList", state.activations, params)


def _nodes(state: State, params: Params) -> Answer:
    """As DescribeInstanceInformation filters: by id, type and tag; the tags themselves are not told."""
    filters, found = params.get("Filters", ()), state.nodes
    if len({item["Key"].startswith("tag") for item in filters}) > 1:
        raise LookupError("ValidationException", "Cannot mix tag or inventory filter with any other filter.")
    size = params.get("MaxResults", 10)
    if not 5 <= size <= 50:
        raise LookupError("ValidationException", "MaxResults: expected 5 to 50")
    for item in filters:
        name, wanted = item["Key"], set(item["Values"])
        if name.startswith("tag:"):
            found = [node for node in found if node.get("Tags", {}).get(name[4:]) in wanted]
        else:
            key = {"InstanceIds": "InstanceId", "ResourceType": "ResourceType"}[name]
            if name == "InstanceIds" and any(one not in {node["InstanceId"] for node in state.nodes} for one in wanted):
                raise LookupError("InvalidInstanceId")
            found = [node for node in found if node[key] in wanted]
    told = [{key: value for key, value in node.items() if key != "Tags"} for node in found]
    return _pages(state, "InstanceInformationList", told, params, size)


def _setting(state: State, params: Params) -> Answer:
    key = params["SettingId"]
    if key not in state.settings:
        raise LookupError("ServiceSettingNotFound")
    return {"ServiceSetting": {"SettingId": key, "SettingValue": state.settings[key], "Status": "Default"}}


def _connection(state: State, params: Params) -> Answer:
    return {"Target": params["Target"], "Status": state.connections.get(params["Target"], "connected")}


def _quotas(state: State, params: Params) -> Answer:
    return _pages(state, "Quotas", state.quotas, params)


def _profiles(state: State, params: Params) -> Answer:
    tied = [
        {"Id": f"rpassoc-{key}", "ProfileId": key, "ResourceId": params.get("resourceId", "vpc-0"), "Status": "COMPLETE"}
        for key in state.profiles
    ]
    return _pages(state, "ProfileAssociations", tied, params)


def _resources(state: State, params: Params) -> Answer:
    key = params["ProfileId"]
    items = [{"Id": f"rpr-{number}", "ProfileId": key, "ResourceArn": arn} for number, arn in enumerate(state.profiles[key])]
    return _pages(state, "ProfileResourceAssociations", items, params)


def _firewall_groups(state: State, params: Params) -> Answer:
    keys = list(dict.fromkeys(rule["FirewallRuleGroupId"] for rule in state.firewall))
    items = [
        {"Id": f"rslvr-frgassoc-{key}", "FirewallRuleGroupId": key, "VpcId": params["VpcId"], "Priority": 101 + number}
        for number, key in enumerate(keys)
    ]
    return _pages(state, "FirewallRuleGroupAssociations", list(reversed(items)), params)


def _firewall_rules(state: State, params: Params) -> Answer:
    items = [
        {name: part for name, part in rule.items() if name not in ("Domains", "List")}
        for rule in state.firewall
        if rule["FirewallRuleGroupId"] == params["FirewallRuleGroupId"]
    ]
    return _pages(state, "FirewallRules", items, params)


def _domains(state: State, params: Params) -> Answer:
    (rule,) = [one for one in state.firewall if one["FirewallDomainListId"] == params["FirewallDomainListId"]]
    return _pages(state, "Domains", rule["Domains"], params)


def _domain_list(state: State, params: Params) -> Answer:
    (rule,) = [one for one in state.firewall if one["FirewallDomainListId"] == params["FirewallDomainListId"]]
    return {"FirewallDomainList": {"Id": rule["FirewallDomainListId"], **rule.get("List", {})}}


ANSWERS: Mapping[Tuple[str, str], Callable[[State, Params], Answer]] = {
    ("ssm", "DescribeActivations"): _activations,
    ("ssm", "DescribeInstanceInformation"): _nodes,
    ("ssm", "GetConnectionStatus"): _connection,
    ("ssm", "GetServiceSetting"): _setting,
    ("service-quotas", "ListServiceQuotas"): _quotas,
    ("route53profiles", "ListProfileAssociations"): _profiles,
    ("route53profiles", "ListProfileResourceAssociations"): _resources,
    ("route53resolver", "ListFirewallRuleGroupAssociations"): _firewall_groups,
    ("route53resolver", "ListFirewallRules"): _firewall_rules,
    ("route53resolver", "ListFirewallDomains"): _domains,
    ("route53resolver", "GetFirewallDomainList"): _domain_list,
}
"""By service and operation as boto3 has them."""
