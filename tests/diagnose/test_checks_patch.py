"""What a patch run does without each repository, and what is said of it: pure, from observations alone."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pytest

from ssm_bootstrap.catalog.distributions import ENDS, distribution_of, end_of, provider_of
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.patch import mirrors
from ssm_bootstrap.diagnose.patch.repositories import buckets
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, Side
from ssm_bootstrap.model.machine import Image, RunningIdentity, SharedProfile
from ssm_bootstrap.model.network import Probe, StageResult, Target
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.model.patch import (
    Fetch,
    FetchOutcome,
    LockHeld,
    Manager,
    NodeLimits,
    Patching,
    Problem,
    Repositories,
    Repository,
)
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.render.shell import in_variables
from tests.fakes import NOON
from tests.made import PUBLIC, healthy, observations, probe

AL2023 = "al2023-repos-ap-northeast-1-de612dc2.s3.dualstack.ap-northeast-1.amazonaws.com"
AL2 = "amazonlinux.ap-northeast-1.amazonaws.com"
PLENTY = NodeLimits("amzn", "2023", "/usr/bin/python3", "3.9.16", free=(("/var", 9 << 30),), downloader="/usr/bin/curl")
SKIPS = "/etc/dnf/dnf.conf:6"


def fetch(
    outcome: FetchOutcome,
    host: str = "mirror.example.com",
    stage: Stage = Stage.HTTP,
    failure: Any = None,
    port: int = 443,
    **more: Any,
) -> Fetch:
    """A fetch of an index; below HTTP where the failure says so."""
    target = Target("repository:0", "repository", host, port)
    rungs = [StageResult(Stage.DNS, True, 0.01)] if stage is not Stage.DNS else []
    shown = Probe(target, PUBLIC, (*rungs, StageResult(stage, failure is None, 0.1, failure)))
    scheme = "https" if port == 443 else "http"
    return Fetch(f"{scheme}://{host}/x", "repomd.xml", outcome, "what was seen", shown, **more)


def silent(host: str = "mirror.example.com", **more: Any) -> Fetch:
    """A fetch that got no answer."""
    return fetch(FetchOutcome.UNREACHED, host, Stage.TCP, Failure.TIMED_OUT, **more)


def repository(*fetches: Fetch, **more: Any) -> Repository:
    """A repository of the distribution's own, unless it is said otherwise."""
    given: Dict[str, Any] = {"own": True, "urls": ("https://mirror.example.com/x",), "name": "baseos", **more}
    return Repository(file="/etc/yum.repos.d/a.repo", line=3, fetches=fetches, **given)


def seen(
    *items: Repository,
    manager: Manager = Manager.DNF,
    limits: NodeLimits = PLENTY,
    problems: Sequence[Problem] = (),
    probes: Sequence[Probe] = (),
    buckets: Sequence[Fetch] = (),
    guessed: bool = False,
    **more: Any,
) -> Observations:
    """A look at a machine with these repositories, patching asked for alone."""
    found = Repositories(manager, "9", guessed, items, tuple(problems), len(items))
    patching = Patching(Seen(found), Seen(tuple(buckets)), Seen(limits))
    given = probes or healthy()
    return observations(*given, capabilities=("patch",), **{"patching": Seen(patching), **more})


def told(given: Observations) -> Tuple[Verdict, List[Tuple[str, str]]]:
    """The verdict on patching, and the codes of what is wrong, symptoms left out."""
    found = diagnose(decode(Observations, encode(given)))
    assert found.crashed == ()
    causes = [item for item in found.findings if item.symptom_of is None and item.severity is not Severity.INFO]
    return found.capabilities[0].verdict, [(item.code, item.severity.value) for item in causes]


def finding(given: Observations, code: str) -> Finding:
    """The first finding of a code."""
    return next(item for item in diagnose(given).findings if item.code == code)


OK = fetch(FetchOutcome.FOUND)
UNREACHABLE = ("repository-unreachable", "error")
LIES = ("false-compliance", "error")
MISSES = ("false-compliance", "warning")


