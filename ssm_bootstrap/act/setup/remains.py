"""The search of all of a machine's disks for what is left of a code, bounded in entries and bytes; what was left out is told.

Bounds are numbers, and never seconds: a second run looks at the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Iterator, Sequence

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.secrets import is_packed, unfold_bounded
from ssm_bootstrap.host.walks import walk_disk
from ssm_bootstrap.model.phrase import phrase

PIECE = 8 << 20
"""Bytes of a file that are searched at a time."""

OVERLAP = 1 << 16
"""Bytes of one piece that are searched with the next too: a code may lie across, folded and escaped."""

MOST_OF_A_FILE = 64 << 20
"""Bytes of one file that are searched."""

NOT_UNFOLDED = (b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"\x1f\x9d", b"\x04\x22\x4d\x18")
"""How zstd, zip, 7z, compress and lz4 begin."""

FIRST = (".aws", ".local", "share", "fish", "bin", "scripts", "user-data")
"""Directories that are looked at before others: where shells keep histories, and people what they run."""


@dataclass(frozen=True)
class SearchedPlace:
    """Where to look, with all that is below, and how much of it: entries, and bytes."""

    path: str
    entries: int
    bytes: int


OWN = tuple(SearchedPlace(path, 20_000, 256 << 20) for path in ("/etc", "/var/lib/cloud", paths.LOGS, paths.OUR_DATA, paths.DATA))
"""What this program, the agent and cloud-init write, and what configures the machine."""

PACKAGES = (
    *(
        f"/usr/{name}"
        for name in ("bin", "games", "include", "lib", "lib32", "lib64", "libexec", "libx32", "sbin", "share", "src")
    ),
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot", "/snap"),
    *(f"/var/lib/{name}" for name in ("apt", "dpkg", "rpm", "snapd")),
    *(f"/var/cache/{name}" for name in ("apt", "dnf", "yum", "zypp")),
)
"""What packages put there, and would put there anew: some hundred thousand files that no person writes."""

KERNELS = frozenset({"proc", "sysfs", "devtmpfs"})
"""File systems that are in no image: the kernel makes what lies there."""

HOMES = "/home"
WIDE = (
    SearchedPlace("/var/log", 5_000, 128 << 20),
    *(SearchedPlace(path, 2_000, 64 << 20) for path in ("/root", "/opt", "/srv", "/tmp", "/var/tmp")),
)
"""What others write: a home may hold a hundred thousand files."""

REST = (
    *(SearchedPlace(path, 5_000, 64 << 20) for path in ("/usr/local", "/var/spool", "/var/backups", "/mnt", "/media")),
    SearchedPlace("/var", 20_000, 128 << 20),
    SearchedPlace("/", 20_000, 128 << 20),
)
"""All else: what lies near the root of each comes first, so that one tree of many files hides no other place."""

HOME = SearchedPlace("", 2_000, 64 << 20)
MOST_HOMES = 50

_NO_FILES = "the kernel makes what lies there, and no image holds it"


class Remains:
    """One search; once it is over ``unsearched`` tells what was not looked at: a path, and why."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._missed: dict[str, list[str]] = defaultdict(list)  # why to paths

    @property
    def unsearched(self) -> tuple[tuple[str, str], ...]:
        """One line per reason: the first of what it is the reason for, and how many there are."""
        return tuple(
            (found[0], phrase("{why}; and {count} more like it", why=why, count=len(found) - 1) if found[1:] else why)
            for why, found in self._missed.items()
        )

    def holding(self, without: str) -> Iterator[str]:
        """The files that hold what this run knows of secrets, but for one."""
        if not self._host.secrets:
            return
        places = (*OWN, *WIDE, *self._homes(), *REST)
        owned = [path for path in PACKAGES if self._is_a_directory(path)]
        if owned:  # all of them are named: whoever keeps a script of their own there has to look
            also = phrase(", nor {owned}", owned=", ".join(owned[1:])) if owned[1:] else ""
            self._miss(owned[0], phrase("it was not searched{also}: packages own what lies there", also=also))
        for place in places:
            others = [*(other.path for other in places if other is not place), *owned]
            for path in self._in(place, others):
                if path != without:
                    yield path

    def _is_a_directory(self, path: str) -> bool:
        """Whether one lies there itself; where /usr is merged, /bin is a link that no search follows."""
        return self._host.files.kind(path) == "directory" and not self._host.files.link_target(path)

    def _homes(self) -> Iterator[SearchedPlace]:
        names = self._host.files.list(HOMES)
        for name in names[:MOST_HOMES]:
            yield SearchedPlace(f"{HOMES}/{name}", HOME.entries, HOME.bytes)
        if len(names) > MOST_HOMES:
            self._miss(
                f"{HOMES}/{names[MOST_HOMES]}",
                phrase("the homes of {most_homes} users were searched, and not this one", most_homes=MOST_HOMES),
            )

    def _in(self, place: SearchedPlace, others: Sequence[str]) -> Iterator[str]:
        walk = walk_disk(self._host.files.real("/"), place.path, place.entries, FIRST, others)
        for path, kind in walk.elsewhere:
            is_kernels = kind in KERNELS
            self._miss(
                path, _NO_FILES if is_kernels else phrase("it is of type {kind}, and on no disk of this machine", kind=kind)
            )
        for path in walk.unread:
            self._miss(path, "it could not be listed")
        if walk.stopped_in:
            self._miss(
                place.path,
                phrase(
                    "{entries} entries of it were searched, up to those of {stopped_in}",
                    entries=place.entries,
                    stopped_in=walk.stopped_in,
                ),
            )
        left = place.bytes
        # Small ones first: histories, scripts and settings, before what fills a disk.
        for path, size in sorted(walk.files, key=lambda found: (found[1], found[0])):
            allowed = min(left, MOST_OF_A_FILE)
            if size > allowed:
                allowed = allowed if allowed >= 1 << 20 else 0
                part = phrase("the first {allowed} MiB", allowed=allowed >> 20) if allowed else "nothing"
                self._miss(
                    path,
                    phrase(
                        "{part} of it was searched: at most {size} MiB of {path} are",
                        part=part,
                        size=place.bytes >> 20,
                        path=place.path,
                    ),
                )
            left -= min(size, allowed)
            if allowed and self._holds(path, allowed):
                yield path

    def _holds(self, path: str, most: int) -> bool:
        """Whether one of the secrets stands in the first ``most`` bytes of a file."""
        try:
            pieces = self._pieces(path, most)
            first = next(pieces, b"")
            if first.startswith(NOT_UNFOLDED):
                self._miss(path, "it is packed in a way that this program does not unfold")
            if is_packed(first):
                unfolded, is_whole = unfold_bounded(first + b"".join(pieces))
                if not is_whole:
                    self._miss(path, "it is packed, and was unfolded only in part")
                return self._host.secrets.stand_in(unfolded)
            before = b""
            while first:
                if self._host.secrets.stand_in(before + first):
                    return True
                before, first = first[-OVERLAP:], next(pieces, b"")
        except FileNotFoundError:
            pass  # it has just gone
        except OSError as error:
            self._miss(path, words_of(error))
        return False

    def _pieces(self, path: str, most: int) -> Iterator[bytes]:
        """Pieces of PIECE bytes of a file, as far as it is searched."""
        held, left = bytearray(), most
        for chunk in self._host.files.read_chunks(path):
            held += chunk[:left]
            left -= min(len(chunk), left)
            if len(held) >= PIECE:
                yield bytes(held)
                held.clear()
            if not left:
                break
        if held:
            yield bytes(held)

    def _miss(self, path: str, why: str) -> None:
        self._missed[why].append(path)
