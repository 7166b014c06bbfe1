"""Deregisters hybrid nodes whose instances are gone: by the hook of an autoscaling group, and on a schedule what that missed.

A node is known to be an instance's by its computer name, whose first label is the instance's id (launch templates of nodes.yaml
ask for such host names), together with its address. Nothing is done to a node that lacks the tag, that is online without its group
being about to terminate it, or whose instance is there in any state but terminated. With MODE=report it is only written down.

Environment: MODE (report, deregister), TAG_VALUE (the tag ManagedBy of our nodes), LOST_DAYS, LIMIT (nodes of one run).
"""

import json
import os
import re
import time
from datetime import datetime, timedelta, timezone
from functools import cache

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HOST = re.compile(r"(i-[0-9a-f]{8,17})(?:\.|$)")
SILENT = timedelta(minutes=30)  # Systems Manager itself tells "ConnectionLost" after some minutes
PAGE = 50  # the most that DescribeInstanceInformation takes; it gives 10 by itself
FRESH = 60  # seconds for which hooks go by nodes that were read before: a node that is new by then is read anew
PRESENT = ["pending", "running", "shutting-down", "stopping", "stopped"]


def handler(event, context):
    """An event of a lifecycle hook, or one of a schedule; gives what was done, and writes it to the log."""
    cleanup = of_environment()
    if event.get("detail-type") == "EC2 Instance-terminate Lifecycle Action":
        told = cleanup.by_hook(event["detail"])
    else:
        told = cleanup.by_schedule(datetime.now(timezone.utc))
    print(json.dumps(told))
    return told


@cache
def of_environment():
    """A clean-up for as long as this process is kept: the hooks that it gets one after the other read the nodes once."""
    setting = os.environ.get
    return Cleanup(
        *(boto3.client(name, config=Config(retries={"mode": "adaptive", "max_attempts": 8})) for name in ("ssm", "ec2", "autoscaling")),
        tag=setting("TAG_VALUE", "ssm-bootstrap"),
        is_report=setting("MODE", "report") != "deregister",
        lost=timedelta(days=int(setting("LOST_DAYS", "30"))),
        limit=int(setting("LIMIT", "500")),
    )


