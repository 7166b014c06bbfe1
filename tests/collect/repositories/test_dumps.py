"""Asking apt and dnf gives what parsing their files gives, on every tree; what they say is bounded, and no secret is kept."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

import pytest

from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.configured import ParsedRepositories
from ssm_bootstrap.collect.patch.dumps import MOST_SAID, TIMEOUT, dnf_dump
from ssm_bootstrap.collect.patch.repositories import look_at_repositories
from ssm_bootstrap.host.commands import Commands, Completed
from ssm_bootstrap.model.codec import encode
from tests.collect.repositories.said import (
    RECORDED,
    TreeCommands,
    alone,
    has_network_namespaces,
    parsed,
    reading,
    recorded,
    tree_with_programs,
)
from tests.collect.repositories.trees import NAMES, TREES, expected, host_of, read
from tests.fakes import ScriptedCommands
from tests.laws.secrets import leaks

DUMP = "/usr/bin/dnf -q --disableplugin=* --enableplugin=config-manager"
NOT_ASKED = {"debian-11-broken": "apt refuses its configuration, and says nothing"}
ROCKY = 'ID="rocky"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"\n'


def of(manager: str) -> List[str]:
    """The trees of a package manager."""
    return [name for name in NAMES if expected(name)["manager"] == manager]


def has(program: str) -> bool:
    """Whether a program is here, and can be cut off from the network."""
    return has_network_namespaces() and shutil.which(program) is not None


def has_config_manager() -> bool:
    """Whether dnf's plugin config-manager is here."""
    if not has("dnf"):
        return False
    with tempfile.TemporaryDirectory() as directory:
        name = of("dnf")[0]
        root = tree_with_programs(name, Path(directory))
        return dnf_dump(host_of(root, commands=TreeCommands(root, read(TREES / name).release))) is not None


def without_amazons_default(found: ParsedRepositories) -> ParsedRepositories:
    """A reading without what the dnf of Amazon Linux 2023 alone has for a default: Debian's, which was asked, has another."""
    for item in found.found:
        if item.repository.skipped_by.startswith("the default"):
            item.repository = replace(item.repository, skipped_by="")
    return found


def test_every_dnf_tree_was_recorded() -> None:
    assert sorted(path.stem for path in RECORDED.glob("*.txt")) == of("dnf")


@pytest.mark.parametrize("name", of("dnf"))
def test_what_dnf_said_of_a_tree_is_what_its_files_say(name: str, tmp_path: Path) -> None:
    commands = ScriptedCommands({DUMP: recorded(name)})
    asked = reading(host_of(tree_with_programs(name, tmp_path), commands=commands))
    assert [words[0] for words in commands.ran] == ["/usr/bin/dnf"]  # rpm need not be asked for the release
    assert without_amazons_default(asked) == without_amazons_default(parsed(name))


@pytest.mark.skipif(not has_config_manager(), reason="dnf's plugin config-manager is not installed")
@pytest.mark.parametrize("name", of("dnf"))
def test_dnf_itself_says_the_same(name: str, tmp_path: Path) -> None:
    root = tree_with_programs(name, tmp_path)
    commands = TreeCommands(root, read(TREES / name).release)
    asked = reading(host_of(root, commands=commands))
    assert len(commands.ran) == 1
    assert without_amazons_default(asked) == without_amazons_default(parsed(name))


@pytest.mark.skipif(not has("apt-get"), reason="apt is not installed")
@pytest.mark.parametrize("name", of("apt"))
def test_apt_itself_says_the_same(name: str, tmp_path: Path) -> None:
    root = tree_with_programs(name, tmp_path)
    commands = TreeCommands(root, "")
    assert reading(host_of(root, commands=commands)) == parsed(name)
    answers = [commands.run(words, timeout=60) for words in list(commands.ran)]
    assert [done.returncode == 0 for done in answers] == [name not in NOT_ASKED] * 2


