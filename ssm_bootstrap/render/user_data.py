"""cloud-init user-data that brings this program to an instance of a closed VPC: cloud-config, or a plain shell script.

Both put one script and one unit in place and start the unit without waiting for it. The unit runs at each boot until it is
done, so that neither an endpoint that comes later nor a reboot in between ends it.
Sources: cloud-init, module reference (bootcmd runs at every boot, before the network; 2026); EC2 user-data limit of 16 KB.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from enum import Enum
from typing import Iterator
from urllib.parse import quote

from ssm_bootstrap.model.aws import Domain, Region

LIMIT = 16384
"""Bytes of user-data that EC2 takes, before base64."""

# ``install --uninstall`` knows these too (collect.paths).
UNIT = "ssm-bootstrap-first-boot.service"
SCRIPT = "/etc/ssm-bootstrap/first-boot"
DONE = "/var/lib/ssm-bootstrap/first-boot.done"


class BundleSource(str, Enum):
    """How an instance gets the bundle from S3."""

    VPCE = "vpce"  # anonymous: the bucket's policy allows the VPC's endpoint
    SIGNED = "signed"  # aws-cli with the instance's own role
    PRESIGNED = "presigned"  # a URL with its own signature


MACHINE = "{machine}"
"""In the key of an object: what ``uname -m`` says on the instance."""


class CodeFrom(str, Enum):
    """Where an instance gets the activation from."""

    FILE = "file"  # baked into the image, or put there by somebody else
    PARAMETER = "parameter"
    SECRET = "secret"
    USER_DATA = "user-data"


@dataclass(frozen=True)
class FirstBoot:
    """What an instance has to know. ``domain`` is the partition's; ``code`` and ``url`` are secrets, empty if not
    needed, as is ``activation_id`` where the place of the activation holds it.

    ``hashes``: the SHA-256 of the object for each machine (``uname -m``) that has an executable, or one for no name: what runs
    wherever there is a Python, or nobody knows. ``spread`` is what ``install --spread`` is given, empty if nothing.
    """

    bucket: str
    key: str
    region: Region
    domain: Domain
    hashes: tuple[tuple[str, str], ...]
    activation_id: str
    fetch: BundleSource
    code_from: CodeFrom
    code_name: str = ""
    code: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
    version: str = ""
    spread: str = ""

    @property
    def place(self) -> str:
        """Where ``register`` fetches the activation from at each boot, as its flag has it; empty where the code is on disk."""
        return f"{self.code_from.value}:{self.code_name}" if self.code_from in (CodeFrom.PARAMETER, CodeFrom.SECRET) else ""

    @property
    def machines(self) -> tuple[str, ...]:
        """Those that have an executable; none where the file is for any."""
        return tuple(machine for machine, _ in self.hashes if machine)

    @property
    def objects(self) -> str:
        """What a policy has to name, as bucket and key: of a file for each machine, all of them."""
        return f"{self.bucket}/{self.key.replace(MACHINE, '*')}"

    def object_url(self, machine: str = "") -> str:
        """The object's address; a bucket with dots in its name goes into the path, as no certificate covers it."""
        path = quote(self.key.replace(MACHINE, machine), safe="/-_.~")
        host = f"s3.{self.region}.{self.domain}"
        return f"https://{host}/{self.bucket}/{path}" if "." in self.bucket else f"https://{self.bucket}.{host}/{path}"


def cloud_config(first: FirstBoot) -> str:
    """A cloud-config document; bootcmd, as cloud-init runs that at every boot and whatever came between."""
    lines = "".join(f"    {line}\n" if line else "\n" for line in f"(\n{_body(first)})".split("\n"))
    return f"#cloud-config\n{_head(first)}bootcmd:\n  - |\n{lines}"


def shell_script(first: FirstBoot) -> str:
    """A plain shell script, which cloud-init runs once, at the end of the first boot."""
    return f"#!/bin/sh\n{_head(first)}{_body(first)}"


