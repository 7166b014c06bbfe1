"""What this machine itself forbids: the host's own firewall, and what SELinux or AppArmor refused the agent."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Iterable, Iterator, Mapping, Optional

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import OUTPUT_LIMIT, CannotRun
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.machine import Chain, Denial, Firewall
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase

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
        return Unseen(phrase("{program} gave no answer in {timeout:g} s", program=argv[0], timeout=TIMEOUT))
    if done.returncode != 0:
        said = next(iter(done.errors.strip().splitlines()), phrase("exit status {status}", status=done.returncode))
        return Unseen(f"{argv[0]}: {said}")
    if not done.is_whole:
        return Unseen(phrase("{program} lists more than {output_limit} MB", program=argv[0], output_limit=OUTPUT_LIMIT >> 20))
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


SELINUX, APPARMOR = "/sys/fs/selinux/enforce", "/sys/module/apparmor/parameters/enabled"
AUDIT_LOG = "/var/log/audit/audit.log"
TAIL = 2 << 20
"""Bytes of the audit log that are read, from its end."""

MOST_LINES, MOST = 2000, 20
LONGEST = 300

_NAMES = frozenset(name[:15] for name in paths.PROCESSES)  # the kernel keeps 15 letters of a name
_DENIED = re.compile(r"avc:\s+denied|apparmor=\"DENIED\"")
_COMM = re.compile(r"\bcomm=(?:\"([^\"]*)\"|(\S+))")
_STAMP = re.compile(r"\baudit\((\d{9,11})\.\d+:\d+\)")


def look_at_denials(host: Host) -> Observed[tuple[Denial, ...]]:
    """The newest denials of the agent's processes; none where neither SELinux nor AppArmor is on."""
    if not _is_on(host.files):
        return Seen(())
    try:
        size = host.files.size(AUDIT_LOG)
        data = b"".join(host.files.read_chunks(AUDIT_LOG, max(0, size - TAIL)))[-TAIL:]
    except FileNotFoundError:
        return _of_journal(host)
    except OSError as error:
        return Unseen(f"{AUDIT_LOG}: {'only root may read it' if isinstance(error, PermissionError) else words_of(error)}")
    return Seen(tuple(denials_in(data.decode("utf-8", "replace").splitlines())))


def _is_on(files: Files) -> bool:
    for path, off in ((SELINUX, ""), (APPARMOR, "N")):
        try:
            if files.read_text(path, 16).strip() != off:
                return True
        except OSError:
            continue
    return False


def _of_journal(host: Host) -> Observed[tuple[Denial, ...]]:
    """The kernel's messages of this boot, where no audit daemon writes a log of its own."""
    if not host.machine.is_root():
        return Unseen("the kernel's messages: only root may read them")
    try:
        argv = ["journalctl", "-k", "-b", "-q", "--no-pager", "-o", "cat", "-n", str(MOST_LINES)]
        done = host.commands.run(argv, timeout=TIMEOUT)
    except CannotRun as error:
        return Unseen(phrase("the kernel's messages: {error}", error=error))
    if done.timed_out:
        return Unseen(phrase("the kernel's messages: journalctl gave no answer in {timeout:g} s", timeout=TIMEOUT))
    return Seen(tuple(denials_in(done.output.splitlines())))


def denials_in(lines: Iterable[str]) -> Iterator[Denial]:
    """The denials of the agent's processes among lines of an audit log, the newest MOST of them."""
    found = [denial for denial in map(_denial, lines) if denial is not None]
    yield from found[-MOST:]


def _denial(line: str) -> Optional[Denial]:
    named = _COMM.search(line)
    if named is None or not _DENIED.search(line):
        return None
    process = named[1] or _unhex(named[2] or "")
    if process[:15] not in _NAMES:
        return None
    stamp = _STAMP.search(line)
    at = datetime.fromtimestamp(int(stamp[1]), timezone.utc) if stamp else None
    by = "AppArmor" if "apparmor=" in line else "SELinux"
    return Denial(by, process, " ".join(line.split())[:LONGEST], at, "permissive=1" not in line)


def _unhex(text: str) -> str:
    """A name with odd letters is written in hexadecimal (auditd)."""
    try:
        return bytes.fromhex(text).decode("utf-8", "replace")
    except ValueError:
        return text
