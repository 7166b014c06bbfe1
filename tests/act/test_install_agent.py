"""The first installation: real keys and real gpg, S3 on loopback, a package manager that only writes down what it was told."""

from __future__ import annotations

import os
import re
import shutil
import ssl
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest
import trustme

from ssm_bootstrap.act.agent.install_agent import install_agent
from ssm_bootstrap.act.agent.signature import Keyring, NotSigned
from ssm_bootstrap.catalog.agent import ASKERS, FAMILIES, INSTALLERS, PACKAGES, named, package_for
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Commands, Completed
from ssm_bootstrap.host.downloads import Downloads, Fetched
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.host.machine import SystemName
from ssm_bootstrap.host.network import Network
from ssm_bootstrap.host.steps import StepUnderWay
from ssm_bootstrap.host.trees import Trees
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.act.signing import WHY_NOT, Signer
from tests.fakes import QuickClock, RootedFiles, ScriptedCommands, ScriptedMachine
from tests.laws.secrets import CANARIES, leaks
from tests.loopback import answering, http, nobody, secured, serving

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or "")

REGION, DOMAIN = "ap-northeast-1", "amazonaws.com"
BUCKET = f"https://s3.{REGION}.{DOMAIN}/amazon-ssm-{REGION}/latest"
PACKAGE = b"!<arch>\n" + bytes(range(256)) * 800
MANAGER = """#!/bin/sh
echo "$0 $*" >> {root}/told
[ "$1" = --version ] && exit 0
case "$1" in --field) printf 'Package: %s\\nVersion: %s-1\\n' {version}; exit 0;; -qp) echo {version}; exit 0;; esac
cp "$2" {root}/installed
stat -c %a "$2" "$(dirname "$2")" >> {root}/modes
{then}
"""
INSTALLS = "mkdir -p {root}/usr/bin; touch {root}/usr/bin/amazon-ssm-agent; chmod 755 {root}/usr/bin/amazon-ssm-agent"


class System(ScriptedMachine):
    """A machine of a distribution."""

    def __init__(self, name: SystemName, architecture: str = "x86_64") -> None:
        super().__init__()
        self._name, self._architecture = name, architecture

    def system(self) -> SystemName:
        """The distribution."""
        return self._name

    def architecture(self) -> str:
        """The processor."""
        return self._architecture


DEBIAN = System(SystemName("Debian GNU/Linux 12", "debian", "12"))


class Trusting(Network):
    """Trusts one authority."""

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority

    def trusting(self, trust: Any) -> ssl.SSLContext:
        """That one."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authority.configure_trust(context)
        return context


class Bucket(Downloads):
    """The region's bucket, which is on loopback: one server for each object."""

    def __init__(self, root: Path, authority: trustme.CA) -> None:
        super().__init__(str(root))
        self.authority = authority
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.proxies: list[str] = []

    def put(
        self, package: bytes, signature: Optional[bytes], folder: str = "debian_amd64", file: str = "amazon-ssm-agent.deb"
    ) -> None:
        """A package and what lies beside it."""
        url = f"{BUCKET}/{folder}/{file}"
        self.answers = {url: http(200, {}, package), url + ".sig": http(404) if signature is None else http(200, {}, signature)}

    def fetch(self, url: str, path: str, *, proxy: str = "", **more: Any) -> Fetched:
        """From the server that stands for it."""
        self.asked.append(url)
        self.proxies.append(proxy)
        with serving(secured(self.authority, "localhost", answering(self.answers[url]))) as port:
            return super().fetch(f"https://localhost:{port}/{url.split('/', 3)[3]}", path, **more)


