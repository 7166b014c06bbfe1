"""The part of the sweep that runs in the lab's instance: a job in JSON on standard input, a line of JSON for each result."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from typing import Dict

import ssm_bootstrap
from tests.sweep import inject, node
from tests.sweep.points import Point, count, pass_point
from tests.sweep.scenes import leftovers


def warm_up() -> None:
    """Load the product once, so that each forked run begins at its first line."""
    for module in pkgutil.walk_packages(ssm_bootstrap.__path__, "ssm_bootstrap."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def look() -> Dict[str, str]:
    """Whose identity the node has, or what is wrong with it."""
    try:
        instance = node.id_of(node.identity())
        node.await_online(instance)
    except node.Wrong as wrong:
        return {"wrong": str(wrong)}
    return {"id": instance} if not leftovers() else {"wrong": f"left behind: {leftovers()}"}


def main() -> int:
    """Do the job: count a scene, look at the node, or pass points of one sweep or the other."""
    job = json.load(sys.stdin)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    warm_up()
    if "count" in job:
        print(json.dumps(count(job["count"])), flush=True)
        return 0
    if "look" in job:
        print(json.dumps(look()), flush=True)
        return 0
    if "calls" in job:
        print(json.dumps(inject.count(job["calls"])), flush=True)
        return 0
    for scene, kind, number, after in job.get("injected", ()):
        print(json.dumps(inject.pass_point(Point(scene, kind, number, after))), flush=True)
    for scene, kind, number, after in job.get("points", ()):
        print(json.dumps(pass_point(Point(scene, kind, number, after))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
