"""What ``--save`` writes and ``--replay`` reads: the observations, with a name and a version of their own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Sequence

from ssm_bootstrap.cli.flags import CAPABILITIES
from ssm_bootstrap.cli.output import write_file
from ssm_bootstrap.cli.support_bundle import observations_of_bundle
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.codec import NotDecodable, decode, encode
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.redact import redact_document

SCHEMA = "ssm-bootstrap-observations/1"
MOST = 64 << 20


def observations_text(observations: Observations) -> str:
    """The observations as ``--save`` writes them."""
    return json.dumps(observations_document(observations), indent=1) + "\n"


def observations_document(observations: Observations) -> Any:
    """The observations as a document, every text in it redacted."""
    return redact_document({"schema": SCHEMA, "observations": encode(observations)})[0]


def save_observations(path: str, observations: Observations, secrets: Secrets) -> None:
    """Write the observations, mode 0600; raises Refusal."""
    write_file("--save", path, observations_text(observations).encode(), 0o600, secrets)


def load_observations(path: str, flag: str = "--replay") -> Observations:
    """Read what ``save_observations`` wrote; raises Refusal: 66, 77, or 78 with the place that is wrong."""
    try:
        with Path(path).open("rb") as stream:
            text = stream.read(MOST + 1)
    except OSError as error:
        status = ExitStatus.NO_PERMISSION if isinstance(error, PermissionError) else ExitStatus.NO_INPUT
        raise Refusal(status, phrase("{flag}: {path}: {error}", flag=flag, path=path, error=words_of(error))) from None
    if len(text) > MOST:
        raise Refusal(
            ExitStatus.BAD_CONTENT, phrase("{flag}: {path}: larger than {most} MB", flag=flag, path=path, most=MOST >> 20)
        )
    try:
        if text.startswith(b"\x1f\x8b"):
            text = observations_of_bundle(text, MOST)
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise NotDecodable(phrase('expected "schema": "{schema}"', schema=SCHEMA))
        found: Observations = decode(Observations, document.get("observations"), "observations")
    except (ValueError, RecursionError) as error:
        words = "not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
        said = "{flag}: {path}: expected what doctor --save or --bundle writes: {words}"
        expected = phrase(said, flag=flag, path=path, words=words)
        raise Refusal(ExitStatus.BAD_CONTENT, expected) from None
    return found


def load_for(path: str, capabilities: Sequence[str], flag: str = "--replay") -> Observations:
    """The same for these capabilities; raises Refusal (2) too, for one that was not looked at."""
    found = load_observations(path, flag)
    if tuple(capabilities) == CAPABILITIES:
        return found
    unseen = [name for name in capabilities if name not in found.plan.capabilities]
    if unseen:  # of what was not dialled nothing can be said
        looked = ", ".join(found.plan.capabilities) or "none"
        said = "--for: {unseen} was not looked at; {replay} was saved for {looked}"
        raise Refusal(ExitStatus.USAGE, phrase(said, unseen=unseen[0], replay=path, looked=looked))
    return replace(found, plan=replace(found.plan, capabilities=tuple(capabilities)))
