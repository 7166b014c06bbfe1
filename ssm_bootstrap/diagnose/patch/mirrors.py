"""What to change where repositories are out of reach: the lines of this machine's own files, and the ways that there are."""

from __future__ import annotations

import re
from typing import Sequence

from ssm_bootstrap.catalog.distributions import provider_named
from ssm_bootstrap.catalog.findingkind import change
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.model.patch import Manager, Repository
from ssm_bootstrap.model.phrase import phrase

BUCKET = "<MIRROR-BUCKET>"
MOST_LINES = 8
_PLAIN = re.compile(r"[A-Za-z0-9._:/@%+=,~?&<>-]+", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._:@+-]+", re.ASCII)

PROXY_LINES = {
    Manager.DNF: "proxy=http://proxy.example:3128 in [main] of /etc/dnf/dnf.conf",
    Manager.YUM: "proxy=http://proxy.example:3128 in [main] of /etc/yum.conf",
    Manager.APT: 'Acquire::http::Proxy "http://proxy.example:3128"; in /etc/apt/apt.conf.d/90proxy',
    Manager.ZYPPER: 'PROXY_ENABLED="yes" and HTTP_PROXY, HTTPS_PROXY="http://proxy.example:3128" in /etc/sysconfig/proxy',
}
"""How each package manager is given a proxy (dnf.conf(5), yum.conf(5), apt-transport-http(1), libzypp)."""

COPIED_BY = {
    Manager.DNF: "dnf reposync --download-metadata --repoid {name}",
    Manager.YUM: "reposync --downloadcomps --download-metadata --repoid {name}, then createrepo",
    Manager.APT: "apt-mirror or debmirror",
    Manager.ZYPPER: "RMT (rmt-cli mirror)",
}


def is_plain(word: str) -> bool:
    """Whether a shell takes a word as it stands."""
    return _PLAIN.fullmatch(word) is not None


def in_s3(item: Repository) -> bool:
    """Whether a repository lies in S3, so that an endpoint is a way to it."""
    provider = provider_named(item.provider)
    return provider is not None and provider.in_s3


def ways(manager: Manager, items: Sequence[Repository]) -> tuple[str, ...]:
    """The ways that work for repositories which no endpoint of AWS serves; empty where S3 is the way."""
    foreign = [item for item in items if not in_s3(item)]
    if not foreign:
        return ()
    rows = [provider_named(item.provider) for item in foreign]
    titles = list(dict.fromkeys(row.title for row in rows if row is not None))
    copier = COPIED_BY[manager].format(name=foreign[0].name if _NAME.fullmatch(foreign[0].name) else "REPOSITORY")
    return (
        phrase(
            "{whose} has no endpoint in a VPC: without a way out, this machine cannot be patched from there as it is."
            if len(titles) == 1
            else "{whose} have no endpoint in a VPC: without a way out, this machine cannot be patched from there as it is.",
            whose=titles or phrase("Their hosts"),
        ),
        phrase(
            "First way: a copy in an S3 bucket of yours ({copier}), read through the S3 gateway endpoint; the lines are below.",
            copier=copier,
        ),
        phrase("Second way: an HTTP proxy that may go out: {proxy_lines}.", proxy_lines=PROXY_LINES[manager]),
        "Third way: a repository inside the network (Satellite, RMT, Landscape, Artifactory), with its URL in the same lines.",
    )


def lines(manager: Manager, items: Sequence[Repository], region: str, domain: str) -> tuple[str, ...]:
    """One step per repository: file, line, what stands there and what to put in its place."""
    found = [_line(manager, item, region, domain) for item in items if not in_s3(item)]
    more = (phrase("... and the same for {count} more.", count=len(found) - MOST_LINES),) if len(found) > MOST_LINES else ()
    return (*found[:MOST_LINES], *more)


def commands(manager: Manager, items: Sequence[Repository], region: str, domain: str) -> tuple[ShellCommand, ...]:
    """The same as commands to paste; a name that a shell might take otherwise gets none.

    What is read here has its variables filled in and its end as one likes: a file is searched for a section's key, or for a
    whole URI, as apt's archive is the beginning of its security archive's name.
    """
    found: dict[str, list[str]] = {}
    for item in items:
        new = mirror_url(manager, item, region, domain)
        if in_s3(item) or not all(_PLAIN.fullmatch(word) for word in (item.file, item.name.replace(" ", ""), new)):
            continue
        old = next((url for url in item.urls if _PLAIN.fullmatch(url) and "***" not in url and "?" not in url), "")
        name = re.sub(r"([.*/^$\[\]\\])", r"\\\1", item.name)
        if manager is not Manager.APT and item.lists:
            edit = f"/^\\[{name}\\]/,/^\\[/s#^\\(mirrorlist\\|metalink\\) *=.*#baseurl={new}#"
        elif manager is not Manager.APT and item.urls and not any("?" in url or "***" in url for url in item.urls):
            edit = f"/^\\[{name}\\]/,/^\\[/s#^baseurl *=.*#baseurl={new}#"
        elif manager is Manager.APT and old and "&" not in new:
            edit = f"s#{old.rstrip('/')}/*\\(\\s\\|$\\)#{new}\\1#"
        else:
            continue
        if edit not in found.setdefault(item.file, []):
            found[item.file].append(edit)
    told = [(file, " ".join(f"-e '{edit}'" for edit in edits[:MOST_LINES])) for file, edits in found.items()]
    return tuple(change(f"sudo sed -i.bak {edits} {file}") for file, edits in told[:MOST_LINES])


def mirror_url(manager: Manager, item: Repository, region: str, domain: str) -> str:
    """Where the content would lie on a mirror in S3: below the provider's usual path, or the repository's id."""
    home = f"https://{BUCKET}.s3.{region or '<REGION>'}.{domain}/"
    provider = provider_named(item.provider)
    if manager is Manager.APT:
        path = item.urls[0].partition("://")[2].partition("/")[2] if item.urls else ""
        return home + (path.rstrip("/") + "/" if path else provider.mirror if provider else "")
    return f"{home}{item.name}/"


def _line(manager: Manager, item: Repository, region: str, domain: str) -> str:
    new = mirror_url(manager, item, region, domain).replace(BUCKET, "$MIRROR_BUCKET").replace("<REGION>", "$REGION")
    if manager is Manager.APT:
        key = "URIs:" if item.file.endswith(".sources") else "deb"
        return f"{item.file}:{item.line}: {key} {' '.join(item.urls)} -> {key} {new} ({item.name})"
    old = phrase("the list {lists}", lists=item.lists[0]) if item.lists else f"baseurl={' '.join(item.urls)}"
    return f"{item.file}:{item.line} [{item.name}]: {old} -> baseurl={new}"
