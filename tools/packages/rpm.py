"""The rpm, written by rpmbuild of the spec file in `rpm/`."""

from __future__ import annotations

import time
from pathlib import Path

from tools.packages.content import DOCUMENTS, HERE, ROOT, Bundle, Entry, entries, filled, lay_out
from tools.packages.running import packaged_version, packager, run, values

ZSH = "usr/share/zsh/site-functions"
SPEC = HERE / "rpm" / "ssm-bootstrap.spec"


def build(bundle: Bundle, version: str, place: Path) -> Path:
    """The package's file, in a directory of its own; Failed."""
    tree, sources = place / "tree", place / "SOURCES"
    sources.mkdir()
    documents = [
        Entry("usr/share/licenses/ssm-bootstrap/LICENSE", (ROOT / "LICENSE").read_bytes()),
        Entry(f"{DOCUMENTS}/CHANGELOG.md", (ROOT / "CHANGELOG.md").read_bytes()),
    ]
    lay_out([*entries(bundle, ZSH, version), *documents], tree, bundle.epoch)
    for script in (HERE / "scripts").glob("*.sh"):
        (sources / script.name).write_text(filled(f"scripts/{script.name}", **values()), encoding="utf-8")
    defined = {
        "_topdir": str(place),
        "ssm_tree": str(tree),
        "ssm_version": packaged_version(version),
        "ssm_license": bundle.licence(),
        "ssm_date": time.strftime("%a %b %d %Y", time.gmtime(bundle.epoch)),
        "ssm_needs": "glibc >= 2.17" if bundle.machine else "python3 >= 3.9",
        "packager": packager(),
        "vendor": "ssm-bootstrap",
        **_SAME_EVERYWHERE,
    }
    words = [word for name, value in defined.items() for word in ("--define", f"{name} {value}")]
    machine = bundle.machine or "noarch"
    asked = ("rpmbuild", "--quiet", "-bb", "--target", machine, *words, str(SPEC))
    run(*asked, environment={"SOURCE_DATE_EPOCH": str(bundle.epoch)})
    return next((place / "RPMS" / machine).glob("*.rpm"))


_SAME_EVERYWHERE = {
    "_buildhost": "reproducible",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
    "source_date_epoch_from_changelog": "0",
    "build_mtime_policy": "clamp_to_source_date_epoch",
    # xz, which the rpm of every release reads; nothing of the machine that builds.
    "_binary_payload": "w6.xzdio",
    "_build_name_fmt": "%%{ARCH}/%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
    "dist": "%{nil}",
    "optflags": "%{nil}",
    "debug_package": "%{nil}",
    "_build_id_links": "none",
    # What compresses, strips and rewrites first lines: the files are as they are to be.
    "__os_install_post": "%{nil}",
}
