"""``ssm-bootstrap user-data``: print user-data by which an instance fetches this program from S3 and registers."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
from typing import Optional

from ssm_bootstrap import __version__
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.cli.flags import Example, activation_id, region, spread
from ssm_bootstrap.collect.agent.activation import code_problem
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import NamedFiles
from ssm_bootstrap.host.machine import Program
from ssm_bootstrap.host.secrets import keep_out_of_dumps
from ssm_bootstrap.host.standard_input import StandardInput
from ssm_bootstrap.model.aws import Domain
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.user_data import LIMIT, MACHINE, BundleSource, CodeFrom, FirstBoot, cloud_config, needs, shell_script

MACHINES = {62: "x86_64", 183: "aarch64"}
"""The processors that have an executable, as uname(2) names them, by e_machine of elf.h."""


def s3_uri(text: str) -> tuple[str, str]:
    """``--s3-uri``: bucket and key."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\s\"'\\`$\x00-\x1f\x7f]{1,1000})", text)
    if found is None or ".." in found[1] or found[2].endswith("/") or not found[2].isprintable():
        raise argparse.ArgumentTypeError(
            _("{word!r}: expected s3://BUCKET/KEY, as in s3://my-bucket/ssm-bootstrap.pyz", word=text)
        )
    return found[1], found[2]


def sha256(text: str) -> tuple[tuple[str, str], ...]:
    """``--sha256``: 64 hexadecimal digits, or a machine and its hash for each: x86_64=HEX,aarch64=HEX."""
    found = [re.fullmatch(rf"(?:({'|'.join(MACHINES.values())})=)?([0-9a-fA-F]{{64}})", word) for word in text.split(",")]
    hashes = tuple((match[1] or "", match[2].lower()) for match in found if match)
    machines = {machine for machine, _ in hashes}
    if len(hashes) < len(found) or len(machines) < len(found) or (len(machines) > 1 and "" in machines):
        raise argparse.ArgumentTypeError(_("{word!r}: expected the 64 hexadecimal digits of a SHA-256", word=text))
    return hashes


def code_source(text: str) -> tuple[str, str]:
    """``--code-from``: file, parameter:NAME or secret:NAME."""
    kind, name = text.partition(":")[::2]
    from ssm_bootstrap.collect.agent.place import is_reserved, place_of, what_was_expected  # not for another command's --help

    if text == CodeFrom.FILE.value or (kind != CodeFrom.FILE.value and place_of(text) is not None):
        return kind, name
    if is_reserved(text):
        raise argparse.ArgumentTypeError(_("{word!r}: {expected}", word=text, expected=what_was_expected(text)))
    raise argparse.ArgumentTypeError(_("{word!r}: expected file, parameter:NAME or secret:NAME", word=text))


