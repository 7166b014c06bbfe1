"""Commands of a row filled with facts: one command for several hosts or services, in the words of the region's partition."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterable, Iterator, Mapping, Sequence

from ssm_bootstrap.catalog.buckets import version_object
from ssm_bootstrap.catalog.partitions import fitted, partition_of, service_names
from ssm_bootstrap.catalog.s3names import endpoint_of
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE

PLAIN = re.compile(r"[A-Za-z0-9._:/@%+=,-]+", re.ASCII)
"""A word that a shell takes as it is. Facts come from logs and answers of strangers, and a person pastes the commands."""

_ADDRESSES = "{addresses}"
_OF_SEVERAL = ("{hosts}", _ADDRESSES, "{each_address}", "{service_patterns}", "{each_service_name}", "{known_objects}")
_SINGULAR = {
    "hosts": "host",
    "addresses": "address",
    "each_address": "address",
    "service_patterns": "service",
    "each_service_name": "service",
    "instance_security_group_ids": "instance_security_group_id",
}
"""Facts of several values, and the name of the one that a reader sets where none is known."""


def mark_of(name: str) -> str:
    """What stands in a command for a fact that is not known."""
    return f"<{_SINGULAR.get(name, name).upper().replace('_', '-')}>"


class _InBrackets(dict[str, str]):
    """Fills a fact that is not known with its name in capitals and angle brackets."""

    def __missing__(self, key: str) -> str:
        return mark_of(key)


def fill_commands(
    commands: Iterable[ShellCommand], known: Mapping[str, str], each: Sequence[Mapping[str, str]] = ()
) -> tuple[ShellCommand, ...]:
    """The commands with what is known, and no two that are the same.

    ``each`` are facts that differ from host to host where a finding is about several. A command that takes several hosts,
    addresses or services at once is filled once with all of them, any other once for each.
    """
    owns = [_plain({**known, **own}) for own in each] or [_plain(known)]
    filled = (
        replace(command, text=fitted(_plain_of_one(command.text.format_map(_InBrackets(facts)))))
        for command in commands
        for facts in _facts_of(command.text, owns)
    )
    return tuple(dict.fromkeys(filled))


def refill(command: ShellCommand, facts: Mapping[str, str]) -> ShellCommand:
    """The same with facts that were not known before in place of their names; only words that a shell takes as they are."""
    text = command.text
    for name, value in facts.items():
        if PLAIN.fullmatch(value):
            text = text.replace(mark_of(name), value)
    return replace(command, text=fitted(text))


_LOOP = re.compile(r"for ([a-z]+) in (\S+); do (.*); done")


def _plain_of_one(text: str) -> str:
    """A command that is a loop over one thing alone as the plain command for that thing."""
    found = _LOOP.fullmatch(text)
    if found is None:
        return text
    name, only, body = found.groups()
    return body.replace(f'"${name}"', only).replace(f"${name}", only)


def _plain(facts: Mapping[str, str]) -> dict[str, str]:
    plain = {name: word for name, word in facts.items() if PLAIN.fullmatch(word)}
    if "region" in plain:
        plain.setdefault("partition", partition_of(plain["region"], NO_SITE).name)
    return plain


def _facts_of(text: str, owns: Sequence[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The facts of each command that is made of a template: one for all hosts where it can name all of them."""
    if not any(name in text for name in _OF_SEVERAL):
        yield from owns
        return
    first = owns[0]
    services = _values(owns, "service")
    region = first.get("region", mark_of("region"))
    addresses = _values(owns, "address")
    several = {
        **first,
        "hosts": " ".join(_values(owns, "host")),
        "service_patterns": ",".join(dict.fromkeys(f"*.{endpoint_of(service)}" for service in services)),
        "each_service_name": " ".join(service_names(service, region)[-1] for service in services),
        "each_address": " ".join(addresses),
        "known_objects": " ".join(f"https://{host}{version_object(host, region)}" for host in _values(owns, "host")),
    }
    for family in ([item for item in addresses if ":" not in item], [item for item in addresses if ":" in item]):
        if family:
            yield {**several, "addresses": ",".join(family)}
        if _ADDRESSES not in text:
            return


def _values(owns: Sequence[Mapping[str, str]], name: str) -> list[str]:
    return list(dict.fromkeys(own[name] for own in owns if name in own)) or [mark_of(name)]


ABOUT_ACTIVATION = phrase(
    "create an activation, valid for 24 hours: it prints the id, and puts the code into the new file activation-code"
)


def activation_in_files(region: str, role: str, limit: int) -> str:
    """The command that makes an activation whose code is seen nowhere: a register command on the same machine reads the file."""
    return (
        f"(umask 077; set -C; aws ssm create-activation --region {region} --iam-role {role} --registration-limit {limit}"
        " --query '[ActivationId,ActivationCode]' --output text > activation"
        " && cut -f 2 activation > activation-code && cut -f 1 activation)"
    )
