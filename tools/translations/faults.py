"""What is wrong with a translation that a program can see: it is missing, in doubt, or does not hold what the English holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from string import Formatter

from babel.messages.catalog import Catalog

from tools.translations.messages import OF_ARGPARSE

STAYS_ENGLISH = frozenset(
    {
        *("agent", "agent {version}", "IMDS", "VPC", "vault", "{code}: {change}", "{command}: {reason}", "{name} ({because})"),
        *("amazon-ssm-agent", "ssm-setup-cli", "inotify", "/etc/amazon/ssm/amazon-ssm-agent.json", "/var/lib/amazon/ssm"),
        *("Patch Manager", "curl", "/var/lib/amazon/ssm/Vault", "Systems Manager", "Amazon Linux"),
        *(
            "{node}: {state}",
            "{who}: {expected}",
            "{word!r}: {expected}",
            "{name} {kind} {values}",
            "domain-name-servers: {servers}",
            "PrivateDnsEnabled: false",
        ),
        *("{attempt}: {code}: {title}", "fleet report: DuckDB: {error}", "notconnected"),
        *("{path}: [register] spread", "{path}: [register] spread = {text}"),
        *("enableDnsSupport: false", "enableDnsHostnames: false", "PrivateDnsOnlyForInboundResolverEndpoint: true"),
    }
)
"""Sentences whose translation may be the English itself, as they are names or hold nothing but facts."""

_KEPT = re.compile(r"`[^`]+`|<[A-Z][A-Z0-9-]*>|\$\{?[A-Za-z_]\w*\}?|(?<![\w-])--[a-z][a-z-]+|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")
"""What a reader types or looks for: commands in backquotes, names to fill in, variables, flags."""

_PERCENT = re.compile(r"%\([a-z_]+\)[sr]|%[sr]")
_LABEL = re.compile(r"a label of (\d+) columns")


def faults(catalog: Catalog) -> Iterator[str]:
    """One line for each sentence that is not translated as it should be."""
    for message in catalog:
        english, said = message.id, message.string
        if not english:
            continue
        if not said:
            yield f"not translated: {english!r}"
        elif message.fuzzy:
            yield f"in doubt (fuzzy): {english!r}"
        elif said == english and english not in STAYS_ENGLISH:
            yield f"still English: {english!r}"
        else:
            for what in differences(str(english), str(said)):
                yield f"{what}: {english!r}"
            yield from _too_wide(str(english), str(said), message.auto_comments)


def differences(english: str, said: str) -> Iterator[str]:
    """What stands in one of them and not in the other, or not as often."""
    for what, find in (("facts", _facts), ("commands, flags or names", _kept), ("argparse's places", _percents)):
        wanted, found = find(english), find(said)
        if wanted != found:
            missing, more = wanted - found, found - wanted
            yield f"other {what} (missing {sorted(missing)}, too many {sorted(more)})"
    if english.startswith(("warning:", "waiting:")) and english.count("\n") != said.count("\n"):
        yield "other lines"


def _too_wide(english: str, said: str, remarks: list[str]) -> Iterator[str]:
    from ssm_bootstrap.render.terminal import cells

    for remark in remarks:
        found = _LABEL.match(remark)
        if found and cells(said) > int(found[1]):
            yield f"wider than {found[1]} columns: {english!r}"


def _facts(text: str) -> Counter[str]:
    if text in OF_ARGPARSE or "{" not in text:
        return Counter()
    try:
        parts = list(Formatter().parse(text))
    except ValueError:  # a sentence about braces
        return Counter()
    return Counter(
        f"{{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}"
        for _, name, spec, conversion in parts
        if name
    )


def _kept(text: str) -> Counter[str]:
    return Counter(_KEPT.findall(text))


def _percents(text: str) -> Counter[str]:
    return Counter(_PERCENT.findall(text))
