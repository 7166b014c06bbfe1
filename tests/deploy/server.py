"""The server of tests.cloud with CloudFormation, autoscaling and deregistration in it: ``python -m tests.deploy.server``."""

from __future__ import annotations

import os
from contextlib import contextmanager
from subprocess import PIPE, Popen
from sys import executable
from typing import Any, Dict, Iterator, Mapping

from tests.aws.server import KEYS, ROOT
from tests.cloud import server, stubs
from tests.cloud.clouds import ACCOUNT
from tests.deploy.mending import mend

State, Params = stubs.State, Mapping[str, Any]


def _deregister(state: State, params: Params) -> Dict[str, Any]:
    left = [node for node in state.nodes if node["InstanceId"] != params["InstanceId"]]
    if len(left) == len(state.nodes):
        raise LookupError("InvalidInstanceId")
    state.nodes = left
    return {}


@contextmanager
def serving() -> Iterator[server.Cloud]:
    """Such a server, in a process of its own that is ended by its id; moto reads buckets in URLs of templates by this name."""
    environment = {**os.environ, **KEYS, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_ACCOUNT_ID": ACCOUNT}
    with Popen([executable, "-m", "tests.deploy.server"], stdout=PIPE, cwd=ROOT, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            yield server.Cloud(f"http://localhost:{int(process.stdout.readline())}")
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    mend()
    stubs.ANSWERS["ssm", "DeregisterManagedInstance"] = _deregister
    server.main("eu-west-1")