@pytest.mark.parametrize(
    "items, verdict, codes",
    [
        ([repository(OK)], Verdict.OK, []),
        ([repository(fetch(FetchOutcome.WANTS_KEY))], Verdict.OK, []),
        ([repository(silent(), OK)], Verdict.OK, []),  # one mirror of several is enough
        ([repository(silent())], Verdict.BROKEN, [UNREACHABLE]),
        ([repository(fetch(FetchOutcome.MISSING))], Verdict.BROKEN, [UNREACHABLE]),
        ([repository(fetch(FetchOutcome.STRANGER))], Verdict.BROKEN, [UNREACHABLE]),
        ([repository(silent(), skipped_by=SKIPS)], Verdict.BROKEN, [UNREACHABLE, LIES]),
        ([repository(OK), repository(silent(), own=False, name="epel")], Verdict.BROKEN, [UNREACHABLE]),  # dnf refuses
        ([repository(OK), repository(silent(), own=False, skipped_by=SKIPS)], Verdict.DEGRADED, [MISSES]),
        ([repository(silent(), own=False)], Verdict.BROKEN, [UNREACHABLE]),  # nothing else is the distribution's
        ([repository(OK), repository(enabled=False, own=False)], Verdict.OK, []),
        ([repository(fetch(FetchOutcome.UNKNOWN))], Verdict.UNKNOWN, []),
        ([repository(fetch(FetchOutcome.UNKNOWN), skipped_by=SKIPS, own=False), repository(OK)], Verdict.OK, []),
        ([repository(remark="s3: is not looked at")], Verdict.UNKNOWN, []),
    ],
)
def test_what_follows_from_a_repository(items: List[Repository], verdict: Verdict, codes: List[Tuple[str, str]]) -> None:
    assert told(seen(*items)) == (verdict, codes)


@pytest.mark.parametrize(
    "manager, item, verdict, codes",
    [
        (Manager.APT, silent(), Verdict.DEGRADED, [MISSES]),  # apt goes on with what it had
        (Manager.APT, fetch(FetchOutcome.MISSING), Verdict.BROKEN, [UNREACHABLE]),  # no Release file is an error of apt
        (Manager.ZYPPER, silent(), Verdict.DEGRADED, [MISSES]),
        (Manager.YUM, silent(), Verdict.BROKEN, [UNREACHABLE]),
    ],
)
def test_somebody_elses_repository(manager: Manager, item: Fetch, verdict: Verdict, codes: List[Tuple[str, str]]) -> None:
    limits = replace(PLENTY, has_python_apt=True) if manager is Manager.APT else PLENTY
    given = seen(repository(OK), repository(item, own=False, name="other"), manager=manager, limits=limits)
    assert told(given) == (verdict, codes)


def test_a_missing_file_under_a_guessed_release_proves_nothing() -> None:
    assert told(seen(repository(fetch(FetchOutcome.MISSING)), guessed=True)) == (Verdict.UNKNOWN, [])
    assert told(seen(repository(silent()), guessed=True))[0] is Verdict.BROKEN


HTTP_DROPPED = probe("s3-dualstack-http", PUBLIC, Stage.TCP, Failure.TIMED_OUT)


@pytest.mark.parametrize(
    "item, severity, verdict",
    [
        (repository(OK), "info", Verdict.OK),
        (repository(silent(AL2023, port=80), provider="amazon-linux-2023"), "error", Verdict.BROKEN),
        (repository(silent(AL2, port=80), provider="amazon-linux-2"), "error", Verdict.BROKEN),
        (repository(silent(AL2023, port=80), own=False, skipped_by=SKIPS), "info", Verdict.DEGRADED),
        (repository(fetch(FetchOutcome.FOUND, AL2023, port=80)), "info", Verdict.OK),
    ],
)
def test_port_80_of_s3_is_needed_where_something_goes_there(item: Repository, severity: str, verdict: Verdict) -> None:
    given = seen(item, repository(OK), probes=healthy(HTTP_DROPPED))
    assert finding(given, "s3-http-blocked").severity.value == severity
    assert told(given)[0] is verdict
    if severity == "error":
        assert finding(given, "repository-unreachable").symptom_of == "s3-http-blocked"


def test_without_a_look_at_repositories_the_old_rule_holds() -> None:
    for patching in (Unseen("not looked at"), Seen(Patching(Unseen("no os-release"), Seen(()), Unseen("x")))):
        given = observations(*healthy(HTTP_DROPPED), capabilities=("patch",), patching=patching)
        assert finding(given, "s3-http-blocked").severity is Severity.ERROR
        assert told(given)[0] is Verdict.BROKEN
    assert ("repositories", "no os-release") in diagnose(given).unseen


