"""The host's own firewall: the chains that outgoing packets come to, as nft and iptables-save list them."""

from __future__ import annotations

import re
from typing import Iterator, Mapping, Optional

from ssm_bootstrap.collect.failures import words_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import OUTPUT_LIMIT, CannotRun
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.surroundings import Chain, Firewall

TIMEOUT = 2.0
MOST_RULES = 1000
"""Rules that are kept: a node of a cluster has tens of thousands, nearly all of which outgoing packets never see."""

HOOKS = ("output", "postrouting")
LEGACY: Mapping[str, str] = {"iptables": "/proc/net/ip_tables_names", "ip6tables": "/proc/net/ip6_tables_names"}
"""Where the kernel names the tables of the older kind; iptables-save is run only where there are some, as it could load them."""

_BLOCK = re.compile(r"^(table|chain|set|map|flowtable|counter|quota|limit|ct \w+|secmark|synproxy)\b(.*)\{$")
_BASE = re.compile(r"\btype (\w+) hook (\w+)\b.*?;(?:.*?\bpolicy (\w+);)?")
_TARGET = re.compile(r"\b(?:jump|goto) ([^\s;}]+)|(?:^|\s)(?:-j|-g) (\S+)")
_QUOTED = re.compile(r'"[^"]*"')


def look_at_firewall(host: Host) -> Observed[Firewall]:
    """What nft lists, and what the older tables hold; only root may list either."""
    if not host.machine.is_root():
        return Unseen("only root may list the firewall's rules")
    listed = _listed(host, ["nft", "list", "ruleset"])
    chains = list(nft_chains(listed.value)) if isinstance(listed, Seen) else []
    asked = isinstance(listed, Seen)
    for tool, names in LEGACY.items():
        if not asked or _has_content(host.files, names):
            saved = _listed(host, [f"{tool}-save"])
            if isinstance(saved, Seen):
                chains += iptables_chains(saved.value, tool)
                asked = asked or tool == "iptables"
            elif isinstance(listed, Unseen) and tool == "iptables":
                return Unseen(f"{listed.reason}; {saved.reason}")
    return Seen(_trimmed(chains))


def _listed(host: Host, argv: list[str]) -> Observed[str]:
    try:
        done = host.commands.run(argv, timeout=TIMEOUT, environment={"LC_ALL": "C"})
    except CannotRun as error:
        return Unseen(str(error))
    if done.timed_out:
        return Unseen(f"{argv[0]} gave no answer in {TIMEOUT:g} s")
    if done.returncode != 0:
        said = next(iter(done.errors.strip().splitlines()), f"exit status {done.returncode}")
        return Unseen(f"{argv[0]}: {said}")
    if not done.is_whole:
        return Unseen(f"{argv[0]} lists more than {OUTPUT_LIMIT >> 20} MB")
    return Seen(done.output)


def _has_content(files: Files, path: str) -> bool:
    try:
        return bool(files.read_text(path, 4096).strip())
    except FileNotFoundError:
        return False
    except OSError as error:
        return bool(words_of(error))  # unreadable: then ask the tool


def nft_chains(text: str) -> Iterator[Chain]:
    """The chains of ``nft list ruleset``, but for those of other hooks and of address translation."""
    table, name, kind = "", "", ""
    base: Optional[tuple[str, str, str]] = None
    rules: list[str] = []
    depth, pending = 0, ""
    for raw in text.splitlines():
        line = f"{pending} {raw.strip()}".strip()
        plain = _QUOTED.sub('""', line)
        opens = _BLOCK.match(plain) if depth < 2 else None
        if opens is None and plain.count("{") != plain.count("}") and plain != "}":
            pending = line  # a set that goes on in the next line
            continue
        pending = ""
        if opens is not None:
            depth += 1
            if depth == 1:
                table = opens[2].strip()
            else:
                kind, name, base, rules = opens[1], opens[2].strip(), None, []
        elif plain == "}":
            depth -= 1
            if depth == 1 and kind == "chain" and (base is None or (base[1] in HOOKS and base[0] != "nat")):
                policy = (base[2] or "accept") if base else ""
                yield Chain("nft", table, name, base is not None, policy, tuple(rules))
        elif depth == 2 and kind == "chain":
            found = _BASE.search(plain)
            if found:
                base = (found[1], found[2], found[3] or "")
            elif not plain.startswith(("comment ", "policy ", "#")):
                rules.append(line.partition(" # handle")[0])


def iptables_chains(text: str, tool: str) -> Iterator[Chain]:
    """The chains of ``iptables-save``, but for those of address translation."""
    table = ""
    policies: dict[str, str] = {}
    rules: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("*"):
            table, policies, rules = line[1:].strip(), {}, {}
        elif line.startswith(":"):
            name, policy, *_ = (*line[1:].split(), "", "")
            policies[name], rules[name] = policy, []
        elif line.startswith("-A "):
            rules.setdefault(line.split()[1], []).append(line)
        elif line == "COMMIT" and table != "nat":
            for name, policy in policies.items():
                if policy == "-" or name in ("OUTPUT", "POSTROUTING"):
                    base = policy != "-"
                    yield Chain(tool, table, name, base, policy.lower() if base else "", tuple(rules[name]))


def _trimmed(chains: list[Chain]) -> Firewall:
    """The base chains and what they lead to, as far as there is room."""
    by_name = {(chain.tool, chain.table, chain.name): chain for chain in chains}
    wanted = [chain for chain in chains if chain.is_base and (chain.rules or chain.policy == "drop")]
    kept: list[Chain] = []
    room, cut = MOST_RULES, False
    while wanted:
        chain = wanted.pop(0)
        if chain in kept:
            continue
        if len(chain.rules) > room:
            cut = True
            continue
        room -= len(chain.rules)
        kept.append(chain)
        for rule in chain.rules:
            for names in _TARGET.findall(_QUOTED.sub('""', rule)):
                target = by_name.get((chain.tool, chain.table, names[0] or names[1]))
                if target is not None and target not in kept:
                    wanted.append(target)
    return Firewall(tuple(kept), cut)
