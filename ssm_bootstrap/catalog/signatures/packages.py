"""What apt, dpkg, yum, dnf, zypper, rpm and curl print when they fail, in the output of a patch run or on a console."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import Kind, Sample, Signature, documented, measured
from ssm_bootstrap.catalog.signatures.managers import LISTED, WENT_ON

_APT = "apt 2.x (apt-pkg, methods/http and methods/gpgv); public reports"
_DPKG = "dpkg 1.21, lib/dpkg/dbmodify.c; apt 2.x apt-pkg/deb/debsystem.cc"
_DNF = "libdnf 0.69 and librepo 1.14; public reports"
_YUM = "yum 3.4 (yumRepo.py, urlgrabber) and public reports"
_ZYPP = "libzypp 17 and zypper 1.14; public reports"
_RPM = "rpm 4.14-4.18 (lib/rpmdb.c); public reports"
_GUIDE = "AWS Systems Manager User Guide, patch-manager-troubleshooting"
_URL = r"(?P<url>https?://[^\s'\"]{1,500})"

_IN_S3 = r"(?:[\w.-]{1,200}\.s3[\w.-]{1,100}|amazonlinux\.[a-z0-9-]{1,40})\.amazonaws\.com(?:\.cn)?"
"""Hosts of buckets, and the names that lead to Amazon Linux 2's."""

_S3 = rf"(?P<url>https?://(?:{_IN_S3}|cdn\.amazonlinux\.com)/[^\s'\"]{{0,500}})"
_NOT_S3 = rf"(?P<url>https?://(?!(?:{_IN_S3}|cdn\.amazonlinux\.com)/)[^\s'\"]{{1,500}})"

_DNF_404 = rf"Status code: 404 for {_URL}(?<!\.asc)(?<!\.key)(?<!\.gpg)(?:\s|$)"
_YUM_SAYS = r"(?:: | error was\s{1,8})"
"""What stands between a URL and yum's number of an error: below a list of mirrors it begins the next line."""

_FAILS_BY_CURL = (
    rf"(?:{_URL}(?:(?::| error was)\s{{1,8}}(?:\[Errno 14\]|14:) curl#\d{{1,3}} - \"| \["
    r"|':\s{1,8}Error code: [^\n]{1,100}\s{1,8}Error message: )(?:SSL: )?)?"
)
"""How dnf, yum and zypper name what was asked for, before curl's own words on why it was not given."""

_AL2023 = "https://al2023-repos-ca-central-1-de612dc2.s3.dualstack.ca-central-1.amazonaws.com/core/mirrors"
_RHUI = "https://rhui2-cds01.eu-central-1.aws.ce.redhat.com/pulp/repos//content/dist/rhel/rhui/server/7/7Server/x86_64/os"


def _row(
    name: str,
    fixed: str,
    pattern: str,
    meaning: str,
    source: str,
    *samples: Sample,
    code: str = "",
    variant: str = "",
    transient: bool = False,
    is_minor: bool = False,
    is_of_patching: bool = False,
    sums_up: bool = False,
    righted_by: tuple[str, ...] = (),
    near_misses: tuple[str, ...] = (),
) -> Signature:
    """A cause; without a code it is told and nothing is claimed."""
    return Signature(
        id=name, kind=Kind.CAUSE, fixed=fixed, pattern=pattern, meaning=meaning, source=source, samples=samples,
        code=code or None, variant=variant, transient=transient, is_minor=is_minor, is_of_patching=is_of_patching,
        sums_up=sums_up, righted_by=righted_by, near_misses=near_misses,
    )  # fmt: skip


_CURL: tuple[Signature, ...] = (
    _row(
        "patch-curl-write",
        "Error code returned from curl is 23",
        r"Error code returned from curl is 23\b",
        "the patch script's curl could not write its file: a curl installed as a snap, or a full disk",
        _GUIDE,
        measured("Error code returned from curl is 23"),
        code="curl-cannot-write",
        near_misses=("Error code returned from curl is 28", "Error code returned from curl is 235"),
    ),
    _row(
        "curl-write",
        "(23)",
        r"\b(?:curl: \(23\) |Curl error \(23\))",
        "curl could not write its file: a full disk, or a curl installed as a snap, which cannot write there",
        "curl manual, EXIT CODES; " + _GUIDE,
        measured("curl: (23) Failed writing body"),
        documented("curl: (23) Failed writing body (0 != 1369)"),
        code="curl-cannot-write",
        near_misses=("curl: (22) The requested URL returned error: 403",),
    ),
)

_VARIABLES: tuple[Signature, ...] = (
    *(
        _row(
            f"repository-variable-{name}",
            name,
            rf"(?P<url>https?://[^\s'\"]{{0,300}}(?:\$|%24)(?:\{{|%7[Bb])?{name}\b[^\s'\"]{{0,300}})"
            r"(?![^\n]{0,300}?(?:Curl error|curl#|[Tt]imeout))",
            "a variable in a repository's URL was not filled in: no release was found, or a file of variables is missing",
            _DNF,
            documented(f"Cannot download 'https://mirror.example.com/x/${name}/BaseOS/os/repodata/repomd.xml'"),
            documented(f"Cannot download 'https://mirror.example.com/x/%24{name}/BaseOS/os/repodata/repomd.xml'"),
            code="repository-config-invalid",
            variant="unfilled",
            near_misses=(f"baseurl=http://mirror.example.com/{name}/os", f"{name}=2023"),
        )
        for name in ("releasever", "basearch", "contentdir", "awsregion")
    ),
)