def needs(first: FirstBoot) -> Iterator[str]:
    """What has to be there for this to work, one sentence each."""
    s3 = "an S3 endpoint in the VPC: a gateway endpoint in the instance's route table, and 443 allowed out to its prefix list"
    yield f"{s3}; a policy of the endpoint itself has to allow s3:GetObject on {first.objects}"
    if first.fetch is BundleSource.VPCE:
        policy = "allows s3:GetObject where aws:SourceVpce is your S3 endpoint"
        yield f"a policy of bucket {first.bucket} that {policy}; curl in the image"
        yield "an object that is encrypted with SSE-S3: one under a KMS key (SSE-KMS) is given to signed requests alone"
    elif first.fetch is BundleSource.SIGNED:
        yield f"an instance profile that allows s3:GetObject on {first.objects}; aws-cli in the image; IMDS"
    else:
        yield "an instance that boots before the URL expires (7 days at most; with role credentials, when these do); curl"
        yield "care: whoever reads this user-data can fetch the object until then"
    if first.code_from is CodeFrom.FILE:
        yield f"the activation code in /etc/ssm-bootstrap/activation-code of the image (root, 0600); {_NOT_IN_IMAGE}"
    elif first.code_from is CodeFrom.PARAMETER:
        yield (
            f"an instance profile that allows ssm:GetParameter on {first.code_name} (SecureString: kms:Decrypt too); IMDS; the "
            "ssm interface endpoint, whose policy allows the call (the service asks KMS, not the instance)"
        )
    elif first.code_from is CodeFrom.SECRET:
        yield (
            f"an instance profile that allows secretsmanager:GetSecretValue on {first.code_name}; IMDS; an interface endpoint "
            "for secretsmanager with private DNS"
        )
    else:
        yield (
            "care: the activation code is in this user-data, which every process of the instance reads from IMDS, whoever may "
            "call ec2:DescribeInstanceAttribute or DescribeLaunchTemplateVersions reads too, and cloud-init keeps on disk"
        )
    if first.machines:
        yield f"an image for {' or '.join(first.machines)} with glibc 2.17 or newer; no Python"
    else:
        yield "python3, 3.9 or newer, in the image; none if the file is an executable (ssm-bootstrap-x86_64 or -aarch64)"
    yield "the interface endpoints ssm and ssmmessages"


_NOT_IN_IMAGE = "prepare-image takes it away, so put it there afterwards"


def _head(first: FirstBoot) -> str:
    return (
        f"# ssm-bootstrap {first.version}: fetches this program from S3, verifies it, and has it register this instance with\n"
        "# AWS Systems Manager. What it needs:\n" + "".join(f"# - {line}\n" for line in needs(first))
    )


def _body(first: FirstBoot) -> str:
    """The script that cloud-init runs: quick, and the same at every boot."""
    stamp = _stamp(first)
    lines = [
        "set -eu",
        "umask 077",
        f'if [ "$(cat {DONE} 2>/dev/null)" = {stamp} ]; then exit 0; fi',
        "put() {  # on the disk before it has its name: a cut of the power must not leave an empty script that succeeds",
        '    cat >"$1.new"',
        '    chmod "$2" "$1.new"',
        '    sync "$1.new"',
        '    mv -f "$1.new" "$1"',
        "}",
        "mkdir -p /etc/ssm-bootstrap",
        "mkdir -m 755 -p /var/lib/ssm-bootstrap",
    ]
    if first.code_from is CodeFrom.USER_DATA:
        lines += ["put /etc/ssm-bootstrap/activation-code 600 <<'END_OF_CODE'", first.code, "END_OF_CODE"]
    lines += [f"put {SCRIPT} 700 <<'END_OF_SCRIPT'", *_fetcher(first, stamp), "END_OF_SCRIPT"]
    lines += [f"put /etc/systemd/system/{UNIT} 644 <<'END_OF_UNIT'", *_UNIT_LINES, "END_OF_UNIT"]
    lines += ["systemctl daemon-reload", f"systemctl --quiet enable {UNIT}"]
    lines += ["sync -f /etc/systemd/system 2>/dev/null || sync  # Amazon Linux 2's has no -f"]
    # Not start: an image may have brought this unit, and it runs with the script of another instance's user-data.
    lines += [f"systemctl --no-block restart {UNIT}"]
    return "\n".join(lines) + "\n"


