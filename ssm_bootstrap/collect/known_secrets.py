"""What a run can know of this machine's secrets, so that none of them stands in what it writes."""

from __future__ import annotations

from typing import Iterable, Mapping

from ssm_bootstrap.catalog.secrets import secrets_of_shapes
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import CREDENTIAL, MOST, code_problem
from ssm_bootstrap.collect.settings import Configuration, read_code, read_configuration
from ssm_bootstrap.collect.trusted import fault_of_secret
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.exitstatus import Refusal

MOST_OF_A_CONFIGURATION = 1 << 20


def learn_secrets(secrets: Secrets, files: Files, environment: Mapping[str, str], configuration: Configuration) -> None:
    """The activation code from wherever a registration would take it, and the passwords of proxies."""
    if configuration.has_code:
        secrets.learn(read_code(files), certain=True)
    directory = environment.get("CREDENTIALS_DIRECTORY")
    named = (configuration.code_file, environment.get("SSM_BOOTSTRAP_ACTIVATION_CODE_FILE", ""), paths.OUR_CODE)
    for path in (*named, f"{directory}/{CREDENTIAL}" if directory else ""):
        if path.startswith("/"):
            _learn_file(secrets, files, path)
    learn_proxy(secrets, (value for name, value in environment.items() if name.lower().endswith("_proxy")))
    learn_proxy(secrets, (value for _, value in configuration.proxy))


def learn_what_can_be(secrets: Secrets, files: Files, environment: Mapping[str, str]) -> None:
    """The same for a command that needs no configuration: of one that cannot be read, what looks like a secret."""
    try:
        configuration = read_configuration(files)
    except Refusal:
        configuration = Configuration()
        learn_written(secrets, files, (paths.OUR_CONFIG,))
    learn_secrets(secrets, files, environment, configuration)


def learn_written(secrets: Secrets, files: Files, named: Iterable[str]) -> None:
    """What looks like a secret in files of settings."""
    for path in named:
        try:
            text = files.hold(path, MOST_OF_A_CONFIGURATION).data.decode("utf-8", "replace")
        except OSError:
            continue
        for found in secrets_of_shapes(text):
            secrets.learn(found)


def learn_proxy(secrets: Secrets, urls: Iterable[str]) -> None:
    """User and password of proxies' URLs, readable ones or not."""
    for url in urls:
        login, at, _ = url.rpartition("@")
        pair = login.partition("://")[2] or login
        if at and ":" in pair:
            from urllib.parse import unquote

            for text in (pair, unquote(pair)):
                secrets.learn(text, certain=True)
                secrets.learn(text.partition(":")[2], certain=True)


def _learn_file(secrets: Secrets, files: Files, path: str) -> None:
    try:
        held = files.hold(path, MOST)
    except OSError:
        return
    text = held.data.decode("utf-8", "replace").strip()
    if not fault_of_secret(held) and not code_problem(text):
        secrets.learn(text, certain=True)