_REFUSED: tuple[Signature, ...] = (
    _row(
        "proxy-refuses-tunnel",
        "Received HTTP code ",
        rf"(?:(?: for|Failed to fetch) {_URL}[^\n]{{0,60}}?)?(?<!curl: \(56\) )\bReceived HTTP code (?!407\b)\d{{3}} from proxy",
        "the package manager's proxy refuses the repository",
        f"{_APT}; {_DNF}; {_YUM}",
        documented("E: Failed to fetch https://mirror.example.com/x/Sources  Received HTTP code 403 from proxy after CONNECT"),
        documented(
            "  - Curl error (56): Failure when receiving data from the peer for https://mirror.example.com/repodata/repomd.xml "
            "[Received HTTP code 403 from proxy after CONNECT]"
        ),
        code="repository-denied",
        variant="by-proxy",
        near_misses=("curl: (56) Received HTTP code 403 from proxy after CONNECT",),
    ),
    _row(
        "apt-requested-refused",
        "The requested URL returned error: 40",
        rf"(?:\AErr(?::\d{{1,5}})?|Failed to fetch) {_URL}[^\n]{{0,300}}?\s{{1,8}}The requested URL returned error: 40[13]\b",
        "a repository was reached and refuses",
        "apt 0.9-1.2 (methods/https)",
        documented("Err https://mirror.example.com x/main Sources\n  The requested URL returned error: 403"),
        documented("W: Failed to fetch https://mirror.example.com/dists/x/Sources: The requested URL returned error: 403"),
        code="repository-denied",
        near_misses=("curl: (22) The requested URL returned error: 403",),
    ),
    _row(
        "apt-err-refused",
        "  40",
        rf"\A(?:Err:\d{{1,5}} {_URL}[^\n]{{0,300}}\n)?[ \t]{{2,8}}40[13] {{1,4}}[A-Z][^\n]{{0,200}}\[IP: ",
        "a repository was reached and refuses",
        _APT,
        documented("Err:5 http://mirror.example.com/ubuntu jammy Release\n  403  Forbidden [IP: 198.51.100.10 80]"),
        documented("  403  Forbidden [IP: 198.51.100.10 80]"),
        code="repository-denied",
        near_misses=(
            "Err:5 http://mirror.example.com/ubuntu jammy Release\n  404  Not Found [IP: 198.51.100.10 80]",
            "Get:5 http://mirror.example.com/ubuntu jammy Release [403 kB]",
        ),
    ),
    *(
        _row(
            f"proxy-login-of-{name}",
            fixed,
            pattern,
            "the package manager's proxy wants a login",
            source,
            documented(sample),
            code="repository-denied",
            variant="proxy-login",
            near_misses=("curl: (56) Received HTTP code 407 from proxy after CONNECT",),
        )
        for name, source, fixed, pattern, sample in (
            (
                *("apt", _APT, "  407  Proxy Authentication Required"),
                r"(?:\AErr:\d{1,5} [^\n]{1,500}\n|\A|Failed to fetch \S{1,500})  407  Proxy Authentication Required",
                "Err:1 http://mirror.example.com/x InRelease\n  407  Proxy Authentication Required [IP: 10.0.0.9 3128]",
            ),
            (
                *("dnf", _DNF, "Status code: 407 for "),
                rf"\bStatus code: 407 for {_URL}",
                "  - Status code: 407 for http://mirror.example.com/repodata/repomd.xml (IP: 198.51.100.10)",
            ),
            (
                *("tunnel", _DNF, "Received HTTP code 407 from proxy"),
                rf"(?:(?: for|Failed to fetch) {_URL}[^\n]{{0,60}}?)?(?<!curl: \(56\) )\bReceived HTTP code 407 from proxy",
                "- Curl error (56): Failure when receiving data from the peer for https://mirror.example.com/repodata/repomd.xml "
                "[Received HTTP code 407 from proxy after CONNECT]",
            ),
            (
                *("yum", _YUM, "[Errno 14] HTTP"),
                rf"(?:{_URL}: )?\[Errno 14\] HTTPS? Error 407\b",
                "http://mirror.example.com/repodata/repomd.xml: [Errno 14] HTTP Error 407 - Proxy Authentication Required",
            ),
        )
    ),
    _row(
        "dnf-refused-s3",
        "Status code: 40",
        rf"Status code: 40[13] for {_S3}",
        "a repository in S3 was reached and refuses: the endpoint's policy, or a release that does not exist",
        _DNF,
        measured(f"- Status code: 403 for {_AL2023}/2023.10.20260413/x86_64/mirror.list?instance_id=i-0123456789abcdef0"),
        documented(
            "Error: Failed to download metadata for repo 'amazonlinux': Cannot prepare internal mirrorlist: "
            f"Status code: 403 for {_AL2023}/x"
        ),
        code="repository-denied",
        variant="s3",
        near_misses=(
            "Status code: 404 for https://al2023-repos-x.s3.eu-west-1.amazonaws.com/x",
            "Status code: 403 for https://x.example/x",
        ),
    ),
    _row(
        "dnf-refused",
        "Status code: 40",
        rf"Status code: 40[13] for {_NOT_S3}",
        "a repository was reached and refuses: a subscription, a certificate, or who asks",
        _DNF,
        measured("- Status code: 401 for http://mirror.example.com/status/401/repodata/repomd.xml (IP: 198.51.100.10)"),
        code="repository-denied",
        near_misses=("Status code: 404 for https://mirror.example/x", "status code: 403, request id: 1"),
    ),
    _row(
        "dnf-not-found",
        "Status code: 404",
        rf"(?<!- )(?<!mirrorlist: )(?<!repomd\.xml: ){_DNF_404}",
        "a mirror was reached and has no such file; dnf tries the next one",
        _DNF,
        measured(
            "[MIRROR] healthy-1-1.noarch.rpm: Status code: 404 for http://mirror.example.com/rpm/lacking/healthy-1-1.noarch.rpm "
            "(IP: 198.51.100.10)"
        ),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        near_misses=(
            "Status code: 403 for https://mirror.example/x",
            "Status code: 404 for http://mirror.example.com/rpm/good/repodata/repomd.xml.asc (IP: 198.51.100.10)",
        ),
    ),
    _row(
        "dnf-no-metadata",
        "Status code: 404",
        rf"(?:- |mirrorlist: |repomd\.xml: ){_DNF_404}",
        "a repository was reached and has no list at that place: another release, a wrong URL, or a mirror that is behind",
        _DNF,
        measured("  - Status code: 404 for http://mirror.example.com/rpm/99/repodata/repomd.xml (IP: 198.51.100.10)"),
        measured(
            "Error: Failed to download metadata for repo 'updates': Cannot prepare internal mirrorlist: Status code: 404 for "
            "http://mirror.example.com/none/mirror.list (IP: 198.51.100.10)"
        ),
        code="repository-denied",
        variant="release",
        near_misses=(
            "[MIRROR] healthy-1-1.noarch.rpm: Status code: 404 for http://mirror.example.com/rpm/healthy-1-1.noarch.rpm (IP: 1)",
            "  - Status code: 404 for http://mirror.example.com/rpm/good/repodata/repomd.xml.asc (IP: 198.51.100.10)",
        ),
    ),
    _row(
        "dnf-signature-not-found",
        "Status code: 404",
        r"Status code: 404 for (?P<url>https?://[^\s'\"]{1,500}\.(?:asc|key|gpg))(?:\s|$)",
        "a repository has no signature, or no key, where its file says that there is one",
        _DNF,
        measured("Status code: 404 for http://mirror.example.com/nosuch.asc (IP: 198.51.100.10)"),
        measured("  - Status code: 404 for http://mirror.example.com/rpm/good/repodata/repomd.xml.asc (IP: 198.51.100.10)"),
        code="package-signature",
        near_misses=("Status code: 404 for http://mirror.example.com/rpm/99/repodata/repomd.xml (IP: 198.51.100.10)",),
    ),
    _row(
        "yum-refused-s3",
        " Error 40",
        rf"{_S3}{_YUM_SAYS}(?:\[Errno 14\]|\b14:) HTTPS? Error 40[13]\b",
        "a repository in S3 was reached and refuses: the endpoint's policy, or a release that does not exist",
        _YUM,
        documented(
            "https://amazonlinux-2-repos-eu-west-1.s3.dualstack.eu-west-1.amazonaws.com/2/core/latest/x86_64/mirror.list: "
            "[Errno 14] HTTPS Error 403 - Forbidden"
        ),
        documented(
            "Could not retrieve mirrorlist https://amazonlinux-2-repos-eu-west-1.s3.dualstack.eu-west-1.amazonaws.com/2/core/latest/"
            "x86_64/mirror.list error was\n14: HTTPS Error 403 - Forbidden"
        ),
        righted_by=LISTED,
        code="repository-denied",
        variant="s3",
        near_misses=("http://mirror.example/x: [Errno 14] HTTPS Error 403 - Forbidden",),
    ),
    _row(
        "yum-refused",
        " Error 40",
        rf"(?:{_NOT_S3}{_YUM_SAYS}|\A)(?:\[Errno 14\]|14:) HTTPS? Error 40[13]\b",
        "a repository was reached and refuses: the endpoint's policy, or a client certificate that is not taken",
        _YUM,
        measured(f"{_RHUI}/repodata/repomd.xml: [Errno 14] HTTPS Error 401 - Unauthorized"),
        documented("http://mirror.example/7/os/repodata/repomd.xml: [Errno 14] HTTP Error 403: Forbidden"),
        righted_by=LISTED,
        code="repository-denied",
        near_misses=("http://x/y: [Errno 14] HTTP Error 404 - Not Found", 'http://x/y: [Errno 14] curl#7 - "Failed"'),
    ),
    _row(
        "yum-not-found",
        " Error 404",
        rf"(?:{_URL}{_YUM_SAYS})?(?:\[Errno 14\]|\b14:) HTTPS? Error 404\b",
        "a repository was reached and has no such file; yum tries the next mirror",
        _YUM,
        documented("http://mirror.example/7/os/repodata/repomd.xml: [Errno 14] HTTP Error 404 - Not Found"),
        righted_by=LISTED,
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        near_misses=("http://x/y: [Errno 14] HTTPS Error 403 - Forbidden",),
    ),
    _row(
        "yum-other-status",
        " Error ",
        rf"(?:{_URL}{_YUM_SAYS})?(?:\[Errno 14\]|\b14:) HTTPS? Error (?!40[1347]\b)\d{{3}}\b",
        "a repository, or something in between, answered with another error; yum tries the next mirror",
        _YUM,
        documented("http://mirror.example/7/os/repodata/repomd.xml: [Errno 14] HTTP Error 503 - Service Unavailable"),
        transient=True,
        near_misses=("http://x/y: [Errno 14] HTTPS Error 403 - Forbidden",),
        righted_by=LISTED,
        code="repository-unreachable",
        variant="answers",
    ),
    _row(
        "apt-refused",
        "Failed to fetch ",
        rf"Failed to fetch {_URL} {{1,4}}40[13] ",
        "a repository was reached and refuses",
        _APT,
        measured("E: Failed to fetch http://mirror.example.com/status/401/dists/stable/InRelease  401  Unauthorized [IP: 1"),
        documented("E: Failed to fetch http://mirror.example/ubuntu/dists/jammy/InRelease  403  Forbidden [IP: 10.0.0.9 80]"),
        code="repository-denied",
        near_misses=("E: Failed to fetch http://x/y  404  Not Found [IP: 10.0.0.9 80]", "Failed to fetch http://x/403 Could"),
    ),
    _row(
        "apt-not-found",
        "Failed to fetch ",
        rf"(?<!W: )Failed to fetch {_URL} {{1,4}}404 ",
        "a repository was reached and has no such file: a release that was moved, or lists that are too old",
        _APT,
        measured("E: Failed to fetch http://mirror.example.com/deb/lacking/pool/healthy_1.0_all.deb  404  File not found ["),
        code="repository-denied",
        variant="not-found",
        near_misses=("E: Failed to fetch http://x/y  403  Forbidden [IP: 10.0.0.9 80]",),
    ),
    _row(
        "apt-not-found-yet",
        "Failed to fetch ",
        rf"W: Failed to fetch {_URL} {{1,4}}404 ",
        "a repository was reached and has no such file; apt goes on without it, with the list from before",
        _APT,
        documented("W: Failed to fetch http://mirror.example.com/deb/lacking/pool/healthy_1.0_all.deb  404  File not found ["),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        near_misses=("E: Failed to fetch http://x/y  403  Forbidden [IP: 10.0.0.9 80]",),
    ),
    _row(
        "apt-no-release",
        "The repository '",
        rf"(?<!W: )The repository '{_URL} [^'\n]{{0,200}}' (?:does not have|no longer has) a Release file",
        "a repository has no list for this release of the system",
        _APT,
        measured("E: The repository 'http://mirror.example.com/status/404 stable Release' does not have a Release file."),
        code="repository-denied",
        variant="not-found",
        sums_up=True,  # it says so too where the list was refused or could not be fetched
        near_misses=("E: The repository 'http://x/ubuntu jammy InRelease' is not signed.",),
    ),
    _row(
        "apt-no-release-yet",
        "The repository '",
        rf"W: The repository '{_URL} [^'\n]{{0,200}}' (?:does not have|no longer has) a Release file",
        "a repository has no list for this release of the system",
        _APT,
        documented("W: The repository 'http://mirror.example.com/status/404 stable Release' does not have a Release file."),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        sums_up=True,  # it says so too where the list was refused or could not be fetched
        near_misses=("E: The repository 'http://x/ubuntu jammy InRelease' is not signed.",),
    ),
    _row(
        "zypper-refused",
        "Permission to access '",
        rf"Permission to access '{_URL}' denied",
        "a repository was reached and refuses",
        _ZYPP,
        measured("- Permission to access 'http://mirror.example.com/status/403/content' denied."),
        code="repository-denied",
        near_misses=("Permission to access '/var/cache/zypp' denied.",),
    ),
    _row(
        "zypper-login",
        "Authentication required for '",
        rf"Authentication required for '{_URL}'",
        "a repository was reached and wants a login: the registration with SUSE is missing or over",
        _ZYPP,
        documented("Authentication required for 'https://updates.suse.com/SUSE/Products/SLE-Module-Basesystem/15-SP4/x86_64'"),
        code="repository-denied",
        near_misses=("Proxy Authentication Required",),
    ),
    _row(
        "zypper-status-refused",
        "Error code: HTTP response: 40",
        r"Error code: HTTP response: 40[13]\b",
        "a repository was reached and refuses",
        _ZYPP,
        documented("Error code: HTTP response: 403"),
        code="repository-denied",
        near_misses=("Error code: HTTP response: 404",),
    ),
    _row(
        "zypper-not-found",
        "' not found on medium '",
        rf"File '[^'\n]{{1,300}}' not found on medium '{_URL}'",
        "a repository was reached and has no such file",
        _ZYPP,
        measured("File './healthy-1-1.noarch.rpm' not found on medium 'http://mirror.example.com/rpm/lacking'"),
        code="repository-denied",
        variant="not-found",
        near_misses=("File './x.rpm' not found on medium 'iso:///?iso=a.iso'",),
    ),
    _row(
        "zypper-status-not-found",
        "Error code: HTTP response: 404",
        r"Error code: HTTP response: 404\b",
        "a repository was reached and has no such file",
        _ZYPP,
        documented("Error code: HTTP response: 404"),
        code="repository-denied",
        variant="not-found",
        near_misses=("Error code: HTTP response: 403",),
    ),
    _row(
        "yum-old-refused",
        "[Errno 14] PYCURL ERROR 22",
        rf"{_URL}: \[Errno 14\] PYCURL ERROR 22 - \"The requested URL returned error: 40[13]\b",
        "a repository was reached and refuses: a subscription, a certificate, or who asks",
        _YUM + " (Amazon Linux 1, release 6)",
        documented(
            "http://repo.us-east-1.amazonaws.com/latest/main/repodata/repomd.xml: [Errno 14] PYCURL ERROR 22 - "
            '"The requested URL returned error: 403 Forbidden"'
        ),
        code="repository-denied",
        near_misses=('http://x/y: [Errno 14] PYCURL ERROR 6 - "Couldn\'t resolve host"',),
    ),
    _row(
        "apt-old-refused",
        "HttpError40",
        rf"(?:Failed to fetch {_URL} {{1,4}})?\bHttpError40[13]\b",
        "a repository was reached and refuses: a subscription, or who asks",
        _APT,
        documented("E: Failed to fetch https://esm.ubuntu.com/ubuntu/dists/trusty-infra-updates/main/Packages  HttpError401"),
        code="repository-denied",
        near_misses=("HttpError404",),
    ),
)