def test_nothing_is_said_where_patching_is_not_asked_for() -> None:
    given = seen(repository(silent()), limits=replace(PLENTY, downloader=""))
    other = replace(given, plan=replace(given.plan, capabilities=("register",)))
    assert {item.code for item in diagnose(other).findings} <= {"dmidecode-missing"}


def test_a_resolver_that_is_silent_is_told_once() -> None:
    dead = [probe(name, None, Stage.DNS, Failure.RESOLVER_SILENT) for name in ("ssm", "s3-dualstack")]
    item = repository(fetch(FetchOutcome.UNREACHED, "deb.debian.org", Stage.DNS, Failure.RESOLVER_SILENT))
    assert finding(seen(item, probes=healthy(*dead)), "repository-unreachable").symptom_of == "dns-silent"
    assert finding(seen(item), "repository-unreachable").symptom_of is None


def test_what_no_endpoint_serves_is_said_with_the_lines_to_change() -> None:
    rhui = repository(silent("rhui.x"), name="rhel-9-baseos-rhui-rpms", provider="rhui", lists=("https://rhui.x/list",), urls=())
    remedy = finding(seen(rhui), "repository-unreachable").remedy
    steps = "\n".join(remedy.instance_steps)
    assert "Red Hat Update Infrastructure on AWS has no endpoint in a VPC" in steps
    line = "/etc/yum.repos.d/a.repo:3 [rhel-9-baseos-rhui-rpms]: the list https://rhui.x/list -> baseurl=https://$MIRROR_BUCKET"
    assert line in steps
    assert any("sed -i.bak" in command.text and "baseurl=" in command.text for command in remedy.instance_commands)
    own = repository(silent(AL2023), provider="amazon-linux-2023", urls=())
    assert "no endpoint" not in "\n".join(finding(seen(own), "repository-unreachable").remedy.instance_steps)


def test_a_command_is_made_of_plain_words_alone() -> None:
    bad = repository(silent(), name="a'; rm -rf /", urls=("https://x/'; rm",))
    commands = finding(seen(bad), "repository-unreachable").remedy.instance_commands
    assert not any("rm -rf" in command.text or "'; rm" in command.text for command in commands)


def test_many_hosts_make_few_findings() -> None:
    items = [repository(silent(f"m{n}.example.com"), name=f"r{n}", urls=(f"https://m{n}.example.com/",)) for n in range(200)]
    found = diagnose(seen(*items)).findings
    assert sum(item.code == "repository-unreachable" for item in found) == 11


@pytest.mark.parametrize(
    "manager, problem, severity",
    [
        (Manager.DNF, Problem("/etc/yum.repos.d/site.repo", 3, "expected key = value", hides=True), "warning"),
        (Manager.DNF, Problem("/etc/yum.repos.d/a.repo", 3, "expected key = value", hides=True), "error"),
        (Manager.YUM, Problem("/etc/yum.repos.d/site.repo", 3, "expected key = value", hides=True), "error"),
        (Manager.APT, Problem("/etc/apt/sources.list", 3, "expected deb", hides=True), "error"),
        (Manager.DNF, Problem("/etc/yum.repos.d/site.repo", 3, "no value for the variable $x"), "warning"),
    ],
)
def test_a_line_that_does_not_parse(manager: Manager, problem: Problem, severity: str) -> None:
    limits = replace(PLENTY, has_python_apt=True)
    given = seen(repository(OK), manager=manager, problems=[problem], limits=limits)
    found = finding(given, "repository-config-invalid")
    assert found.severity.value == severity and f"{problem.file}:{problem.line}" in found.cause
    assert (told(given)[0] is Verdict.BROKEN) is (severity == "error")


HELD = LockHeld("/var/lib/dpkg/lock-frontend", 42, "apt-get")
LITTLE = (("/var", 40 << 20), ("/var/log", 40 << 20))