EXAMPLES = (
    Example(
        "ssm-bootstrap user-data --s3-uri s3://my-bucket/bootstrap-{machine} --region ap-northeast-1 "
        "--bundle dist/ssm-bootstrap-{machine} --code-from parameter:/hybrid/activation",
        "cloud-init user-data; each instance fetches ID and code from a parameter",
    ),
    Example(
        "ssm-bootstrap user-data --s3-uri s3://my-bucket/ssm-bootstrap.pyz --region ap-northeast-1 "
        "--activation-id 01234567-89ab-cdef-0123-456789abcdef --bundle dist/ssm-bootstrap.pyz --format shell",
        "a shell script for an image that holds the code",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``user-data``."""
    parser.add_argument(
        "--s3-uri",
        type=s3_uri,
        required=True,
        metavar="s3://BUCKET/KEY",
        help="where the program is in S3: an executable, or the one-file bundle; with {machine} in it each instance fetches the "
        "executable for its processor (x86_64, aarch64)",
    )
    parser.add_argument(
        "--region", type=region, required=True, metavar="REGION", help="the region of the bucket and of the activation"
    )
    parser.add_argument(
        "--activation-id",
        type=activation_id,
        metavar="UUID",
        help="the id of the activation; not needed where what --code-from names holds it too",
    )
    parser.add_argument(
        "--fetch",
        choices=("vpce", "signed", "presigned"),
        default="vpce",
        help="how to fetch it. vpce: with curl, the policy of the bucket allows the VPC endpoint (default); signed: with aws-cli "
        "and the role of the instance; presigned: with curl and a presigned URL",
    )
    parser.add_argument("--presigned-url-file", metavar="FILE", help="a file with the presigned URL; - for standard input")
    parser.add_argument(
        "--sha256",
        type=sha256,
        metavar="HEX",
        help="the SHA-256 of that file (default: that of the running program); with {machine}: x86_64=HEX,aarch64=HEX",
    )
    parser.add_argument("--bundle", metavar="FILE", help="compute the SHA-256 of this file; its name may hold {machine} too")
    parser.add_argument(
        "--code-from",
        type=code_source,
        default=("file", ""),
        metavar="SOURCE",
        help="where the activation comes from: file (the code in /etc/ssm-bootstrap/activation-code of the image; default), or "
        "parameter:NAME in Parameter Store or secret:NAME in Secrets Manager, which the instance asks itself at each boot until "
        "it is registered, and which hold ID and code or the code alone",
    )
    parser.add_argument(
        "--code-in-user-data",
        metavar="FILE",
        help="put the activation code itself into the user-data, from FILE or - for standard input; anyone who can read the "
        "attributes of the instance or its IMDS can read it there",
    )
    parser.add_argument(
        "--spread",
        type=spread,
        metavar="TIME",
        help="for many instances that start together: each registers after a delay of its own of less than TIME, as in 10m",
    )
    parser.add_argument(
        "--format",
        choices=("cloud-config", "shell"),
        default="cloud-config",
        help="the form of the user-data (default: cloud-config)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the user-data, and on standard error what it needs."""
    first = _first_boot(arguments)
    text = cloud_config(first) if arguments.format == "cloud-config" else shell_script(first)
    size = len(text.encode())
    if size > LIMIT:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("user-data: {size} bytes; EC2 takes {limit}; a shorter URL or key is needed", size=size, limit=LIMIT),
        )
    print(text, end="")
    arguments.say("This user-data needs:")
    for line in needs(first):
        arguments.say(f"- {say(line)}")
    return ExitStatus.OK


def _first_boot(arguments: argparse.Namespace) -> FirstBoot:
    if (arguments.fetch == "presigned") != (arguments.presigned_url_file is not None):
        raise Refusal(ExitStatus.USAGE, "--presigned-url-file: expected with --fetch presigned, and only with it")
    if not arguments.activation_id and arguments.code_from[0] == CodeFrom.FILE.value:
        raise Refusal(ExitStatus.USAGE, "--activation-id: expected, unless --code-from names a parameter or a secret")
    if arguments.presigned_url_file == arguments.code_in_user_data == "-":
        raise Refusal(ExitStatus.USAGE, "--code-in-user-data: expected one of the two on standard input, not both")
    code_from, name, code = _code(arguments)
    bucket, key = arguments.s3_uri
    return FirstBoot(
        bucket=bucket,
        key=key,
        region=arguments.region,
        domain=Domain(partition_of(arguments.region, NO_SITE).domain),
        hashes=_hashes(arguments),
        activation_id=arguments.activation_id or "",
        fetch=BundleSource(arguments.fetch),
        code_from=code_from,
        code_name=name,
        code=code,
        url=_url(arguments.presigned_url_file),
        version=__version__,
        spread=arguments.spread or "",
    )


def _code(arguments: argparse.Namespace) -> tuple[CodeFrom, str, str]:
    kind, name = arguments.code_from
    if arguments.code_in_user_data is None:
        return CodeFrom(kind), name, ""
    if kind != "file":
        raise Refusal(ExitStatus.USAGE, "--code-in-user-data: expected without --code-from")
    code = _read("--code-in-user-data", arguments.code_in_user_data).strip()
    problem = code_problem(code)
    if problem or not re.fullmatch(r"[!-~]+", code):
        raise Refusal(
            ExitStatus.BAD_CONTENT, phrase("--code-in-user-data: {problem}", problem=problem or "expected printable ASCII")
        )
    return CodeFrom.USER_DATA, "", code


def _url(source: Optional[str]) -> str:
    if source is None:
        return ""
    url = _read("--presigned-url-file", source).strip()
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+/[A-Za-z0-9/?&=%_.~+:@!,;*()-]+", url):
        raise Refusal(ExitStatus.BAD_CONTENT, "--presigned-url-file: expected one https:// URL as `aws s3 presign` prints it")
    return url


def _hashes(arguments: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    """The hash of what S3 has, for each machine that has its own; no name where the file is for any, or nobody knows."""
    if arguments.sha256 is not None and arguments.bundle is not None:
        raise Refusal(ExitStatus.USAGE, "--bundle: expected without --sha256")
    is_for_each = MACHINE in arguments.s3_uri[1]
    if is_for_each and arguments.fetch == "presigned":
        raise Refusal(ExitStatus.USAGE, "--s3-uri: expected without {machine}: a presigned URL is that of one file")
    if arguments.sha256 is not None:
        hashes: tuple[tuple[str, str], ...] = arguments.sha256
        if is_for_each != bool(hashes[0][0]):
            raise Refusal(
                ExitStatus.USAGE, "--sha256: expected MACHINE=HEX for each where --s3-uri holds {machine}, and only there"
            )
        return hashes
    path = arguments.bundle or Program().bundle()
    if path is None:
        raise Refusal(
            ExitStatus.USAGE, "--sha256: expected the bundle's hash, or --bundle FILE: this program is no bundle itself"
        )
    if is_for_each != (MACHINE in path):
        raise Refusal(ExitStatus.USAGE, "--bundle: expected {machine} in it where --s3-uri holds that, and only there")
    if is_for_each:
        return tuple(_hash_for(machine, path.replace(MACHINE, machine)) for machine in MACHINES.values())
    found = _hash_of(path)
    named = next((one for one in MACHINES.values() if arguments.s3_uri[1].endswith(f"-{one}")), found[0])
    if named != found[0]:
        text = phrase(
            "--s3-uri: it names a file for {machine}, and {path} is none: expected --bundle or --sha256 of that file",
            machine=named,
            path=path,
        )
        raise Refusal(ExitStatus.USAGE, text)
    return (found,)


def _hash_for(machine: str, path: str) -> tuple[str, str]:
    found = _hash_of(path)
    if found[0] != machine:
        text = phrase("--bundle: {path}: expected an executable for {machine}", path=path, machine=machine)
        raise Refusal(ExitStatus.BAD_CONTENT, text)
    return found


def _hash_of(path: str) -> tuple[str, str]:
    """The machine that a file is for, by its first bytes, and its hash; no name for a file that is no executable."""
    data = _bytes("--bundle", path, 1 << 28)
    machine = MACHINES.get(int.from_bytes(data[18:20], "little"), "") if data[:4] == b"\x7fELF" else ""
    return machine, hashlib.sha256(data).hexdigest()


def _read(flag: str, source: str) -> str:
    keep_out_of_dumps()
    if source == "-":
        return StandardInput().read_secret("presigned URL" if flag == "--presigned-url-file" else "activation code")
    return _bytes(flag, source, 8192).decode("utf-8", "replace")


def _bytes(flag: str, path: str, limit: int) -> bytes:

    try:
        return NamedFiles().read_bytes(os.path.abspath(path), limit)
    except OSError as error:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{flag}: {path}: {words_of(error)}") from None
