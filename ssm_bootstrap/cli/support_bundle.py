"""The support bundle: observations, report, logs and configuration, redacted, with a manifest; written, and read again."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from dataclasses import dataclass, field
from typing import Any

from ssm_bootstrap.cli.output import write_file
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.logs.seelog import log_paths, read_log_settings
from ssm_bootstrap.collect.settings import read_code
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.exitstatus import Refusal
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.redact import redact, redact_document, secret_values
from ssm_bootstrap.render.terminal import clean

SCHEMA = "ssm-bootstrap-bundle/1"
PLACE = "ssm-bootstrap/"
"""What the name of each member begins with."""

OBSERVATIONS = "observations.json"
MANIFEST = "manifest.json"
MOST_OF_A_LOG = 4 << 20
"""Bytes of a log that go into the bundle: the end of it, where the news is."""

CONFIGURATION = (
    paths.AGENT_CONFIG,
    paths.OUR_CONFIG,
    "/etc/amazon/ssm/seelog.xml",
    "/etc/os-release",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/environment",
)
"""What else tells how this node is set up; the vault and credentials are never read."""

DROP_INS = tuple(f"/etc/systemd/system/{unit}.d" for unit in paths.UNITS)


@dataclass
class SupportBundle:
    """Files under way into a bundle; ``accounts`` masks account ids as well, ``secrets`` are what is known and masked anyway."""

    accounts: bool
    secrets: Secrets = field(default_factory=Secrets)
    files: dict[str, bytes] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, text: str, source: str) -> None:
        """One file of text, redacted."""
        masked, count = redact(self.secrets.masked(text), accounts=self.accounts)
        self._keep(name, masked, source, count)

    def add_document(self, name: str, document: Any, source: str) -> None:
        """One JSON document, every text in it redacted."""
        masked, count = redact_document(document, accounts=self.accounts)
        self._keep(name, json.dumps(masked, indent=1) + "\n", source, count)

    def _keep(self, name: str, masked: str, source: str, count: int) -> None:
        data = masked.encode("utf-8", "replace")
        self.files[name] = data
        self.entries.append(
            {"name": name, "source": source, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "masked": count}
        )

    def add_from(self, host: Host, name: str, path: str) -> None:
        """A file of this machine; one that cannot be read, or that others lead to, stands in the manifest with why."""
        files = host.files.unled()
        try:
            size = files.size(path)
            chunks = files.read_chunks(path, max(0, size - MOST_OF_A_LOG))
            data = b"".join(chunks)[-MOST_OF_A_LOG:]
            if size > len(data):  # what is left of the first line might be a secret whose name was cut off
                data = data[data.find(b"\n") + 1 :]
            text = data.decode("utf-8", "replace")
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self.entries.append({"name": name, "source": path, "unseen": words_of(error)})
            return
        self.add(name, text, path)

    def pack(self) -> bytes:
        """The archive: the same bytes for the same files."""
        manifest = json.dumps({"schema": SCHEMA, "files": self.entries}, indent=1).encode() + b"\n"
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, data in sorted({**self.files, MANIFEST: manifest}.items()):
                info = tarfile.TarInfo(f"{PLACE}{name}")
                info.size, info.mode = len(data), 0o600
                archive.addfile(info, io.BytesIO(data))
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as stream:
            stream.write(plain.getvalue())
        return packed.getvalue()


def write_bundle(host: Host, path: str, observations: Any, report: str, document: Any, *, accounts: bool) -> int:
    """Write the bundle, mode 0600: how many files it has; raises Refusal."""
    bundle = SupportBundle(accounts, host.secrets)
    _learn_parsed(host)
    bundle.add_document(OBSERVATIONS, observations, "this run")
    bundle.add("report.txt", report, "this run")
    bundle.add_document("report.json", document, "this run")
    for log in log_paths(host.files, read_log_settings(host.files)):
        bundle.add_from(host, f"logs{log}", log)
    drop_ins = (f"{place}/{name}" for place in DROP_INS for name in host.files.list(place) if name.endswith(".conf"))
    for configuration in (*CONFIGURATION, *drop_ins):
        bundle.add_from(host, f"configuration{configuration}", configuration)
    write_file("--bundle", path, bundle.pack(), 0o600, host.secrets)
    return len(bundle.files) + 1


def _learn_parsed(host: Host) -> None:
    """The secrets that a parser finds in the configuration: a value over several lines, or beside a name, has no shape."""
    for line in _code_of_configuration(host).split("\n"):
        host.secrets.learn(line, certain=True)
    try:
        document = json.loads(host.files.read_text(paths.AGENT_CONFIG, MOST_OF_A_LOG))
    except (OSError, ValueError, RecursionError):
        return
    for value in secret_values(document):
        host.secrets.learn(value)


def _code_of_configuration(host: Host) -> str:
    try:
        return read_code(host.files)
    except Refusal:  # a configuration that cannot be parsed has its shapes masked
        return ""


MOST_PLAIN = 256 << 20
"""Bytes that a bundle may unfold to."""

MOST_MEMBERS = 1000


class NotABundle(ValueError):
    """What is wrong with a file that ought to be a bundle, in words."""


class _Bounded(io.RawIOBase):
    """A stream that ends in NotABundle once too much came out of it."""

    def __init__(self, stream: gzip.GzipFile, most: int) -> None:
        self._stream, self._left, self._most = stream, most, most

    def readable(self) -> bool:
        """True: it is for reading."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; raises NotABundle past the bound."""
        data = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise NotABundle(phrase("it unfolds to more than {most} MB", most=self._most >> 20))
        return data