_UNIT_LINES = (
    "[Unit]",
    "Description=Fetch ssm-bootstrap from S3 and install it",
    "Wants=network-online.target",
    "After=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    # A oneshot would hold up multi-user.target for as long as it tries, and cloud-init's last stage comes after that.
    "Type=exec",
    f"ExecStart=/bin/sh {SCRIPT}",
    "RuntimeDirectory=ssm-bootstrap-first-boot",
    "RuntimeDirectoryMode=0700",
    "RuntimeDirectoryPreserve=restart",
    # Again after a full disk or a busy systemd; not after what another run finds the same (126, 127: not for this machine).
    "Restart=on-failure",
    "RestartSec=60",
    "RestartPreventExitStatus=2 70 77 78 126 127",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
)


def _stamp(first: FirstBoot) -> str:
    hashes = ",".join(digest for _, digest in first.hashes)
    return shlex.quote(" ".join(filter(None, (hashes, first.region, first.activation_id, first.place))))


def _fetcher(first: FirstBoot, stamp: str) -> Iterator[str]:
    """The lines of the script that the unit runs, until it has succeeded."""
    yield "#!/bin/sh"
    yield "# Fetches ssm-bootstrap and installs it; tries until that is done, as the endpoints may come later."
    yield "set -u"
    yield "umask 077"
    yield "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
    if first.fetch is BundleSource.SIGNED:
        # A hybrid agent leaves its own credentials in root's profile, which would go before the instance's role.
        yield "export HOME=/root AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_MAX_ATTEMPTS=2"
    yield f'if [ "$(cat {DONE} 2>/dev/null)" = {stamp} ]; then'
    yield f"    systemctl --quiet disable {UNIT}"
    yield "    exit 0"
    yield "fi"
    yield from _choice(first)
    yield "work=/run/ssm-bootstrap-first-boot"
    yield "told=0"
    yield "later() {  # what is missing, of what, seconds to the next try: told at once and then every minute"
    yield "    now=$(date +%s)"
    yield '    if [ $((now - told)) -ge 60 ] || [ "$now" -lt "$told" ]; then'
    yield '        printf "<4>waiting for %s: %s\\n" "$1" "$(printf %s "$2" | tr -s "\\n" " ")"'
    yield "        told=$now"
    yield "    fi"
    yield '    sleep "$3"'
    yield "}"
    yield "fetch() {"
    yield from _indent(_fetch_lines(first))
    yield "}"
    yield 'fresh() { echo "$sha256  $1" | sha256sum -c --status 2>/dev/null; }'
    yield 'program="$work/ssm-bootstrap"'
    yield 'until fresh "$program"; do'
    yield f"    pause={_PAUSE if first.fetch is BundleSource.SIGNED else 1}"
    yield "    why=$(fetch 2>&1)"
    yield "    case $? in"
    yield '        0) why="its SHA-256 is not $sha256" pause=30 ;;  # not the whole object every second'
    yield f"        22) pause={_PAUSE} ;;  # curl: S3 answers, and refuses"
    yield "    esac"
    yield '    fresh "$program" && break'
    yield '    later "$where" "$why" "$pause"'
    yield "done"
    yield from _STARTER
    named = f" --activation-id {first.activation_id}" if first.activation_id else ""
    fetched = f" --code-from {shlex.quote(first.place)}" if first.place else ""
    spread = f" --spread {first.spread}" if first.spread else ""
    yield f'"$@" install --region {first.region}{named}{fetched}{spread} --start || exit'
    yield f"echo {stamp} >{DONE}.new && sync {DONE}.new && mv -f {DONE}.new {DONE}"
    yield f"systemctl --quiet disable {UNIT}"


