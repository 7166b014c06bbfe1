"""Patching in closed VPCs: the verdict of `doctor --for patch` in each, and that a real dnf in the instance agrees with it."""

from __future__ import annotations

import json
import shutil
from typing import Any, Dict, Iterator, Tuple

import pytest

from tests.collect.repositories.trees import TREES
from tests.lab import system
from tests.lab.aws.repository import GUID, bucket_of
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import leaks
from tests.story import REGION, prepare, register_words

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

REPOSITORY = "/etc/yum.repos.d/amazonlinux.repo"
OVER_HTTP = f"""[amazonlinux]
name=the same repository over plain HTTP
baseurl=http://{bucket_of(REGION)}.s3.dualstack.{REGION}.amazonaws.com/core/guids/{GUID}/$basearch/
enabled=1
gpgcheck=1
"""
MAKECACHE = ["dnf", "--setopt=timeout=2", "--setopt=retries=1", "--setopt=cachedir=/run/dnf", "makecache", "--refresh"]
CAUSES = {  # case: errors with the list over https, errors with the repository over http
    "complete": ((), ()),
    "interface-endpoints-only": (("s3-unreachable",), ("s3-unreachable",)),
    "s3-http-blocked": ((), ("s3-http-blocked",)),
    "s3-https-blocked": (("s3-https-blocked",), ("s3-https-blocked",)),
    "s3-policy-denied": (("s3-denied",), ("s3-denied",)),
    "s3-interface-regional-only": (("s3-unreachable",), ("s3-unreachable",)),
    "s3-interface-both": ((), ()),
    "proxy": ((), ()),
}
DNF_FAILS = {  # what a real dnf does there with each of them
    "complete": (False, False),
    "interface-endpoints-only": (True, True),
    "s3-http-blocked": (False, True),
    "s3-https-blocked": (True, False),
    "s3-policy-denied": (True, True),
    "s3-interface-regional-only": (True, True),
    "s3-interface-both": (False, False),
    "proxy": (False, False),
}


@pytest.fixture(scope="module")
def vpc() -> Iterator[Lab]:
    """One VPC with a registered node."""
    with Lab(CASES["complete"], region=REGION) as running:
        prepare(running)
        assert running.run(["ssm-bootstrap", *register_words()]).returncode == 0
        yield running


@pytest.fixture
def lab(vpc: Lab) -> Lab:
    """The system's files as they were."""
    vpc.remove("/etc/ssm-bootstrap.d")
    for path, text in system.files(REGION).items():
        vpc.write(path, text)
    return vpc


def doctor(lab: Lab) -> Tuple[int, Dict[str, Any]]:
    """`doctor --for patch`: its exit status and document."""
    done = lab.run(["ssm-bootstrap", "doctor", "--for", "patch", "--json"])
    assert leaks(done.stdout + done.stderr) == ()
    document: Dict[str, Any] = json.loads(done.stdout)
    assert document["exit_status"] == done.returncode and not document.get("crashed"), document.get("crashed")
    return done.returncode, document


def errors(document: Dict[str, Any]) -> Tuple[str, ...]:
    """The codes of the errors that are nobody's symptom."""
    return tuple(one["code"] for one in document["findings"] if one["severity"] == "error" and one["symptom_of"] is None)


def said(document: Dict[str, Any], code: str) -> Dict[str, Any]:
    """The first finding of a code."""
    found: Dict[str, Any] = next(one for one in document["findings"] if one["code"] == code)
    return found


QUICK = ("complete", "s3-http-blocked", "s3-policy-denied")
"""The cases of every run; dnf tries a silent host four times, so that the others take half a minute each."""


@pytest.mark.parametrize("over_http", [False, True], ids=["https", "http"])
@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in CAUSES])
def test_each_vpc_gives_its_verdict_and_dnf_agrees(lab: Lab, name: str, over_http: bool) -> None:
    lab.apply(CASES[name])
    lab.write(REPOSITORY, OVER_HTTP if over_http else system.REPOSITORY)
    wanted = CAUSES[name][over_http]
    status, document = doctor(lab)
    assert errors(document) == wanted
    assert document["capabilities"]["patch"]["verdict"] == ("broken" if wanted else "ok")
    assert status == (1 if wanted else 0)
    if name == "s3-http-blocked":
        assert said(document, "s3-http-blocked")["severity"] == ("error" if over_http else "info")
    failed = [one["code"] for one in document["findings"] if one["code"] == "repository-unreachable"]
    assert bool(failed) is DNF_FAILS[name][over_http]
    if shutil.which("dnf"):
        done = lab.run(MAKECACHE, timeout=60)
        assert (done.returncode != 0) is DNF_FAILS[name][over_http], done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["interface-endpoints-only", "s3-policy-denied", "complete"])
