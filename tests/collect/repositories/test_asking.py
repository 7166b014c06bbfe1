"""What the answers of repositories' hosts mean, in rounds, through proxies, bounded in time and number."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import pytest

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.repositories import MOST_QUESTIONS, look_at_repositories
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.codec import encode
from ssm_bootstrap.model.failure import Stage
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.patch import Fetch, FetchOutcome, Repositories
from tests.collect.repositories.trees import TREES, host_of
from tests.fakes import IdleClock, ScriptedNetwork
from tests.laws.secrets import CANARIES, leaks

ADDRESS = "203.0.113.9"
S3 = {"x-amz-request-id": "R1", "server": "AmazonS3"}
INDEX = "/repodata/repomd.xml"
SYSTEM = 'ID="rocky"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"\n'


def said(status: int, headers: Optional[Mapping[str, str]] = None, body: str = "") -> Answer:
    """An answer."""
    return Answer(status, dict(headers or {}), body.encode(), True)


class Web(ScriptedNetwork):
    """Hosts that answer by host and path; every name has one address, and what is asked is written down."""

    def __init__(self, pages: Mapping[str, Answer], connect: Optional[Callable[[], Any]] = None) -> None:
        super().__init__({}, {ADDRESS: connect} if connect else {})
        self.pages = pages
        self.requests: List[Tuple[str, str, str]] = []
        self.headers: List[Dict[str, str]] = []
        self.tunnels: List[Tuple[str, int]] = []

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """One address for all."""
        return (ADDRESS,)

    def request(self, connection: Any, host: str, *rest: Any) -> Answer:
        """The page, or a missing one."""
        method, path = rest[0], rest[1]
        self.requests.append((method, host, path))
        self.headers.append(dict(rest[2]))
        url = path if "://" in path else host + path
        return self.pages.get(url.partition("://")[2] if "://" in url else url, said(404))

    def tunnel(self, connection: Any, host: str, port: int, authorization: Optional[str], timeout: float) -> Answer:
        """It opens."""
        self.tunnels.append((host, port))
        return said(200)

    def handshake(self, context: Any, connection: Any, name: str, timeout: float) -> Any:
        """It works, whatever is trusted."""
        return connection


def machine(tmp_path: Path, repo: str, conf: str = "[main]\n", system: str = SYSTEM) -> Path:
    """A tree with one file of repositories."""
    for path, text in (("etc/os-release", system), ("etc/dnf/dnf.conf", conf), ("etc/yum.repos.d/a.repo", repo)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def look(root: Path, web: Web, proxies: Optional[ProxySettings] = None, clock: Optional[Clock] = None) -> Repositories:
    """The repositories with what came of asking them, on a clock on which work takes no time unless another is given."""
    host = host_of(root, web, clock=clock or IdleClock())
    found = look_at_repositories(host, "ap-northeast-1", proxies or ProxySettings())
    assert isinstance(found, Seen)
    return found.value


def fetched(root: Path, web: Web, **more: Any) -> Tuple[Fetch, ...]:
    """The fetches of the first repository."""
    return look(root, web, **more).items[0].fetches


@pytest.mark.parametrize(
    "answer, outcome",
    [
        (said(200), FetchOutcome.FOUND),
        (said(200, {"content-type": "application/xml"}), FetchOutcome.FOUND),
        (said(200, {"content-type": "text/html; charset=utf-8"}), FetchOutcome.STRANGER),
        (said(401), FetchOutcome.DENIED),
        (said(403), FetchOutcome.DENIED),
        (said(403, S3), FetchOutcome.DENIED),
        (said(404), FetchOutcome.MISSING),
        (said(407), FetchOutcome.DENIED),
        (said(405), FetchOutcome.FOUND),
        (said(503), FetchOutcome.UNKNOWN),
        (said(302), FetchOutcome.UNKNOWN),
    ],
)
def test_an_answer_to_head(tmp_path: Path, answer: Answer, outcome: FetchOutcome) -> None:
    root = machine(tmp_path, "[a]\nbaseurl=http://m.example.com/x/\n")
    web = Web({"m.example.com/x" + INDEX: answer})
    (fetch,) = fetched(root, web)
    assert fetch.outcome is outcome and fetch.url == "http://m.example.com/x" + INDEX
    assert web.requests == [("HEAD", "m.example.com", "/x" + INDEX)]
    assert fetch.probe is not None and fetch.probe.status == answer.status


def test_a_403_of_s3_is_a_policy_only_where_the_object_exists(tmp_path: Path) -> None:
    own = "http://mine.s3.ap-northeast-1.amazonaws.com/"
    web = Web({"mine.s3.ap-northeast-1.amazonaws.com" + INDEX: said(403, S3)})
    (fetch,) = fetched(machine(tmp_path, f"[a]\nbaseurl={own}\n"), web)
    assert "or there is no such file" in fetch.detail and not fetch.known
    tree = TREES / "amazon-linux-2023"
    url = "al2023-repos-ap-northeast-1-de612dc2.s3.dualstack.ap-northeast-1.amazonaws.com"
    path = "/core/mirrors/2023.5.20240916/x86_64/mirror.list"
    (first, *_) = look(tree, Web({url + path: said(403, S3)})).items
    # os-release tells the release here, so that it is a guess and the file may just not be there
    assert first.fetches[0].outcome is FetchOutcome.DENIED and not first.fetches[0].known


@pytest.mark.parametrize("status", [401, 403])
def test_rhui_without_its_certificate_is_reached(status: int) -> None:
    class Rhui(Web):
        def request(self, connection: Any, host: str, *rest: Any) -> Answer:
            return said(status, {"content-type": "text/html"}, "<html>no")

        def trusting(self, trust: Any) -> Any:
            assert trust.bundle.endswith("/etc/pki/rhui/cdn.redhat.com-chain.crt")

    for item in look(TREES / "rhel-9-rhui", Rhui({})).items:
        assert [fetch.outcome for fetch in item.fetches] == ([FetchOutcome.WANTS_KEY] if item.enabled else [])
        assert not item.enabled or "reached" in item.fetches[0].detail


def test_redirects_are_followed_and_counted(tmp_path: Path) -> None:
    root = machine(tmp_path, "[a]\nbaseurl=http://m.example.com/x/\n")
    pages = {
        "m.example.com/x" + INDEX: said(301, {"location": "https://other.example.com/y" + INDEX}),
        "other.example.com/y" + INDEX: said(200),
    }
    first, second = fetched(root, Web(pages))
    assert (first.outcome, second.outcome) == (FetchOutcome.REDIRECTED, FetchOutcome.FOUND)
    assert second.url == "https://other.example.com/y" + INDEX
    pages["other.example.com/y" + INDEX] = said(302, {"location": "http://m.example.com/x" + INDEX})
    round_and_round = fetched(root, Web(pages))
    assert round_and_round[-1].outcome is FetchOutcome.UNKNOWN and len(round_and_round) <= 6


def test_a_login_page_behind_a_redirect_is_a_stranger(tmp_path: Path) -> None:
    pages = {
        "m.example.com/x" + INDEX: said(302, {"location": "http://login.example.com/?from=x"}),
        "login.example.com/?from=x": said(200, {"content-type": "text/html"}),
    }
    found = fetched(machine(tmp_path, "[a]\nbaseurl=http://m.example.com/x/\n"), Web(pages))
    assert found[-1].outcome is FetchOutcome.STRANGER


METALINK = """<?xml version="1.0"?><metalink><files><file name="repomd.xml"><resources>
<url protocol="rsync">rsync://one.example.com/x/repodata/repomd.xml</url>
<url protocol="https">https://one.example.com/x/repodata/repomd.xml</url>
<url protocol="http">http://two.example.com/x/repodata/repomd.xml</url></resources></file></files></metalink>"""