_SIGNED: tuple[Signature, ...] = (
    _row(
        "apt-signature",
        "The following signatures ",
        rf"(?:(?:GPG error:|Failed to fetch) {_URL} [^\n]{{0,200}}?)?The following signatures (?:couldn't be ver|were inv)",
        "apt cannot verify a repository: its key is missing or has expired",
        _APT,
        measured(
            "W:GPG error: http://repo.mysql.com/apt/ubuntu bionic InRelease: The following signatures "
            "couldn't be verified because "
            "the public key is not available: NO_PUBKEY 467B942D3A79BD29"
        ),
        documented("The following signatures were invalid: EXPKEYSIG 8C718D3B5072E1F5 MySQL Release Engineering"),
        code="package-signature",
        near_misses=("The following packages will be upgraded:",),
    ),
    _row(
        "apt-not-signed",
        "The repository '",
        rf"The repository '{_URL} [^'\n]{{0,200}}' is (?:not|no longer) signed",
        "apt has no signature for a repository that it can verify; the lines before tell why",
        _APT,
        measured("E:The repository 'http://repo.mysql.com/apt/ubuntu bionic InRelease' is not signed."),
        measured("E: The repository 'http://mirror.example.com/deb/unsigned stable Release' is not signed."),
        code="package-signature",
        sums_up=True,  # it says so too where the list could not be fetched
        near_misses=("The repository 'http://x/ubuntu jammy Release' does not have a Release file.",),
    ),
    _row(
        "rpm-check",
        "GPG check FAILED",
        r"\bGPG check FAILED",
        "a package's signature could not be verified",
        _DNF,
        measured("Error: GPG check FAILED"),
        code="package-signature",
        sums_up=True,
        near_misses=("gpgcheck=0",),
    ),
    _row(
        "rpm-not-signed",
        " is not signed",
        r"\bPackage (?P<named>\S{1,200}\.rpm) is not signed",
        "a package has no signature, and the repository's file asks for one",
        _DNF,
        measured("Package unsigned-1-1.noarch.rpm is not signed"),
        code="package-signature",
        near_misses=("E:The repository 'http://repo.mysql.com/apt/ubuntu bionic InRelease' is not signed.",),
    ),
    _row(
        "rpm-key-missing",
        "Public key for ",
        r"\bPublic key for (?P<named>\S{1,200}) is not installed",
        "a package is signed with a key that this machine does not have",
        _YUM,
        measured("Public key for stranger-1-1.noarch.rpm is not installed"),
        code="package-signature",
        near_misses=("package mysql-community-client is not installed",),
    ),
    _row(
        "rpm-key-wrong",
        "repository are already installed but they are not correct for this package",
        r"repository are already installed but they are not correct for this package",
        "a package is signed with another key than the repository's file names",
        _YUM,
        documented('The GPG keys listed for the "x" repository are already installed but they are not correct for this package.'),
        code="package-signature",
    ),
    _row(
        "rpm-key-fetch",
        "GPG key retrieval failed",
        r"\bGPG key retrieval failed(?!: \[Errno 1[24]\] (?:HTTPS? |Timeout|curl#(?:5|6|7|28|52|56)\b))",
        "the key that the repository's file names is not there",
        _YUM,
        documented('GPG key retrieval failed: [Errno 14] curl#37 - "Couldn\'t open file /etc/pki/rpm-gpg/RPM-GPG-KEY-x"'),
        code="package-signature",
        near_misses=('GPG key retrieval failed: [Errno 14] curl#7 - "Failed to connect"',),
    ),
    _row(
        "rpm-list-signature",
        "GPG signature verification error",
        r"(?:metadata for repo '(?P<named>[^'\n]{1,100})'[^\n]{0,100}?)?\bGPG signature verification error",
        "the signature of a repository's list could not be verified",
        _DNF,
        measured("Error: Failed to download metadata for repo 'updates': repomd.xml GPG signature verification error"),
        code="package-signature",
    ),
    _row(
        "zypper-signature",
        "Signature verification failed",
        r"(?:\b(?P<named>\S{1,200}) \([^)\n]{1,100}\): )?\bSignature verification failed (?:for (?:file '|repomd\.xml)|\[)",
        "the signature of a package or of a repository's list could not be verified",
        _ZYPP,
        documented("Signature verification failed for file 'repomd.xml' from repository 'SLES15-Updates'."),
        measured("- Signature verification failed for repomd.xml"),
        measured("stranger-1-1.noarch (Updates): Signature verification failed [4-Signatures public key is not available]"),
        measured("unsigned-1-1.noarch (Updates): Signature verification failed [6-File is unsigned]"),
        code="package-signature",
        near_misses=("Signature verification failed while verifying the agent's package",),
    ),
    _row(
        "rpm-does-not-verify",
        " does not verify: ",
        r"\bpackage (?P<named>\S{1,200}) does not verify: ",
        "rpm does not accept a package's signature: an unknown key, or one that this system's policy no longer takes",
        _RPM,
        documented(
            "package amazon-ssm-agent-3.1.1732.0-1.x86_64 does not verify: Header V4 RSA/SHA1 Signature, key ID 97dd04ed: BAD"
        ),
        code="package-signature",
    ),
    _row(
        "rpm-sha1",
        "Hash algorithm SHA1 not available",
        r"\bHash algorithm SHA1 not available",
        "a package is signed with SHA-1, which this system's policy no longer takes",
        _RPM,
        documented("error: Signature not supported. Hash algorithm SHA1 not available."),
        code="package-signature",
    ),
    _row(
        "nodeadm-signature",
        "validating ssm-setup-cli signature: ",
        r"\bvalidating ssm-setup-cli signature: [^\n]{0,80}No matching signature",
        "nodeadm knows only the key by which ssm-setup-cli was signed before: a newer nodeadm knows the new one",
        "public report: aws/eks-hybrid#865",
        documented("validating ssm-setup-cli signature: Signature Verification Error: No matching signature"),
        code="package-signature",
    ),
)