class World:
    """A machine without an agent, the bucket, and the package manager."""

    def __init__(self, files: RootedFiles, root: Path, authority: trustme.CA) -> None:
        self.files, self.root = files, root
        for name in ("run", "bin", "var/lib", "root"):
            (root / name).mkdir(parents=True)
        self.bucket = Bucket(root, authority)
        self.network = Trusting(authority)
        self.path = f"{root}/bin:{os.environ['PATH']}"
        self.machine: ScriptedMachine = DEBIAN
        self.manager("dpkg")
        self.said: list[str] = []
        self.steps: list[str] = []

    @contextmanager
    def step(self, doing: str, done: str = "") -> Iterator[StepUnderWay]:
        """Keep what came to its end."""
        yield StepUnderWay()
        self.steps.append(done or doing)

    def manager(self, name: str, then: str = INSTALLS, version: str = "amazon-ssm-agent 3.3.1142.0") -> None:
        """A program that writes down its arguments, keeps the package, and goes on as told."""
        program = self.root / "bin" / name
        program.write_text(MANAGER.format(root=self.root, version=version, then=then.format(root=self.root)))
        program.chmod(0o755)

    def install(self, key: Optional[bytes], proxies: Optional[ProxySettings] = None) -> None:
        """With this key file."""
        if key is not None:
            self.files.put("/root/key", key)
        host = Host(
            files=self.files,
            trees=Trees(str(self.root)),
            commands=Commands({"PATH": self.path}),
            network=self.network,
            downloads=self.bucket,
            machine=self.machine,
            locks=Locks(str(self.root)),
            clock=QuickClock(1000),
            step=self.step,
        )
        install_agent(host, REGION, DOMAIN, "/root/key", proxies or ProxySettings(), self.said.append)

    def refused(self, key: Optional[bytes]) -> Refusal:
        """How it was refused: one line, and nothing was installed nor left behind."""
        with pytest.raises(Refusal) as refused:
            self.install(key)
        assert "\n" not in refused.value.message
        assert not (self.root / "installed").exists() and self.left == []
        return refused.value

    @property
    def told(self) -> list[str]:
        """What the package manager was told, but for questions about versions."""
        lines = (self.root / "told").read_text().splitlines() if (self.root / "told").exists() else []
        return [line for line in lines if not re.search("--version|--field|-qp", line)]

    @property
    def left(self) -> list[str]:
        """What lies in our directory."""
        place = self.root / paths.DOWNLOADS.lstrip("/")
        return [str(path) for path in place.rglob("*")] if place.exists() else []


@pytest.fixture
def world(files: RootedFiles, tmp_path: Path, authority: trustme.CA) -> World:
    """One for each test."""
    return World(files, tmp_path / "root", authority)


@pytest.fixture(scope="module")
def aws() -> Iterator[Signer]:
    """Who signs the agent's packages."""
    signer = Signer("aws")
    yield signer
    signer.close()


@pytest.fixture(scope="module")
def mallory() -> Iterator[Signer]:
    """Who would like to."""
    signer = Signer("mallory")
    yield signer
    signer.close()


def test_a_package_with_the_right_signature(world: World, aws: Signer) -> None:
    world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    world.install(aws.public_key)
    assert (world.root / "installed").read_bytes() == PACKAGE
    assert (world.root / "modes").read_text().split() == ["600", "700"]
    place = world.files.real(f"{paths.DOWNLOADS}/amazon-ssm-agent.deb")
    assert world.told == [f"{world.root}/bin/dpkg -i {place}"]
    assert world.bucket.asked == [
        f"{BUCKET}/debian_amd64/amazon-ssm-agent.deb.sig",
        f"{BUCKET}/debian_amd64/amazon-ssm-agent.deb",
    ]
    assert world.left == [] and not world.files.exists(paths.DOWNLOADS)
    assert any(aws.fingerprint in line for line in world.said)
    assert world.steps[-1] == "installed the agent by dpkg"


def test_an_rpm_for_arm(world: World, aws: Signer) -> None:
    world.machine = System(SystemName("Oracle-like", "other", "9", ("rhel", "fedora")), "aarch64")
    world.manager("rpm")
    world.bucket.put(PACKAGE, aws.sign(PACKAGE), "linux_arm64", "amazon-ssm-agent.rpm")
    world.install(aws.public_key)
    assert world.told == [f"{world.root}/bin/rpm -U {world.files.real(paths.DOWNLOADS)}/amazon-ssm-agent.rpm"]


def test_one_of_several_keys_in_the_file(world: World, aws: Signer, mallory: Signer) -> None:
    world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    world.install(mallory.public_key + aws.public_key)
    assert len(world.told) == 1


def test_where_an_agent_is_nothing_is_done(world: World, aws: Signer) -> None:
    world.files.put(paths.BINARIES[0], "", mode=0o755)
    world.install(aws.public_key)
    assert world.bucket.asked == [] and world.told == []


