"""What a run knows of secrets is in nothing that it writes; where it would be, that is our fault, and nothing is written."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import tarfile
from pathlib import Path
from typing import Callable
from urllib.parse import quote

import pytest

from ssm_bootstrap.cli import entry
from ssm_bootstrap.cli.output import Talk, new_report, print_document, print_report, write_file
from ssm_bootstrap.cli.report import write_page
from ssm_bootstrap.cli.saving import save_observations
from ssm_bootstrap.cli.support_bundle import PLACE, write_bundle
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.secrets import LEAST, Leak, Secrets, secrets_of_environment
from ssm_bootstrap.host.trees import Trees
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.observe import without_secrets
from ssm_bootstrap.session import open_session
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks, spellings
from tests.made import healthy, observations

CODE, PASSWORD = CANARIES["activation-code"], CANARIES["proxy-password"]
ODD = f"a line that no shape knows: <{CODE}>"
NODE = "mi-0123456789abcdef0"


def knowing() -> Secrets:
    """A run that was given the code."""
    return Secrets(CODE)


def _report(secrets: Secrets, tmp_path: Path) -> None:
    report = new_report(False)
    report.line(ODD)
    print_report(report, secrets)


def _page(secrets: Secrets, tmp_path: Path) -> None:
    seen = observations(*healthy(), identity=Seen(Identity(IdentityState.REGISTERED, NODE, "eu-west-1", ODD)))
    write_page(str(tmp_path / "out"), seen, Diagnosis(unseen=((ODD, ODD),)), secrets, machine=True)


def _save(secrets: Secrets, tmp_path: Path) -> None:
    seen = observations(*healthy(), identity=Seen(Identity(IdentityState.REGISTERED, NODE, "eu-west-1", ODD)))
    save_observations(str(tmp_path / "out"), seen, secrets)


def _packed(secrets: Secrets, tmp_path: Path) -> None:
    write_file("--bundle", str(tmp_path / "out"), gzip.compress(ODD.encode()), 0o600, secrets)


def _metrics(secrets: Secrets, tmp_path: Path) -> None:
    write_file("--prometheus", str(tmp_path / "out"), ODD.encode(), 0o644, secrets)


WAYS: dict[str, Callable[[Secrets, Path], None]] = {
    "the text report": _report,
    "--json": lambda secrets, _: print_document({"detail": [ODD]}, secrets),
    "--html": _page,
    "--save": _save,
    "--bundle": _packed,
    "--prometheus": _metrics,
}
"""Everything by which a run writes."""


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_that_would_be_written_is_a_fault_of_ours(way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Leak) as caught:
        WAYS[way](knowing(), tmp_path)
    assert leaks(str(caught.value)) == ()
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().out == ""
    WAYS[way](Secrets(), tmp_path)  # what is not known cannot be told from any other text


def test_it_ends_with_70_and_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Command:
        @staticmethod
        def add_arguments(parser: object) -> None:
            """None."""

        @staticmethod
        def run(arguments: object) -> int:
            """Write what must not be written."""
            print_document({"x": ODD}, knowing())
            return 0

    monkeypatch.delenv("SSM_BOOTSTRAP_DEBUG", raising=False)
    monkeypatch.setattr(entry, "_module", lambda name: Command)
    assert entry.run(["status"]) == ExitStatus.BUG
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "a fault of ssm-bootstrap itself" in said.err
    assert leaks(said.err) == ()


@pytest.mark.parametrize("secret", [CODE, PASSWORD, "Fjz3/sZfSvv78EXAMPLE", 'a"b\\c&d:e12345', "p\u00e4ss:w0rt-12345"])
def test_a_secret_is_found_however_it_is_written(secret: str) -> None:
    secrets = Secrets(secret)
    for written in (*spellings(secret), json.dumps(secret).encode(), quote(secret).encode()):
        assert secrets.stand_in(b"before" + written + b"after")
    assert secrets.stand_in(gzip.compress(secret.encode()))
    assert not secrets.stand_in(secret[:-1].encode()) and not secrets.stand_in(gzip.compress(b"x")[:-4])
    assert secrets.masked(f"<{secret}>") == "<***>" and secret not in repr(secrets)


@pytest.mark.parametrize("word", ["", "unset", "x" * (LEAST - 1), "administrator", "ssm-bootstrap-activation-code"])
def test_what_may_be_a_word_of_ours_is_not_searched_for(word: str) -> None:
    secrets = Secrets()
    secrets.learn(word)
    assert not secrets


@pytest.mark.parametrize("secret", ["hunter2", "S3cr3t!pw", "correcthorsebattery", "abcdefghijklmnopqrst"])
def test_a_certain_secret_counts_whatever_it_looks_like(secret: str) -> None:
    secrets = Secrets()
    secrets.learn(secret, certain=True)
    for written in (
        secret,
        f"x{secret}y",
        quote(f"={secret}&", safe=""),
        secret.encode().hex(),
        "\n ".join((secret[:3], secret[3:])),
    ):
        assert secrets.stand_in(written.encode()) and not secrets.stand_in(secrets.masked(written).encode())
    with pytest.raises(Leak):
        secrets.must_not_stand_in(secret.encode(), "here")


@pytest.mark.parametrize("word", ["proxy", "Amazon", "3128", "a1b2", "online"])
def test_a_certain_word_is_masked_where_it_stands_alone_and_no_words_of_ours_are_a_fault(word: str) -> None:
    secrets = Secrets()
    secrets.learn(word, certain=True)
    assert secrets.masked(f"it is {word}, <{word}> user:{word}@host.") == "it is ***, <***> user:***@host."
    for name in (f"x-{word}-agent", f"{word}x", f"x.{word}.example", f"{word}.example"):
        assert secrets.masked(name) == name
    secrets.must_not_stand_in(f"our own {word}".encode(), "here")


@pytest.mark.parametrize("text", ["", "abc", " abc\n"])
def test_what_is_shorter_than_four_letters_is_not_searched_for(text: str) -> None:
    secrets = Secrets()
    secrets.learn(text, certain=True)
    assert not secrets


SHORT = "abcdefghijklmnopqrst"
"""A code that code_problem takes, and that looks like a word."""


@pytest.mark.parametrize("source", ["a proxy", "a proxy of two words", "a file", "the configuration"])
def test_a_code_and_a_proxys_password_are_certain(files: RootedFiles, source: str) -> None:
    environment: dict[str, str] = {}
    wanted = SHORT
    if source == "a file":
        files.put(paths.OUR_CODE, SHORT)
    elif source == "the configuration":
        files.put(paths.OUR_CONFIG, f"[activation]\ncode = {SHORT}\n")
    else:
        wanted = "hunter2" if source == "a proxy" else "correcthorse"
        environment = {"https_proxy": f"http://user:{wanted}@proxy:3128"}
    host = Host(files=files, trees=Trees(files.real("/")), environment=environment)
    open_session(host, "eu-west-1", ask_metadata=False)
    assert host.secrets.masked(f"said {wanted}") == "said ***"


def test_the_code_of_the_environment_is_taken_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSM_BOOTSTRAP_ACTIVATION_CODE", CODE)
    secrets = secrets_of_environment()
    assert secrets.variable == CODE and "SSM_BOOTSTRAP_ACTIVATION_CODE" not in os.environ
    assert secrets_of_environment().variable is None, "no module keeps it"
    assert leaks(repr(Host(secrets=secrets))) == ()


SOURCES: dict[str, Callable[[RootedFiles], dict[str, str]]] = {
    "the configuration": lambda files: files.put(paths.OUR_CONFIG, f"[activation]\ncode = {CODE}\n") and {},
    "the configuration's file": lambda files: (
        files.put(paths.OUR_CONFIG, "[activation]\ncode_file = /srv/code\n") and files.put("/srv/code", CODE) and {}
    ),
    "install's file": lambda files: files.put(paths.OUR_CODE, f"{CODE}\n") and {},
    "a credential": lambda files: (
        files.put("/run/c/activation-code", CODE, 0o400) and {"CREDENTIALS_DIRECTORY": "/run/c"}  # type: ignore[dict-item]
    ),
    "a variable's file": lambda files: (
        files.put("/srv/code", CODE) and {"SSM_BOOTSTRAP_ACTIVATION_CODE_FILE": "/srv/code"}  # type: ignore[dict-item]
    ),
    "a proxy": lambda files: {"https_proxy": f"http://user:{CODE}@proxy:3128"},
    "a proxy, escaped": lambda files: {"HTTP_PROXY": f"user:%63{CODE[1:]}@proxy:3128"},
    "the configuration's proxy": lambda files: (
        files.put(paths.OUR_CONFIG, f"[proxy]\nhttps = http://user:{CODE}@proxy:3128\n") and {}
    ),
}
"""Where a look may come to know a secret."""


@pytest.mark.parametrize("source", SOURCES)
def test_what_a_run_can_know_it_knows(files: RootedFiles, source: str) -> None:
    environment = SOURCES[source](files)
    host = Host(files=files, trees=Trees(files.real("/")), environment=environment)
    open_session(host, "eu-west-1", ask_metadata=False)
    assert host.secrets.stand_in(f"x{CODE}".encode()) and leaks(repr(host.secrets)) == ()


def test_what_is_known_is_masked_in_what_was_seen() -> None:
    seen = observations(*healthy(), identity=Seen(Identity(IdentityState.REGISTERED, NODE, "eu-west-1", ODD)))
    assert leaks(repr(without_secrets(Host(secrets=knowing()), seen))) == ()


CONFIGURED: dict[str, str] = {
    paths.OUR_CONFIG: f'[activation]\ncode = "{CODE}"\n',
    f"{paths.OUR_CONFIG} over lines": f"[activation]\ncode =\n   {CODE}\n",
    "/etc/systemd/system/amazon-ssm-agent.service.d/x.conf": f'[Service]\nEnvironment="SSM_BOOTSTRAP_ACTIVATION_CODE={CODE}"\n',
    paths.AGENT_CONFIG: json.dumps({"Extra": {"ProxyPassword": f'a {PASSWORD} " b'}, "argv": ["-code", CODE]}),
    "/etc/environment": f"DB_PASSWORD={PASSWORD}\nSSM_BOOTSTRAP_ACTIVATION_CODE={CODE}\n",
    "/var/log/amazon/ssm/amazon-ssm-agent.log": f'2026-11-23 05:50:06 ERROR ran "amazon-ssm-agent" "-code" "{CODE}" "-id"\n',
}
"""Files that go into a bundle."""


@pytest.mark.parametrize("place", CONFIGURED)
def test_no_file_of_a_bundle_holds_a_secret(files: RootedFiles, tmp_path: Path, place: str) -> None:
    files.put(place.partition(" ")[0], CONFIGURED[place])
    out = tmp_path / "b.tar.gz"
    write_bundle(Host(files=files), str(out), {}, "report", {}, accounts=False)
    with tarfile.open(fileobj=io.BytesIO(out.read_bytes())) as archive:
        names = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    assert any(name.endswith(place.partition(" ")[0]) for name in names) and f"{PLACE}manifest.json" in names
    assert leaks(gzip.decompress(out.read_bytes())) == ()


@pytest.mark.parametrize("text", [ODD, quote(ODD), "\n  ".join((ODD[:40], ODD[40:]))])
def test_talk_holds_no_secret(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSM_BOOTSTRAP_ACTIVATION_CODE", CODE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        secrets = secrets_of_environment()
        Talk(secrets)(text)
        status = systemd.recv(4096)
    said = capsys.readouterr().err
    assert "***" in said and "a line that no shape knows" in said.replace("%20", " ") and said.count("\n") == 1
    assert not secrets.stand_in(said.encode()) and status.startswith(b"STATUS=") and not secrets.stand_in(status)


@pytest.mark.parametrize("error", [Refusal(ExitStatus.BAD_CONTENT, ODD), RuntimeError(ODD), Leak(ODD)])
def test_the_line_of_nagios_holds_no_secret(
    error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSM_BOOTSTRAP_ACTIVATION_CODE", CODE)

    def look(*_: object) -> None:
        raise error

    monkeypatch.setattr("ssm_bootstrap.cli.doctor._look", look)
    assert entry.run(["doctor", "--nagios"]) == 3
    said = capsys.readouterr().out
    assert said.startswith("SSM UNKNOWN - ") and "***" in said and said.count("\n") == 1 and leaks(said) == ()


def test_the_way_to_a_fault_holds_no_secret(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSM_BOOTSTRAP_ACTIVATION_CODE", CODE)
    monkeypatch.setenv("SSM_BOOTSTRAP_DEBUG", "1")

    def look(*_: object) -> None:
        raise RuntimeError(ODD)

    monkeypatch.setattr("ssm_bootstrap.cli.doctor._look", look)
    assert entry.run(["doctor"]) == ExitStatus.BUG
    said = capsys.readouterr().err
    assert "RuntimeError" in said and "doctor.py" in said and leaks(said) == ()


EXPLAINED = {
    "the configuration": (paths.OUR_CONFIG, f"[activation]\ncode = {CODE}\n"),
    "a configuration that is damaged": (paths.OUR_CONFIG, f"what\n[activation\ncode = {CODE}\n"),
    "install's file": (paths.OUR_CODE, f"{CODE}\n"),
    "a file of settings that is named": ("/srv/x.json", json.dumps({"ActivationCode": CODE})),
}
"""Where ``explain`` may come to know a secret."""


@pytest.mark.parametrize("source", EXPLAINED)
@pytest.mark.parametrize("way", [[], ["--json"]])
def test_explain_knows_what_the_configuration_holds(
    files: RootedFiles, source: str, way: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, text = EXPLAINED[source]
    files.put(path, text)
    named = [files.real(path)] if path.startswith("/srv") else []
    for real in named:
        files.put(real, text)  # below the files' root, where the product looks for what is named
    log = files.put("/srv/amazon-ssm-agent.log", f"2026-11-23 05:50:06 ERROR [amazon-ssm-agent] it is <{CODE}> that failed\n")
    monkeypatch.setattr("ssm_bootstrap.cli.explain.Files", lambda: files)
    entry.run(["explain", *named, files.real(log), *way])
    said = capsys.readouterr()
    assert "that failed" in said.out and "***" in said.out and leaks(said.out + said.err) == ()