APT_SOURCES = """deb [signed-by=/k.gpg arch=amd64,arm64] https://u:canaryREPOpass%400042@h.example.com/ stable main contrib
deb mirror+http://h.example.com/list stable main
deb file:/srv/x ./
deb cdrom:[Debian 12]/ bookworm main
deb [trusted=yes] http://h.example.com/flat /
deb [trusted=yes] http://h.example.com/$(ARCH) v/$(ARCH)/
deb-src http://h.example.com/q stable main # a remark
deb http://h.example.com/z z/updates main
deb http://h.example.com/z z/updates main extra
"""
APT_STANZAS = """Types: deb
URIs: http://off.example.com/
Suites: x
Components: main
Enabled: no

# a remark

Types: deb deb-src
URIs: http://b.example.com/a http://c.example.com/
Suites: x y
Components: main
Signed-By: /k.gpg
"""


@pytest.mark.skipif(not has("apt-get"), reason="apt is not installed")
def test_apt_says_the_same_of_every_kind_of_source(tmp_path: Path) -> None:
    root = tree_with_programs("debian-12", tmp_path)
    (root / "etc/apt/sources.list").write_text(APT_SOURCES)
    (root / "etc/apt/sources.list.d/off.sources").write_text(APT_STANZAS)
    asked = reading(host_of(root, commands=TreeCommands(root, "")))
    from_files = reading(host_of(root))
    assert asked == from_files
    where = {(item.repository.name, item.repository.urls): item.repository.line for item in asked.found}
    assert where[("x main", ("http://c.example.com/",))] == 9 and where[("v/amd64/", ("http://h.example.com/amd64",))] == 6


APT_ANSWERS = {
    "/usr/bin/apt-config dump": "Acquire::http::Proxy\thttp://u:canaryPROXYpass%3A0042@proxy.example.com:3128\n",
    "/usr/bin/apt-get indextargets": "deb\t/etc/apt/sources.list:7\thttp://new.example.com/x/\tbookworm\tmain\n"
    "deb\t/etc/apt/sources.list.d/a.sources:3\thttp://user:canaryREPOpass%400042@m.example.com/\t\t$(COMPONENT)\n"
    "deb-src\t/etc/apt/sources.list:8\thttp://m.example.com/\tbookworm\tmain\ngarbage\n\tx:9\t\t\t\n",
}


def test_what_apt_uses_counts_whatever_was_made_of_its_files(tmp_path: Path) -> None:
    root = tree_with_programs("debian-11-broken", tmp_path)
    found = reading(host_of(root, commands=ScriptedCommands(APT_ANSWERS)))
    assert [(item.repository.name, item.repository.file, item.repository.line) for item in found.found] == [
        ("bookworm main", "/etc/apt/sources.list", 7),
        ("/", "/etc/apt/sources.list.d/a.sources", 0),
    ]
    assert found.problems == [] and found.found[0].repository.proxy.startswith("proxy.example.com:3128 ")
    assert leaks(json.dumps(encode([item.repository for item in found.found]))) == () and leaks(repr(found)) == ()


def test_the_pieces_of_a_password_are_told_whatever_apt_takes_them_for(tmp_path: Path) -> None:
    root = tree_with_programs("debian-12", tmp_path)
    (root / "etc/apt/sources.list").write_text("deb http://user:pa word@h.example.com/ main\n")
    torn = "deb\t/etc/apt/sources.list:1\thttp://user:pa/\tword@h.example.com/\t$(COMPONENT)\n"
    answers = {"/usr/bin/apt-config dump": "a\tb\n", "/usr/bin/apt-get indextargets": torn}
    found = reading(host_of(root, commands=ScriptedCommands(answers)))
    (problem,) = found.problems
    assert problem.line == 1 and "word" not in repr(found) and [item for item in found.found if item.repository.enabled] == []


REPO = "[a]\nname=a\nbaseurl=http://m.example.com/$unknown/\n[left]\nbaseurl=http://m.example.com/left/\n"
SAID = """releasever = 9
=== repo: a ===
[a]
baseurl = https://user:canaryREPOpass%400042@m.example.com/a/, http://m.example.com/b
enabled = 1
proxy = http://user:canaryPROXYpass%3A0042@proxy.example.com:3128
skip_if_unavailable = 1
sslverify = 0
[injected]
baseurl = http://evil.example.com/
"""