@pytest.mark.parametrize(
    "changes, code, severity, said",
    [
        ({"system_id": "arch"}, "patch-platform", "error", "no distribution"),
        ({"system_id": "debian", "system_version": "13"}, "patch-platform", "warning", "not in the documented list"),
        ({"interpreter": ""}, "patch-platform", "error", "no Python"),
        ({"python": "2.5.1"}, "patch-platform", "error", "2.6 to 3.12"),
        ({"python": "3.13.1"}, "patch-platform", "warning", "2.6 to 3.12"),
        ({"downloader": ""}, "patch-platform", "error", "neither curl nor wget"),
        ({"downloader": "/snap/bin/curl"}, "patch-platform", "error", "exit status 23"),
        ({"database_problem": "rpm -q rpm: rpmdb open failed"}, "patch-platform", "error", "rpmdb"),
        ({"free": LITTLE}, "patch-platform", "error", "40 MB"),
        ({"free": (("/var", 400 << 20),)}, "patch-platform", "warning", "400 MB"),
        ({"has_python_apt": False}, "patch-platform", "info", "python3-apt"),
        ({"reboot_pending": "/run/reboot-required"}, "patch-platform", "info", "InstalledPendingReboot"),
        ({"locks": (HELD,)}, "package-manager-busy", "warning", "apt-get (pid 42)"),
    ],
)
def test_the_machines_own_limits(changes: Dict[str, Any], code: str, severity: str, said: str) -> None:
    given = seen(repository(OK), limits=replace(PLENTY, **changes))
    found = [item for item in diagnose(given).findings if item.code == code]
    assert len(found) == 1 and found[0].severity.value == severity
    assert said in found[0].cause or any(said in item.excerpt for item in found[0].evidence)
    assert (told(given)[0] is Verdict.BROKEN) is (severity == "error")


def test_python_apt_that_cannot_be_installed_breaks_even_a_scan() -> None:
    limits = replace(PLENTY, system_id="debian", system_version="12", has_python_apt=False)
    given = seen(repository(silent()), manager=Manager.APT, limits=limits)
    assert ("patch-platform", "error") in told(given)[1]


MI = Identity(IdentityState.REGISTERED, "mi-0123456789abcdef0", "ap-northeast-1")


def test_hybrid_limits_are_said_once_and_as_information() -> None:
    found: Diagnosis = diagnose(seen(repository(OK), identity=Seen(MI)))
    assert [item.severity for item in found.findings if item.code == "patch-hybrid-limits"] == [Severity.INFO]
    assert found.capabilities[0].verdict is Verdict.OK
    assert "AWS-RunPatchBaselineAssociation" in finding(seen(repository(OK), identity=Seen(MI)), "patch-hybrid-limits").cause


@pytest.mark.parametrize(
    "image, warned",
    [
        (Image(default_profile=Seen(SharedProfile("/root/.aws/credentials", "default", True))), False),
        (Image(default_profile=Seen(SharedProfile("/root/.aws/credentials", "default", False))), True),
        (Image(default_profile=Seen(None), running=Seen(RunningIdentity("OnPrem", "mi-1", "/root/x", "ssm"))), True),
        (Image(default_profile=Seen(None)), False),
    ],
)
def test_the_keys_that_the_patch_script_calls_with(image: Image, warned: bool) -> None:
    found = diagnose(seen(repository(OK), identity=Seen(MI), image=Seen(image))).findings
    assert any(item.code == "patch-platform" and item.severity is Severity.WARNING for item in found) is warned


DROPPED = {"stage": Stage.TCP, "failure": Failure.TIMED_OUT}


ACCELERATED_HOST = "aws-patch-manager-mx-central-1.s3-accelerate.dualstack.amazonaws.com"


def bucket(what: str, outcome: FetchOutcome, **more: Any) -> Fetch:
    """A fetch of one of the patch run's own objects, answered by S3 where anything answers."""
    host = ACCELERATED_HOST if what == "patch-accelerated" else "s3.example.com"
    found = replace(fetch(outcome, host, **more), what=what)
    return replace(found, probe=replace(found.probe, request_id="R1")) if found.probe and found.probe.last.ok else found


def by_proxy(given: Fetch) -> Fetch:
    """The same answer from somebody in between."""
    assert given.probe is not None
    return replace(given, probe=replace(given.probe, request_id=""))