def test_what_is_not_signed_by_the_key_is_refused(world: World, aws: Signer, mallory: Signer) -> None:
    good = aws.sign(PACKAGE)
    for package, signature, words in (
        (PACKAGE, mallory.sign(PACKAGE), "another key"),
        (PACKAGE[:-1] + b"!", good, "not what was signed"),
        (PACKAGE + b"more", good, "not what was signed"),
        (PACKAGE, good[:40], "no signature"),
        (PACKAGE, b"", "no signature"),
        (PACKAGE, b"<html>", "no signature"),
        (PACKAGE, good + mallory.sign(PACKAGE), "another key"),
        (PACKAGE, aws.public_key, "no signature"),
        (PACKAGE, aws.sign_inline(b"something else"), "no valid signature"),
        (PACKAGE, aws.sign_inline(PACKAGE)[:60_000], "no valid signature"),
    ):
        world.bucket.put(package, signature)
        refusal = world.refused(aws.public_key)
        assert refusal.status is ExitStatus.BAD_CONTENT, words
        assert words in refusal.message or "no valid signature" in refusal.message, (words, refusal.message)
        assert "nothing was installed" in refusal.message
    assert world.told == []


def test_a_key_that_has_expired(world: World) -> None:
    old = Signer("old", expires="30d")
    try:
        world.bucket.put(PACKAGE, old.sign(PACKAGE))
        refusal = world.refused(old.public_key)
    finally:
        old.close()
    assert refusal.status is ExitStatus.BAD_CONTENT and "expired" in refusal.message