_LOCKED: tuple[Signature, ...] = (
    _row(
        "dpkg-locked",
        "dpkg frontend lock",
        r"Unable to acquire (?:the )?dpkg frontend lock\b",
        "another package manager is at work",
        _DPKG,
        measured("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?"),
        documented("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?"),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        near_misses=("E: Unable to acquire the dpkg frontend lock_x",),
    ),
    _row(
        "dpkg-frontend-locked",
        " locked by another process",
        r"\bdpkg (?:frontend|status database) (?:lock )?(?:is|was) locked by another process",
        "another package manager is at work",
        _DPKG,
        measured("install errors: dpkg: error: dpkg frontend is locked by another process"),
        documented("dpkg: error: dpkg frontend lock was locked by another process with pid 1234"),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        near_misses=("failed to run commands: exit status 2", "registration is locked by another process"),
    ),
    _row(
        "apt-locked",
        "Could not get lock /var/",
        r"(?<!Waiting for cache lock: )Could not get lock /var/(?:lib/dpkg|lib/apt|cache/apt)/",
        "another package manager is at work",
        _APT,
        measured("E: Could not get lock /var/cache/apt/archives/lock. It is held by process 1 (python)"),
        documented("E: Could not get lock /var/lib/apt/lists/lock - open (11: Resource temporarily unavailable)"),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        near_misses=("Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (apt)",),
    ),
    _row(
        "apt-waits",
        "Waiting for cache lock: Could not get lock ",
        r"\AWaiting for cache lock: Could not get lock /var/",
        "another package manager is at work, and apt waits for it",
        _APT,
        documented("Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (apt)"),
        righted_by=WENT_ON,
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        is_minor=True,  # it waits
        near_misses=("E: Could not get lock /var/cache/apt/archives/lock. It is held by process 1 (python)",),
    ),
    _row(
        "apt-lock-exception",
        "LockFailedException",
        r"\bapt\.cache\.LockFailedException",
        "another package manager is at work",
        "python-apt 2.x, apt/cache.py",
        documented("apt.cache.LockFailedException: Failed to lock /var/lib/apt/lists/lock"),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
    ),
    _row(
        "yum-locked",
        "Another app is currently holding the yum lock",
        r"Another app is currently holding the yum lock",
        "another package manager is at work",
        _YUM,
        documented("Another app is currently holding the yum lock; waiting for it to exit..."),
        righted_by=WENT_ON,
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        is_minor=True,  # it waits
    ),
    _row(
        "dnf-waits",
        "Waiting for process with pid ",
        r"\AWaiting for process with pid \d{1,10} to finish\.",
        "another package manager is at work, and dnf waits for it",
        _DNF,
        documented("Waiting for process with pid 1234 to finish."),
        righted_by=WENT_ON,
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        is_minor=True,  # it waits
    ),
    _row(
        "yum-pid",
        "Existing lock /var/run/yum.pid",
        r"Existing lock /var/run/yum\.pid: another copy is running",
        "another package manager is at work",
        _YUM,
        documented("Existing lock /var/run/yum.pid: another copy is running as pid 1234."),
        righted_by=WENT_ON,
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        is_minor=True,  # it waits
    ),
    _row(
        "rpm-locked",
        "can't create transaction lock on ",
        r"can't create transaction lock on \S{1,200} \(Resource temporarily unavailable\)",
        "another package manager is at work",
        _RPM,
        measured("error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)"),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        near_misses=("error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Permission denied)",),
    ),
    _row(
        "zypper-locked",
        "System management is locked",
        r"System management is locked\b",
        "another package manager is at work",
        _ZYPP,
        measured("System management is locked by the application with pid 606 (sleep)."),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        near_misses=("Solution 1: remove lock to allow installation of x",),
    ),
    _row(
        "patch-yum-lock",
        "another process has acquired yum lock",
        r"another process has acquired yum lock",
        "another yum runs, and the patch script waits for it",
        _GUIDE,
        documented("another process has acquired yum lock, waiting 2 s and retry."),
        righted_by=WENT_ON,
        code="package-manager-busy",
        transient=True,
        is_minor=True,  # it waits
    ),
)

_BROKEN: tuple[Signature, ...] = (
    _row(
        "apt-dpkg-failed",
        "Sub-process /usr/bin/dpkg returned an error code",
        r"\bE: Sub-process /usr/bin/dpkg returned an error code",
        "dpkg failed under apt and left a package half done; dpkg's own lines, in the system's language, tell which",
        _APT,
        documented("E: Sub-process /usr/bin/dpkg returned an error code (1)"),
        code="package-manager-broken",
        sums_up=True,
    ),
    _row(
        "dpkg-interrupted",
        "dpkg was interrupted",
        r"\bdpkg was interrupted, you must manually run",
        "an installation by dpkg was interrupted and is to be finished first",
        _DPKG,
        measured("E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem."),
        code="package-manager-broken",
        near_misses=("dpkg: warning: files list file for package 'x' missing",),
    ),
    _row(
        "dpkg-package",
        "dpkg: error processing ",
        r"\bdpkg: error processing (?:package|archive) (?![^\n]{0,400}\n[^\n]{0,400}[Nn]o space left on device)",
        "dpkg could not install or configure a package and left it half done",
        "dpkg 1.21, src/main/errors.c",
        measured("dpkg: error processing package failing (--configure):"),
        code="package-manager-broken",
        near_misses=("dpkg: error: dpkg frontend is locked by another process",),
    ),
    _row(
        "apt-fix-broken",
        "--fix-broken install",
        r"Unmet dependencies\. Try 'apt(?:-get)? --fix-broken install'",
        "packages that are installed lack what they depend on; apt does nothing until that is mended",
        _APT,
        measured("E: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution)."),
        code="package-manager-broken",
    ),
    _row(
        "rpm-database",
        "rpmdb open failed",
        r"\brpmdb open failed",
        "the database of installed packages cannot be opened",
        _RPM,
        measured("Error: Error: rpmdb open failed"),
        code="package-manager-broken",
        near_misses=("error: rpmdb: something else",),
    ),
    _row(
        "rpm-database-packages",
        "cannot open Packages ",
        r"\bcannot open Packages (?:database in |index using )(?![^\n]{0,200}(?:Permission denied|Operation not permitted))",
        "the database of installed packages cannot be opened",
        _RPM,
        measured("error: cannot open Packages index using sqlite - No such file or directory (2)"),
        code="package-manager-broken",
        near_misses=("error: cannot open Packages index using sqlite - Operation not permitted (1)",),
    ),
    _row(
        "rpm-database-recovery",
        "DB_RUNRECOVERY",
        r"\bDB_RUNRECOVERY: ",
        "the database of installed packages is damaged",
        _RPM,
        documented("error: db5 error(-30973) from dbenv->failchk: BDB0087 DB_RUNRECOVERY: Fatal error, run database recovery"),
        code="package-manager-broken",
    ),
    _row(
        "rpm-database-thread",
        "Thread died in Berkeley DB library",
        r"Thread died in Berkeley DB library",
        "the database of installed packages was left by a process that died",
        _RPM,
        documented("error: rpmdb: BDB0113 Thread/process 1234/140 failed: BDB1507 Thread died in Berkeley DB library"),
        code="package-manager-broken",
    ),
    _row(
        "patch-inventory-refused",
        "service side error when uploading the inventory",
        r"\bservice side error when uploading the inventory",
        "the result of a patch run could not be uploaded: two runs at once mostly",
        _GUIDE,
        documented("Encounter service side error when uploading the inventory"),
        code="patch-run-failed",
        variant="collided",
    ),
)