@pytest.mark.parametrize(
    "fetches, expected",
    [
        ([bucket("patch-payload", FetchOutcome.FOUND), bucket("patch-payload", FetchOutcome.DENIED)], []),
        ([bucket("patch-payload", FetchOutcome.DENIED)] * 3, []),  # S3 says so of what is gone, too
        ([bucket("patch-payload", FetchOutcome.MISSING)] * 3, []),
        ([by_proxy(bucket("patch-payload", FetchOutcome.DENIED))] * 3, [("patch-payload-unreachable", "warning")]),
        ([bucket("patch-payload", FetchOutcome.UNREACHED, **DROPPED)] * 3, [("patch-payload-unreachable", "error")]),
        ([bucket("patch-snapshot", FetchOutcome.UNREACHED, **DROPPED)], [("patch-payload-unreachable", "error")]),
        ([bucket("patch-accelerated", FetchOutcome.UNREACHED, **DROPPED)], []),
    ],
)
def test_the_runs_own_objects(fetches: List[Fetch], expected: List[Tuple[str, str]]) -> None:
    assert told(seen(repository(OK), buckets=fetches))[1] == expected


def test_every_capability_but_patch_is_untouched() -> None:
    given = seen(repository(silent()))
    everything = replace(given, plan=replace(given.plan, capabilities=tuple(item.value for item in Capability)))
    verdicts = {item.capability: item.verdict for item in diagnose(everything).capabilities}
    assert [name for name, verdict in verdicts.items() if verdict is not Verdict.OK] == [Capability.PATCH]


def summary(given: Observations, code: str) -> str:
    """What the first finding of a code says is to be changed."""
    return finding(given, code).remedy.summary


DENIED_2023 = repository(fetch(FetchOutcome.DENIED, AL2023), provider="amazon-linux-2023", urls=(f"https://{AL2023}/core/",))
DENIED_2 = repository(fetch(FetchOutcome.DENIED, AL2), provider="amazon-linux-2", urls=(f"https://{AL2}/2/core/",))
OVER_HTTP = repository(silent(AL2023, port=80), provider="amazon-linux-2023", urls=(f"http://{AL2023}/core/",))


@pytest.mark.parametrize(
    "item, said",
    [
        (DENIED_2023, "Also allow s3:GetObject on arn:aws:s3:::al2023-repos-ap-northeast-1-de612dc2/*"),
        (DENIED_2, f"arn:aws:s3:::{AL2}/*, arn:aws:s3:::amazonlinux-2-repos-ap-northeast-1/*"),
        (OVER_HTTP, "Allow TCP 80 to S3, or change http:// to https:// in /etc/yum.repos.d/a.repo:3 [baseos]."),
        (repository(silent(AL2023), provider="amazon-linux-2023"), "the S3 endpoint for Amazon Linux"),
        (repository(silent()), "a mirror in S3, a proxy, or a repository on your network"),
    ],
)
def test_the_one_thing_to_change_is_in_the_summary(item: Repository, said: str) -> None:
    assert said in summary(seen(item), "repository-unreachable")


@pytest.mark.parametrize("skipped_by", [SKIPS, "/etc/yum.repos.d/a.repo:9", "the default of Amazon Linux 2023"])
def test_a_scan_that_lies_tells_its_own_setting_even_as_a_symptom(skipped_by: str) -> None:
    item = repository(silent(AL2023), provider="amazon-linux-2023", skipped_by=skipped_by)
    alone = seen(item)
    assert told(alone)[1] == [UNREACHABLE, LIES]  # nothing else is wrong: it is a cause of its own
    no_s3 = [probe(f"s3-dualstack{end}", PUBLIC, Stage.TCP, Failure.TIMED_OUT) for end in ("", "-http")]
    behind = seen(item, probes=healthy(*no_s3))
    assert finding(behind, "false-compliance").symptom_of == "s3-unreachable"
    where = skipped_by if skipped_by.startswith("/") else "in [main] of /etc/dnf/dnf.conf"
    for given in (alone, behind):
        assert "skip_if_unavailable=False" in summary(given, "false-compliance") and where in summary(given, "false-compliance")
        last = finding(given, "false-compliance").remedy.instance_commands[-1]
        assert (
            last.changes
            and last.text.startswith("sed -i")
            and last.text.endswith(skipped_by.rpartition(":")[0] or "/etc/dnf/dnf.conf")
        )


