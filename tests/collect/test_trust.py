"""Which certificates the agent trusts."""

from __future__ import annotations

import pytest

from ssm_bootstrap.collect.trust import BUNDLES, trust_of
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
