"""The agent's first installation: its package from the region's own bucket, checked against a key that the person gave.

Nothing is installed of which the signature is not valid, and nothing is fetched where it could not be checked.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Callable, Optional

from ssm_bootstrap.act.agent.signature import BadKey, Keyring, NoGpg, NotSigned
from ssm_bootstrap.act.identity.transaction import refusal_of
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.catalog import agent
from ssm_bootstrap.catalog.agent import INSTALLED, INSTALLERS, SIGNATURE, Package, package_for
from ssm_bootstrap.catalog.secrets import repeated
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.network.connector import trust_of
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.trusted import read_trusted
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.host.downloads import CannotFetch, TooLarge
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.aws import Domain, Region
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal, status_of_errno

WAIT = 300.0
"""Seconds to wait for another run that may be installing the same."""

MOST_KEY = 1 << 20
NOTHING = "nothing was installed"


def install_agent(
    host: Host, region: Region, domain: Domain, key_file: str, proxies: ProxySettings, tell: Callable[[str], None]
) -> None:
    """Fetch the agent's package for this machine, check it against the keys of ``key_file``, and install it.

    Does nothing where an agent is there by the time that the lock is had. Takes the lock: the caller must not hold it.
    Raises Refusal: 69 where the package cannot be had, 75 for S3's own errors, a full disk and a busy package manager, 77
    where S3 denies it, 78 for the key, the signature, a missing gpg, and a machine for which there is no package.
    """
    package = _package_of(host)
    key = _read_key(host, key_file)
    _must_be_installable(host, package)
    with locked(host, "register", WAIT, tell):
        if _is_installed(host):
            return
        try:
            host.trees.remove(paths.DOWNLOADS)
            host.trees.make_directory(paths.OUR_DATA, 0o755)
            host.trees.make_directory(paths.DOWNLOADS)
            _Installation(host, package, region, domain, proxies, tell).run(key_file, key)
        except OSError as error:
            raise refusal_of(error, NOTHING) from None
        finally:
            with INTERRUPTS.held():
                _clear(host)
    if not _is_installed(host):
        text = f"the package was installed, and no agent is at {' or '.join(paths.BINARIES)}"
        raise Refusal(ExitStatus.BAD_CONTENT, f"--install-agent: {text}")


@dataclass(frozen=True)
class _Installation:
    """One try in a directory of our own."""

    host: Host
    package: Package
    region: Region
    domain: Domain
    proxies: ProxySettings
    tell: Callable[[str], None]

    def run(self, key_file: str, key: bytes) -> None:
        here, copy = f"{paths.DOWNLOADS}/{self.package.file}", f"{paths.DOWNLOADS}/key"
        ring = Keyring(self.host, f"{paths.DOWNLOADS}/gpg")
        self.host.trees.make_directory(ring.directory)
        self.host.files.write_atomic(copy, key)
        try:
            keys = ring.take_in(copy)
            url = self.package.url(self.region, self.domain)
            self._fetch(url + SIGNATURE, here + SIGNATURE, agent.MOST_SIGNATURE)
            self._fetch(url, here, agent.MOST_PACKAGE)
            with self.host.step("checking the signature"):
                signer = ring.verify(here, here + SIGNATURE, keys)
        except NoGpg as error:
            raise _no_gpg(error) from None
        except BadKey as error:
            raise Refusal(ExitStatus.BAD_CONTENT, f"--key-file: {key_file}: {error}; {NOTHING}") from None
        except NotSigned as error:
            text = f"--install-agent: {self.package.file} is refused: {error} ({key_file}); {NOTHING}"
            raise Refusal(ExitStatus.BAD_CONTENT, text) from None
        self.tell(f"{self.package.file} is signed by {signer}")
        self._must_be_new(here)
        self._install(here)

    def _must_be_new(self, path: str) -> None:
        """An old package has a good signature too, and its faults; raises Refusal (78)."""
        before, after = agent.ASKERS[self.package.family]
        argv = [*before, self.host.files.real(path), *after]
        try:
            done = self.host.commands.run(argv, timeout=agent.VERIFY, environment={"LC_ALL": "C"})
        except CannotRun as error:
            raise Refusal(ExitStatus.BAD_CONTENT, f"--install-agent: {error}; {NOTHING}") from None
        name, version = agent.named(done.output) if done.returncode == 0 and not done.timed_out else ("", "")
        if name != agent.NAME or not INSTALLED.is_reached_by(version):
            found = f"{name} {version}"[:80].strip() or f"what {before[0]} cannot read"
            text = f"{self.package.file} is refused: expected {agent.NAME} {INSTALLED.since} or newer, found {found}"
            raise Refusal(ExitStatus.BAD_CONTENT, f"--install-agent: {text}; {NOTHING}")

    def _fetch(self, url: str, path: str, most: int) -> None:
        host = url.split("/")[2]
        try:
            context = self.host.network.trusting(trust_of(self.host.files, self.host.environment))
        except OSError as error:
            text = f"--install-agent: the trusted certificates cannot be read: {words_of(error)}; {NOTHING}"
            raise Refusal(ExitStatus.BAD_CONTENT, text) from None
        proxy = self.proxies.url_for(host, 443)
        try:
            with self.host.step(f"fetching {url}", f"fetched {url}"):
                found = self.host.downloads.fetch(url, path, context=context, proxy=proxy, most=most, seconds=agent.FETCH)
        except TooLarge:
            text = f"--install-agent: {url}: more than {most} bytes; {NOTHING}"
            raise Refusal(ExitStatus.BAD_CONTENT, text) from None
        except CannotFetch as error:
            text = f"--install-agent: {url}: {words_of(error.cause)}; {NOTHING} (ssm-bootstrap probe --for agent-update says why)"
            raise Refusal(ExitStatus.UNREACHABLE, text) from None
        problem = _http_problem(found.status)
        if problem is not None:
            status, words = problem
            raise Refusal(status, f"--install-agent: {url}: HTTP {found.status}: {words}; {NOTHING}")
        if not found.is_whole:
            text = f"--install-agent: {url}: cut short after {found.size} of {found.announced} bytes; {NOTHING}"
            raise Refusal(ExitStatus.UNREACHABLE, text)

    def _install(self, path: str) -> None:
        argv = [*INSTALLERS[self.package.family], self.host.files.real(path)]
        # A package manager that is killed leaves a package half-configured.
        held = INTERRUPTS.held(f"letting {argv[0]} finish: a package that is half installed is no use")
        try:
            with held, self.host.step(f"installing the agent by {argv[0]}", f"installed the agent by {argv[0]}") as step:
                done = self.host.commands.run(
                    argv, timeout=agent.INSTALL, environment={"DEBIAN_FRONTEND": "noninteractive"}, together=True
                )
                if done.timed_out or done.returncode != 0:
                    step.ended(f"installing the agent by {argv[0]}", well=False)
                else:
                    INTERRUPTS.standing = f"the agent was installed, and {INTERRUPTS.standing}"
        except CannotRun as error:
            raise Refusal(status_of_errno(error.errno), f"--install-agent: {error}; {NOTHING}") from None
        if done.timed_out:
            text = f"{argv[0]} did not end in {agent.INSTALL:.0f} s and was stopped: look at the package's state"
            raise Refusal(ExitStatus.TRY_LATER, f"--install-agent: {text}")
        if done.returncode != 0:
            lines = [line.strip() for line in done.output.splitlines() if line.strip()]
            said = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no word of it")
            busy = " lock" in done.output.lower()
            status = ExitStatus.TRY_LATER if busy else ExitStatus.BAD_CONTENT
            raise Refusal(status, f"--install-agent: {argv[0]} ended with {done.returncode}: {said}")


def _package_of(host: Host) -> Package:
    system, architecture = host.machine.system(), host.machine.architecture()
    package = package_for(system.identifier, system.like, architecture)
    if package is None:
        name = system.title or "this system"
        text = f"--install-agent: AWS has no package of the agent for {name} on {architecture}; {NOTHING}"
        raise Refusal(ExitStatus.BAD_CONTENT, text)
    return package


def _read_key(host: Host, path: str) -> bytes:
    if not path.startswith("/"):
        raise Refusal(ExitStatus.BAD_CONTENT, f"--key-file: {repeated(path)}: no such file here; {NOTHING}")
    try:
        key = read_trusted(host.files, path, f"--key-file: {path}", MOST_KEY + 1)
    except OSError as error:
        raise Refusal(ExitStatus.BAD_CONTENT, f"--key-file: {path}: {words_of(error)}; {NOTHING}") from None
    if not key.strip() or len(key) > MOST_KEY:
        raise Refusal(ExitStatus.BAD_CONTENT, f"--key-file: {path}: expected an OpenPGP public key; {NOTHING}")
    return key


def _must_be_installable(host: Host, package: Package) -> None:
    """Without gpg or the package manager nothing is fetched at all; raises Refusal."""
    try:
        Keyring(host, paths.DOWNLOADS).must_have_gpg()
    except NoGpg as error:
        raise _no_gpg(error) from None
    manager = INSTALLERS[package.family][0]
    try:
        host.commands.run([manager, "--version"], timeout=agent.VERIFY)
    except CannotRun as error:
        raise Refusal(status_of_errno(error.errno), f"--install-agent: {error}; {NOTHING}") from None


def _no_gpg(error: NoGpg) -> Refusal:
    text = f"--install-agent: without gpg the package's signature cannot be checked ({error}); {NOTHING}: install gpg first"
    return Refusal(ExitStatus.BAD_CONTENT, text)


def _http_problem(status: int) -> Optional[tuple[ExitStatus, str]]:
    if status == 200:
        return None
    if 300 <= status < 400:
        return ExitStatus.UNREACHABLE, "a redirect, which S3 does not give here: a portal or a proxy answered"
    if status in (401, 403):
        return ExitStatus.NO_PERMISSION, "denied by the S3 endpoint's policy or a proxy, or there is no such package"
    if status == 404:
        return ExitStatus.UNREACHABLE, "there is no such package in this region"
    if status in (429, 500, 502, 503, 504):
        return ExitStatus.TRY_LATER, "S3 cannot answer now"
    return ExitStatus.UNREACHABLE, "expected 200"


def _is_installed(host: Host) -> bool:
    return any(host.files.is_executable(path) for path in paths.BINARIES)


def _clear(host: Host) -> None:
    """Leave nothing behind; what cannot be removed now goes with the next run."""
    with suppress(OSError):
        host.trees.remove(paths.DOWNLOADS)
        if not host.files.list(paths.OUR_DATA):
            host.trees.remove(paths.OUR_DATA)