def test_a_repository_that_may_be_skipped_makes_a_scan_lie(lab: Lab, name: str) -> None:
    lab.apply(CASES[name])
    lab.write("/etc/dnf/dnf.conf", system.DNF.replace("skip_if_unavailable=False", "skip_if_unavailable=True"))
    _, document = doctor(lab)
    lies = any((one["code"], one["severity"]) == ("false-compliance", "error") for one in document["findings"])
    assert ("false-compliance" in document["capabilities"]["patch"]["because"]) is lies
    assert lies is (name != "complete")
    if lies:
        finding = said(document, "false-compliance")
        assert "/etc/dnf/dnf.conf:6" in finding["remedy"]["steps"][0] and finding["subject"] == "amazonlinux"
        if shutil.which("dnf"):  # dnf says that all is well, which is the point
            assert lab.run(MAKECACHE, timeout=60).returncode == 0


def test_ubuntu_in_a_closed_vpc_is_told_what_to_change(lab: Lab) -> None:
    lab.apply(CASES["complete"])
    for name in ("etc/os-release", "etc/apt/sources.list.d/ubuntu.sources"):
        lab.write(f"/{name}", (TREES / "ubuntu-24.04" / name).read_text())
    lab.remove("/etc/apt/sources.list.d/debian.sources")
    status, document = doctor(lab)
    assert status == 1 and errors(document)[0] == "repository-unreachable"
    steps = "\n".join(said(document, "repository-unreachable")["remedy"]["steps"])
    assert "/etc/apt/sources.list.d/ubuntu.sources:2: URIs: http://ap-northeast-1.ec2.archive.ubuntu.com/ubuntu/" in steps
    assert f"https://$MIRROR_BUCKET.s3.{REGION}.amazonaws.com/ubuntu/" in steps
    for way in ("S3 gateway endpoint", "Acquire::http::Proxy", "inside the network"):
        assert way in steps


def test_a_disabled_or_foreign_repository_is_no_alarm(lab: Lab) -> None:
    lab.apply(CASES["complete"])
    lab.write("/etc/yum.repos.d/more.repo", "[off]\nbaseurl=http://nowhere.example.com/\nenabled=0\n")
    assert doctor(lab)[0] == 0
    lab.write("/etc/yum.repos.d/more.repo", "[epel]\nbaseurl=http://nowhere.example.com/\nskip_if_unavailable=1\n")
    status, document = doctor(lab)
    assert (status, errors(document)) == (0, ())
    assert document["capabilities"]["patch"] == {"verdict": "degraded", "because": ["false-compliance"]}
    lab.write("/etc/ssm-bootstrap.d/site.conf", "[ignore]\nrepositories = epel\n")
    status, document = doctor(lab)
    assert (status, document["capabilities"]["patch"]["verdict"]) == (0, "ok")
    lab.remove("/etc/yum.repos.d/more.repo")


def test_a_site_adds_repositories_and_moves_buckets(lab: Lab) -> None:
    lab.apply(CASES["complete"])
    lab.write("/etc/ssm-bootstrap.d/site.conf", "[repository internal]\nurl = http://mirror.example.com/repodata/repomd.xml\n")
    status, document = doctor(lab)
    assert status == 1 and "mirror.example.com" in said(document, "repository-unreachable")["subject"]
    lab.write("/etc/ssm-bootstrap.d/site.conf", "[bucket s3-dualstack]\nhost = kms.{region}.amazonaws.com\n")
    _, document = doctor(lab)
    assert any(one["host"] == f"kms.{REGION}.amazonaws.com" for one in document["probes"])
    lab.write("/etc/ssm-bootstrap.d/site.conf", "[bucket nobody]\nhost = x\n")
    status, document = doctor(lab)
    (told,) = (one for one in document["unseen"] if one["subject"] == "/etc/ssm-bootstrap.d/site.conf:1")
    assert status == 0 and told["reason"].startswith("[bucket nobody]: unknown bucket; expected one of s3-regional")


TWELVE = """
from ssm_bootstrap.host.secrets import secrets_of_environment
from ssm_bootstrap.session import real_host
from ssm_bootstrap.collect.patch.repositories import look_at_repositories
from ssm_bootstrap.collect.network.targets import ProxySettings
host = real_host(secrets_of_environment())
found = look_at_repositories(host, "ap-northeast-1", ProxySettings())
print(sum(item.fetches[-1].outcome.value == "unreached" for item in found.value.items))
"""


def test_twelve_silent_repositories_take_one_time_out(lab: Lab) -> None:
    lab.apply(CASES["no-endpoints"])
    text = "".join(f"[r{n}]\nbaseurl=https://bucket{n}.s3.{REGION}.amazonaws.com/\n" for n in range(12))
    lab.write(REPOSITORY, text)
    done = lab.run(["python3", "-c", TWELVE])
    assert int(done.stdout) == 12, done.stdout + done.stderr
