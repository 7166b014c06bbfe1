"""A scenario played: its host built, the product's own looking and diagnosis run on it, and the report written."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional
from unittest import mock

from ssm_bootstrap import __version__
from ssm_bootstrap.cli.entry import parser_for
from ssm_bootstrap.cli.output import new_report, print_report
from ssm_bootstrap.cli.report import tell
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.observe import observe_everything
from ssm_bootstrap.session import open_session
from tests.scenarios.effects import no_real_effects
from tests.scenarios.fake_clock import VirtualClock
from tests.scenarios.fake_commands import ScenarioCommands
from tests.scenarios.fake_files import NoTrees, ScenarioFiles, ScenarioLocks
from tests.scenarios.fake_machine import ScenarioMachine
from tests.scenarios.fake_network import ScenarioNetwork
from tests.scenarios.scenario import Scenario
from tests.scenarios.vpc import METADATA, read_vpc

COLUMNS = 100


@dataclass(frozen=True)
class Played:
    """What a scenario came to."""

    scenario: Scenario
    observations: Observations
    diagnosis: Diagnosis

    @property
    def text(self) -> str:
        """The doctor's report for a person, without the program's version."""
        return report(self.observations, self.diagnosis).replace(f"ssm-bootstrap {__version__} -", "ssm-bootstrap VERSION -", 1)

    @property
    def golden(self) -> str:
        """The report as it is committed: a new endpoint changes the few stories that show the table of targets."""
        if self.scenario.shows_targets:
            return self.text
        before, table, after = self.text.rpartition(targets(self.observations, self.diagnosis))
        return before + after if table else self.text

    @property
    def document(self) -> Mapping[str, Any]:
        """The same as ``--json``."""
        found: Mapping[str, Any] = json.loads(report(self.observations, self.diagnosis, "--json"))
        return found

    def replayed(self) -> Diagnosis:
        """The diagnosis of the observations after a trip through JSON."""
        saved = json.dumps(encode(self.observations))
        return diagnose(decode(Observations, json.loads(saved), "observations"))


def play(scenario: Scenario, *, is_root: Optional[bool] = None) -> Played:
    """Play a scenario, as root or not; raises Touched where something reaches past it to this machine."""
    with tempfile.TemporaryDirectory(prefix="scenario-") as directory:
        root = Path(directory).resolve() / "root"
        scenario.build(root)
        rights = bool(scenario.settings.get("is_root", True)) if is_root is None else is_root
        host = host_of(scenario, root, rights)
        _load()
        try:
            with no_real_effects(root):
                session = open_session(host, scenario.settings.get("region"))
                observations = observe_everything(session, scenario.capabilities)
        finally:
            host.clock.end()  # type: ignore[attr-defined]
        return Played(scenario, observations, diagnose(observations))


def host_of(scenario: Scenario, root: Path, is_root: bool) -> Host:
    """The host of a scenario whose tree lies at ``root``."""
    settings = scenario.settings
    clock = VirtualClock(scenario.now, scenario.zone)
    region = settings.get("region") or METADATA["region"]
    imds = scenario.network.get("imds")
    if isinstance(imds, Mapping):
        region = imds.get("region", region)
    return Host(
        files=ScenarioFiles(
            root,
            is_root=is_root,
            free=settings.get("free"),
            read_only=settings.get("read_only", ()),
            immutable=settings.get("immutable", ()),
            root_only=settings.get("root_only", ()),
            modes=settings.get("modes"),
        ),
        trees=NoTrees(str(root)),
        commands=ScenarioCommands(scenario.commands),
        network=ScenarioNetwork(read_vpc(scenario.network, region), clock),
        machine=ScenarioMachine(
            root,
            is_root=is_root,
            processes=scenario.processes,
            architecture=settings.get("architecture", "x86_64"),
            hostname=settings.get("hostname", "ip-10-0-1-7"),
        ),
        locks=ScenarioLocks(settings.get("lock_holder")),
        clock=clock,
        environment=dict(settings.get("environment", {})),
    )


def targets(observations: Observations, diagnosis: Diagnosis) -> str:
    """The table of targets as it stands in the report."""
    with printed() as out:
        made = new_report("never")
        made.targets(observations.probes, diagnosis)
        print_report(made, Secrets())
    return text_of(out)


@contextmanager
def printed() -> Iterator[io.TextIOWrapper]:
    """Standard output as a pipe of a hundred columns."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(out), mock.patch.dict(os.environ, {"COLUMNS": str(COLUMNS)}):
        yield out


def text_of(out: io.TextIOWrapper) -> str:
    """What was printed there."""
    assert isinstance(out.buffer, io.BytesIO)
    return out.buffer.getvalue().decode("utf-8")


def report(observations: Observations, diagnosis: Diagnosis, *flags: str) -> str:
    """What ``doctor --full`` prints of these, in a pipe of a hundred columns."""
    words = ["doctor", "--full", *flags]
    with printed() as out:
        tell(observations, diagnosis, parser_for(words).parse_args(words), Secrets(), machine=True)
    return text_of(out)


def _load() -> None:
    """Modules that the product loads when it first needs them, so that their loading is not taken for an effect."""
    for name in ("distro", "encodings.idna", "encodings.punycode"):
        if name not in sys.modules:
            __import__(name)
