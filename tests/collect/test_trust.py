"""Which certificates the agent trusts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssm_bootstrap.collect.network.connector import BUNDLES, loose_authorities, trust_of
from ssm_bootstrap.host.network import Trust
from tests.fakes import RootedFiles


@pytest.mark.parametrize("path", BUNDLES)
def test_the_systems_bundle_is_where_go_looks_for_it(files: RootedFiles, path: str) -> None:
    files.put(path, "PEM")
    assert trust_of(files, {}) == Trust(files.real(path))


def test_the_first_bundle_that_holds_something_counts(files: RootedFiles) -> None:
    files.put(BUNDLES[0], "")
    files.put(BUNDLES[1], "PEM")
    files.put(BUNDLES[2], "PEM")
    assert trust_of(files, {}).bundle == files.real(BUNDLES[1])


def test_a_system_without_a_store_trusts_nothing(files: RootedFiles) -> None:
    assert trust_of(files, {}) == Trust()


@pytest.mark.parametrize(
    ("environment", "bundle", "directories"),
    [
        ({"SSL_CERT_FILE": "/my/ca.pem"}, "/my/ca.pem", ()),
        ({"SSL_CERT_DIR": "/a:/b::"}, None, ("/a", "/b")),
        ({"SSL_CERT_FILE": "/my/ca.pem", "SSL_CERT_DIR": "/a"}, "/my/ca.pem", ("/a",)),
        ({"AWS_CA_BUNDLE": "/my/ca.pem"}, None, ()),  # registration does not read it
    ],
)
def test_variables_replace_the_systems_store(
    files: RootedFiles, environment: dict[str, str], bundle: object, directories: object
) -> None:
    files.put(BUNDLES[0], "PEM")
    assert trust_of(files, environment) == Trust(bundle or files.real(BUNDLES[0]), directories)  # type: ignore[arg-type]


# whose they are

NAMED = {
    "the system's": (BUNDLES[0], {}),
    "SSL_CERT_FILE": ("/srv/ca.pem", {"SSL_CERT_FILE": "/srv/ca.pem"}),
    "AWS_CA_BUNDLE": ("/srv/ca.pem", {"AWS_CA_BUNDLE": "/srv/ca.pem"}),
    "SSL_CERT_DIR": ("/srv/certs/a.pem", {"SSL_CERT_DIR": "/nowhere:/srv/certs/"}),
}


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("spoil", ["", "mode", "owner", "directory"])
def test_authorities_that_another_user_may_put_there_are_told(files: RootedFiles, name: str, spoil: str) -> None:
    path, environment = NAMED[name]
    real = Path(files.real(files.put(path, "PEM", 0o644)))
    if spoil == "mode":
        real.chmod(0o646)
    elif spoil == "owner":
        files.owner = 4242
    elif spoil == "directory":
        real.parent.chmod(0o777)
    told = list(loose_authorities(files, environment))
    assert bool(told) is bool(spoil)
    for place, fault in told:
        assert path.startswith(place.rstrip("/")) and "write" in fault


def test_authorities_that_are_not_there_are_not_told(files: RootedFiles) -> None:
    assert list(loose_authorities(files, {"SSL_CERT_FILE": "/gone.pem", "SSL_CERT_DIR": "/gone"})) == []


def test_a_path_that_depends_on_the_directory_is_told(files: RootedFiles) -> None:
    told = dict(loose_authorities(files, {"SSL_CERT_FILE": "ca.pem", "SSL_CERT_DIR": "certs"}))
    assert set(told) == {"ca.pem", "certs"}
