"""Sources that are no plain HTTP: lists of mirrors, media, directories; and what a broken line may not show."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.configured import MOST_REPOSITORIES
from ssm_bootstrap.collect.patch.repositories import MOST_QUESTIONS, look_at_repositories
from ssm_bootstrap.diagnose.patch.repository_state import RepositoryStanding, judge_repositories
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.codec import encode
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.patch import FetchOutcome, Repositories
from tests.collect.repositories.test_asking import INDEX, Web, look, machine, said
from tests.collect.repositories.trees import host_of
from tests.laws.secrets import CANARIES, leaks

DEBIAN = 'ID="debian"\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n'
SLES = 'ID="sles"\nVERSION_ID="15.5"\nPRETTY_NAME="SLES 15 SP5"\n'
LIST = "# ours\n\nhttp://one.example.com/debian\tpriority:1\nhttps://two.example.com/debian/\tpriority:2\nfile:/srv/debian\n"
RELEASE = "/debian/dists/bookworm/InRelease"


def apt(tmp_path: Path, line: str, **files: str) -> Path:
    """A Debian with one line of sources, and files below /etc/apt."""
    root = machine(tmp_path, "", system=DEBIAN)
    (root / "etc/apt").mkdir()
    for name, text in {"sources.list": f"{line}\n", **files}.items():
        (root / "etc/apt" / name).write_text(text)
    return root


def standing(found: Repositories) -> RepositoryStanding:
    """How the first one stands."""
    return judge_repositories(found)[0].standing


@pytest.mark.parametrize(
    "uri", ["mirror+http://list.example.com/l", "mirror+https://list.example.com/l", "mirror://list.example.com/l"]
)
@pytest.mark.parametrize("good", ["one", "two", ""])
def test_the_mirrors_of_a_list_over_http_are_asked(tmp_path: Path, uri: str, good: str) -> None:
    pages = {"list.example.com/l": said(200, {"content-type": "text/plain"}, LIST)}
    if good:
        pages[f"{good}.example.com{RELEASE}"] = said(200)
    web = Web(pages)
    found = look(apt(tmp_path, f"deb {uri} bookworm main"), web)
    assert standing(found) is (RepositoryStanding.OK if good else RepositoryStanding.FAILED)
    assert found.items[0].own and not found.problems
    assert {("HEAD", "one.example.com", RELEASE), ("HEAD", "two.example.com", RELEASE)} <= set(web.requests)


def test_a_list_that_is_missing_fails(tmp_path: Path) -> None:
    found = look(apt(tmp_path, "deb mirror+http://list.example.com/l bookworm main"), Web({}))
    assert standing(found) is RepositoryStanding.FAILED


def test_the_mirrors_of_a_list_on_disk_are_asked(tmp_path: Path) -> None:
    root = apt(tmp_path, "deb mirror+file:/etc/apt/mirrors.txt bookworm main", **{"mirrors.txt": LIST})
    found = look(root, Web({f"two.example.com{RELEASE}": said(200)}))
    assert standing(found) is RepositoryStanding.OK and found.items[0].urls == ("mirror+file:/etc/apt/mirrors.txt",)
    (root / "etc/apt/mirrors.txt").unlink()
    gone = look(root, Web({}))
    assert standing(gone) is RepositoryStanding.FAILED and gone.items[0].fetches[0].outcome is FetchOutcome.MISSING


@pytest.mark.parametrize(
    "uri", ["cdrom:[Debian_GNU/Linux_12]/", "ssh://mirror.example.com/debian", "rsh://m/x", "s3://bucket/x", "tor+http://m/x"]
)
def test_what_cannot_be_looked_at_is_neither_asked_nor_red(tmp_path: Path, uri: str) -> None:
    web = Web({})
    found = look(apt(tmp_path, f"deb {uri} bookworm main"), web)
    assert standing(found) is RepositoryStanding.UNKNOWN and web.requests == [] and found.items[0].fetches == ()
    assert "is not looked at" in found.items[0].remark and not found.problems


@pytest.mark.parametrize("method", ["file", "copy"])
def test_a_directory_is_looked_at_and_no_packet_is_sent(tmp_path: Path, method: str) -> None:
    root, web = apt(tmp_path, f"deb {method}:/srv/debian bookworm main"), Web({})
    assert standing(look(root, web)) is RepositoryStanding.FAILED  # apt-get update ends with 100, "does not have a Release file"
    (root / "srv/debian").mkdir(parents=True)
    assert standing(look(root, web)) is RepositoryStanding.OK and web.requests == []


@pytest.mark.parametrize("kind, asked", [("rpm-md", True), ("yast2", False), ("plaindir", False)])
def test_a_type_of_zypper_without_repomd_is_not_asked_for_one(tmp_path: Path, kind: str, asked: bool) -> None:
    root = machine(tmp_path, "", system=SLES)
    (root / "etc/zypp/repos.d").mkdir(parents=True)
    (root / "etc/zypp/repos.d/a.repo").write_text(f"[a]\nenabled=1\ntype={kind}\nbaseurl=http://m.example.com/x\n")
    found, web = look(root, web := Web({})), web
    assert bool(web.requests) is asked
    assert standing(found) is (RepositoryStanding.FAILED if asked else RepositoryStanding.UNKNOWN)


@pytest.mark.parametrize("uri", ["cd:/?devices=/dev/sr0", "dvd:///", "iso:/?iso=sles.iso", "hd:/x?device=/dev/sda1"])
def test_media_of_zypper_are_not_red(tmp_path: Path, uri: str) -> None:
    root = machine(tmp_path, "", system=SLES)
    (root / "etc/zypp/repos.d").mkdir(parents=True)
    (root / "etc/zypp/repos.d/a.repo").write_text(f"[SLES15]\nenabled=1\nbaseurl={uri}\n")
    assert standing(look(root, Web({}))) is RepositoryStanding.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "[a]\nbaseurl=http://m.example.com/x\npassword {0}\n",
        "[a]\nproxy_password=x\n{0}\n",
        "[a]\nbaseurl=http://u:{0}@m.example.com/x\nusername=u\npassword={0}\nproxy=http://u:{0}@p.example.com:3128\n",
        "[a]\nbaseurl=http://m.example.com/x\nproxy=p.example.com:3128\nproxy_username=u\nproxy_password={0}\n",
        "[a]\nmirrorlist=ftp://u:{0}@m.example.com/x\n",
        "http://u:{0}@m.example.com/x\n",
    ],
)
def test_a_password_is_never_shown(tmp_path: Path, text: str) -> None:
    for name in ("repository-password", "proxy-password"):
        found = look(machine(tmp_path, text.format(CANARIES[name].replace("@", "%40").replace(":", "%3A"))), Web({}))
        assert leaks(json.dumps(encode(found))) == () and leaks(repr(found)) == ()


def test_zyppers_proxies_are_not_shown_with_their_passwords(tmp_path: Path) -> None:
    root, password = machine(tmp_path, "", system=SLES), CANARIES["proxy-password"].replace(":", "%3A")
    for path, text in (
        ("etc/zypp/repos.d/a.repo", f"[a]\nbaseurl=http://m.example.com/x?proxy=p&proxyuser=u&proxypass={password}\n"),
        ("etc/sysconfig/proxy", f'PROXY_ENABLED="yes"\nHTTP_PROXY="http://u:{password}@p.example.com:3128"\n'),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    found = look(root, Web({}))
    assert found.items[0].proxy == "p.example.com:3128 (/etc/sysconfig/proxy)"
    assert leaks(json.dumps(encode(found))) == () and leaks(repr(found)) == ()


def test_hundreds_that_are_switched_off_hide_nobody(tmp_path: Path) -> None:
    off = "".join(f"[rhel-9-{n}]\nbaseurl=http://m.example.com/{n}\nenabled=0\n" for n in range(2 * MOST_REPOSITORIES))
    found = look(machine(tmp_path, f"{off}[own]\nbaseurl=http://m.example.com/x\n"), Web({"m.example.com/x" + INDEX: said(200)}))
    assert found.problems == () and found.total == 2 * MOST_REPOSITORIES + 1
    assert [fetch.outcome for fetch in found.items[-1].fetches] == [FetchOutcome.FOUND] and found.items[-1].name == "own"


def test_more_than_fit_into_a_round_are_asked_in_the_next(tmp_path: Path) -> None:
    repo = "".join(f"[r{n}]\nbaseurl=http://m.example.com/{n}\n" for n in range(3 * MOST_QUESTIONS))
    web = Web({f"m.example.com/{n}{INDEX}": said(200) for n in range(3 * MOST_QUESTIONS)})
    found = look(machine(tmp_path, repo), web)
    assert {fetch.outcome for item in found.items for fetch in item.fetches} == {FetchOutcome.FOUND}
    assert len(web.requests) == 3 * MOST_QUESTIONS


def test_a_problem_names_the_file_and_the_line(tmp_path: Path) -> None:
    root = machine(tmp_path, "[a]\nbaseurl=http://m.example.com/x\nno value\n[b\n[c]\nbaseurl=http://m.example.com/$nobody\n")
    found = look(root, Web({"m.example.com/x" + INDEX: said(200)}))
    places = [str(problem).split(": ")[0] for problem in found.problems]
    assert places == [f"/etc/yum.repos.d/a.repo:{line}" for line in (3, 4, 6)]
    assert found.items[0].fetches[0].outcome is FetchOutcome.FOUND


@pytest.mark.parametrize("count, said_of_it", [(30, "round in a circle"), (1, "round in a circle")])
def test_includes_of_apt_conf_that_multiply_end(tmp_path: Path, count: int, said_of_it: str) -> None:
    root = apt(tmp_path, "deb http://m.example.com/debian bookworm main")
    (root / "etc/apt/apt.conf.d").mkdir()
    (root / "etc/apt/apt.conf.d/99x").write_text('#include "/etc/apt/apt.conf.d/99x";\n' * count)
    found = look(root, Web({}))
    (problem,) = found.problems
    assert str(problem).startswith("/etc/apt/apt.conf.d/99x:1: ") and said_of_it in problem.text


def test_more_includes_than_anybody_writes_are_not_followed(tmp_path: Path) -> None:
    root = apt(tmp_path, "deb http://m.example.com/debian bookworm main")
    (root / "etc/apt/apt.conf.d").mkdir()
    (root / "etc/apt/apt.conf.d/99x").write_text('#include "/etc/apt/empty";\n' * 1000)
    found = look(root, Web({}))
    assert [str(problem) for problem in found.problems] == [
        "/etc/apt/apt.conf.d/99x:201: more than 200 includes: not followed from here on"
    ]


def test_includes_of_yum_that_multiply_end(tmp_path: Path) -> None:
    system = 'ID="amzn"\nVERSION_ID="2"\nPRETTY_NAME="Amazon Linux 2"\n'
    root = machine(tmp_path, "".join(f"[r{n}]\ninclude=b.repo\nenabled=0\n" for n in range(1000)), system=system)
    (root / "etc/yum.repos.d/b.repo").write_text("".join(f"[s{n}]\ninclude=c.repo\nenabled=0\n" for n in range(1000)))
    (root / "etc/yum.repos.d/c.repo").write_text("[own]\nbaseurl=http://m.example.com/x\n")
    found = look(root, Web({}))
    assert [problem.text for problem in found.problems] == ["more than 100 includes: not followed from here on"]
    assert found.problems[0].line
    assert any(item.name == "own" for item in found.items)


@pytest.mark.parametrize("path", ["etc/apt/apt.conf.d/90proxy", "etc/apt/sources.list.d/a.list"])
def test_what_only_root_may_read_is_not_called_broken(tmp_path: Path, path: str) -> None:
    class Locked(Files):
        def read_bytes(self, name: str, limit: int = 16 << 20) -> bytes:
            if name == f"/{path}":
                raise PermissionError(13, "Permission denied", name)
            return super().read_bytes(name, limit)

    root = apt(tmp_path, "deb http://m.example.com/debian bookworm main")
    (root / path).parent.mkdir()
    (root / path).write_text("x")
    host = replace(host_of(root, Web({})), files=Locked(str(root)))
    found = look_at_repositories(host, "ap-northeast-1", ProxySettings(), ask=False)
    assert isinstance(found, Seen)
    (problem,) = found.value.problems
    assert (problem.file, problem.unread, problem.hides) == (f"/{path}", True, False)


TEARS = (" ", "\t", '"', "[", "]", '" "', "[ ]", "{", "|", "^", "`", "\\", "#", "?", "/", " x ", '"\t', "@ ", ": ", " file:/")
"""What tears a URL in which nobody escaped the password."""


@pytest.mark.parametrize("tear", TEARS)
@pytest.mark.parametrize(
    "line",
    [
        "deb http://user:{}@m.example.com/debian bookworm main",
        "deb [arch=amd64] https://user:{}@m.example.com/debian bookworm main",
        'deb "http://user:{}@m.example.com/debian" bookworm main',
        "deb mirror+http://user:{}@m.example.com/debian bookworm main",
        "deb http://{}@m.example.com/debian/ ./",
    ],
)
def test_no_piece_of_a_password_that_tears_apts_line_is_shown(tmp_path: Path, tear: str, line: str) -> None:
    pieces = ("canaryPIECEone0042", "canaryPIECEtwo0042", "canaryPIECEthree0042")
    password = tear.join(pieces)
    if "user" not in line and tear == "/":
        pytest.skip("nothing tells a key with a slash from a host and its path, and apt dials that host")
    root = apt(tmp_path, line.format(password))
    (root / "etc/apt/sources.list.d").mkdir()
    stanza = f"Types: deb\nURIs: http://user:{password}@m.example.com/x\nSuites: bookworm\nComponents: main\n"
    (root / "etc/apt/sources.list.d/a.sources").write_text(stanza)
    found = look(root, Web({}))
    told = json.dumps(encode(found)) + repr(found)
    assert [piece for piece in pieces if piece in told] == []


@pytest.mark.parametrize("tear", [" ", "\t", " x ", '" "'])
def test_no_piece_of_a_password_that_tears_yums_url_is_shown(tmp_path: Path, tear: str) -> None:
    pieces = ("canaryPIECEone0042", "canaryPIECEtwo0042", "canaryPIECEthree0042")
    for key in ("baseurl", "mirrorlist", "metalink"):
        found = look(machine(tmp_path / key, f"[a]\n{key}=http://user:{tear.join(pieces)}@m.example.com/x\n"), Web({}))
        told = json.dumps(encode(found)) + repr(found)
        assert [piece for piece in pieces if piece in told] == []
