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
from ssm_bootstrap.model.phrase import phrase

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
        text = phrase("the package was installed, and no agent is at {binaries}", binaries=" or ".join(paths.BINARIES))
        raise Refusal(ExitStatus.BAD_CONTENT, phrase("--install-agent: {said}", said=text))


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
            raise Refusal(
                ExitStatus.BAD_CONTENT,
                phrase("--key-file: {key_file}: {error}; {nothing}", key_file=key_file, error=error, nothing=NOTHING),
            ) from None
        except NotSigned as error:
            text = phrase(
                "--install-agent: {file} is refused: {error} ({key_file}); {nothing}",
                file=self.package.file,
                error=error,
                key_file=key_file,
                nothing=NOTHING,
            )
            raise Refusal(ExitStatus.BAD_CONTENT, text) from None
        self.tell(phrase("{file} is signed by {signer}", file=self.package.file, signer=signer))
        self._must_be_new(here)
        self._install(here)

    def _must_be_new(self, path: str) -> None:
        """An old package has a good signature too, and its faults; raises Refusal (78)."""
        before, after = agent.ASKERS[self.package.family]
        argv = [*before, self.host.files.real(path), *after]
        try:
            done = self.host.commands.run(argv, timeout=agent.VERIFY, environment={"LC_ALL": "C"})
        except CannotRun as error:
            raise Refusal(
                ExitStatus.BAD_CONTENT, phrase("--install-agent: {error}; {nothing}", error=error, nothing=NOTHING)
            ) from None
        name, version = agent.named(done.output) if done.returncode == 0 and not done.timed_out else ("", "")
        if name != agent.NAME or not INSTALLED.is_reached_by(version):
            found = f"{name} {version}"[:80].strip() or phrase("what {before} cannot read", before=before[0])
            text = phrase(
                "{file} is refused: expected {name} {since} or newer, found {found}",
                file=self.package.file,
                name=agent.NAME,
                since=INSTALLED.since,
                found=found,
            )
            raise Refusal(ExitStatus.BAD_CONTENT, phrase("--install-agent: {said}; {nothing}", said=text, nothing=NOTHING))

    def _fetch(self, url: str, path: str, most: int) -> None:
        host = url.split("/")[2]
        try:
            context = self.host.network.trusting(trust_of(self.host.files, self.host.environment))
        except OSError as error:
            text = phrase(
                "--install-agent: the trusted certificates cannot be read: {error}; {nothing}",
                error=words_of(error),
                nothing=NOTHING,
            )
            raise Refusal(ExitStatus.BAD_CONTENT, text) from None
        proxy = self.proxies.url_for(host, 443)
        try:
            with self.host.step(phrase("fetching {url}", url=url), phrase("fetched {url}", url=url)):
                found = self.host.downloads.fetch(url, path, context=context, proxy=proxy, most=most, seconds=agent.FETCH)
        except TooLarge:
            text = phrase("--install-agent: {url}: more than {most} bytes; {nothing}", url=url, most=most, nothing=NOTHING)
            raise Refusal(ExitStatus.BAD_CONTENT, text) from None
        except CannotFetch as error:
            text = phrase(
                "--install-agent: {url}: {error}; {nothing} (ssm-bootstrap probe --for agent-update says why)",
                url=url,
                error=words_of(error.cause),
                nothing=NOTHING,
            )
            raise Refusal(ExitStatus.UNREACHABLE, text) from None
        problem = _http_problem(found.status)
        if problem is not None:
            status, words = problem
            raise Refusal(
                status,
                phrase(
                    "--install-agent: {url}: HTTP {status}: {words}; {nothing}",
                    url=url,
                    status=found.status,
                    words=words,
                    nothing=NOTHING,
                ),
            )
        if not found.is_whole:
            text = phrase(
                "--install-agent: {url}: cut short after {size} of {announced} bytes; {nothing}",
                url=url,
                size=found.size,
                announced=found.announced,
                nothing=NOTHING,
            )
            raise Refusal(ExitStatus.UNREACHABLE, text)

    def _install(self, path: str) -> None:
        argv = [*INSTALLERS[self.package.family], self.host.files.real(path)]
        # A package manager that is killed leaves a package half-configured.
        held = INTERRUPTS.held(phrase("letting {program} finish: a package that is half installed is no use", program=argv[0]))
        try:
            with (
                held,
                self.host.step(
                    phrase("installing the agent by {program}", program=argv[0]),
                    phrase("installed the agent by {program}", program=argv[0]),
                ) as step,
            ):
                done = self.host.commands.run(
                    argv, timeout=agent.INSTALL, environment={"DEBIAN_FRONTEND": "noninteractive"}, together=True
                )
                if done.timed_out or done.returncode != 0:
                    step.ended(phrase("installing the agent by {program}", program=argv[0]), well=False)
                else:
                    INTERRUPTS.standing = phrase("the agent was installed, and {standing}", standing=INTERRUPTS.standing)
        except CannotRun as error:
            raise Refusal(
                status_of_errno(error.errno), phrase("--install-agent: {error}; {nothing}", error=error, nothing=NOTHING)
            ) from None
        if done.timed_out:
            text = phrase(
                "{program} did not end in {install:.0f} s and was stopped: look at the package's state",
                program=argv[0],
                install=agent.INSTALL,
            )
            raise Refusal(ExitStatus.TRY_LATER, phrase("--install-agent: {said}", said=text))
        if done.returncode != 0:
            lines = [line.strip() for line in done.output.splitlines() if line.strip()]
            said = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no word of it")
            busy = " lock" in done.output.lower()
            status = ExitStatus.TRY_LATER if busy else ExitStatus.BAD_CONTENT
            raise Refusal(
                status,
                phrase(
                    "--install-agent: {program} ended with {status}: {said}", program=argv[0], status=done.returncode, said=said
                ),
            )


def _package_of(host: Host) -> Package:
    system, architecture = host.machine.system(), host.machine.architecture()
    package = package_for(system.identifier, system.like, architecture)
    if package is None:
        name = system.title or "this system"
        text = phrase(
            "--install-agent: AWS has no package of the agent for {name} on {architecture}; {nothing}",
            name=name,
            architecture=architecture,
            nothing=NOTHING,
        )
        raise Refusal(ExitStatus.BAD_CONTENT, text)
    return package


def _read_key(host: Host, path: str) -> bytes:
    if not path.startswith("/"):
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("--key-file: {repeated}: no such file here; {nothing}", repeated=repeated(path), nothing=NOTHING),
        )
    try:
        key = read_trusted(host.files, path, phrase("--key-file: {path}", path=path), MOST_KEY + 1)
    except OSError as error:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("--key-file: {path}: {error}; {nothing}", path=path, error=words_of(error), nothing=NOTHING),
        ) from None
    if not key.strip() or len(key) > MOST_KEY:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("--key-file: {path}: expected an OpenPGP public key; {nothing}", path=path, nothing=NOTHING),
        )
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
        raise Refusal(
            status_of_errno(error.errno), phrase("--install-agent: {error}; {nothing}", error=error, nothing=NOTHING)
        ) from None


def _no_gpg(error: NoGpg) -> Refusal:
    text = phrase(
        "--install-agent: without gpg the package's signature cannot be checked ({error}); {nothing}: install gpg first",
        error=error,
        nothing=NOTHING,
    )
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
