"""The deb, written by dpkg-deb."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path

from tools.packages.content import ANY, DOCUMENTS, HERE, ROOT, Bundle, Entry, entries, filled, lay_out, packed
from tools.packages.running import packaged_version, packager, run, values

ZSH = "usr/share/zsh/vendor-completions"
OVERRIDES = "usr/share/lintian/overrides/ssm-bootstrap"
ARCHITECTURES = {ANY: "all", "x86_64": "amd64", "aarch64": "arm64"}
"""The processors as dpkg names them."""

NEEDS = {True: "libc6 (>= 2.17)", False: "python3 (>= 3.9)"}
"""What an executable and the bundle depend on."""

_SCRIPTS = ("postinst", "prerm", "postrm")


def build(bundle: Bundle, version: str, place: Path) -> Path:
    """The package's file, in a directory of its own; Failed."""
    tree = place / "tree"
    found = [*entries(bundle, ZSH, version), *_documents(bundle, version)]
    lay_out([*found, *_control(found, bundle, version)], tree, bundle.epoch)
    file = place / f"ssm-bootstrap_{packaged_version(version)}-1_{ARCHITECTURES[bundle.machine]}.deb"
    # Older dpkg reads no zstd; xz of several threads cuts its blocks by their number.
    words = ("dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(tree), str(file))
    run(*words, environment={"SOURCE_DATE_EPOCH": str(bundle.epoch), "DPKG_DEB_THREADS_MAX": "1"})
    return file


def _documents(bundle: Bundle, version: str) -> list[Entry]:
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(bundle.epoch))
    changes = (
        f"ssm-bootstrap ({packaged_version(version)}-1) unstable; urgency=medium\n\n"
        f"  * Release {version}; changelog.gz says what is new.\n\n -- {packager()}  {date}\n"
    )
    parts = "\n".join(f" {name} {number}: {licence}" for name, number, licence in bundle.parts())
    licence = re.sub(r" AND ", " and ", bundle.licence())
    return [
        Entry(f"{DOCUMENTS}/changelog.gz", packed((ROOT / "CHANGELOG.md").read_bytes())),
        Entry(f"{DOCUMENTS}/changelog.Debian.gz", packed(changes.encode())),
        Entry(f"{DOCUMENTS}/copyright", filled("deb/copyright", LICENSE=licence, PARTS=parts).encode()),
        Entry(OVERRIDES, _overrides(bundle)),
    ]


def _overrides(bundle: Bundle) -> bytes:
    names = ("lintian-overrides", *(("lintian-overrides-executable",) if bundle.machine else ()))
    return b"".join((HERE / "deb" / name).read_bytes() for name in names)


def _control(found: list[Entry], bundle: Bundle, version: str) -> list[Entry]:
    """What dpkg reads: control, conffiles, md5sums and the maintainer scripts."""
    files = sorted((entry for entry in found if entry.data is not None), key=lambda entry: entry.path)
    size = sum(-(-len(entry.data or b"") // 1024) for entry in files)  # KiB, each file rounded up, as dpkg-gencontrol counts
    conffiles = [f"/{entry.path}\n" for entry in files if entry.path.startswith("etc/")]
    sums = [f"{hashlib.md5(entry.data or b'').hexdigest()}  {entry.path}\n" for entry in files if entry.path[:4] != "etc/"]
    told = {"ARCHITECTURE": ARCHITECTURES[bundle.machine], "NEEDS": NEEDS[bool(bundle.machine)], "SIZE": str(size)}
    control = filled("deb/control", VERSION=packaged_version(version), PACKAGER=packager(), **told)
    return [
        Entry("DEBIAN", None, 0o755),
        Entry("DEBIAN/control", control.encode()),
        Entry("DEBIAN/conffiles", "".join(conffiles).encode()),
        Entry("DEBIAN/md5sums", "".join(sums).encode()),
        *(Entry(f"DEBIAN/{name}", filled(f"deb/{name}", **values()).encode(), 0o755) for name in _SCRIPTS),
    ]