def observations_of_bundle(data: bytes, most: int, most_plain: int = MOST_PLAIN) -> bytes:
    """The observations in a bundle, as the manifest vouches for them; raises NotABundle.

    ``most`` bounds the observations, ``most_plain`` all that the archive unfolds to.
    """
    try:
        found = _members(_Bounded(gzip.GzipFile(fileobj=io.BytesIO(data)), most_plain), most)
    except NotABundle:
        raise
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, RecursionError, OverflowError) as error:
        raise NotABundle(phrase("not an archive of ours, or a torn one ({kind})", kind=type(error).__name__)) from None
    if OBSERVATIONS not in found:
        raise NotABundle(phrase("{observations} is not in it", observations=OBSERVATIONS))
    if MANIFEST not in found:
        raise NotABundle(phrase("{manifest} is not in it", manifest=MANIFEST))
    digest = _digest_of(found[MANIFEST])
    if hashlib.sha256(found[OBSERVATIONS]).hexdigest() != digest:
        raise NotABundle(
            phrase("{observations} is not what {manifest} says was packed", observations=OBSERVATIONS, manifest=MANIFEST)
        )
    return found[OBSERVATIONS]


def _members(stream: _Bounded, most: int) -> dict[str, bytes]:
    """The two documents, by name; every member has to be a plain file below the bundle's own directory."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode="r|", bufsize=tarfile.BLOCKSIZE * 20) as archive:
        for number, member in enumerate(archive):
            if number >= MOST_MEMBERS:
                raise NotABundle(phrase("it has more than {most_members} members", most_members=MOST_MEMBERS))
            _check(member)
            name = member.name[len(PLACE) :]
            if name not in (OBSERVATIONS, MANIFEST):
                continue
            if member.size > most:
                raise NotABundle(phrase("{name} is larger than {most} MB", name=name, most=most >> 20))
            if name in found:
                raise NotABundle(phrase("{name} is in it twice", name=name))
            content = archive.extractfile(member)
            found[name] = content.read() if content is not None else b""
    return found


def _check(member: tarfile.TarInfo) -> None:
    """Raises NotABundle for what no bundle of ours holds."""
    shown = clean(member.name)[:100]
    if not member.isreg() or member.issparse():
        raise NotABundle(phrase("{shown} is no plain file", shown=shown))
    if not member.name.startswith(PLACE) or ".." in member.name.split("/"):
        raise NotABundle(phrase("{shown} lies outside of {place}", shown=shown, place=PLACE))


def _digest_of(manifest: bytes) -> str:
    """The digest that the manifest gives of the observations; raises NotABundle."""
    try:
        document: Any = json.loads(manifest)
        if document["schema"] != SCHEMA:
            raise NotABundle(phrase('{manifest}: expected "schema": "{schema}"', manifest=MANIFEST, schema=SCHEMA))
        digests = [entry["sha256"] for entry in document["files"] if entry["name"] == OBSERVATIONS]
        return str(digests[0])
    except NotABundle:
        raise
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise NotABundle(phrase("{manifest} does not say what was packed", manifest=MANIFEST)) from None