@pytest.mark.parametrize("manager", [Manager.APT, Manager.ZYPPER])
def test_who_has_no_such_setting_is_not_told_to_change_it(manager: Manager) -> None:
    limits = replace(PLENTY, has_python_apt=True)
    given = seen(repository(OK), repository(silent(), own=False, name="other"), manager=manager, limits=limits)
    remedy = finding(given, "false-compliance").remedy
    assert "skip_if_unavailable" not in " ".join(
        (remedy.summary, *remedy.instance_steps, *(one.text for one in remedy.instance_commands))
    )


def test_a_name_that_a_shell_might_take_otherwise_makes_no_command() -> None:
    item = repository(silent(), skipped_by="/etc/yum.repos.d/a;rm -rf x.repo:4")
    assert not any("rm -rf" in command.text for command in finding(seen(item), "false-compliance").remedy.instance_commands)


def test_a_mirror_without_the_index_is_a_wrong_url_and_no_missing_way() -> None:
    said = summary(seen(repository(fetch(FetchOutcome.MISSING))), "repository-unreachable")
    assert said.startswith("Fix the URL in /etc/yum.repos.d/a.repo:3,") and "mirror.example.com answers" in said


@pytest.mark.parametrize("manager, program", [(Manager.DNF, "dnf "), (Manager.APT, "apt-get "), (Manager.ZYPPER, "zypper ")])
def test_the_line_to_correct_is_in_the_summary(manager: Manager, program: str) -> None:
    problem = Problem("/etc/yum.repos.d/a.repo", 3, "expected key = value", hides=True)
    remedy = finding(seen(repository(OK), manager=manager, problems=[problem]), "repository-config-invalid").remedy
    assert remedy.summary.startswith("Correct /etc/yum.repos.d/a.repo:3, and")
    assert remedy.instance_commands and all(command.text.startswith(program) for command in remedy.instance_commands)


def test_a_repository_without_its_variable_is_an_error_of_its_line() -> None:
    item = repository(silent("yum$region.example.com"), urls=("https://yum$region.example.com/x",))
    given = seen(item, problems=[Problem("/etc/yum.repos.d/a.repo", 3, "no value for the variable $region")])
    assert told(given) == (Verdict.BROKEN, [("repository-config-invalid", "error")])
    assert finding(given, "repository-unreachable").symptom_of == "repository-config-invalid"


def test_a_repository_in_s3_is_changed_on_the_side_of_aws_alone() -> None:
    remedy = finding(seen(DENIED_2023), "repository-unreachable").remedy
    assert remedy.changed_on is Side.AWS and remedy.instance_steps == ("Nothing on this machine has to change.",)
    assert not any("RHEL" in step for step in remedy.aws_steps)
    moved = repository(fetch(FetchOutcome.MISSING, AL2023), provider="amazon-linux-2023")
    assert finding(seen(moved), "repository-unreachable").remedy.changed_on is Side.MACHINE


@pytest.mark.parametrize("path", ["/etc/apt/apt.conf.d/90proxy", "/etc/apt/sources.list.d/site.list"])
@pytest.mark.parametrize("item", [repository(OK), repository(silent())])
def test_what_only_root_may_read_is_neither_a_fault_nor_a_pass(path: str, item: Repository) -> None:
    limits = replace(PLENTY, has_python_apt=True)
    given = seen(item, manager=Manager.APT, problems=[Problem(path, 0, "permission denied", unread=True)], limits=limits)
    found = diagnose(given)
    assert (path, "permission denied: only root may read it") in found.unseen
    assert all(one.code != "repository-config-invalid" for one in found.findings)
    fails = item.fetches != (OK,) and path.endswith(".list")  # who is asked is known there, and by which way
    assert told(given) == ((Verdict.BROKEN, [UNREACHABLE]) if fails else (Verdict.UNKNOWN, []))


@pytest.mark.parametrize(
    "problem, codes", [(None, [("false-compliance", "error")]), (Problem("a.repo", 0, "x", unread=True), [])]
)
def test_a_scan_of_no_repository_at_all_is_told(problem: Any, codes: List[Tuple[str, str]]) -> None:
    off = replace(repository(), enabled=False)
    given = Repositories(Manager.DNF, "9", False, (off,), (problem,) if problem else (), 1, nothing_on=True)
    patching = Patching(Seen(given), Seen(()), Seen(PLENTY))
    verdict, found = told(observations(*healthy(), capabilities=("patch",), patching=Seen(patching)))
    assert found == codes
    assert (verdict is Verdict.BROKEN) is bool(codes)


