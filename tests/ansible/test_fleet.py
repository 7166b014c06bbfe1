"""Twenty hosts with sshd in the closed VPC: one is broken on purpose, the rest register, the report names it and its cause."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Iterator

import pytest

from tests.ansible.fleet import Fleet, play, put_code, recap, why_no_ssh, write_program
from tests.ansible.node import PLACE
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import ROOT, why_unavailable
from tests.lab.network import endpoint
from tests.laws.secrets import leaks
from tests.story import CODE

pytest.importorskip("ansible", reason="ansible-core has no release for this Python")
WHY_NOT = why_unavailable() or why_no_ssh()
pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.timeout(5400),
    pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT)),
]
COUNT = 20
BROKEN = "node-13"
SECONDS = 1700.0
"""For one play: some ten seconds of a processor for each host, on a machine that may have much else to do."""

FEW, WAIT = ("--forks", "4"), "60s"
"""Hosts at a time, and how long a doctor looks again: where many look at once on a processor, each may miss an answer."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The hosts; the first firewall that is in the way is a host's own."""
    with Lab(CASES["complete"], all_users=True) as lab:
        hosts = Fleet(lab, COUNT)
        hosts.start(tmp_path_factory.mktemp("fleet") / "said")
        put_code(lab)
        addresses = ", ".join(endpoint("ssm"))
        hosts.forbid(BROKEN, f"ip daddr {{ {addresses} }} tcp dport 443 drop")
        yield hosts


def test_all_register_but_the_one_that_is_broken_and_the_report_names_it(fleet: Fleet, tmp_path: Path) -> None:
    inventory = fleet.inventory(write_program(tmp_path / "ssm-bootstrap"), ssm_bootstrap_doctor_wait=WAIT)
    healthy = [name for name in fleet.addresses if name != BROKEN]

    first = play(fleet.lab, inventory, "register.yml", *FEW, timeout=SECONDS)
    told = recap(first.stdout)
    assert first.returncode == 2 and list(told) == list(fleet.addresses), first.stdout + first.stderr
    assert {name: told[name]["changed"] for name in healthy} == dict.fromkeys(healthy, 5), first.stdout
    assert [name for name in told if told[name]["failed"] or told[name]["unreachable"]] == [BROKEN], first.stdout
    named = first.stdout.partition("Name what is in the way")[2]
    assert "host-firewall" in named, named

    second = play(fleet.lab, inventory, "register.yml", *FEW, timeout=SECONDS)
    again = recap(second.stdout)
    assert {name: again[name]["changed"] for name in fleet.addresses} == dict.fromkeys(fleet.addresses, 0), second.stdout
    assert [name for name in again if again[name]["failed"]] == [BROKEN], second.stdout

    place = "/root/reports"
    more = ("-e", f"ssm_bootstrap_reports={place}", "-e", "ssm_bootstrap_collect_saves=true")
    collected = play(fleet.lab, inventory, "collect-reports.yml", *FEW, *more, timeout=SECONDS)
    assert collected.returncode == 0, collected.stdout + collected.stderr
    summary = fleet.lab.read(f"{place}/summary.txt").decode()
    assert summary.startswith(f"{COUNT} nodes: {COUNT - 1} without an error, 1 with one, 0 without a report.\n"), summary
    assert f"host-firewall: 1 node: {BROKEN}\n" in summary and summary.count("node-") == 1, summary
    reports = {name: json.loads(fleet.lab.read(f"{place}/json/{name}.json")) for name in fleet.addresses}
    nodes = {reports[name]["identity"]["managed_instance_id"] for name in healthy}
    assert len(nodes) == len(healthy), "one identity each"
    assert len({report["instance"]["instance_id"] for report in reports.values()}) == COUNT
    assert {name: report["exit_status"] for name, report in reports.items() if report["exit_status"]} == {BROKEN: 1}
    words = [sys.executable, "-m", "ssm_bootstrap", "fleet", "report", f"{place}/json", "--json"]  # DuckDB is in no executable
    asked = fleet.lab.run(words, env={"PYTHONPATH": str(ROOT)})
    assert asked.returncode == 1, asked.stdout + asked.stderr
    together = json.loads(asked.stdout)
    assert (together["nodes"], together["broken"], together["unread"]) == (COUNT, 1, []), asked.stdout
    ill = reports[BROKEN]["instance"]["instance_id"]  # a node that is not registered is called as its instance
    causes = {cause["code"]: cause["named"] for cause in together["causes"]}
    assert causes == {"host-firewall": [ill], "not-registered": [ill]}, asked.stdout
    others = {reports[name]["instance"]["instance_id"] for name in healthy} | nodes
    assert not [name for name in others if name in asked.stdout], asked.stdout
    replayed = fleet.lab.run(["ssm-bootstrap", "doctor", "--replay", f"{place}/saves/{BROKEN}.json"])
    assert replayed.returncode == 1 and "host-firewall" in replayed.stdout, replayed.stdout + replayed.stderr

    said = "".join(done.stdout + done.stderr for done in (first, second, collected))
    assert leaks(said) == ()
    print(
        ", ".join(f"{name} {done.seconds:.0f} s" for name, done in (("first", first), ("second", second), ("reports", collected)))
    )
    written = fleet.lab.run(["grep", "-rlsF", CODE, str(PLACE)]).stdout  # what each node has written
    volatile = {name: fleet.run(name, f"grep -rlsF --exclude-dir=lab {CODE} /run /tmp").stdout for name in fleet.addresses}
    assert written == "" and volatile == dict.fromkeys(fleet.addresses, ""), "the code is kept on no node"