class Cleanup:
    """What runs work with: clients of boto3, the settings, and the nodes as they were read last."""

    def __init__(self, ssm, ec2, autoscaling, tag, is_report, lost, limit, clock=time.monotonic):
        self.ssm, self.ec2, self.autoscaling = ssm, ec2, autoscaling
        self.tag, self.is_report, self.lost, self.limit = tag, is_report, lost, limit
        self.clock, self.read_at, self.read = clock, None, []

    def by_hook(self, detail):
        """Deregister the node of an instance that its group terminates; the group goes on in any case."""
        instance = detail["EC2InstanceId"]
        try:
            return self._of_instance(instance, detail)
        finally:
            self._go_on(instance, detail)

    def _of_instance(self, instance, detail):
        # A group with a warm pool keeps instances that it scales in, and they come back.
        if detail.get("Destination", "EC2") != "EC2":
            return self._kept(instance, "goes into the warm pool")
        found = self.autoscaling.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
        if [one["LifecycleState"] for one in found] != ["Terminating:Wait"]:
            return self._kept(instance, "its group does not say that it terminates")
        addresses = self._addresses(self._instances("instance-id", [instance]))
        nodes = self._named(instance)
        if len(nodes) != 1:
            return self._kept(instance, f"{len(nodes)} nodes have its name")
        if nodes[0].get("IPAddress") not in addresses:
            return self._kept(instance, "its node has another address")
        return self._deregister([(nodes[0]["InstanceId"], f"{instance} is terminated by its group")], is_by_group=True)

    def _go_on(self, instance, detail):
        names = ("AutoScalingGroupName", "LifecycleHookName", "LifecycleActionToken")
        try:
            self.autoscaling.complete_lifecycle_action(
                InstanceId=instance, LifecycleActionResult="CONTINUE", **{name: detail[name] for name in names}
            )
        except ClientError as error:  # the heartbeat's end lets the group go on as well
            print(json.dumps({"instance": instance, "not completed": error.response["Error"]["Code"]}))

    def by_schedule(self, now):
        """Deregister nodes that are silent and whose instance was terminated, or of which nothing was heard for days."""
        nodes = self._nodes()
        silent = [one for one in nodes if is_silent(one, now, SILENT)]
        lost = [one for one in silent if is_silent(one, now, self.lost)]
        by_id = {one["InstanceId"]: one for one in self._instances("instance-id", sorted(filter(None, map(instance_of, silent))))}
        online = {one.get("IPAddress") for one in nodes if one["PingStatus"] == "Online"}
        unknown = [one for one in lost if instance_of(one) not in by_id]
        held = self._addresses(self._instances("private-ip-address", sorted({one.get("IPAddress", "") for one in unknown} - {""})))
        gone = []
        for node in silent:
            instance = by_id.get(instance_of(node))
            if instance is not None:
                if instance["State"]["Name"] == "terminated":
                    gone.append((node["InstanceId"], f"{instance['InstanceId']} is terminated"))
            elif node in unknown and (node.get("IPAddress") not in held or node.get("IPAddress") in online):
                # EC2 forgets a terminated instance within the hour; one of another account or region it never knew.
                gone.append((node["InstanceId"], f"nothing was heard since {last_ping(node).isoformat()}"))
        return {"looked at": len(nodes), **self._deregister(gone[: self.limit]), "left for the next run": len(gone[self.limit :])}

    def _deregister(self, gone, is_by_group=False):
        told = {"mode": "report" if self.is_report else "deregister", "deregistered": [], "would be deregistered": [], "kept": []}
        if self.is_report:
            told["would be deregistered"] = [list(one) for one in gone]
            return told
        for begin in range(0, len(gone), PAGE):
            part = gone[begin : begin + PAGE]
            back = set() if is_by_group else self._back([node for node, _ in part])
            for node, why in part:
                if node in back:
                    told["kept"].append([node, "it is online again"])
                    continue
                try:
                    self.ssm.deregister_managed_instance(InstanceId=node)
                    told["deregistered"].append([node, why])
                except ClientError as error:
                    if not is_unknown(error):  # somebody else was quicker
                        raise
        return told

    def _back(self, nodes):
        """Those of up to a page of nodes that are online by now."""
        try:
            found = self._pages([{"Key": "InstanceIds", "Values": nodes}])
        except ClientError as error:
            if not is_unknown(error):
                raise
            # One that is registered no more has the whole call refused.
            return set().union(*(self._back([node]) for node in nodes)) if len(nodes) > 1 else set()
        return {one["InstanceId"] for one in found if one["PingStatus"] == "Online"}

    def _kept(self, instance, why):
        return {**self._deregister([]), "kept": [[instance, why]]}

    def _nodes(self):
        # A filter by a tag goes with no other filter: AWS refuses the call.
        found = self._pages([{"Key": "tag:ManagedBy", "Values": [self.tag]}])
        self.read_at, self.read = self.clock(), [one for one in found if one["InstanceId"].startswith("mi-")]
        return self.read

    def _named(self, instance):
        """The nodes with the name of an instance. No filter of the call has names, so that all nodes are read, and kept for a while."""
        if self.read_at is not None and self.clock() - self.read_at < FRESH:
            found = [one for one in self.read if instance_of(one) == instance]
            if found:
                return found
        return [one for one in self._nodes() if instance_of(one) == instance]

    def _pages(self, filters):
        pages = self.ssm.get_paginator("describe_instance_information").paginate(Filters=filters, PaginationConfig={"PageSize": PAGE})
        return [one for page in pages for one in page["InstanceInformationList"]]

    def _instances(self, name, values):
        found = []
        for begin in range(0, len(values), 200):  # EC2 takes 200 values for a filter
            asked = [{"Name": name, "Values": values[begin : begin + 200]}]
            for page in self.ec2.get_paginator("describe_instances").paginate(Filters=asked):
                found += [one for part in page["Reservations"] for one in part["Instances"]]
        return found

    def _addresses(self, instances):
        return {
            address["PrivateIpAddress"]
            for one in instances
            if one["State"]["Name"] in PRESENT
            for interface in one.get("NetworkInterfaces", ())
            for address in interface.get("PrivateIpAddresses", ())
        } | {one["PrivateIpAddress"] for one in instances if one["State"]["Name"] in PRESENT and one.get("PrivateIpAddress")}


def instance_of(node):
    """The id of the instance that a node is, by its computer name; None where that tells none."""
    found = HOST.match(node.get("ComputerName", ""))
    return found[1] if found else None


def is_unknown(error):
    """Whether AWS says that it knows no such node."""
    return error.response["Error"]["Code"] == "InvalidInstanceId"


def last_ping(node):
    """When the node was last heard of: never later than that."""
    return node.get("LastPingDateTime") or node.get("RegistrationDate") or datetime.now(timezone.utc)


def is_silent(node, now, long):
    """Whether nothing was heard of a node for so long, by Systems Manager's own word and by the time of its last ping."""
    return node["PingStatus"] == "ConnectionLost" and now - last_ping(node) >= long