def test_mirrors_of_a_list_are_asked_in_the_next_round(tmp_path: Path) -> None:
    repo = "[a]\nmirrorlist=http://list.example.com/?repo=a\n[b]\nmetalink=https://list.example.com/metalink?repo=b\n"
    web = Web(
        {
            "list.example.com/?repo=a": said(200, body="# comment\nhttp://one.example.com/$basearch/\n"),
            "one.example.com/x86_64" + INDEX: said(200),
            "list.example.com/metalink?repo=b": said(200, body=METALINK),
            "two.example.com/x" + INDEX: said(200),
        }
    )
    a, b = look(machine(tmp_path, repo), web).items
    assert [(fetch.what, fetch.outcome) for fetch in a.fetches] == [
        ("mirrorlist", FetchOutcome.FOUND),
        ("repomd.xml", FetchOutcome.FOUND),
    ]
    assert [fetch.outcome for fetch in b.fetches] == [FetchOutcome.FOUND, FetchOutcome.MISSING, FetchOutcome.FOUND]
    assert ("GET", "list.example.com", "/metalink?repo=b") in web.requests


def test_a_list_without_mirrors_is_no_list(tmp_path: Path) -> None:
    web = Web({"list.example.com/": said(200, body="<html>sign in</html>")})
    (fetch,) = fetched(machine(tmp_path, "[a]\nmirrorlist=http://list.example.com/\n"), web)
    assert fetch.outcome is FetchOutcome.STRANGER


def test_release_stands_in_for_inrelease() -> None:
    base = "deb.debian.org/debian/dists/bullseye/"
    web = Web({base + "Release": said(200)})
    first = look(TREES / "debian-11-broken", web).items[0]
    assert [(fetch.what, fetch.outcome) for fetch in first.fetches] == [("Release", FetchOutcome.FOUND)]