@pytest.mark.parametrize(
    "key", [None, b"", b" \n", b"no key at all", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n"], ids=range(5)
)
def test_a_key_file_that_is_none(world: World, key: Optional[bytes]) -> None:
    world.bucket.put(PACKAGE, b"")
    refusal = world.refused(key)
    assert refusal.status is ExitStatus.BAD_CONTENT and "--key-file: /root/key" in refusal.message
    assert world.bucket.asked == []


def test_without_gpg_nothing_is_fetched(world: World, aws: Signer) -> None:
    world.path = f"{world.root}/bin"
    refusal = world.refused(aws.public_key)
    assert refusal.status is ExitStatus.BAD_CONTENT and "install gpg first" in refusal.message
    assert world.bucket.asked == []


def test_without_the_package_manager_nothing_is_fetched(world: World, aws: Signer) -> None:
    (world.root / "bin/dpkg").unlink()
    tools = world.root / "tools"
    tools.mkdir()
    (tools / "gpg").symlink_to(shutil.which("gpg") or "")
    world.path = str(tools)
    assert "dpkg" in world.refused(aws.public_key).message and world.bucket.asked == []


@pytest.mark.parametrize(
    "name, architecture",
    [(SystemName("Alpine", "alpine", "3"), "x86_64"), (SystemName("", "", ""), "x86_64"), (DEBIAN.system(), "riscv64")],
)
def test_a_machine_for_which_there_is_none(world: World, aws: Signer, name: SystemName, architecture: str) -> None:
    world.machine = System(name, architecture)
    refusal = world.refused(aws.public_key)
    assert refusal.status is ExitStatus.BAD_CONTENT and architecture in refusal.message and world.bucket.asked == []


@pytest.mark.parametrize(
    "answer, status, words",
    [
        (http(301, {"Location": "https://elsewhere/"}), ExitStatus.UNREACHABLE, "redirect"),
        (http(403), ExitStatus.NO_PERMISSION, "policy"),
        (http(404), ExitStatus.UNREACHABLE, "no such package"),
        (http(503), ExitStatus.TRY_LATER, "HTTP 503"),
        (http(200, {}, PACKAGE[:900])[:-5], ExitStatus.UNREACHABLE, "cut short"),
        (b"", ExitStatus.UNREACHABLE, "nothing was installed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", ExitStatus.BAD_CONTENT, "more than"),
    ],
    ids=["redirect", "denied", "not found", "busy", "cut short", "closed", "too large"],
)
@pytest.mark.parametrize("ending", ["", ".sig"])
def test_what_s3_says_instead(world: World, aws: Signer, answer: bytes, status: ExitStatus, words: str, ending: str) -> None:
    world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    url = f"{BUCKET}/debian_amd64/amazon-ssm-agent.deb{ending}"
    world.bucket.answers[url] = answer
    refusal = world.refused(aws.public_key)
    assert refusal.status is status and words in refusal.message and url in refusal.message
    assert world.bucket.asked[-1] == url and world.told == []


def test_an_unsigned_package_is_not_even_fetched(world: World, aws: Signer) -> None:
    world.bucket.put(PACKAGE, None)
    assert ".sig: HTTP 404" in world.refused(aws.public_key).message
    assert len(world.bucket.asked) == 1


def test_the_proxy_is_the_agents(world: World, aws: Signer) -> None:
    world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    url = f"http://user:{CANARIES['proxy-password']}@proxy:3128"
    world.install(aws.public_key, ProxySettings(https=url, source="unit"))
    assert world.bucket.proxies == [url, url] and leaks("\n".join(world.said)) == ()
    world.bucket.proxies.clear()
    (world.root / "usr/bin/amazon-ssm-agent").unlink()
    world.install(aws.public_key, ProxySettings(https=url, exceptions=".amazonaws.com"))
    assert world.bucket.proxies == ["", ""]


def test_s3_that_gives_no_answer(world: World, aws: Signer) -> None:
    class Nowhere(Downloads):
        def fetch(self, url: str, path: str, **more: Any) -> Fetched:
            with nobody() as port:
                return super().fetch(f"https://127.0.0.1:{port}/", path, **more)

    world.bucket = Nowhere(str(world.root))  # type: ignore[assignment]
    refusal = world.refused(aws.public_key)
    assert refusal.status is ExitStatus.UNREACHABLE
    assert "connection refused" in refusal.message and "probe" in refusal.message


@pytest.mark.parametrize(
    "then, status, words",
    [
        (
            "echo reading; echo 'dpkg: error: dpkg frontend lock was locked by another process with pid 7'; exit 2",
            ExitStatus.TRY_LATER,
            "locked by another process",
        ),
        ("echo 'dpkg: error processing archive: wrong architecture' >&2; exit 1", ExitStatus.BAD_CONTENT, "wrong architecture"),
        ("exit 3", ExitStatus.BAD_CONTENT, "ended with 3"),
        ("exit 0", ExitStatus.BAD_CONTENT, "no agent is at"),
    ],
)
def test_a_package_manager_that_fails(world: World, aws: Signer, then: str, status: ExitStatus, words: str) -> None:
    world.manager("dpkg", then)
    world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    with pytest.raises(Refusal) as refused:
        world.install(aws.public_key)
    assert refused.value.status is status and words in refused.value.message and world.left == []


def test_what_a_run_that_was_killed_left_is_in_nobodys_way(world: World, aws: Signer) -> None:
    world.files.put(f"{paths.DOWNLOADS}/amazon-ssm-agent.deb", b"torn")
    world.files.put(f"{paths.DOWNLOADS}/gpg/pubring.kbx", b"torn")
    world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    world.install(aws.public_key)
    assert (world.root / "installed").read_bytes() == PACKAGE and world.left == []


def test_a_directory_of_somebody_else_is_not_used(world: World, aws: Signer) -> None:
    """A link in its place is taken away and not followed."""
    elsewhere = world.root / "elsewhere"
    elsewhere.mkdir()
    (world.root / paths.OUR_DATA.lstrip("/")).mkdir()
    (world.root / paths.DOWNLOADS.lstrip("/")).symlink_to(elsewhere)
    world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    world.install(aws.public_key)
    assert elsewhere.exists() and list(elsewhere.iterdir()) == []


def test_another_run_is_at_it(world: World, aws: Signer) -> None:
    locks = Locks(str(world.root))
    held = locks.take(paths.LOCK, "register", "now")
    assert held is not None
    assert world.refused(aws.public_key).status is ExitStatus.TRY_LATER
    locks.release(held)


def test_a_full_disk(world: World, aws: Signer) -> None:
    class Full(Trees):
        def make_directory(self, path: str, mode: int = 0o700) -> None:
            raise OSError(28, "No space left on device", path)

    world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    world.files.put("/root/key", aws.public_key)
    host = Host(
        files=world.files,
        trees=Full(str(world.root)),
        commands=Commands({"PATH": world.path}),
        machine=world.machine,
        locks=Locks(str(world.root)),
    )
    with pytest.raises(Refusal) as refused:
        install_agent(host, REGION, DOMAIN, "/root/key", ProxySettings(), world.said.append)
    assert refused.value.status is ExitStatus.TRY_LATER


def test_the_table() -> None:
    """Both families, both processors, and every row's address as the User Guide has it."""
    assert {(row.family, row.architecture) for row in PACKAGES} == {
        (family, architecture) for family in INSTALLERS for architecture in ("x86_64", "aarch64")
    }
    assert set(FAMILIES.values()) == set(INSTALLERS)
    package = package_for("ubuntu", ("debian",), "aarch64")
    assert package is not None
    assert package.url("cn-north-1", "amazonaws.com.cn") == (
        "https://s3.cn-north-1.amazonaws.com.cn/amazon-ssm-cn-north-1/latest/debian_arm64/amazon-ssm-agent.deb"
    )
    assert all(row.source for row in PACKAGES)


@pytest.fixture(scope="module")
def rsa() -> Iterator[Signer]:
    """Who signs by whatever digest is asked for."""
    signer = Signer("rsa", algorithm="rsa2048")
    yield signer
    signer.close()


@pytest.mark.parametrize(
    "digest, counts", [("SHA1", False), ("RIPEMD160", False), ("SHA224", False), ("SHA256", True), ("SHA512", True)]
)
def test_a_weak_digest_is_no_signature(world: World, rsa: Signer, digest: str, counts: bool) -> None:
    world.bucket.put(PACKAGE, rsa.sign(PACKAGE, digest))
    if counts:
        world.install(rsa.public_key)
        assert len(world.told) == 1
        return
    refusal = world.refused(rsa.public_key)
    assert refusal.status is ExitStatus.BAD_CONTENT and world.told == []
    named = {"SHA1": "SHA-1", "RIPEMD160": "RIPEMD-160", "SHA224": "SHA-224"}[digest]
    assert f"it is signed by {named}, a weak digest; expected one of SHA-256, SHA-384, SHA-512" in refusal.message
    assert "then register without --install-agent" in refusal.message and "\n" not in refusal.message


def gpg_said(*lines: str) -> Completed:
    return Completed(2, "".join(f"[GNUPG:] {line}\n" for line in lines), "", 0.0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ERRSIG AD42135CC202ABBE 1 2 00 1795816106 5 3A44", "signed by SHA-1, a weak digest"),
        ("ERRSIG AD42135CC202ABBE 1 1 00 1795816106 5 3A44", "signed by MD5, a weak digest"),
        ("ERRSIG AD42135CC202ABBE 1 99 00 1795816106 5 3A44", "OpenPGP numbers 99, a weak digest"),
        ("ERRSIG AD42135CC202ABBE 1 2 00 1795816106 9 3A44", "could not be checked with the key given"),
        ("ERRSIG", "could not be checked with the key given"),
    ],
)
def test_a_gpg_that_takes_no_weak_digest_itself_is_read_alike(world: World, line: str, words: str) -> None:
    """As gpg says it under the policies of RHEL 9, where SHA-1 is off."""
    host = Host(files=world.files, commands=ScriptedCommands({"gpg": gpg_said("NEWSIG", line)}))
    with pytest.raises(NotSigned, match=words):
        Keyring(host, "/gpg").verify("/a", "/a.sig", ["3A44"])