@pytest.mark.parametrize(
    "host, partition",
    [
        (AL2023, "aws"),
        ("al2023-repos-cn-north-1-de612dc2.s3.dualstack.cn-north-1.amazonaws.com.cn", "aws-cn"),
        ("al2023-repos-us-gov-east-1-de612dc2.s3.dualstack.us-gov-east-1.amazonaws.com", "aws-us-gov"),
        ("al2023-repos-us-iso-east-1-de612dc2.s3.us-iso-east-1.c2s.ic.gov", "aws-iso"),
        ("al2023-repos-eusc-de-east-1-de612dc2.s3.dualstack.eusc-de-east-1.amazonaws.eu", "aws-eusc"),
    ],
)
def test_a_bucket_is_named_in_its_own_partition(host: str, partition: str) -> None:
    assert buckets([host], NO_SITE)[0].startswith(f"arn:{partition}:s3:::al2023-repos-")
    row = provider_of(host)
    assert row is not None and row.in_s3


def test_versions_that_s3_does_not_hand_out_are_a_remark() -> None:
    found = finding(seen(repository(OK), buckets=[bucket("patch-payload", FetchOutcome.DENIED)] * 3), "patch-payload-unreachable")
    assert (found.variant, found.severity, found.breaks, found.degrades) == ("gone-or-denied", Severity.INFO, (), ())


def test_no_gateway_endpoint_is_promised_for_s3_accelerate() -> None:
    given = seen(repository(OK), buckets=[bucket("patch-accelerated", FetchOutcome.UNREACHED, **DROPPED)])
    found = finding(given, "patch-payload-unreachable")
    words = " ".join((found.remedy.summary, *found.remedy.aws_steps, *map(str, found.remedy.aws_commands)))
    assert (found.severity, found.symptom_of, found.degrades) == (Severity.INFO, None, ())
    assert "gateway endpoint" not in words.lower() and "create-vpc-endpoint" not in words


def of(system: str, version: str, *items: Repository, manager: Manager = Manager.DNF, **more: Any) -> Observations:
    """A machine of this system, all of whose repositories answer."""
    limits = replace(PLENTY, system_id=system, system_version=version, has_python_apt=True if manager is Manager.APT else None)
    return seen(*(items or (repository(OK),)), limits=limits, manager=manager, **more)


def compliance(given: Observations) -> List[Finding]:
    return [item for item in diagnose(given).findings if item.code == "false-compliance"]


PAST = [
    ("amzn", "2"),
    ("rhel", "7.9"),
    ("sles", "15.5"),
    ("ubuntu", "20.04"),
    ("debian", "11"),
    ("centos", "7"),
    ("oracle", "7.9"),
]
SUPPORTED = [("amzn", "2023"), ("rhel", "8.10"), ("sles", "15.7"), ("ubuntu", "22.04"), ("debian", "12"), ("rocky", "8.9")]


@pytest.mark.parametrize(("system", "version"), PAST)
def test_a_system_past_its_end_may_be_called_compliant(system: str, version: str) -> None:
    (found,) = compliance(of(system, version))
    assert (found.variant, found.severity, found.symptom_of) == ("past-its-end", Severity.WARNING, None)
    row = end_of(system, version)
    assert row is not None and str(row.day.year) in found.cause and str(row.day.day) in found.cause


@pytest.mark.parametrize(("system", "version"), [*SUPPORTED, ("fedora", "39"), ("sles", "19.1"), ("amzn", ""), ("", "")])
def test_others_are_not(system: str, version: str) -> None:
    assert compliance(of(system, version)) == []


@pytest.mark.parametrize(
    ("system", "version", "manager", "name"),
    [
        ("rhel", "7.9", Manager.YUM, "rhui-rhel-7-server-els-rhui-rpms"),
        ("ubuntu", "20.04", Manager.APT, "focal-infra-security https://esm.ubuntu.com/infra/ubuntu"),
        ("sles", "15.5", Manager.ZYPPER, "SLE-Product-SLES15-SP5-LTSS-Updates"),
    ],
)
def test_extended_support_is_support_where_its_repository_is_on(system: str, version: str, manager: Manager, name: str) -> None:
    name, _, url = name.partition(" ")
    extended = repository(OK, name=name, urls=(url or "https://mirror.example.com/x",))
    assert compliance(of(system, version, extended, manager=manager)) == []
    (found,) = compliance(of(system, version, repository(OK), replace(extended, enabled=False), manager=manager))
    assert "no repository of an extended one" in found.cause


