"""``--inventory``: the verdicts, where the agent collects custom inventory of this node."""

from __future__ import annotations

import re

from ssm_bootstrap.cli.output import say
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.failures import words_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.diagnosis import Diagnosis
from ssm_bootstrap.model.exitstatus import Refusal, status_of_errno
from ssm_bootstrap.model.machine import IdentityState
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.render.inventory import inventory

_NODE = re.compile(r"mi-[0-9a-f]{1,64}")


def write_inventory(observations: Observations, diagnosis: Diagnosis, host: Host) -> None:
    """Write the file, mode 0600, as the agent's own are; a node that has no id yet has no place for it. Raises Refusal, Leak."""
    identity = value_of(observations.identity)
    is_registered = identity is not None and identity.state is IdentityState.REGISTERED
    if identity is None or not is_registered or not _NODE.fullmatch(identity.managed_instance_id):
        say("--inventory: this node is not registered: there is no place for its inventory yet")
        return
    path = f"{paths.DATA}/{identity.managed_instance_id}/{paths.INVENTORY}"
    data = inventory(observations, diagnosis).encode()
    host.secrets.must_not_stand_in(data, "--inventory")
    try:
        host.trees.make_directory(path.rpartition("/")[0])
        host.files.write_atomic(path, data, 0o600)
    except OSError as error:
        raise Refusal(status_of_errno(error.errno), f"--inventory: {path}: {words_of(error)}") from None