@pytest.mark.parametrize(
    "found",
    [
        "amazon-ssm-agent 3.3.39.9",
        "amazon-ssm-agent 2.3.1",
        "amazon-ssm-agent 3.2.2222.0",
        "something-else 9.9.9.9",
        "",
        "x",
        "'a b c'",
    ],
)
@pytest.mark.parametrize("family", ["deb", "rpm"])
def test_an_old_package_is_refused_however_well_it_is_signed(world: World, aws: Signer, family: str, found: str) -> None:
    if family == "rpm":
        world.machine = System(SystemName("Rocky Linux 9", "rocky", "9", ("rhel",)))
        world.bucket.put(PACKAGE, aws.sign(PACKAGE), "linux_amd64", "amazon-ssm-agent.rpm")
    else:
        world.bucket.put(PACKAGE, aws.sign(PACKAGE))
    world.manager("rpm" if family == "rpm" else "dpkg", version=found)
    refusal = world.refused(aws.public_key)
    assert refusal.status is ExitStatus.BAD_CONTENT and "3.3.40.0 or newer" in refusal.message and world.told == []


def test_name_and_version_of_a_real_package_are_read(tmp_path: Path) -> None:
    if not shutil.which("dpkg-deb"):
        pytest.skip("dpkg-deb is not installed")
    (tmp_path / "p/DEBIAN").mkdir(parents=True)
    control = "Package: amazon-ssm-agent\nVersion: 3.3.1142.0-1\nArchitecture: amd64\nMaintainer: x <x@y>\nDescription: x\n"
    (tmp_path / "p/DEBIAN/control").write_text(control)
    (tmp_path / "p").chmod(0o755)
    (tmp_path / "p/DEBIAN").chmod(0o755)
    door = Commands({"PATH": os.environ["PATH"]})
    door.run(["dpkg-deb", "--build", "--root-owner-group", str(tmp_path / "p"), str(tmp_path / "a.deb")], timeout=60)
    before, after = ASKERS["deb"]
    assert named(door.run([*before, str(tmp_path / "a.deb"), *after], timeout=60).output) == ("amazon-ssm-agent", "3.3.1142.0")