AL2_ENDS = datetime(2026, 6, 30, 12, tzinfo=timezone.utc)
DAY = 86400.0


@pytest.mark.parametrize(
    ("off_by", "clock", "told"),
    [
        (0.0, AL2_ENDS, False),  # the last day itself
        (0.0, AL2_ENDS + timedelta(days=1), True),
        (30 * DAY, AL2_ENDS - timedelta(days=10), True),  # the machine's clock is behind, AWS tells the day
        (-30 * DAY, AL2_ENDS + timedelta(days=10), False),  # and ahead
        (None, AL2_ENDS + timedelta(days=10), True),  # nobody but the machine tells
        (None, AL2_ENDS - timedelta(days=10), False),
    ],
)
def test_the_day_is_awss_where_aws_answers(off_by: Optional[float], clock: datetime, told: bool) -> None:
    probes = [replace(item, clock_offset=off_by) for item in healthy()]
    assert bool(compliance(of("amzn", "2", probes=probes, taken_at=clock))) is told


@pytest.mark.parametrize("clock", [datetime(2099, 1, 1, tzinfo=timezone.utc), datetime(9999, 12, 31, tzinfo=timezone.utc)])
def test_a_clock_that_is_years_ahead_ends_no_support(clock: datetime) -> None:
    unknown, told = healthy(), [replace(item, clock_offset=(NOON - clock).total_seconds()) for item in healthy()]
    for probes in (unknown, told):
        assert compliance(of("amzn", "2023", probes=probes, taken_at=clock)) == []


def test_of_sles_16_nothing_is_claimed() -> None:
    found = diagnose(of("sles", "16.0", manager=Manager.ZYPPER))
    assert [item.code for item in found.findings if item.code == "patch-platform"] == []
    assert [reason for subject, reason in found.unseen if subject == "Patch Manager's list"] == [
        "whether it has SLES 16.0 is not known (2026-11)"
    ]


def test_the_table_of_ends_names_each_release_once() -> None:
    assert len({(row.identifier, row.release) for row in ENDS}) == len(ENDS)
    assert all(row.source and distribution_of(row.identifier) for row in ENDS)
    assert all(re.compile(row.extended) for row in ENDS)


YUM_FILE = "[baseos]\nbaseurl=http://a/b\n[appstream]\nmirrorlist=https://c/d\n[other]\nbaseurl=http://e\n"
APT_FILE = "deb http://deb.debian.org/debian bookworm main\ndeb http://deb.debian.org/debian-security s main\n"


@pytest.mark.parametrize(
    ("manager", "name", "text", "items", "expected"),
    [
        (
            Manager.DNF,
            "a.repo",
            YUM_FILE,
            [
                repository(silent("a"), name="baseos", urls=("http://a/b",)),
                repository(silent("c"), name="appstream", urls=(), lists=("https://c/d",)),
            ],
            YUM_FILE.replace("http://a/b", "https://mine.s3.eu-west-1.amazonaws.com/baseos/").replace(
                "mirrorlist=https://c/d", "baseurl=https://mine.s3.eu-west-1.amazonaws.com/appstream/"
            ),
        ),
        (
            Manager.APT,
            "a.list",
            APT_FILE,
            [repository(silent("deb.debian.org"), name="debian", urls=("http://deb.debian.org/debian",))],
            APT_FILE.replace("http://deb.debian.org/debian ", "https://mine.s3.eu-west-1.amazonaws.com/debian/ "),
        ),
    ],
    ids=["dnf", "apt"],
)
def test_a_shell_makes_of_a_file_what_the_command_says(
    tmp_path: Path, manager: Manager, name: str, text: str, items: list[Repository], expected: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    given = [replace(item, file=str(file)) for item in items]
    (command,) = mirrors.commands(manager, given, "eu-west-1", "amazonaws.com")
    assert command.text.startswith("sudo sed ")
    script = f"MIRROR_BUCKET=mine\n{in_variables(command.text)[len('sudo ') :]}\n"
    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text() == expected and file.with_name(f"{name}.bak").read_text() == text