_DEPENDENCIES: tuple[Signature, ...] = (
    _row(
        "apt-unmet",
        "The following packages have unmet dependencies",
        r"The following packages have unmet dependencies",
        "apt cannot meet what packages depend on",
        _APT,
        measured("The following packages have unmet dependencies:"),
        code="package-dependencies",
        near_misses=("The following packages have been kept back:",),
    ),
    _row(
        "apt-held",
        "you have held broken packages",
        r"you have held broken packages",
        "apt cannot meet what packages depend on: one is held, or its repository is missing",
        _APT,
        measured("E: Unable to correct problems, you have held broken packages."),
        code="package-dependencies",
        near_misses=("The following held packages will be changed:",),
    ),
    _row(
        "apt-resolver",
        "this may be caused by held packages",
        r"generated breaks, this may be caused by held packages",
        "apt cannot meet what packages depend on: one is held, or its repository is missing",
        _APT,
        documented("E:Error, pkgProblemResolver::Resolve generated breaks, this may be caused by held packages."),
        code="package-dependencies",
    ),
    _row(
        "zypper-requirement",
        "but this requirement cannot be provided",
        r" requires [^\n]{1,300}, but this requirement cannot be provided",
        "zypper cannot meet what a package depends on: a lock, or a missing repository",
        _ZYPP,
        measured(
            "Problem: mock-pkg-has-dependencies-0.2.0-21.adistro.noarch requires mock-pkg-standalone = 0.2.0, "
            "but this requirement cannot be provided"
        ),
        code="package-dependencies",
        near_misses=("Problem: the certificate is not valid",),
    ),
    _row(
        "nothing-provides",
        "nothing provides ",
        r"\bnothing provides [^\n]{1,300} needed by ",
        "no repository that is switched on has what a package depends on",
        _DNF + "; " + _ZYPP,
        measured("Problem: nothing provides libnowhere.so.1 needed by unmet-1-1.noarch"),
        documented("Problem: nothing provides 'libfoo.so.1' needed by the to be installed bar-1.0-1.x86_64"),
        code="package-dependencies",
        near_misses=("nothing provides a better answer",),
    ),
    _row(
        "no-providers",
        "but none of the providers can be installed",
        r" requires [^\n]{1,300}, but none of the providers can be installed",
        "what a package depends on is kept out: an exclude, a module, or another package",
        _DNF,
        documented(
            " Problem: package awscli-1.18-1.noarch requires python3-botocore = 1.17, but none of the providers can be installed"
        ),
        code="package-dependencies",
    ),
    _row(
        "packages-conflict",
        " provided by ",
        r"\bpackage \S{1,200} (?:from \S{1,100} )?conflicts with [^\n]{1,200} provided by ",
        "two packages cannot be installed together",
        _DNF,
        documented("  - package a-1.0-1.x86_64 from baseos conflicts with b < 2 provided by b-1.0-1.x86_64 from @System"),
        code="package-dependencies",
        near_misses=("package.json conflicts with the lock file",),
    ),
    _row(
        "cannot-install-both",
        "cannot install both ",
        r"\bcannot install both \S{1,200} (?:from \S{1,100} )?and ",
        "two packages cannot be installed together",
        _DNF,
        documented("  - cannot install both glibc-2.34-60.el9.x86_64 from baseos and glibc-2.34-28.el9.x86_64 from @System"),
        code="package-dependencies",
    ),
    _row(
        "files-conflict",
        " conflicts with file from package ",
        r"\bfile \S{1,300} from install of \S{1,200} conflicts with file from package ",
        "a package brings a file that another one has installed",
        "rpm 4.14-4.18, lib/rpmps.c",
        documented("  file /usr/bin/aws from install of awscli-2.x86_64 conflicts with file from package awscli-1.noarch"),
        code="package-dependencies",
    ),
    _row(
        "files-conflict-both",
        " conflicts between attempted installs of ",
        r"\bfile \S{1,300} conflicts between attempted installs of ",
        "two packages bring the same file",
        "rpm 4.14-4.18, lib/rpmps.c",
        measured("file /var/lib/healthy/file conflicts between attempted installs of healthy-1-1.noarch and clash-1-1.noar"),
        code="package-dependencies",
    ),
    _row(
        "dnf-depsolve",
        "Depsolve Error",
        r"\bDepsolve Error occurr?ed",
        "dnf cannot meet what packages depend on",
        "dnf 4, dnf/exceptions.py",
        documented("dnf.exceptions.DepsolveError: Depsolve Error occured:"),
        code="package-dependencies",
    ),
    _row(
        "yum-package",
        "Error: Package: ",
        r"\bError: Package: \S{1,300} \([^)\n]{1,100}\)",
        "yum cannot meet what a package depends on",
        _YUM,
        documented("Error: Package: awscli-1.18.107-1.amzn2.0.1.noarch (amzn2-core)"),
        code="package-dependencies",
        near_misses=("Error: Package: not found",),
    ),
    _row(
        "yum-update-requires",
        "yum update failed with result code: ",
        r"yum update failed with result code: \d{1,3}, message: \[[^\n]{0,400}? requires ",
        "yum cannot meet what a package depends on: a repository is missing or excluded",
        _GUIDE,
        measured(
            "yum update failed with result code: 1, message: [u'rpm-python-4.11.3-25.amzn2.0.3.x86_64 requires "
            "rpm = 4.11.3-25.amzn2.0.3', u'awscli-1.18.107-1.amzn2.0.1.noarch requires python2-botocore = 1.17.31']"
        ),
        code="package-dependencies",
        near_misses=("yum update failed with result code: 1, message: [u'Errors were encountered while downloading packages.']",),
    ),
    _row(
        "zypper-dependencies",
        "Dependency check failure during commit process",
        r"Dependency check failure during commit process",
        "zypper could not meet what packages depend on",
        _GUIDE,
        measured("CLIInvokerError(error_message='Dependency check failure during commit process', error_code='4')"),
        code="package-dependencies",
    ),
    _row(
        "rpm-over-pip",
        "rror unpacking rpm package ",
        r"\bError unpacking rpm package (?P<named>[\w.+~:-]{1,200})",
        "rpm could not put a package's files in place: what lies there is not rpm's, a module that pip installed mostly",
        _GUIDE,
        documented("Error unpacking rpm package python-urllib3-1.25.9-1.amzn2.0.2.noarch"),
        code="package-dependencies",
    ),
    _row(
        "rpm-rename",
        "unpacking of archive failed on file ",
        r"\bunpacking of archive failed on file \S{1,300}?: cpio: rename",
        "rpm could not put a package's files in place: what lies there is not rpm's, a module that pip installed mostly",
        _RPM,
        documented("error: unpacking of archive failed on file /usr/lib/python2.7/site-packages/backports/x: cpio: rename"),
        code="package-dependencies",
    ),
    _row(
        "yum-multilib",
        "ultilib version",
        r"\b(?:Protected multilib versions:|Multilib version problems found)",
        "the same package of two processors would have different versions",
        _YUM,
        documented("Error: Protected multilib versions: libgcc-4.8.5-44.el7.x86_64 != libgcc-4.8.5-39.el7.i686"),
        documented("Error:  Multilib version problems found. This often means that the root cause is something else"),
        code="package-dependencies",
    ),
)

