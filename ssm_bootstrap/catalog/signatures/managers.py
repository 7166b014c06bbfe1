"""Further words of package managers, snap, pip and subscription-manager, what says that all came right, and known noise."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import Kind, Signature, documented

_DNF = "dnf 4 and librepo 1.14; public reports"
_YUM = "yum 3.4; public reports"
_APT = "apt 2.x; public reports"
_ZYPP = "libzypp 17 and zypper 1.14; public reports"
_SNAP = "snapd (cmd/snap, overlord/snapstate); public reports"
_PIP = "pip 19-24; public reports"
_RHSM = "subscription-manager 1.28 (rhsm/connection.py, managercli); public reports"
_GUIDE = "AWS Systems Manager User Guide, patch-manager-troubleshooting; public reports"
_STORE = r"(?P<url>https://[\w.-]{0,200}snapcraft(?:content)?\.(?:io|com)[^\s\"]{0,800})"


def _row(
    name: str,
    fixed: str,
    pattern: str,
    meaning: str,
    source: str,
    *samples: str,
    code: str = "",
    variant: str = "",
    transient: bool = False,
    over_network: bool = False,
    righted_by: tuple[str, ...] = (),
    near_misses: tuple[str, ...] = (),
) -> Signature:
    """A cause; without a code it is harmless."""
    return Signature(
        id=name, kind=Kind.CAUSE if code else Kind.BENIGN, fixed=fixed, pattern=pattern, meaning=meaning, source=source,
        samples=tuple(map(documented, samples)), code=code or None, variant=variant, transient=transient,
        over_network=over_network, righted_by=righted_by, near_misses=near_misses,
    )  # fmt: skip


_CAME_RIGHT: tuple[Signature, ...] = (
    _row(
        "manager-complete", "Complete!", r"\AComplete!\s*\Z", "yum or dnf did all that it was asked to do", _DNF, "Complete!",
        near_misses=("Complete! x",),
    ),
    *(
        _row(
            f"manager-{name}", f"{word}:", rf"\A{word}:(?:\s*\Z|\n[ \t])", "yum or dnf lists what it did", _YUM,
            f"{word}:\n  bash.x86_64 0:4.2.46-35.el7_9", near_misses=(f"{word}: x",),
        )
        for name, word in (("updated", "Updated"), ("upgraded", "Upgraded"), ("installed", "Installed"))
    ),
    _row(
        "manager-nothing-marked", "No packages marked for update", r"\ANo packages marked for update\s*\Z",
        "yum has nothing to do", _YUM, "No packages marked for update",
    ),
    _row(
        "manager-nothing-to-do", "Nothing to do.", r"\ANothing to do\.\s*\Z", "the package manager has nothing to do", _DNF,
        "Nothing to do.", near_misses=("Error: Nothing to do.",),
    ),
    _row(
        "patch-reported", "Report upload successful", r"\AReport upload successful\b", "the patch run ended and was reported",
        _GUIDE, "Report upload successful.",
    ),
)  # fmt: skip

LISTED = tuple(
    row.id for row in _CAME_RIGHT if row.id not in ("manager-nothing-marked", "manager-nothing-to-do", "patch-reported")
)
"""Ids of what yum and dnf say where what they needed was fetched after all, from whatever mirror."""

_FRAME: tuple[Signature, ...] = tuple(
    _row(f"frame-{name}", fixed, rf"\A{pattern}\s*\Z", meaning, source, sample, near_misses=(f"E: {sample}",))
    for name, fixed, pattern, meaning, source, sample in (
        (
            *("apt-lists", "Reading package lists...", r"Reading package lists\.\.\.(?: ?Done| ?\d{1,3}%)?"),
            "apt begins", _APT, "Reading package lists... Done",
        ),
        (
            *("apt-tree", "Building dependency tree", r"Building dependency tree(?:\.\.\.)?(?: ?Done| ?\d{1,3}%)?"),
            "apt has read its lists", _APT, "Building dependency tree... Done",
        ),
        (
            *("apt-summary", " newly installed, ",
            r"\d{1,6} upgraded, \d{1,6} newly installed,(?: \d{1,6} (?:re|down)[a-z]{1,12},)? \d{1,6} to remove and"
            r" \d{1,6} not upgraded\."),
            "apt says what it is about to do", _APT, "0 upgraded, 0 newly installed, 0 to remove and 12 not upgraded.",
        ),
        (
            *("zypper-loading", "Loading repository data...", r"Loading repository data\.\.\."),
            "zypper begins", "zypper 1.14", "Loading repository data...",
        ),
        (
            *("zypper-reading", "Reading installed packages...", r"Reading installed packages\.\.\."),
            "zypper looks at what is installed", "zypper 1.14", "Reading installed packages...",
        ),
        (
            *("dnf-metadata", "Last metadata expiration check: ", r"Last metadata expiration check: [^\n]{1,100}"),
            "dnf begins", _DNF, "Last metadata expiration check: 0:01:12 ago on Wed Jul 15 09:58:50 2026.",
        ),
        (
            *("dnf-resolved", "Dependencies resolved.", r"Dependencies resolved\."),
            "dnf knows what it has to do", _DNF, "Dependencies resolved.",
        ),
        (
            *("dnf-summary", "Transaction Summary", r"Transaction Summary:?"),
            "yum or dnf says what it is about to do", _DNF, "Transaction Summary",
        ),
        (
            *("dnf5-loading", "Updating and loading repositories:", r"Updating and loading repositories:"),
            "dnf 5 begins", "dnf 5.2", "Updating and loading repositories:",
        ),
        (
            *("dnf5-loaded", "Repositories loaded.", r"Repositories loaded\."),
            "dnf 5 has its repositories' lists", "dnf 5.2", "Repositories loaded.",
        ),
        ("yum-plugins", "Loaded plugins: ", r"Loaded plugins: [^\n]{1,400}", "yum begins", _YUM, "Loaded plugins: langpacks"),
        (
            *("yum-resolving", "Resolving Dependencies", r"Resolving Dependencies"),
            "yum looks at what it has to do", _YUM, "Resolving Dependencies",
        ),
    )
)  # fmt: skip
"""What package managers print whatever comes of it."""

WENT_ON = (*(row.id for row in _CAME_RIGHT), "frame-apt-summary")
"""Ids of what is said where a lock was waited for and given free."""

_NOISE: tuple[Signature, ...] = tuple(
    _row(f"noise-{name}", fixed, pattern, meaning, source, sample)
    for name, fixed, pattern, meaning, source, sample in (
        (
            *("debconf", "debconf: ", r"\Adebconf: (?:unable to initialize frontend|falling back|\(|delaying)"),
            "debconf asks its questions otherwise, as nobody sits before a terminal", "debconf (Debconf/AutoSelect.pm)",
            "debconf: unable to initialize frontend: Dialog",
        ),
        (
            *("preconfigure", "unable to re-open stdin", r"\Adpkg-preconfigure: unable to re-open stdin"),
            "nobody sits before a terminal", "debconf (dpkg-preconfigure)", "dpkg-preconfigure: unable to re-open stdin: ",
        ),
        (
            *("locale", "etting locale failed", r"\Aperl: warning: Setting locale failed"),
            "perl lacks a locale and goes on with C", "perl (locale.c)", "perl: warning: Setting locale failed.",
        ),
        (
            *("locale-default", "Failed to set locale, defaulting to ", r"\AFailed to set locale, defaulting to "),
            "the package manager lacks a locale and goes on with C", _DNF, "Failed to set locale, defaulting to C.UTF-8",
        ),
        (
            *("sudo-host", "sudo: unable to resolve host ", r"\Asudo: unable to resolve host "),
            "sudo does not find this machine's own name, which it does not need", "sudo",
            "sudo: unable to resolve host ip-10-0-0-1",
        ),
        (
            *("identity", "Unable to read consumer identity", r"\AUnable to read consumer identity"),
            "this machine is not registered with Red Hat; with its repositories from RHUI it need not be", _RHSM,
            "Unable to read consumer identity",
        ),
        (
            *("cache", "Error building the cache", r"\AError building the cache:\s*\Z"),
            "zypper says why beside it", _ZYPP, "Error building the cache:",
        ),
        (
            *("invalid", "' is invalid.", r"\ARepository '[^'\n]{1,200}' is invalid\.\s*\Z"),
            "zypper says why below it", _ZYPP, "Repository 'SLES15-SP4-Updates' is invalid.",
        ),
        (
            *("transaction-test", "Transaction test error:", r"\A(?:Error: )?Transaction test error:\s*\Z"),
            "dnf says why below it", _DNF, "Error: Transaction test error:",
        ),
        (
            *("apt-impossible", "could not be installed. This", r"\ASome packages could not be installed\. This may mean "),
            "apt says what comes next", _APT, "Some packages could not be installed. This may mean that you have",
        ),
        (
            *("grubby", "grubby fatal error: ", r"\Agrubby fatal error: unable to find a suitable template"),
            "grubby has no entry to copy from; the new kernel's entry is made otherwise", "grubby; public reports",
            "grubby fatal error: unable to find a suitable template",
        ),
        (
            *("snap-tasks", "cannot perform the following tasks", r"\Aerror: cannot perform the following tasks:\s*\Z"),
            "snapd says what follows", _SNAP, "error: cannot perform the following tasks:",
        ),
        (
            *("summary", "Error Summary", r"\AError Summary\s*\Z"), "dnf sums up what follows", _DNF, "Error Summary",
        ),
        (
            *("pip-code", "uninstall-distutils-installed-package", r"\Aerror: uninstall-distutils-installed-package\s*\Z"),
            "pip names the error that follows", _PIP, "error: uninstall-distutils-installed-package",
        ),
        (
            *("policy", "invoke-rc.d: ",
            r"\Ainvoke-rc\.d: (?:policy-rc\.d denied execution|could not determine current runlevel)"),
            "a service was not started while a package was installed, as this system asks for", "init-system-helpers",
            "invoke-rc.d: policy-rc.d denied execution of start.",
        ),
    )
)  # fmt: skip

_FAULTS: tuple[Signature, ...] = (
    _row(
        "apt-not-yet-valid", " is not valid yet", r"\bRelease file for (?P<url>https?://[^\s'\"]{1,500}) is not valid yet",
        "by this machine's clock a repository's list is of the future: the clock is behind", _APT,
        "E: Release file for http://mirror.example.com/dists/x/InRelease is not valid yet (invalid for another 5h 33min 12s).",
        code="clock-skewed",
    ),
    _row(
        "apt-no-package", "Unable to locate package ", r"(?:\bE: |\A)Unable to locate package (?P<named>\S{1,200})",
        "no list that apt has names that package: a repository is missing, or its lists were never fetched", _APT,
        "E: Unable to locate package foo", code="package-dependencies", variant="in-no-repository", righted_by=WENT_ON,
        near_misses=("Unable to locate package",),
    ),
    _row(
        "apt-no-candidate", " has no installation candidate",
        r"\bE: Package '(?P<named>[^'\n]{1,200})' has no installation candidate",
        "apt knows the package by name, and no repository has it", _APT, "E: Package 'bar' has no installation candidate",
        code="package-dependencies",
    ),
    _row(
        "apt-no-version", "' was not found", r"\bE: Version '[^'\n]{1,200}' for '(?P<named>[^'\n]{1,200})' was not found",
        "no repository has that version of the package any more", _APT, "E: Version '1.2.3' for 'nginx' was not found",
        code="package-dependencies",
    ),
    _row(
        "apt-little-room", "enough free space in /",
        r"\bYou don't have enough free space in (?P<named>/[\w./-]{0,200}?)/?\.?(?:\s|\Z)",
        "there is no room for the packages", _APT, "E: You don't have enough free space in /var/cache/apt/archives/.",
        code="disk-full",
    ),
    _row(
        "rpm-little-room", " more space ",
        r"\b(?:needs|At least) \d{1,9} ?[KMG]?B more space (?:needed )?on the (?P<named>/\S{0,200}) filesystem",
        "there is no room for the packages", "rpm (lib/rpmps.c); dnf 4; public reports",
        "  installing package kernel-5.14.0-427.el9.x86_64 needs 120MB more space on the /boot filesystem",
        "   At least 120MB more space needed on the /boot filesystem.", code="disk-full",
    ),
    _row(
        "dnf-no-match", "Unable to find a match", r"\bError: Unable to find a match: (?P<named>\S{1,200})",
        "no repository that is on has that package", _DNF, "Error: Unable to find a match: foo", code="package-dependencies",
        variant="in-no-repository", righted_by=WENT_ON,
    ),
    _row(
        "repository-release-unknown", "Unable to detect release version", r"\bUnable to detect release version\b",
        "dnf found no package that tells this system's release", _DNF,
        "Unable to detect release version (use '--releasever' to specify release version)",
    ),
    _row(
        "dnf-modular", "filtered out by modular filtering", r"\bfiltered out by modular filtering(?! for argument)",
        "a module's stream that is enabled keeps the package out", _DNF,
        "  - package perl-IO-Socket-SSL-2.073 is filtered out by modular filtering",
        code="package-dependencies", variant="modular",
    ),
    _row(
        "dnf-modular-argument", "filtered out by modular filtering",
        r"\bAll matches were filtered out by modular filtering for argument",
        "a module's stream that is enabled keeps the package out", _DNF,
        "All matches were filtered out by modular filtering for argument: postgresql", code="package-dependencies",
        variant="modular",
    ),
    _row(
        "dnf-no-cache", "Cache-only enabled but no cache for ",
        r"\bCache-only enabled but no cache for '(?P<named>[^'\n]{1,200})'",
        "dnf was told to ask no server, and has no list of that repository yet", _DNF,
        "Error: Cache-only enabled but no cache for 'baseos'", code="repository-unreachable",
    ),
    *(
        _row(
            f"client-certificate-{name}", fixed, pattern, "this machine's own client certificate cannot be used", source, sample,
            code="repository-config-invalid", variant="certificate",
        )
        for name, source, fixed, pattern, sample in (
            (
                *("dnf", _DNF, "Curl error (58)", r"\bCurl error \(58\): [^\n]{0,200}? for (?P<url>https?://[^\s'\"]{1,500})"),
                "Curl error (58): Problem with the local SSL certificate for https://rhui.example.com/x [could not load PEM]",
            ),
            (
                *("yum", _YUM, "curl#58 ", r"(?:(?P<url>https?://[^\s'\"]{1,500}): )?\[Errno 14\] curl#58 "),
                'https://cdn.example.com/x/repomd.xml: [Errno 14] curl#58 - "unable to set private key file"',
            ),
            (
                *("curl", "curl manual, EXIT CODES", "curl: (58) ", r"\bcurl: \(58\) "),
                "curl: (58) unable to set private key file: '/etc/pki/x.pem' type PEM",
            ),
        )
    ),
    _row(
        "yum-untrusted", "curl#60 ",
        r"(?:(?P<url>https?://[^\s'\"]{1,500})(?::| error was)\s{1,8})?"
        r"(?:\[Errno 14\]|\b14:) curl#(?:60|51|35|77) ",
        "a repository shows a certificate that this machine does not trust", _YUM,
        'https://cdn.example.com/x/repomd.xml: [Errno 14] curl#60 - "Peer\'s Certificate issuer is not recognized."',
        code="tls-untrusted",
    ),
    _row(
        "yum-database-checksum", "Rpmdb checksum is invalid", r"\bRpmdb checksum is invalid: ",
        "what yum remembers of the installed packages is not what the database holds", _YUM,
        "Rpmdb checksum is invalid: dCDPT(pkg checksums): amzn2-core", code="package-manager-broken",
    ),
    _row(
        "snap-download", "snapcraft",
        rf'\b(?:Get|Post|Head) "{_STORE}": (?:dial|read|write|net/http|context|EOF|http2|proxyconnect|lookup|tls|x509)',
        "the store of snaps, or where its files lie, cannot be reached", _SNAP,
        'error: cannot refresh "x": Post "https://api.snapcraft.io/v2/snaps/refresh": context deadline exceeded',
        code="repository-unreachable", variant="snaps", transient=True, over_network=True,
        near_misses=('Get "https://ssm.eu-west-1.amazonaws.com/": dial tcp 10.0.0.1:443: i/o timeout',),
    ),
    _row(
        "snap-store", "unable to contact snap store", r"\bunable to contact snap store\b",
        "the store of snaps cannot be reached", _SNAP, "error: unable to contact snap store", code="repository-unreachable",
        variant="snaps", transient=True,
    ),
    _row(
        "snap-in-use", "has running apps", r'\bsnap "(?P<named>[^"\n]{1,100})" has running apps',
        "a snap is not changed while its programs run", _SNAP,
        'error: cannot refresh "x": snap "x" has running apps (x)',
        code="agent-update-failed", variant="snap-busy", transient=True,
    ),
    _row(
        "snap-change-goes-on", "change in progress", r'\bsnap "(?P<named>[^"\n]{1,100})" has "[^"\n]{1,60}" change in progress',
        "snapd is changing that snap already", _SNAP, 'error: snap "x" has "auto-refresh" change in progress',
        code="agent-update-failed", variant="snap-busy", transient=True,
    ),
    _row(
        "snapd-not-there", "dial unix /run/snapd", r"\bdial unix /run/snapd(?:-snap)?\.socket: connect: ",
        "snapd does not run, or is not installed", _SNAP,
        'error: cannot communicate with server: Get "http://localhost/": dial unix /run/snapd.socket: connect: no such file',
        code="package-manager-broken", variant="snapd", over_network=True,
    ),
    _row(
        "snap-classic", "classic confinement requires snaps under /snap", r"\bclassic confinement requires snaps under /snap\b",
        "a classic snap needs the link /snap, which this system does not have", _SNAP,
        'error: cannot install "x": classic confinement requires snaps under /snap or symlink from /snap to /var/lib/snapd/snap',
        code="package-manager-broken", variant="snapd",
    ),
    _row(
        "pip-distutils", "istutils installed project", r"\b[Ii]t is a distutils installed project\b",
        "pip may not remove what the system's package manager installed", _PIP,
        "ERROR: Cannot uninstall 'PyYAML'. It is a distutils installed project and thus we cannot accurately determine",
        code="command-failed", variant="libraries",
    ),
    _row(
        "pip-no-record", "RECORD file not found", r"\bCannot uninstall \S{1,100} ?[^\n]{0,60}?, RECORD file not found",
        "pip may not remove what the system's package manager installed", _PIP,
        "ERROR: Cannot uninstall requests 2.25.1, RECORD file not found. Hint: The package was installed by rpm.",
        code="command-failed", variant="libraries",
    ),
    _row(
        "pip-managed", "xternally-managed-environment", r"\berror: externally-managed-environment\b",
        "this system lets pip install into virtual environments alone", _PIP, "error: externally-managed-environment",
        code="command-failed", variant="libraries",
    ),
    _row(
        "rhsm-network", "subscription-manager: Network error", r"\bNetwork error, unable to connect to server\b",
        "Red Hat's subscription service cannot be reached", _RHSM,
        "subscription-manager: Network error, unable to connect to server. Please see /var/log/rhsm/rhsm.log.",
        code="repository-unreachable", variant="subscription", transient=True,
    ),
    _row(
        "rhsm-unreachable", "Unable to reach the server at ", r"\bUnable to reach the server at (?P<host>[\w.-]{1,253}):\d{1,5}/",
        "Red Hat's subscription service cannot be reached", _RHSM,
        "Unable to reach the server at subscription.rhsm.redhat.com:443/subscription", code="repository-unreachable",
        variant="subscription", transient=True,
    ),
    _row(
        "rhsm-refused", "HTTP error (401 - ", r"\bHTTP error \(401 - ",
        "Red Hat's subscription service does not take these credentials", _RHSM,
        "HTTP error (401 - Unauthorized): Invalid Credentials",
        code="repository-denied", variant="subscription",
    ),
    _row(
        "rhsm-expired", "The identity certificate in ", r"\bThe identity certificate in \S{1,200} has expired",
        "this machine's registration with Red Hat is over", _RHSM,
        "The identity certificate in /etc/pki/consumer/cert.pem has expired.", code="repository-denied", variant="subscription",
    ),
    _row(
        "rhsm-untrusted", "Unable to verify server's identity",
        r"\bUnable to verify server's identity: [^\n]{0,100}CERTIFICATE_VERIFY_FAILED",
        "Red Hat's subscription service, or what stands in between, shows a certificate that is not trusted", _RHSM,
        "Unable to verify server's identity: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:897)",
        code="tls-untrusted", variant="other-host",
    ),
    *(
        _row(
            f"python-{name}", "HTTP Error 40",
            r"(?:(?P<url>https?://[^\s'\"]{1,500})[^\n]{0,60}? )?(?<!\[Errno 14\] )\bHTTP Error " + rf"(?:{status}): ",
            "a download by Python was answered with an error", "Python, urllib.error.HTTPError", f"HTTP Error {status[:3]}: x",
            code="download-refused", variant=variant, near_misses=("http://x/y: [Errno 14] HTTP Error 403: Forbidden",),
        )
        for name, status, variant in (("refused", "401|403", ""), ("not-found", "404", "not-found"))
    ),
    _row(
        "python-s3-not-found", "404: Not Found", r"(?<!Error )\b404: Not Found\b", "S3 has no object of that name",
        "botocore exceptions.py, ClientError of HeadObject, which has no body", "404: Not Found", code="download-refused",
        variant="not-found", near_misses=("HTTP Error 404: Not Found",),
    ),
    _row(
        "zypper-not-refreshed-by-script", "nable to refresh zypp repository", r"\b[Uu]nable to refresh zypp repository\b",
        "the patch script could not refresh a repository of zypper's", _GUIDE,
        "Unable to refresh zypp repository. Please check permissions and connection of repositories.",
        code="repository-unreachable", transient=True,
    ),
)  # fmt: skip

_MIRROR = Signature(
    id="dnf-mirror",
    kind=Kind.PHASE,
    fixed="[MIRROR] ",
    pattern=r"\A\s{0,8}\[MIRROR\] \S",
    meaning="one mirror of several did not give a file; dnf tries the next",
    source=_DNF,
    samples=(documented("[MIRROR] openssl-3.0.7-27.el9.x86_64.rpm: "),),
    righted_by=LISTED,
)

HARMLESS = frozenset(row.id for row in (*_CAME_RIGHT, *_FRAME, *_NOISE))
"""Ids of what healthy output of other programs holds: it says nothing of the agent."""

FRAMES = frozenset(row.id for row in (*_CAME_RIGHT, *_FRAME))
"""Ids of what a package manager prints before and after its work; by one of them alone any text could begin or end."""

MANAGERS: tuple[Signature, ...] = (_MIRROR, *_CAME_RIGHT, *_FRAME, *_NOISE, *_FAULTS)
"""All rows."""