def test_the_package_managers_own_proxy_is_used(tmp_path: Path) -> None:
    password = CANARIES["proxy-password"].replace(":", "%3A")
    conf = f"[main]\nproxy=http://user:{password}@proxy.example.com:3128\n"
    repo = "[a]\nbaseurl=http://m.example.com/x/\n[b]\nbaseurl=https://m.example.com/x/\n[c]\nbaseurl=http://m.example.com/z/\nproxy=_none_\n"
    web = Web({f"m.example.com/{name}{INDEX}": said(200) for name in "xz"})
    found = look(machine(tmp_path, repo, conf), web, ProxySettings(http="http://environment:1"))
    assert [item.fetches[0].outcome for item in found.items] == [FetchOutcome.FOUND] * 3
    plain, tunnelled, direct = (item.fetches[0].probe for item in found.items)
    assert plain is not None and str(plain.target.proxy) == "proxy.example.com:3128" and not plain.reached(Stage.PROXY)
    assert tunnelled is not None and tunnelled.reached(Stage.PROXY) and web.tunnels == [("m.example.com", 443)]
    assert direct is not None and direct.target.proxy is None
    assert ("HEAD", "m.example.com", "http://m.example.com/x" + INDEX) in web.requests
    assert any("Proxy-Authorization" in headers for headers in web.headers)
    assert leaks(json.dumps(encode(found))) == () and leaks(repr(found)) == ()


def test_apt_takes_its_proxies_from_its_own_configuration() -> None:
    probes = [item.fetches[-1].probe for item in look(TREES / "debian-12", Web({})).items]
    by_host = {probe.target.host: probe.target.proxy for probe in probes if probe is not None}
    assert by_host["cdn-aws.deb.debian.org"] is None
    assert str(by_host["packages.example.com"]) == "proxy.example.com:3128"


def test_a_local_repository_is_looked_at_on_disk(tmp_path: Path) -> None:
    repo = "[here]\nbaseurl=file:///srv/here\n[gone]\nbaseurl=file:///srv/gone\n"
    root = machine(tmp_path, repo)
    (root / "srv/here/repodata").mkdir(parents=True)
    (root / "srv/here/repodata/repomd.xml").write_text("<repomd/>")
    here, gone = look(root, Web({})).items
    assert (here.fetches[0].outcome, gone.fetches[0].outcome) == (FetchOutcome.FOUND, FetchOutcome.MISSING)


def silent() -> None:
    """A host that drops every SYN."""
    time.sleep(limits.CONNECT)
    raise TimeoutError("timed out")


def test_twelve_silent_hosts_take_one_connect(tmp_path: Path) -> None:
    repo = "".join(f"[r{n}]\nbaseurl=https://m{n}.example.com/\n" for n in range(12))
    together = threading.Barrier(12)  # whoever dials one after the other never gets past it

    def silent_together() -> None:
        together.wait(60)
        raise TimeoutError("timed out")

    found = look(machine(tmp_path, repo), Web({}, silent_together))
    assert not together.broken
    assert {fetch.outcome for item in found.items for fetch in item.fetches} == {FetchOutcome.UNREACHED}
    assert len(found.items) == 12


@pytest.mark.parametrize("hosts", [1, 10_000])
def test_ten_thousand_repositories_are_bounded(tmp_path: Path, hosts: int) -> None:
    repo = "".join(f"[r{n}]\nname=r{n}\nbaseurl=http://m{n % hosts}.example.com/{n}/\n" for n in range(10_000))
    root, web = machine(tmp_path, repo), Web({}, silent)
    found = look(root, web, clock=Clock())
    assert found.total == 10_000 and len(found.items) == 500
    assert [(problem.line, "500" in problem.text) for problem in found.problems] == [(1501, True)]
    assert len(web.dialled) <= MOST_QUESTIONS
    outcomes = {fetch.outcome for item in found.items for fetch in item.fetches}
    assert outcomes == ({FetchOutcome.UNREACHED} if hosts == 1 else {FetchOutcome.UNREACHED, FetchOutcome.UNKNOWN})


def test_what_cannot_be_read_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    root = machine(tmp_path, "[a]\nbaseurl=http://m.example.com/x/\n")
    (root / "etc/yum.repos.d/binary.repo").write_bytes(b"\x7fELF\0\0")
    (root / "etc/yum.repos.d/b.repo").write_text("[b]\nbaseurl=ftp://m.example.com/\n[c]\nname=nothing\n")
    found = look(root, Web({"m.example.com/x" + INDEX: said(200)}))
    assert [str(problem) for problem in found.problems] == ["/etc/yum.repos.d/binary.repo: not text"]
    assert [(item.name, bool(item.remark)) for item in found.items] == [("a", False), ("b", True), ("c", True)]


def test_a_stranger_with_a_suite_of_the_same_name_is_no_own_repository(tmp_path: Path) -> None:
    root = machine(tmp_path, "", system='ID="debian"\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n')
    (root / "etc/apt").mkdir()
    own, other = "deb http://deb.debian.org/debian bookworm main\n", "deb http://apt.example.com/ bookworm main\n"
    for text, wanted in ((own + other, [True, False]), (other, [True])):
        (root / "etc/apt/sources.list").write_text(text)
        assert [item.own for item in look(root, Web({})).items] == wanted