def rocky(root: Path, repo: str = REPO) -> Path:
    """A tree with one file of repositories, and dnf."""
    files = {"etc/os-release": ROCKY, "etc/yum.repos.d/a.repo": repo, "etc/dnf/dnf.conf": "[main]\n", "usr/bin/dnf": ""}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "usr/bin/dnf").chmod(0o755)
    return root


def test_dnfs_word_counts_and_the_line_is_the_files(tmp_path: Path) -> None:
    found = reading(host_of(rocky(tmp_path), commands=ScriptedCommands({DUMP: SAID})))
    (item,) = found.found
    assert item.repository.urls == ("https://m.example.com/a/", "http://m.example.com/b") and item.verify is False
    assert (item.repository.file, item.repository.line) == ("/etc/yum.repos.d/a.repo", 1)
    assert item.repository.skipped_by == "the default of this dnf" and item.has_key
    assert item.repository.proxy == "proxy.example.com:3128 (dnf)"
    assert [str(problem) for problem in found.problems] == ["/etc/yum.repos.d/a.repo:4: [left] is not used: dnf leaves it out"]
    assert leaks(json.dumps(encode(item.repository))) == () and leaks(repr(found)) == ()


def test_a_line_that_dnf_understands_is_no_fault(tmp_path: Path) -> None:
    root = rocky(tmp_path, REPO.replace("[left]", "what is this\n[left]"))
    both = SAID.replace("[injected]", "[left]")
    assert reading(host_of(root, commands=ScriptedCommands({DUMP: both}))).problems == []
    (problem,) = reading(host_of(root, commands=ScriptedCommands({DUMP: SAID}))).problems
    assert (problem.file, problem.line, problem.hides) == ("/etc/yum.repos.d/a.repo", 4, True)


KINDS = """[main]
proxy=http://u:canaryPROXYpass%3A0042@p.example.com:1
username=everybody
"""
KIND_REPOS = """[a]
name=a
 b
baseurl=http://m.example.com/a/, http://m.example.com/b
  http://m.example.com/c
proxy=_none_
[b]
baseurl=http://one.example.com/
proxy=
[b]
baseurl=http://two.example.com/
[not a name]
name=x
[here]
baseurl=file:///srv/x
sslverify=0
skip_if_unavailable=yes
[closed]
enabled=no
baseurl=https://u:canaryREPOpass%400042@z.example.com/?k=v
[open]
baseurl=https://u:canaryREPOpass%400042@z.example.com/$basearch/${releasever}?k=v
sslcacert=/etc/pki/x.pem
sslclientcert=/etc/pki/y.pem
[metalink]
mirrorlist=https://m.example.com/metalink?repo=x
"""


@pytest.mark.skipif(not has_config_manager(), reason="dnf's plugin config-manager is not installed")
def test_dnf_says_the_same_of_every_kind_of_repository(tmp_path: Path) -> None:
    root = tree_with_programs("rocky-9", tmp_path)
    (root / "etc/dnf/dnf.conf").write_text(KINDS)
    (root / "etc/yum.repos.d/kinds.repo").write_text(KIND_REPOS)
    (root / "etc/yum.repos.d/later.repo").write_text("[b]\nbaseurl=http://other.example.com/\n")
    commands = TreeCommands(root, "9")
    asked = reading(host_of(root, commands=commands))
    assert len(commands.ran) == 1
    (root / "usr/bin/dnf").unlink()
    assert asked == reading(host_of(root, commands=ScriptedCommands({"rpm -q": "version\t9\n"})))


def said(returncode: int = 0, output: str = SAID, **more: Any) -> Completed:
    """An answer of dnf."""
    return Completed(returncode, output, "", 0.1, **more)


@pytest.mark.parametrize(
    "answer",
    [said(1), said(output=""), said(timed_out=True), said(left_out=1), said(-9), None],
    ids=["fails", "silent", "late", "cut", "killed", "gone"],
)
def test_files_are_read_where_dnf_gives_no_whole_answer(tmp_path: Path, answer: Optional[Completed]) -> None:
    root = rocky(tmp_path)
    found = reading(host_of(root, commands=ScriptedCommands({DUMP: answer} if answer else {})))
    assert found == reading(host_of(root)) and [item.repository.name for item in found.found] == ["a", "left"]