_UNREACHED: tuple[Signature, ...] = (
    _row(
        "apt-connect",
        "Could not connect to ",
        rf"(?:Failed to fetch {_URL} [^\n]{{0,300}}?)?Could not connect to (?P<host>[\w.-]{{1,253}}):\d{{1,5}} \(",
        "apt could not reach a repository",
        _APT,
        documented("Could not connect to security.ubuntu.com:80 (91.189.91.81), connection timed out"),
        measured(
            "W: Failed to fetch http://security.ubuntu.com/ubuntu/dists/jammy-security/InRelease  Could not connect to "
            "security.ubuntu.com:80 (91.189.91.81), connection timed out"
        ),
        code="repository-unreachable",
        transient=True,
        near_misses=('Could not connect to the endpoint URL: "https://ssm.eu-west-1.amazonaws.com/"',),
    ),
    _row(
        "apt-connect-name",
        "Unable to connect to ",
        rf"(?:Failed to fetch {_URL} [^\n]{{0,300}}?)?\bUnable to connect to (?P<host>[\w.-]{{1,253}}):https?:",
        "apt could not reach a repository",
        _APT,
        measured(
            "W: Failed to fetch http://us-east-2.ec2.archive.ubuntu.com/ubuntu/dists/jammy-updates/InRelease  "
            "Unable to connect to us-east-2.ec2.archive.ubuntu.com:http:"
        ),
        code="repository-unreachable",
        transient=True,
        near_misses=("Unable to connect to the server",),
    ),
    _row(
        "apt-connect-begin",
        "Cannot initiate the connection to ",
        rf"(?:Failed to fetch {_URL} [^\n]{{0,300}}?)?Cannot initiate the connection to (?P<host>[\w.-]{{1,253}}):\d{{1,5}} \(",
        "apt could not reach a repository (IPv6 without a way is told so too)",
        _APT,
        documented(
            "Cannot initiate the connection to archive.ubuntu.com:80 (2620:2d:4000:1::19). - connect (101: "
            "Network is unreachable)"
        ),
        code="repository-unreachable",
        transient=True,
        is_minor=True,  # apt tries the other addresses too
    ),
    _row(
        "apt-resolve",
        "Temporary failure resolving '",
        rf"(?:Failed to fetch {_URL} [^\n]{{0,300}}?)?Temporary failure resolving '(?P<host>[\w.-]{{1,253}})'",
        "apt could not look a repository's name up",
        _APT,
        measured("Temporary failure resolving 'lost.example.com'"),
        code="repository-unreachable",
        transient=True,
        near_misses=("lookup ssm.eu-west-1.amazonaws.com: Temporary failure in name resolution",),
    ),
    _row(
        "apt-name",
        "Could not resolve '",
        rf"(?:Failed to fetch {_URL} [^\n]{{0,300}}?)?Could not resolve '(?P<host>[\w.-]{{1,253}})'",
        "apt could not look a repository's name up",
        _APT,
        measured("Could not resolve 'gone.example.com'"),
        code="repository-unreachable",
        transient=True,
        near_misses=("curl: (6) Could not resolve host: archive.ubuntu.com",),
    ),
    _row(
        "repository-apt",
        "FetchFailedException",
        r"apt\.cache\.FetchFailedException",
        "apt could not fetch from a repository",
        "public report amazon-ssm-agent#643",
        documented("apt.cache.FetchFailedException: E:Failed to fetch"),
        code="repository-unreachable",
        transient=True,
    ),
    _row(
        "apt-old-lists",
        "Some index files failed to download",
        r"(?<!E: )Some index files failed to download",
        "apt went on with old lists, or with none: what a scan says rests on those",
        _APT,
        measured("W: Some index files failed to download. They have been ignored, or old ones used instead."),
        code="repository-unreachable",
        transient=True,
        is_minor=True,
        sums_up=True,
    ),
    _row(
        "apt-no-lists",
        "Some index files failed to download",
        r"E: Some index files failed to download",
        "apt went on with old lists, or with none: what a scan says rests on those",
        _APT,
        documented("E: Some index files failed to download. They have been ignored, or old ones used instead."),
        code="repository-unreachable",
        transient=True,
        sums_up=True,
    ),
    _row(
        "apt-no-archives",
        "nable to fetch some archives",
        r"\bE: Unable to fetch some archives\b",
        "apt installs nothing, as packages could not be fetched; the lines above tell why",
        _APT,
        documented("E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?"),
        code="repository-unreachable",
        transient=True,
        sums_up=True,
    ),
    _row(
        "dnf-curl",
        "Curl error (",
        rf"\bCurl error \((?:[567]|28|52|55|56)\): (?![^\n]{{0,600}}HTTP code \d)[^\n]{{0,200}}? for {_URL}",
        "dnf could not reach a repository",
        _DNF,
        measured("- Curl error (28): Timeout was reached for http://silent.example.com/mirror.list [Connection timeout aft"),
        documented(
            "Error: Failed to download metadata for repo 'x': Cannot prepare internal mirrorlist: Curl "
            "error (6): Couldn't resolve "
            "host name for https://mirror.example/list [Could not resolve host: mirror.example]"
        ),
        code="repository-unreachable",
        transient=True,
        near_misses=("Curl error (60): SSL peer certificate or SSH remote key was not OK for https://mirror.example/x [x]",),
    ),
    _row(
        "dnf-certificate",
        "Curl error (",
        rf"\bCurl error \((?:35|51|53|60|77)\): (?:[^\n]{{0,200}}? for {_URL})?",
        "dnf reached a repository's address and no TLS came about: a certificate that is not trusted, or something in between",
        _DNF,
        measured("- Curl error (60): SSL peer certificate or SSH remote key was not OK for https://expired.example.com/rpm"),
        near_misses=("Curl error (6): Couldn't resolve host name for https://mirror.example/list",),
        code="tls-untrusted",
    ),
    _row(
        "yum-curl",
        "curl#",
        rf"(?:{_URL}{_YUM_SAYS})?(?:\[Errno 14\]|\b14:) curl#(?:5|6|7|28|52|55|56) "
        r"(?!- \"Could not resolve host: [\w-]{1,80}\.REGION\.)",
        "yum could not reach a repository",
        _YUM,
        documented(
            'http://mirror.example/7/os/repodata/repomd.xml: [Errno 14] curl#6 - "Could not resolve host: mirror.example"'
        ),
        documented(
            "Could not retrieve mirrorlist http://mirror.example/?release=7 error was\n"
            '14: curl#7 - "Failed to connect to 192.0.2.1: Network is unreachable"'
        ),
        righted_by=LISTED,
        code="repository-unreachable",
        transient=True,
        near_misses=('https://x/y: [Errno 14] curl#60 - "Peer\'s certificate issuer has been marked as not trusted"',),
    ),
    _row(
        "yum-timeout",
        " Timeout on http",
        rf"(?:\[Errno 12\]|\b12:) Timeout on {_URL}",
        "yum could not reach a repository",
        _YUM,
        documented(
            "http://mirror.example/7/os/repodata/repomd.xml: [Errno 12] Timeout on "
            "http://mirror.example/7/os/repodata/repomd.xml: "
            "(28, 'Connection timed out after 30001 milliseconds')"
        ),
        documented("12: Timeout on http://mirror.example/mirror.list: (28, 'Resolving timed out after 5000 milliseconds')"),
        righted_by=LISTED,
        code="repository-unreachable",
        transient=True,
    ),
    _row(
        "yum-mirrorlist",
        "Could not retrieve mirrorlist ",
        rf"\bCould not retrieve mirrorlist {_URL} error was\b(?!\s{{1,8}}(?:12: Timeout|14: (?:HTTP|curl#)))",
        "yum could not fetch a repository's list of mirrors; the line below it, where there is one, tells why",
        _YUM,
        documented("Could not retrieve mirrorlist http://mirror.example.com/?release=7 error was"),
        righted_by=LISTED,
        code="repository-unreachable",
        transient=True,
        sums_up=True,
    ),
    _row(
        "yum-gave-up",
        "One of the configured repositories failed",
        r"\bOne of the configured repositories failed \(",
        "yum did nothing, as it has no list of a repository; the lines above tell why",
        _YUM,
        documented(" One of the configured repositories failed (Unknown),"),
        code="repository-unreachable",
        transient=True,
        sums_up=True,
    ),
    _row(
        "repository-yum",
        "Cannot find a valid baseurl for repo",
        r"Cannot find a valid baseurl for repo(?:: (?P<named>\S{1,100}))?",
        "yum could not reach a repository",
        "yum 3.4 yumRepo.py",
        documented("Cannot find a valid baseurl for repo: amzn2-core/2/x86_64"),
        measured("Error: Cannot find a valid baseurl for repo: updates"),
        code="repository-unreachable",
        transient=True,
    ),
    _row(
        "yum-no-mirrors",
        "No more mirrors to try",
        r"\bNo more mirrors to try\b(?! - All mirrors)",
        "yum tried every mirror of a repository; the lines beside it tell whether they refuse or are out of reach",
        _YUM,
        measured("failure: repodata/repomd.xml from rhui-REGION-rhel-server-releases: [Errno 256] No more mirrors to try."),
        code="repository-unreachable",
        transient=True,
        sums_up=True,
        near_misses=(
            "[FAILED] healthy-1-1.noarch.rpm: No more mirrors to try - All mirrors were already tried without success",
            "https://x/y: [Errno 14] HTTPS Error 403 - Forbidden",
        ),
    ),
    _row(
        "dnf-no-mirrors",
        "All mirrors were tried",
        r"\bAll mirrors were (?:already )?tried",
        "dnf tried every mirror of a repository; the lines beside it tell whether they refuse or are out of reach",
        _DNF,
        documented(
            "Error: Failed to download metadata for repo 'x': Cannot download repomd.xml: Cannot download repodata/repomd.xml: "
            "All mirrors were tried"
        ),
        code="repository-unreachable",
        transient=True,
        sums_up=True,
    ),
    _row(
        "repository-dnf",
        "Failed to download metadata for repo",
        r"Failed to download metadata for repo "
        r"(?![^\n]{0,300}(?:GPG|Status code: |Curl error \(|All mirrors were |No URLs in mirrorlist))",
        "dnf could not reach a repository",
        "libdnf repo/Repo.cpp",
        measured("Error: Failed to download metadata for repo 'updates': Cannot download repomd.xml: Cannot download repod"),
        code="repository-unreachable",
        transient=True,
        near_misses=(
            "Error: Failed to download metadata for repo 'x': repomd.xml GPG signature verification error",
            (
                "Error: Failed to download metadata for repo 'x': Cannot prepare internal mirrorlist: Status "
                "code: 403 for https://x/y"
            ),
        ),
    ),
    _row(
        "dnf-ignored",
        "Ignoring repositories: ",
        r"\bIgnoring repositories: (?P<named>[^\n]{1,200})",
        (
            "dnf left these repositories out and went on: a scan finds no missing patches of theirs, so its "
            "compliance is not to be trusted"
        ),
        _DNF,
        measured("Ignoring repositories: amazonlinux"),
        measured("Ignoring repositories: updates"),
        code="false-compliance",
        is_minor=True,
    ),
    _row(
        "no-repositories",
        "There are no enabled repo",
        r"\bThere are no enabled repo(?:s\b|sitories\b)",
        "no repository is switched on, so a scan has nothing to compare with",
        _DNF,
        measured("Warning: There are no enabled repositories defined."),
        documented("There are no enabled repos."),
        code="false-compliance",
        variant="nothing-on",
    ),
    _row(
        "zypper-timeout",
        "Timeout exceeded when accessing '",
        rf"Timeout exceeded when accessing '{_URL}'",
        "zypper could not reach a repository",
        _ZYPP,
        measured("Timeout exceeded when accessing 'http://silent.example.com/rpm/content'."),
        code="repository-unreachable",
        transient=True,
    ),
    _row(
        "zypper-connection",
        "Error code: Connection failed",
        rf"(?:\(curl\) error for '{_URL}':\s{{1,8}})?Error code: Connection failed",
        "zypper could not reach a repository",
        _ZYPP,
        measured("Error code: Connection failed"),
        code="repository-unreachable",
        transient=True,
        near_misses=("Error code: HTTP response: 403",),
    ),
    _row(
        "zypper-download",
        "Download (curl) error for '",
        r"Download \(curl\) error for '",
        "zypper could not download from a repository; the lines after it tell why",
        _ZYPP,
        measured("Download (curl) error for 'http://refused.example.com/rpm/content':"),
        code="repository-unreachable",
        transient=True,
        is_minor=True,
        sums_up=True,
    ),
    _row(
        "rhui-not-contacted",
        "Could not contact any CDS load balancers: ",
        r"\bCould not contact any CDS load balancers: (?P<host>[\w.-]{1,253}\w)",
        "none of Red Hat's update servers could be reached",
        "rhui-client yum plug-in; public reports",
        documented("Could not contact any CDS load balancers: rhui2-cds01.eu-west-3.aws.ce.redhat.com, rhui2-cds02.eu-west-3"),
        code="repository-unreachable",
        transient=True,
    ),
    _row(
        "snap-store-fails",
        "https://api.snapcraft.io/",
        r"\bstatus code 5\d\d via \w{1,6} to \"(?P<url>https://api\.snapcraft\.io/[^\s\"]{0,200})",
        "the store of snaps was reached and fails on its own side",
        "snapd, store; public report",
        documented(
            "error: cannot refresh: cannot query the store for updates: got unexpected HTTP status code 503 via POST to "
            '"https://api.snapcraft.io/v2/snaps/refresh"'
        ),
        code="repository-unreachable",
        variant="answers",
        transient=True,
    ),
)

