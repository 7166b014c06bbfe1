"""deploy/cleanup against a server: what is gone is deregistered, and never what lives or might."""

from __future__ import annotations

import importlib.util
import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, List

import pytest

from tests.aws import MARKS
from tests.aws.server import KEYS, ROOT
from tests.cloud.server import Cloud
from tests.deploy.conftest import REGION
from tests.deploy.template import TEMPLATES, read

pytestmark = MARKS

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
GROUP, HOOK = "fleet", "ssm-bootstrap-deregister"
DOMAIN = f"{REGION}.compute.internal"


def source() -> Any:
    """The module as Lambda loads it."""
    spec = importlib.util.spec_from_file_location("cleanup_index", ROOT / "deploy" / "cleanup" / "index.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Group:
    """The two calls of autoscaling that are made; moto has no instance that waits for its hook."""

    def __init__(self, states: Dict[str, str]) -> None:
        self.states, self.completed = states, []  # type: Dict[str, str], List[Dict[str, str]]

    def describe_auto_scaling_instances(self, InstanceIds: List[str]) -> Dict[str, Any]:
        found = [{"InstanceId": one, "LifecycleState": self.states[one]} for one in InstanceIds if one in self.states]
        return {"AutoScalingInstances": found}

    def complete_lifecycle_action(self, **given: str) -> None:
        self.completed.append(given)


class Site:
    """Instances at EC2 and nodes at Systems Manager, and a clean-up that looks at them."""

    def __init__(self, cloud: Cloud) -> None:
        cloud.reset()
        session = cloud.session(REGION)
        self.cloud, self.ec2, self.ssm = cloud, session.client("ec2"), session.client("ssm")
        self.nodes: List[Dict[str, Any]] = []
        self.group = Group({})
        self.seconds = 0.0

    def instance(self) -> Dict[str, Any]:
        """One that runs in the group."""
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        (made,) = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
        self.group.states[made["InstanceId"]] = "InService"
        found: Dict[str, Any] = made
        return found

    def node(self, instance: Any = None, silent: timedelta = timedelta(0), **more: Any) -> str:
        """The node that an instance is, of which nothing was heard for so long."""
        identifier = f"mi-{len(self.nodes):017x}"
        node = {
            "InstanceId": identifier,
            "ResourceType": "ManagedInstance",
            "PingStatus": "ConnectionLost" if silent else "Online",
            "LastPingDateTime": (NOW - silent).timestamp(),
            "Tags": {"ManagedBy": "ssm-bootstrap"},
        }
        if instance:
            node["ComputerName"] = f"{instance['InstanceId']}.{DOMAIN}"
            node["IPAddress"] = instance["PrivateIpAddress"]
        self.nodes.append({**node, **more})
        self.cloud.set(nodes=self.nodes)
        return identifier

    def left(self) -> List[str]:
        """The nodes that are still registered."""
        return [one["InstanceId"] for one in self.cloud.state()["nodes"]]

    def cleanup(self, is_report: bool = False, limit: int = 100) -> Any:
        made = source().Cleanup
        days = timedelta(days=30)
        return made(self.ssm, self.ec2, self.group, "ssm-bootstrap", is_report, days, limit, clock=lambda: self.seconds)

    def hook(self, instance: Dict[str, Any], **more: Any) -> Dict[str, Any]:
        """What the hook's event leads to, with the group as it is then."""
        names = {"AutoScalingGroupName": GROUP, "LifecycleHookName": HOOK, "LifecycleActionToken": "token"}
        cleanup = more.pop("cleanup", None) or self.cleanup(more.pop("is_report", False))
        told: Dict[str, Any] = cleanup.by_hook({"EC2InstanceId": instance["InstanceId"], **names, **more})
        assert self.group.completed[-1]["LifecycleActionResult"] == "CONTINUE"
        return told


@pytest.fixture
def site(cloud: Cloud) -> Site:
    return Site(cloud)


HOUR, MONTH = timedelta(hours=1), timedelta(days=31)


def test_the_node_of_an_instance_that_its_group_terminates_is_deregistered(site: Site) -> None:
    other, instance = site.instance(), site.instance()
    kept, gone = site.node(other), site.node(instance)
    site.group.states[instance["InstanceId"]] = "Terminating:Wait"
    assert site.hook(instance, Destination="EC2")["deregistered"] == [
        [gone, f"{instance['InstanceId']} is terminated by its group"]
    ]
    assert site.left() == [kept]


Spoil = Callable[[Site, Dict[str, Any]], Dict[str, Any]]


def _in_service(site: Site, instance: Dict[str, Any]) -> Dict[str, Any]:
    site.group.states[instance["InstanceId"]] = "InService"
    return {}


def _second_node(site: Site, instance: Dict[str, Any]) -> Dict[str, Any]:
    site.node(instance)
    return {}


def _changed(**change: Any) -> Spoil:
    def spoil(site: Site, instance: Dict[str, Any]) -> Dict[str, Any]:
        site.nodes[0].update(change)
        site.cloud.set(nodes=site.nodes)
        return {}

    return spoil


KEPT: Dict[str, Spoil] = {
    "into the warm pool": lambda site, instance: {"Destination": "WarmPool"},
    "the group says otherwise": _in_service,
    "two nodes with its name": _second_node,
    "another address": _changed(IPAddress="10.99.0.1"),
    "another name": _changed(ComputerName="ip-10-0-0-1"),
    "a name that only begins alike": _changed(ComputerName="i-0123456789abcdef0x.example"),
    "not ours": _changed(Tags={}),
    "report only": lambda site, instance: {"is_report": True},
}


@pytest.mark.parametrize("name", KEPT)
def test_the_hook_leaves_a_node_where_anything_is_in_doubt_and_goes_on(name: str, site: Site) -> None:
    instance = site.instance()
    site.node(instance)
    site.group.states[instance["InstanceId"]] = "Terminating:Wait"
    more = KEPT[name](site, instance)
    told = site.hook(instance, **more)
    assert told["deregistered"] == [] and len(site.left()) == len(site.nodes)
    assert told["would be deregistered"] if name == "report only" else told["kept"]


def test_the_group_goes_on_although_the_look_fails(site: Site) -> None:
    instance = site.instance()
    site.cloud.set(denied=["ssm:DescribeInstanceInformation"])
    site.group.states[instance["InstanceId"]] = "Terminating:Wait"
    with pytest.raises(Exception, match="not authorized"):
        site.hook(instance)
    assert [one["InstanceId"] for one in site.group.completed] == [instance["InstanceId"]]


def test_the_schedule_takes_what_was_terminated_and_leaves_what_is_stopped(site: Site) -> None:
    running, stopped, terminated, fresh = (site.instance() for _ in range(4))
    site.node(running)
    hung = site.node(running, silent=MONTH)
    off = site.node(stopped, silent=MONTH)
    gone = site.node(terminated, silent=HOUR)
    just = site.node(fresh, silent=timedelta(minutes=10))
    site.ec2.stop_instances(InstanceIds=[stopped["InstanceId"]])
    site.ec2.terminate_instances(InstanceIds=[terminated["InstanceId"], fresh["InstanceId"]])
    told = site.cleanup().by_schedule(NOW)
    assert told["deregistered"] == [[gone, f"{terminated['InstanceId']} is terminated"]]
    assert {hung, off, just} < set(site.left())


def test_a_terminated_instance_whose_node_still_speaks_keeps_it(site: Site) -> None:
    instance = site.instance()
    site.node(instance)
    site.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert site.cleanup().by_schedule(NOW)["deregistered"] == [] and len(site.left()) == 1


def test_what_ec2_does_not_know_is_given_up_after_days(site: Site) -> None:
    unknown = {"InstanceId": "i-0aaaaaaaaaaaaaaaa", "PrivateIpAddress": "10.88.0.1"}
    elsewhere = site.node(unknown, silent=timedelta(days=29))
    lost = site.node({**unknown, "InstanceId": "i-0bbbbbbbbbbbbbbbb"}, silent=MONTH)
    plain = site.node(silent=MONTH, ComputerName="web-1", IPAddress="10.88.0.2")
    site.node(silent=MONTH, ComputerName="web-2", IPAddress="10.88.0.3", Tags={"ManagedBy": "somebody"})
    told = site.cleanup().by_schedule(NOW)
    assert [node for node, _ in told["deregistered"]] == [lost, plain] and elsewhere in site.left() and len(site.left()) == 2


def test_a_node_with_a_name_of_its_own_is_kept_while_an_instance_has_its_address(site: Site) -> None:
    """It may be stopped, or hang; where another node is online there, the address has a new owner."""
    held, given_on = site.instance(), site.instance()
    site.ec2.stop_instances(InstanceIds=[held["InstanceId"]])
    kept = site.node(silent=MONTH, ComputerName="web-1", IPAddress=held["PrivateIpAddress"])
    old = site.node(silent=MONTH, ComputerName="web-2", IPAddress=given_on["PrivateIpAddress"])
    site.node(given_on)
    assert [node for node, _ in site.cleanup().by_schedule(NOW)["deregistered"]] == [old]
    assert kept in site.left()


def test_a_node_that_came_back_in_between_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    node = site.node(silent=MONTH, ComputerName="web-1")
    cleanup = site.cleanup()
    looked_at = cleanup._nodes()
    monkeypatch.setattr(cleanup, "_nodes", lambda: looked_at)
    site.nodes[0]["PingStatus"] = "Online"
    site.cloud.set(nodes=site.nodes)
    assert cleanup.by_schedule(NOW)["kept"] == [[node, "it is online again"]] and site.left() == [node]


def test_a_run_has_a_limit_and_pages_are_read_to_the_end(site: Site) -> None:
    for number in range(7):
        site.node(silent=MONTH, ComputerName=f"web-{number}")
    site.cloud.set(page=3)
    told = site.cleanup(limit=5).by_schedule(NOW)
    assert (told["looked at"], len(told["deregistered"]), told["left for the next run"]) == (7, 5, 2)


def test_by_default_it_only_tells(site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    node = site.node(silent=timedelta(days=4000), ComputerName="web-1")
    values = {"AWS_ENDPOINT_URL": site.cloud.url, "AWS_DEFAULT_REGION": REGION, "AWS_CONFIG_FILE": "/dev/null", **KEYS}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    told = source().handler({}, None)
    assert told["mode"] == "report" and [one for one, _ in told["would be deregistered"]] == [node]
    assert json.loads(capsys.readouterr().out) == told and site.left() == [node]
    monkeypatch.setenv("MODE", "deregister")
    assert [one for one, _ in source().handler({}, None)["deregistered"]] == [node] and site.left() == []


def test_the_server_refuses_what_aws_refuses(site: Site) -> None:
    """ "Tag filters can't be combined with other filter types" (the API's own model of the call)."""
    mixed = [{"Key": "tag:ManagedBy", "Values": ["x"]}, {"Key": "ResourceType", "Values": ["ManagedInstance"]}]
    with pytest.raises(Exception, match="Cannot mix tag or inventory filter with any other filter"):
        site.ssm.describe_instance_information(Filters=mixed)
    assert site.ssm.describe_instance_information(Filters=mixed[:1])["InstanceInformationList"] == []


class Forgetful:
    """EC2 that tells nothing any more of some instances, as it does within about an hour of their end; moto keeps them."""

    def __init__(self, ec2: Any) -> None:
        self._ec2, self.forgotten = ec2, set()  # type: Any, set[str]

    def get_paginator(self, name: str) -> Any:
        self._pages = self._ec2.get_paginator(name)
        return self

    def paginate(self, **asked: Any) -> Any:
        for page in self._pages.paginate(**asked):
            for part in page["Reservations"]:
                part["Instances"] = [one for one in part["Instances"] if one["InstanceId"] not in self.forgotten]
            yield page


def minutes_of(schedule: str) -> int:
    """A rate of EventBridge in minutes."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour)s?\)", schedule)
    assert found is not None, schedule
    return int(found[1]) * {"minute": 1, "hour": 60}[found[2]]


def test_the_schedule_finds_a_terminated_instance_before_ec2_forgets_it(site: Site) -> None:
    """Whenever in its hour the first run is: the template's own schedule, a minute at a time."""
    step = minutes_of(read(TEMPLATES / "cleanup.yaml")["Parameters"]["Schedule"]["Default"])
    instance = site.instance()
    site.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    site.ec2 = Forgetful(site.ec2)
    for first in range(step):
        site.nodes, site.ec2.forgotten = [], set()
        node = site.node(instance, silent=timedelta(seconds=1))
        found = []
        for minute in range(first, 90, step):
            if minute >= 60:
                site.ec2.forgotten = {instance["InstanceId"]}
            found += site.cleanup().by_schedule(NOW + timedelta(minutes=minute))["deregistered"]
        assert [one for one, _ in found] == [node], f"first run in minute {first}"


def test_one_run_takes_a_group_of_500(site: Site) -> None:
    limit = read(TEMPLATES / "cleanup.yaml")["Parameters"]["Limit"]["Default"]
    assert limit >= 500
    for number in range(502):
        site.nodes.append({**_plain(number), "PingStatus": "ConnectionLost", "LastPingDateTime": (NOW - MONTH).timestamp()})
    site.cloud.set(nodes=site.nodes)
    site.cloud.requests()
    told = site.cleanup(limit=limit).by_schedule(NOW)
    assert (len(told["deregistered"]), told["left for the next run"]) == (500, 2)
    counts = site.cloud.requests()
    assert counts["ssm:DeregisterManagedInstance"] == 500
    assert counts["ssm:DescribeInstanceInformation"] == 11 + 10  # pages of 50 of all, and again of what is to be deregistered


def _plain(number: int) -> Dict[str, Any]:
    named = {
        "InstanceId": f"mi-{number:017x}",
        "ComputerName": f"web-{number}",
        "IPAddress": f"10.1.{number // 250}.{number % 250}",
    }
    return {**named, "ResourceType": "ManagedInstance", "PingStatus": "Online", "Tags": {"ManagedBy": "ssm-bootstrap"}}


def test_hooks_that_come_together_read_the_nodes_once(site: Site) -> None:
    """500 nodes are ten pages; the next hook within a minute asks for none, and one for a node that is new then for all again."""
    instances = [site.instance() for _ in range(3)]
    for one in instances[:2]:
        site.node(one)
        site.group.states[one["InstanceId"]] = "Terminating:Wait"
    site.nodes += [_plain(number) for number in range(2, 500)]
    site.cloud.set(nodes=site.nodes)
    site.cloud.requests()
    cleanup = site.cleanup()
    asked = []
    for one in instances[:2]:
        assert len(site.hook(one, cleanup=cleanup)["deregistered"]) == 1
        asked.append(site.cloud.requests())
    assert [one.get("ssm:DescribeInstanceInformation", 0) for one in asked] == [10, 0]
    assert asked[1] == {"ec2:DescribeInstances": 1, "ssm:DeregisterManagedInstance": 1}
    site.nodes = site.cloud.state()["nodes"]
    site.node(instances[2], InstanceId="mi-0f000000000000000")
    site.group.states[instances[2]["InstanceId"]] = "Terminating:Wait"
    assert len(site.hook(instances[2], cleanup=cleanup)["deregistered"]) == 1
    assert site.cloud.requests()["ssm:DescribeInstanceInformation"] == 10
    site.seconds = 60.0
    site.group.states[instances[0]["InstanceId"]] = "Terminating:Wait"
    assert site.hook(instances[0], cleanup=cleanup)["kept"] == [[instances[0]["InstanceId"], "0 nodes have its name"]]


def test_a_node_that_somebody_else_deregistered_first_is_passed_over(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS refuses a call that names a node that it does not know, whole: those beside it are looked at one by one."""
    gone, back, lost = (site.node(silent=MONTH, ComputerName=f"web-{number}") for number in range(3))
    cleanup = site.cleanup()
    looked_at = cleanup._nodes()
    monkeypatch.setattr(cleanup, "_nodes", lambda: looked_at)
    site.nodes = [{**site.nodes[1], "PingStatus": "Online"}, site.nodes[2]]
    site.cloud.set(nodes=site.nodes)
    told = cleanup.by_schedule(NOW)
    assert [one for one, _ in told["deregistered"]] == [lost] and told["kept"] == [[back, "it is online again"]]
    assert gone not in site.left()