def test_another_trees_files_are_not_mixed_with_this_machines_words(tmp_path: Path) -> None:
    root = rocky(tmp_path)
    (root / "usr/bin/dnf").unlink()
    commands = ScriptedCommands({DUMP: SAID, "dnf": SAID})
    assert [item.repository.name for item in reading(host_of(root, commands=commands)).found] == ["a", "left"]
    assert all("dnf" not in words[0] for words in commands.ran)


class Careful(Commands):
    """Notes how a program is run, and what of its scratch directory there is meanwhile and afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.how: List[Dict[str, Any]] = []
        self.scratches: List[Path] = []

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """Say what dnf said once."""
        self.how.append(more)
        (scratch,) = {words.partition("=/")[2] for words in argv if words.startswith("--setopt=")}
        self.scratches.append(Path("/" + scratch))
        assert self.scratches[-1].stat().st_mode & 0o777 == 0o700
        (self.scratches[-1] / "dnf.log").write_text("written by dnf")
        return said()


def test_dnf_writes_into_a_directory_of_our_own_alone_and_is_bounded(tmp_path: Path) -> None:
    commands = Careful()
    reading(host_of(rocky(tmp_path), commands=commands))
    (how,) = commands.how
    assert how["timeout"] == TIMEOUT and how["most"] == MOST_SAID and how["environment"]["LC_ALL"] == "C"
    assert [path.exists() for path in commands.scratches] == [False]


class Full(ScriptedCommands):
    """No room for a scratch directory."""

    def scratch(self) -> Any:
        """It cannot be made."""
        raise OSError(28, "No space left on device")


def test_files_are_read_where_there_is_no_room(tmp_path: Path) -> None:
    found = reading(host_of(rocky(tmp_path), commands=Full({DUMP: SAID})))
    assert [item.repository.name for item in found.found] == ["a", "left"]


TWICE = (
    "[a]\nbaseurl=http://one.example.com/\nenabled=0\n[b]\nbaseurl=http://b.example.com/\n[a]\nbaseurl=http://two.example.com/\n"
)


def test_a_section_that_a_file_has_twice_is_one_and_the_first_file_counts(tmp_path: Path) -> None:
    root = rocky(tmp_path, TWICE.replace("enabled=0\n", ""))
    (root / "etc/yum.repos.d/b.repo").write_text("[b]\nbaseurl=http://other.example.com/\n")
    (root / "usr/bin/dnf").unlink()
    found = reading(host_of(root)).found
    assert [(item.repository.name, item.repository.urls) for item in found] == [
        ("a", ("http://two.example.com/",)),
        ("b", ("http://b.example.com/",)),
    ]


def listing(root: Path) -> Iterator[str]:
    """Every file of a tree, with what is in it."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.mark.skipif(not has("apt-get"), reason="apt is not installed")
def test_asking_apt_changes_nothing(tmp_path: Path) -> None:
    root = tree_with_programs("ubuntu-24.04", tmp_path)
    before = list(listing(root))
    assert reading(host_of(root, commands=TreeCommands(root, ""))).found
    assert list(listing(root)) == before


@pytest.mark.parametrize("name", [*of("zypper"), *of("yum")])
def test_zypper_and_yum_are_not_asked(name: str, tmp_path: Path) -> None:
    commands = ScriptedCommands({})
    look_at_repositories(
        host_of(tree_with_programs(name, tmp_path), commands=commands), "ap-northeast-1", ProxySettings(), ask=False
    )
    assert {words[0] for words in commands.ran} <= {"rpm"}


@pytest.mark.skipif(not has("zypper"), reason="zypper is not installed")
def test_zypper_takes_files_away_when_it_is_asked(tmp_path: Path) -> None:
    root = tree_with_programs("sles-15-cloud", tmp_path)
    orphan = root / "etc/zypp/repos.d/pool.repo"
    assert orphan.exists()
    done = alone(["zypper", "--root", str(root), "--xmlout", "--no-refresh", "--non-interactive", "lr", "-d"])
    assert done.returncode == 0 and not orphan.exists(), done.stdout