_PLATFORM: tuple[Signature, ...] = (
    _row(
        "patch-unsupported-system",
        "UnsupportedOperatingSystem",
        r"\(UnsupportedOperatingSystem\) when calling the GetDeployablePatchSnapshotForInstance operation"
        r"|(?<![\w(])UnsupportedOperatingSystem: ",
        "Patch Manager does not support this system or this release of it",
        _GUIDE + "; amazon-ssm-agent#457",
        measured(
            "An error occurred (UnsupportedOperatingSystem) when calling the GetDeployablePatchSnapshotForInstance operation: "
        ),
        code="patch-platform",
        near_misses=(
            "An error occurred (AccessDeniedException) when calling the GetDeployablePatchSnapshotForInstance operation: x",
        ),
    ),
    _row(
        "patch-unsupported-snapshot",
        "'Unsupported Operating System'",
        r"PatchManagerError: \('Unsupported Operating System', 146\b",
        "Patch Manager does not support this system or this release of it",
        _GUIDE + "; amazon-ssm-agent#457",
        measured("patch_common.exceptions.PatchManagerError: ('Unsupported Operating System', 146"),
        code="patch-platform",
        near_misses=("amazon-ssm-setup-cli: 'Unsupported Operating System'",),
    ),
    _row(
        "apt-source-unknown",
        " in source list ",
        r"\bE: Type '[^'\n]{1,80}' is not known on line \d{1,6} in source list (?P<named>\S{1,300})",
        "apt cannot read a file of its sources",
        _APT,
        documented("E: Type 'Types:' is not known on line 51 in source list /etc/apt/sources.list"),
        code="repository-config-invalid",
    ),
    _row(
        "apt-source-malformed",
        "E: Malformed ",
        r"\bE: Malformed (?:entry|stanza|line) \d{1,6} in (?:list|sources?) (?:file|list) (?P<named>\S{1,300})",
        "apt cannot read a file of its sources",
        _APT,
        documented("E: Malformed entry 1 in list file /etc/apt/sources.list.d/x.list (Component)"),
        code="repository-config-invalid",
    ),
    _row(
        "yum-placeholder",
        ".REGION.",
        r"\bresolve host:? [\w-]{1,80}\.REGION\.aws\.ce\.redhat\.com",
        "the region in a repository's URL was not filled in: yum's plug-in got none from the metadata service",
        _YUM,
        documented('[Errno 14] curl#6 - "Could not resolve host: rhui2-cds01.REGION.aws.ce.redhat.com; Unknown error"'),
        code="repository-config-invalid",
    ),
    _row(
        "dnf-empty-mirrorlist",
        "No URLs in mirrorlist",
        r"\bNo URLs in mirrorlist\b",
        "a mirror list was reached and is empty: the release is past its end, and its packages lie in an archive",
        _DNF,
        documented(
            "Error: Failed to download metadata for repo 'appstream': Cannot prepare internal mirrorlist: No URLs in mirrorlist"
        ),
        code="repository-denied",
        variant="no-mirrors",
    ),
)

_RUN: tuple[Signature, ...] = (
    _row(
        "zypper-login-failed",
        "Login failed. (",
        r"\bLogin failed\. \((?P<url>https?://[^\s'\"()]{1,500})\)",
        "a repository asks for a login that it does not get, or does not take",
        _ZYPP,
        measured(" - Login failed. (http://mirror.example.com/status/401/content): The requested URL returned error: 401"),
        code="repository-denied",
    ),
    _row(
        "zypper-no-repository",
        "Repository type can't be determined",
        r"\[[^\]|\n]{1,200}\|(?P<url>https?://[^\s'\"\]]{1,500})\] Repository type can't be determined",
        "the server answers, and there is no repository at that place: a release that is wrong or gone",
        _ZYPP,
        measured(" - [updates|http://mirror.example.com/rpm/99] Repository type can't be determined."),
        code="repository-denied",
    ),
    _row(
        "zypper-no-metadata",
        "specified URL",
        r"\[(?P<named>[^\]|\n]{1,200})\|[a-z]{3,10}:[^\s\]]{1,500}\] Valid metadata not found at specified URL",
        "what a repository's address gave is no repository; the line below it, where there is one, tells why",
        _ZYPP,
        documented("[updates|plugin:/susecloud?credentials=x&path=/repo/SUSE/x/] Valid metadata not found at specified URL"),
        code="repository-denied",
        variant="not-found",
        sums_up=True,
        near_misses=("[updates|http://mirror.example.com/rpm/99] Repository type can't be determined.",),
    ),
    _row(
        "zypper-files",
        "Problem retrieving files from '",
        r"\bProblem retrieving files from '(?P<named>[^'\n]{1,200})'",
        "a repository's files could not be fetched; the lines below tell why",
        _ZYPP,
        documented("Problem retrieving files from 'SLE-Module-Basesystem15-SP5-Updates'."),
        code="repository-unreachable",
        sums_up=True,
    ),
    _row(
        "zypper-not-refreshed",
        "because of ",
        r"\b(?:Skipping repository '(?P<named>[^'\n]{1,200})' because of the above error"
        r"|Could not refresh the repositories because of errors"
        r"|Some of the repositories have not been refreshed because of an error)",
        "zypper left repositories out, or knows no new patches of theirs; the lines above tell why",
        _ZYPP,
        documented("Warning: Skipping repository 'SLE-Module-Basesystem15-SP5-Updates' because of the above error."),
        documented("Could not refresh the repositories because of errors."),
        documented("Some of the repositories have not been refreshed because of an error."),
        code="repository-unreachable",
        sums_up=True,
    ),
    _row(
        "zypper-no-new-metadata",
        "Failed to retrieve new repository metadata",
        r"\[(?P<named>[^\]|\n]{1,200})\|[a-z]{3,10}:[^\s\]]{1,500}\] Failed to retrieve new repository metadata",
        "a repository's list could not be fetched; the line below it, where there is one, tells why",
        _ZYPP,
        documented("[oss|http://download.opensuse.org/tumbleweed/repo/oss/] Failed to retrieve new repository metadata."),
        code="repository-unreachable",
        sums_up=True,
    ),
    _row(
        "zypper-unavailable",
        "is temporarily unaccessible",
        r"Location '(?P<url>https?://[^\s'\"]{1,500})' is temporarily unaccessible",
        "a repository answers that it cannot serve now",
        _ZYPP,
        measured(" - Location 'http://mirror.example.com/status/503/content' is temporarily unaccessible."),
        code="repository-unreachable",
        variant="answers",
        transient=True,
    ),
    _row(
        "dnf-unavailable",
        "Status code: 5",
        rf"\bStatus code: 5\d\d for {_URL}",
        "a repository answers that it cannot serve now",
        _DNF,
        measured("  - Status code: 503 for http://mirror.example.com/status/503/repodata/repomd.xml (IP: 198.51.100.10)"),
        code="repository-unreachable",
        variant="answers",
        transient=True,
    ),
    _row(
        "repository-wrong-name",
        "target host name '",
        r"(?:no alternative certificate subject name matches|certificate subject name \([^)\n]{0,200}\) does not match) "
        r"target host name '(?P<host>[\w.-]{1,253})'",
        "a repository shows the certificate of another name",
        _DNF,
        measured("Error message: SSL: no alternative certificate subject name matches target host name 'othername.example.com'"),
        measured("[SSL: certificate subject name () does not match target host name 'othername.example.com']"),
        code="tls-wrong-name",
    ),
    _row(
        "repository-expired",
        "SSL certificate problem: certificate has expired",
        rf"{_FAILS_BY_CURL}SSL certificate problem: certificate has expired",
        "a repository shows a certificate that has expired",
        _ZYPP,
        measured("Error message: SSL certificate problem: certificate has expired"),
        code="tls-expired",
    ),
    _row(
        "repository-untrusted",
        "SSL certificate problem: ",
        rf"{_FAILS_BY_CURL}SSL certificate problem: (?:unable to get local issuer certificate|self.signed certificate)",
        "a repository shows a certificate whose issuer this machine does not trust",
        _ZYPP,
        measured("Error message: SSL certificate problem: unable to get local issuer certificate"),
        code="tls-untrusted",
    ),
    _row(
        "repository-damaged",
        "igest verification failed for file",
        r"\bDigest verification failed for file '",
        "what a repository sent is not what its list says",
        _ZYPP,
        measured("Warning: Digest verification failed for file 'primary.xml.gz'"),
        code="download-refused",
        variant="damaged",
    ),
    _row(
        "dnf-damaged",
        "but checksum doesn't match",
        r"\bDownloading successful, but checksum doesn't match",
        "what a repository sent is not what its list says",
        _DNF,
        measured("- Downloading successful, but checksum doesn't match. Calculated: 9859dd387c85d6aca1154012c8fd17a2a006d1"),
        code="download-refused",
        variant="damaged",
    ),
    _row(
        "apt-damaged-list",
        "Hash Sum mismatch",
        rf"(?:\AErr:\d{{1,5}} {_URL}[^\n]{{0,300}}\n|\A)[ \t]{{0,8}}Hash Sum mismatch[ \t]{{0,4}}(?:\n|\Z)",
        "what a repository sent is not what its list says",
        _APT,
        documented(
            "Err:6 https://mirror.example.com/debian stable/main amd64 Packages\n  Hash Sum mismatch\n  Hashes of expected file:"
        ),
        documented("  Hash Sum mismatch"),
        code="download-refused",
        variant="damaged",
        near_misses=("E: Failed to fetch http://x/Packages.gz  Hash Sum mismatch",),
    ),
    _row(
        "apt-damaged",
        "Hash Sum mismatch",
        rf"Failed to fetch {_URL}\s+Hash Sum mismatch",
        "what a repository sent is not what its list says",
        _APT,
        documented("E: Failed to fetch http://mirror.example.com/dists/stable/main/binary-amd64/Packages.gz  Hash Sum mismatch"),
        code="download-refused",
        variant="damaged",
    ),
    _row(
        "dnf-metadata-locked",
        "metadata already locked by ",
        r"\bmetadata already locked by \d",
        "another dnf is at work",
        _DNF,
        measured("metadata already locked by 1"),
        righted_by=WENT_ON,
        code="package-manager-busy",
        transient=True,
        is_minor=True,  # it waits
    ),
    _row(
        "zypper-conflicting-requests",
        "Problem: conflicting requests",
        r"\bProblem: conflicting requests",
        "what is asked for and a lock, or another package, exclude each other",
        _ZYPP,
        measured("Problem: conflicting requests"),
        code="package-dependencies",
    ),
    _row(
        "zypper-file-conflict",
        " file conflict",
        r"\bDetected \d+ file conflicts?:",
        "two packages want to bring the same file",
        _ZYPP,
        measured("Detected 1 file conflict:"),
        code="package-dependencies",
    ),
)