def _choice(first: FirstBoot) -> Iterator[str]:
    """The lines that say which object it is, and its hash."""
    if not first.machines:
        yield from (f"where={shlex.quote(_where(first, ''))}", f"sha256={first.hashes[0][1]}")
        return
    yield "case $(uname -m) in"
    for machine, digest in first.hashes:
        yield f"    {machine}) where={shlex.quote(_where(first, machine))} sha256={digest} ;;"
    made_for = " and ".join(first.machines)
    yield f'    *) echo "<3>what S3 has is for {made_for}, and this machine is $(uname -m)" >&2; exit 78 ;;'
    yield "esac"


def _where(first: FirstBoot, machine: str) -> str:
    if first.fetch is BundleSource.VPCE:
        return first.object_url(machine)
    return f"s3://{first.bucket}/{first.key.replace(MACHINE, machine)}"


NEWEST = (
    "newest() {  # >= 3.9; RHEL's own may be in /usr/libexec",
    '    for place in $(echo "$PATH:/usr/libexec" | tr : " "); do',
    '        for name in "$place"/python3 "$place"/python3.[0-9] "$place"/python3.[0-9][0-9] "$place"/platform-python; do',
    '            [ -x "$name" ] && "$name" -I -c "$asked" "$name" 2>/dev/null',
    "        done",
    '    done | sort -rn | head -n 1 | cut -d " " -f 2',
    "}",
    "asked='import sys, ssl, zlib; sys.version_info >= (3, 9) and print(sys.version_info[1], sys.argv[1])'",
)
"""A function of the shell that prints the newest Python of this machine that can run the bundle, or nothing."""

_STARTER = (
    *NEWEST,
    # The first four bytes of what Linux executes by itself; all else is the archive.
    """if [ "$(head -c 4 "$program" | tr -d '\\177')" = ELF ]; then""",
    # Debian's and Ubuntu's initramfs mounts /run noexec. From where install puts the program it has to run anyway; what a cut of
    # the power leaves there, install removes: it has the form of its own half-written files.
    "    own=/usr/local/bin/.ssm-bootstrap.firstrun",
    "    trap 'rm -f \"$own\"' EXIT",
    '    (umask 022 && mkdir -p "$(dirname "$own")") && cp "$program" "$own" && chmod 700 "$own" || exit',
    '    set -- "$own"',
    "else",
    "    python=$(newest)",
    '    if [ -z "$python" ]; then',
    '        echo "<3>there is no Python 3.9 or newer here: put the file ssm-bootstrap-$(uname -m) into the bucket" >&2',
    "        exit 78",
    "    fi",
    '    set -- "$python" -I "$program"',
    "fi",
)
"""What starts the program is then in $@; what is too old, or is not there, is told now and not by the unit."""


def _fetch_lines(first: FirstBoot) -> tuple[str, ...]:
    # A transfer that has come to a halt is given up after 20 s, so that what is missing is told every minute.
    curl = 'curl -fsS --connect-timeout 2 --speed-limit 1 --speed-time 20 --max-time 300 -o "$program"'
    if first.fetch is BundleSource.VPCE:
        return (f'{curl} "$where"',)
    if first.fetch is BundleSource.SIGNED:
        return (f'aws {_AWS} --region {first.region} s3 cp --only-show-errors "$where" "$program"',)
    # The URL is a secret: on standard input nobody sees it in a list of processes.
    return (f"{curl} --config - <<'END_OF_URL'", f'url = "{first.url}"', "END_OF_URL")


_PAUSE = 3
"""Seconds between two tries of what answers and refuses, or of aws-cli, whose every start takes a second of a processor."""

_AWS = "--cli-connect-timeout 2 --cli-read-timeout 20"


def _indent(lines: tuple[str, ...]) -> Iterator[str]:
    """A here-document's lines stay at the margin, as its end has to."""
    yield f"    {lines[0]}"
    yield from lines[1:]
