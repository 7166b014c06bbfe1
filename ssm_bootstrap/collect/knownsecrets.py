"""What a run can know of this machine's secrets, so that none of them stands in what it writes."""

from __future__ import annotations

from typing import Iterable
from urllib.parse import unquote

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.activation import CREDENTIAL, MOST, code_problem
from ssm_bootstrap.collect.rootfile import fault_of_secret
from ssm_bootstrap.collect.settings import Configuration, read_code
from ssm_bootstrap.host import Host


def learn_secrets(host: Host, configuration: Configuration) -> None:
    """The activation code from wherever a registration would take it, and the passwords of proxies."""
    if configuration.has_code:
        host.secrets.learn(read_code(host.files))
    directory = host.environment.get("CREDENTIALS_DIRECTORY")
    named = (configuration.code_file, host.environment.get("SSM_BOOTSTRAP_ACTIVATION_CODE_FILE", ""), paths.OUR_CODE)
    for path in (*named, f"{directory}/{CREDENTIAL}" if directory else ""):
        if path.startswith("/"):
            _learn_file(host, path)
    learn_proxy(host, (value for name, value in host.environment.items() if name.lower().endswith("_proxy")))
    learn_proxy(host, (value for _, value in configuration.proxy))


def learn_proxy(host: Host, urls: Iterable[str]) -> None:
    """User and password of proxies' URLs, readable ones or not."""
    for url in urls:
        login, at, _ = url.rpartition("@")
        pair = login.partition("://")[2] or login
        if at and ":" in pair:
            for text in (pair, unquote(pair)):
                host.secrets.learn(text)
                host.secrets.learn(text.partition(":")[2])


def _learn_file(host: Host, path: str) -> None:
    try:
        held = host.files.hold(path, MOST)
    except OSError:
        return
    text = held.data.decode("utf-8", "replace").strip()
    if not fault_of_secret(held) and not code_problem(text):
        host.secrets.learn(text)
