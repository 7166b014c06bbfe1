"""What apt, dpkg, yum, dnf, zypper, rpm and curl print when they fail, in the output of a patch run or on a console."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import Kind, Sample, Signature, documented, measured

_APT = "apt 2.x (apt-pkg, methods/http and methods/gpgv); public reports"
_DPKG = "dpkg 1.21, lib/dpkg/dbmodify.c; apt 2.x apt-pkg/deb/debsystem.cc"
_DNF = "libdnf 0.69 and librepo 1.14; public reports"
_YUM = "yum 3.4 (yumRepo.py, urlgrabber) and public reports"
_ZYPP = "libzypp 17 and zypper 1.14; public reports"
_RPM = "rpm 4.14-4.18 (lib/rpmdb.c); public reports"
_GUIDE = "AWS Systems Manager User Guide, patch-manager-troubleshooting"
_URL = r"(?P<url>https?://[^\s'\"]{1,500})"

_S3 = r"(?P<url>https?://[\w.-]{1,200}\.s3[\w.-]{1,100}\.amazonaws\.com(?:\.cn)?/[^\s'\"]{0,500})"
_NOT_S3 = r"(?P<url>https?://(?![\w.-]{1,200}\.s3[\w.-]{1,100}\.amazonaws\.com)[^\s'\"]{1,500})"

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
    near_misses: tuple[str, ...] = (),
) -> Signature:
    """A cause; without a code it is told and nothing is claimed."""
    return Signature(
        id=name, kind=Kind.CAUSE, fixed=fixed, pattern=pattern, meaning=meaning, source=source, samples=samples,
        code=code or None, variant=variant, transient=transient, is_minor=is_minor, is_of_patching=is_of_patching,
        sums_up=sums_up, near_misses=near_misses,
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
        "curl: (23) ",
        r"\bcurl: \(23\) ",
        "curl could not write its file: a full disk, or a curl installed as a snap, which cannot write there",
        "curl manual, EXIT CODES; " + _GUIDE,
        documented("curl: (23) Failure writing output to destination"),
        documented("curl: (23) Failed writing body (0 != 1369)"),
        code="curl-cannot-write",
        is_of_patching=True,
        near_misses=("curl: (22) The requested URL returned error: 403",),
    ),
)

_REFUSED: tuple[Signature, ...] = (
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
        documented(
            "  - Status code: 403 for "
            "https://cdn.redhat.com/content/dist/rhel9/9/x86_64/baseos/os/repodata/repomd.xml (IP: 10.0.0.9)"
        ),
        code="repository-denied",
        near_misses=("Status code: 404 for https://mirror.example/x", "status code: 403, request id: 1"),
    ),
    _row(
        "dnf-not-found",
        "Status code: 404",
        rf"Status code: 404 for {_URL}",
        "a repository was reached and has no such file: another release, a wrong URL, or a mirror that is behind",
        _DNF,
        documented("  - Status code: 404 for https://mirror.example/8/BaseOS/x86_64/os/repodata/repomd.xml (IP: 10.0.0.9)"),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        near_misses=("Status code: 403 for https://mirror.example/x",),
    ),
    _row(
        "yum-refused-s3",
        "[Errno 14] HTTP",
        rf"{_S3}: \[Errno 14\] HTTPS? Error 40[13]\b",
        "a repository in S3 was reached and refuses: the endpoint's policy, or a release that does not exist",
        _YUM,
        documented(
            "https://amazonlinux-2-repos-eu-west-1.s3.dualstack.eu-west-1.amazonaws.com/2/core/latest/x86_64/mirror.list: "
            "[Errno 14] HTTPS Error 403 - Forbidden"
        ),
        code="repository-denied",
        variant="s3",
        near_misses=("http://mirror.example/x: [Errno 14] HTTPS Error 403 - Forbidden",),
    ),
    _row(
        "yum-refused",
        "[Errno 14] HTTP",
        rf"{_NOT_S3}: \[Errno 14\] HTTPS? Error 40[13]\b",
        "a repository was reached and refuses: the endpoint's policy, or a client certificate that is not taken",
        _YUM,
        measured(f"{_RHUI}/repodata/repomd.xml: [Errno 14] HTTPS Error 401 - Unauthorized"),
        documented("http://mirror.example/7/os/repodata/repomd.xml: [Errno 14] HTTP Error 403: Forbidden"),
        code="repository-denied",
        near_misses=("http://x/y: [Errno 14] HTTP Error 404 - Not Found", 'http://x/y: [Errno 14] curl#7 - "Failed"'),
    ),
    _row(
        "yum-not-found",
        "[Errno 14] HTTP",
        rf"(?:{_URL}: )?\[Errno 14\] HTTPS? Error 404\b",
        "a repository was reached and has no such file; yum tries the next mirror",
        _YUM,
        documented("http://mirror.example/7/os/repodata/repomd.xml: [Errno 14] HTTP Error 404 - Not Found"),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        near_misses=("http://x/y: [Errno 14] HTTPS Error 403 - Forbidden",),
    ),
    _row(
        "yum-other-status",
        "[Errno 14] HTTP",
        r"\[Errno 14\] HTTPS? Error (?!40[134]\b)\d{3}\b",
        "a repository, or something in between, answered with another error; yum tries the next mirror",
        _YUM,
        documented("http://mirror.example/7/os/repodata/repomd.xml: [Errno 14] HTTP Error 503 - Service Unavailable"),
        transient=True,
        near_misses=("http://x/y: [Errno 14] HTTPS Error 403 - Forbidden",),
        code="repository-unreachable",
    ),
    _row(
        "apt-refused",
        "Failed to fetch ",
        rf"Failed to fetch {_URL} {{1,4}}40[13] ",
        "a repository was reached and refuses",
        _APT,
        documented(
            "E: Failed to fetch https://esm.ubuntu.com/apps/ubuntu/dists/jammy/InRelease  401  Unauthorized "
            "[IP: 91.189.91.46 443]"
        ),
        documented("E: Failed to fetch http://mirror.example/ubuntu/dists/jammy/InRelease  403  Forbidden [IP: 10.0.0.9 80]"),
        code="repository-denied",
        near_misses=("E: Failed to fetch http://x/y  404  Not Found [IP: 10.0.0.9 80]", "Failed to fetch http://x/403 Could"),
    ),
    _row(
        "apt-not-found",
        "Failed to fetch ",
        rf"Failed to fetch {_URL} {{1,4}}404 ",
        "a repository was reached and has no such file: a release that was moved, or lists that are too old",
        _APT,
        documented(
            "E: Failed to fetch http://mirror.example/ubuntu/pool/main/c/curl/curl_7.81_amd64.deb  404  Not "
            "Found [IP: 10.0.0.9 80]"
        ),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        near_misses=("E: Failed to fetch http://x/y  403  Forbidden [IP: 10.0.0.9 80]",),
    ),
    _row(
        "apt-no-release",
        "The repository '",
        rf"The repository '{_URL} [^'\n]{{0,200}}' (?:does not have|no longer has) a Release file",
        "a repository has no list for this release of the system",
        _APT,
        documented("E: The repository 'http://ppa.launchpad.net/x/ubuntu jammy Release' does not have a Release file."),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
        near_misses=("E: The repository 'http://x/ubuntu jammy InRelease' is not signed.",),
    ),
    _row(
        "zypper-refused",
        "Permission to access '",
        rf"Permission to access '{_URL}' denied",
        "a repository was reached and refuses",
        _ZYPP,
        documented("Permission to access 'https://updates.suse.com/SUSE/x/repodata/repomd.xml' denied."),
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
        documented("File '/repodata/repomd.xml' not found on medium 'https://updates.suse.com/SUSE/Updates/x'"),
        code="repository-denied",
        variant="not-found",
        is_minor=True,
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
        is_minor=True,
        near_misses=("Error code: HTTP response: 403",),
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
        code="package-signature",
        is_minor=True,  # it says so too where the list could not be fetched
        near_misses=("The repository 'http://x/ubuntu jammy Release' does not have a Release file.",),
    ),
    _row(
        "rpm-check",
        "GPG check FAILED",
        r"\bGPG check FAILED",
        "a package's signature could not be verified",
        _DNF,
        documented("Error: GPG check FAILED"),
        code="package-signature",
        near_misses=("gpgcheck=0",),
    ),
    _row(
        "rpm-key-missing",
        "Public key for ",
        r"\bPublic key for \S{1,200} is not installed",
        "a package is signed with a key that this machine does not have",
        _YUM,
        documented("Public key for mysql-community-client-5.7.37-1.el7.x86_64.rpm is not installed"),
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
        r"\bGPG signature verification error",
        "the signature of a repository's list could not be verified",
        _DNF,
        documented(
            "Error: Failed to download metadata for repo 'x': repomd.xml GPG signature verification error: Bad GPG signature"
        ),
        code="package-signature",
    ),
    _row(
        "zypper-signature",
        "Signature verification failed",
        r"\bSignature verification failed (?:for file '|\[)",
        "the signature of a package or of a repository's list could not be verified",
        _ZYPP,
        documented("Signature verification failed for file 'repomd.xml' from repository 'SLES15-Updates'."),
        documented("Signature verification failed [4-Signatures public key is not available]"),
        code="package-signature",
        near_misses=("Signature verification failed while verifying the agent's package",),
    ),
)

_LOCKED: tuple[Signature, ...] = (
    _row(
        "dpkg-locked",
        "dpkg frontend lock",
        r"Unable to acquire (?:the )?dpkg frontend lock\b",
        "another package manager is at work",
        _DPKG,
        documented("Unable to acquire dpkg frontend lock"),
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
        documented("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (apt)"),
        documented("E: Could not get lock /var/lib/apt/lists/lock - open (11: Resource temporarily unavailable)"),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        near_misses=("Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (apt)",),
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
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
    ),
    _row(
        "yum-pid",
        "Existing lock /var/run/yum.pid",
        r"Existing lock /var/run/yum\.pid: another copy is running",
        "another package manager is at work",
        _YUM,
        documented("Existing lock /var/run/yum.pid: another copy is running as pid 1234."),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
    ),
    _row(
        "rpm-locked",
        "can't create transaction lock on ",
        r"can't create transaction lock on \S{1,200} \(Resource temporarily unavailable\)",
        "another package manager is at work",
        _RPM,
        documented("error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)"),
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
        documented("System management is locked by the application with pid 1234 (zypper)."),
        code="package-manager-busy",
        variant="told-by-a-log",
        transient=True,
        near_misses=("Solution 1: remove lock to allow installation of x",),
    ),
)

_BROKEN: tuple[Signature, ...] = (
    _row(
        "dpkg-interrupted",
        "dpkg was interrupted",
        r"\bdpkg was interrupted, you must manually run",
        "an installation by dpkg was interrupted and is to be finished first",
        _DPKG,
        documented("E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the problem."),
        code="package-manager-broken",
        near_misses=("dpkg: warning: files list file for package 'x' missing",),
    ),
    _row(
        "dpkg-package",
        "dpkg: error processing ",
        r"\bdpkg: error processing (?:package|archive) ",
        "dpkg could not install or configure a package and left it half done",
        "dpkg 1.21, src/main/errors.c",
        documented("dpkg: error processing package linux-image-aws (--configure):"),
        code="package-manager-broken",
        near_misses=("dpkg: error: dpkg frontend is locked by another process",),
    ),
    _row(
        "apt-fix-broken",
        "--fix-broken install",
        r"Unmet dependencies\. Try 'apt(?:-get)? --fix-broken install'",
        "packages that are installed lack what they depend on; apt does nothing until that is mended",
        _APT,
        documented("E: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution)."),
        code="package-manager-broken",
    ),
    _row(
        "rpm-database",
        "rpmdb open failed",
        r"\brpmdb open failed",
        "the database of installed packages cannot be opened",
        _RPM,
        documented("Error: rpmdb open failed"),
        code="package-manager-broken",
        near_misses=("error: rpmdb: something else",),
    ),
    _row(
        "rpm-database-packages",
        "cannot open Packages ",
        r"\bcannot open Packages (?:database in |index using )(?![^\n]{0,200}(?:Permission denied|Operation not permitted))",
        "the database of installed packages cannot be opened",
        _RPM,
        documented("error: cannot open Packages database in /var/lib/rpm"),
        code="package-manager-broken",
        near_misses=("error: cannot open Packages index using sqlite - Operation not permitted (1)",),
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
)

_DEPENDENCIES: tuple[Signature, ...] = (
    _row(
        "apt-unmet",
        "The following packages have unmet dependencies",
        r"The following packages have unmet dependencies",
        "apt cannot meet what packages depend on",
        _APT,
        documented("The following packages have unmet dependencies:"),
        code="package-dependencies",
        near_misses=("The following packages have been kept back:",),
    ),
    _row(
        "apt-held",
        "you have held broken packages",
        r"you have held broken packages",
        "apt cannot meet what packages depend on: one is held, or its repository is missing",
        _APT,
        documented("E: Unable to correct problems, you have held broken packages."),
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
        documented("  - nothing provides libssl.so.10()(64bit) needed by mysql-community-server-8.0.26-1.el7.x86_64"),
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
        documented("  file /usr/lib/x conflicts between attempted installs of a-1.x86_64 and b-1.x86_64"),
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
        documented(
            "W: Failed to fetch http://archive.ubuntu.com/ubuntu/dists/jammy/InRelease  Temporary failure "
            "resolving 'archive.ubuntu.com'"
        ),
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
        documented("Err:1 http://archive.ubuntu.com/ubuntu jammy InRelease Could not resolve 'archive.ubuntu.com'"),
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
        r"Some index files failed to download",
        "apt went on with old lists, or with none: what a scan says rests on those",
        _APT,
        measured("W: Some index files failed to download. They have been ignored, or old ones used instead."),
        code="repository-unreachable",
        transient=True,
        is_minor=True,
        sums_up=True,
    ),
    _row(
        "dnf-curl",
        "Curl error (",
        rf"\bCurl error \((?:[567]|28|52|55|56)\): [^\n]{{0,200}}? for {_URL}",
        "dnf could not reach a repository",
        _DNF,
        documented(
            "  - Curl error (28): Timeout was reached for https://mirror.example/8/os/repodata/repomd.xml "
            "[Connection timed out after "
            "30000 milliseconds]"
        ),
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
        r"\bCurl error \((?:35|51|53|58|60|77)\): ",
        "dnf reached a repository's address and no TLS came about: a certificate that is not trusted, or something in between",
        _DNF,
        documented("Curl error (60): SSL peer certificate or SSH remote key was not OK for https://mirror.example/x [x]"),
        near_misses=("Curl error (6): Couldn't resolve host name for https://mirror.example/list",),
        code="tls-untrusted",
    ),
    _row(
        "yum-curl",
        "[Errno 14] curl#",
        rf"(?:{_URL}: )?\[Errno 14\] curl#(?:5|6|7|28|52|55|56) ",
        "yum could not reach a repository",
        _YUM,
        documented(
            'http://mirror.example/7/os/repodata/repomd.xml: [Errno 14] curl#6 - "Could not resolve host: mirror.example"'
        ),
        code="repository-unreachable",
        transient=True,
        near_misses=('https://x/y: [Errno 14] curl#60 - "Peer\'s certificate issuer has been marked as not trusted"',),
    ),
    _row(
        "yum-timeout",
        "[Errno 12] Timeout on ",
        rf"\[Errno 12\] Timeout on {_URL}",
        "yum could not reach a repository",
        _YUM,
        documented(
            "http://mirror.example/7/os/repodata/repomd.xml: [Errno 12] Timeout on "
            "http://mirror.example/7/os/repodata/repomd.xml: "
            "(28, 'Connection timed out after 30001 milliseconds')"
        ),
        code="repository-unreachable",
        transient=True,
    ),
    _row(
        "repository-yum",
        "Cannot find a valid baseurl for repo",
        r"Cannot find a valid baseurl for repo",
        "yum could not reach a repository",
        "yum 3.4 yumRepo.py",
        documented("Cannot find a valid baseurl for repo: amzn2-core/2/x86_64"),
        code="repository-unreachable",
        transient=True,
    ),
    _row(
        "yum-no-mirrors",
        "No more mirrors to try",
        r"\[Errno 256\] No more mirrors to try",
        "yum tried every mirror of a repository; the lines beside it tell whether they refuse or are out of reach",
        _YUM,
        measured("failure: repodata/repomd.xml from rhui-REGION-rhel-server-releases: [Errno 256] No more mirrors to try."),
        code="repository-unreachable",
        transient=True,
        is_minor=True,
        sums_up=True,
        near_misses=("https://x/y: [Errno 14] HTTPS Error 403 - Forbidden",),
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
        is_minor=True,
        sums_up=True,
    ),
    _row(
        "repository-dnf",
        "Failed to download metadata for repo",
        r"Failed to download metadata for repo (?![^\n]{0,300}(?:GPG|Status code: |Curl error \(|All mirrors were ))",
        "dnf could not reach a repository",
        "libdnf repo/Repo.cpp",
        documented("Error: Failed to download metadata for repo 'amazonlinux': Cannot prepare internal mirrorlist"),
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
        r"\bIgnoring repositories: ",
        (
            "dnf left these repositories out and went on: a scan finds no missing patches of theirs, so its "
            "compliance is not to be trusted"
        ),
        _DNF,
        measured("Ignoring repositories: amazonlinux"),
        code="false-compliance",
        is_minor=True,
    ),
    _row(
        "no-repositories",
        "There are no enabled repo",
        r"\bThere are no enabled repo(?:s\b|sitories\b)",
        "no repository is switched on, so a scan has nothing to compare with",
        _DNF,
        documented('Error: There are no enabled repositories in "/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d".'),
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
        documented("Timeout exceeded when accessing 'https://updates.suse.com/SUSE/x/repodata/repomd.xml'."),
        code="repository-unreachable",
        transient=True,
    ),
    _row(
        "zypper-connection",
        "Error code: Connection failed",
        rf"(?:\(curl\) error for '{_URL}':\s{{1,8}})?Error code: Connection failed",
        "zypper could not reach a repository",
        _ZYPP,
        documented("Error code: Connection failed"),
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
        documented("Download (curl) error for 'https://updates.suse.com/SUSE/x/repodata/repomd.xml':"),
        code="repository-unreachable",
        transient=True,
        is_minor=True,
        sums_up=True,
    ),
)

_PLATFORM: tuple[Signature, ...] = (
    _row(
        "patch-unsupported-system",
        "(UnsupportedOperatingSystem)",
        r"\(UnsupportedOperatingSystem\) when calling the GetDeployablePatchSnapshotForInstance operation",
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
        "zypper-unavailable",
        "is temporarily unaccessible",
        r"Location '(?P<url>https?://[^\s'\"]{1,500})' is temporarily unaccessible",
        "a repository answers that it cannot serve now",
        _ZYPP,
        measured(" - Location 'http://mirror.example.com/status/503/content' is temporarily unaccessible."),
        code="repository-unreachable",
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
        r"SSL certificate problem: certificate has expired",
        "a repository shows a certificate that has expired",
        _ZYPP,
        measured("Error message: SSL certificate problem: certificate has expired"),
        code="tls-expired",
    ),
    _row(
        "repository-untrusted",
        "SSL certificate problem: ",
        r"SSL certificate problem: (?:unable to get local issuer certificate|self.signed certificate)",
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
        documented("  - Downloading successful, but checksum doesn't match. Calculated: 98(sha256)  Expected: e5(sha256)"),
        code="download-refused",
        variant="damaged",
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
        "zypper-list-signature",
        "Signature verification failed for repomd.xml",
        r"\bSignature verification failed for repomd\.xml",
        "the signature of a repository's list could not be verified",
        _ZYPP,
        measured(" - Signature verification failed for repomd.xml"),
        code="package-signature",
    ),
    _row(
        "dnf-metadata-locked",
        "metadata already locked by ",
        r"\bmetadata already locked by \d",
        "another dnf is at work",
        _DNF,
        measured("metadata already locked by 1"),
        code="package-manager-busy",
        transient=True,
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
    _row(
        "apt-no-room",
        "Error writing to file - write (28: ",
        r"Error writing to file - write \(28: ",
        "apt could not write what it fetched: the disk is full",
        _APT,
        measured("  Error writing to file - write (28: No space left on device) [IP: 198.51.100.10 80]"),
        code="disk-full",
    ),
)

PACKAGES: tuple[Signature, ...] = _RUN + _CURL + _REFUSED + _LOCKED + _BROKEN + _DEPENDENCIES + _SIGNED + _PLATFORM + _UNREACHED
"""Who says more comes first: an answer that refuses before what follows from it, and what is out of reach last."""