_APT_MORE: tuple[Signature, ...] = (
    _row(
        "apt-mirror-syncs",
        "File has unexpected size (",
        rf"(?:Failed to fetch {_URL}\s{{1,8}}|\AErr:\d{{1,5}} \S{{1,500}}[^\n]{{0,300}}\n\s{{1,8}}|\A\s{{0,8}})"
        r"File has unexpected size \(",
        "a mirror is being filled: its list and its files do not fit together for the moment",
        _APT,
        documented(
            "E: Failed to fetch http://mirror.example.com/dists/x/Packages.xz  File has unexpected size (1234 != 2345). "
            "Mirror sync in progress? [IP: 198.51.100.10 80]"
        ),
        code="repository-unreachable",
        variant="syncing",
        transient=True,
        near_misses=("E: Failed to fetch http://x/y  404  Not Found [IP: 10.0.0.9 80]",),
    ),
    _row(
        "apt-release-changed",
        "' changed its '",
        rf"\bE: Repository '{_URL} [^'\n]{{0,200}}' changed its '\w{{1,40}}' value from ",
        "a repository names its release otherwise than before, and apt asks for consent",
        _APT,
        documented(
            "E: Repository 'http://x.example.com/debian buster InRelease' changed its 'Suite' value from 'stable' to 'oldstable'"
        ),
        code="repository-config-invalid",
        variant="changed",
        near_misses=("N: Repository 'http://x/debian x InRelease' changed its 'Version' value from '10.0' to '10.1'",),
    ),
    _row(
        "apt-other-status",
        "Failed to fetch ",
        rf"Failed to fetch {_URL} {{1,4}}5\d\d ",
        "a repository answers that it cannot serve now",
        _APT,
        measured(
            "E: Failed to fetch http://mirror.example.com/status/503/dists/stable/InRelease  503  Service Unavailable "
            "[IP: 198.51.100.10 80]"
        ),
        code="repository-unreachable",
        variant="answers",
        transient=True,
        near_misses=("E: Failed to fetch http://x/y  404  Not Found [IP: 10.0.0.9 80]",),
    ),
    _row(
        "apt-untrusted",
        "Certificate verification failed: ",
        rf"(?:Failed to fetch {_URL} [^\n]{{0,100}}?)?Certificate verification failed: [^\n]{{0,200}}?issuer is unknown",
        "a repository shows a certificate whose issuer this machine does not trust",
        _APT,
        measured(
            "W: Failed to fetch https://untrusted.example.com/deb/good/dists/stable/InRelease  Certificate verification failed: "
            "The certificate is NOT trusted. The certificate issuer is unknown."
        ),
        code="tls-untrusted",
    ),
    _row(
        "apt-expired",
        "Certificate verification failed: ",
        rf"(?:Failed to fetch {_URL} [^\n]{{0,100}}?)?Certificate verification failed: [^\n]{{0,200}}?uses expired certificate",
        "a repository shows a certificate that has expired",
        _APT,
        measured(
            "W: Failed to fetch https://expired.example.com/deb/good/dists/stable/InRelease  Certificate verification failed: "
            "The certificate is NOT trusted. The certificate chain uses expired certificate."
        ),
        code="tls-expired",
    ),
    _row(
        "apt-wrong-name",
        "Certificate verification failed: ",
        rf"(?:Failed to fetch {_URL} [^\n]{{0,100}}?)?Certificate verification failed: [^\n]{{0,200}}?The name in the ",
        "a repository shows the certificate of another name",
        _APT,
        measured(
            "W: Failed to fetch https://othername.example.com/deb/good/dists/stable/InRelease  Certificate verification failed: "
            "The certificate is NOT trusted. The name in the certificate does not match the expected."
        ),
        code="tls-wrong-name",
    ),
    _row(
        "apt-list-over",
        " is expired (invalid since ",
        rf"Release file for {_URL} is expired \(invalid since ",
        "a repository's list says until when it holds, and that is over: the mirror is no longer filled, or this clock is ahead",
        _APT,
        measured("E: Release file for http://mirror.example.com/deb/old/dists/stable/InRelease is expired (invalid since "),
        code="repository-denied",
        variant="over",
        near_misses=("E: Release file for http://x/dists/stable/InRelease is not valid yet (invalid for another 2h 1min 5s).",),
    ),
    _row(
        "apt-no-component",
        "doesn't have the component '",
        rf"as repository '{_URL} [^'\n]{{0,200}}' doesn't have the component '",
        "a source names a part of the repository that it does not have: a slip, or another release",
        _APT,
        measured(
            "W: Skipping acquire of configured file 'contrib/binary-amd64/Packages' as repository "
            "'http://mirror.example.com/deb/good stable InRelease' doesn't have the component 'contrib'"
        ),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        near_misses=(
            "N: Skipping acquire of configured file 'main/binary-i386/Packages' as repository 'http://x/ubuntu jammy InRelease' "
            "doesn't support architecture 'i386'",
        ),
    ),
    _row(
        "dnf-transaction-check",
        "transaction check vs depsolve",
        r"\btransaction check vs depsolve",
        "two packages cannot be installed together, or one lacks what it depends on",
        _DNF,
        measured("Error: transaction check vs depsolve:"),
        code="package-dependencies",
    ),
)

PACKAGES: tuple[Signature, ...] = (
    _VARIABLES + _RUN + _CURL + _APT_MORE + _REFUSED + _LOCKED + _BROKEN + _DEPENDENCIES + _SIGNED + _PLATFORM + _UNREACHED
)
"""Who says more comes first: an answer that refuses before what follows from it, and what is out of reach last."""
