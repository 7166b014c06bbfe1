"""Logs as a troubled node has them after weeks: the agent's own formats and retention limits, every id of its own.

The errors.log files hold errors alone; the agent log is nine tenths INFO by records, its errors are those of errors.log.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Callable, Iterator, List, Sequence, Tuple

ERRORS_LIMIT, ERRORS_FILES = 10_000_000, 6
AGENT_LIMIT, AGENT_FILES = 30_000_000, 6
"""Bytes of a file, and how many files: the newest and five archives (agent/log/logger/defaultconfig.go:29-60)."""

INSTANCE, REGION = "mi-02117ab6c0a35dc0a", "ap-northeast-1"
BUCKET = f"amazon-ssm-{REGION}"
REST = f"https://ssmmessages.{REGION}.amazonaws.com/v1/control-channel/{INSTANCE}"
DOCUMENT = "[ssm-document-worker] [{uuid}] [DataBackend] [pluginName=aws:updateSsmAgent] UpdateS3Util HTTP HEAD request failed: "
CHANNEL = (
    "[ssm-agent-worker] [MessageService] [MGSInteractor] [ControlChannel] Failed to get controlchannel token, error: "
    "CreateControlChannel failed with error: createControlChannel request failed: "
)

ERRORS: Sequence[Tuple[int, str, str]] = (
    (
        16,
        "minLog @ credentialrefresher.go.280",
        "[CredentialRefresher] Retrieve credentials produced error: RequestError: send request failed\n"
        f'caused by: Post "https://ssm.{REGION}.amazonaws.com/": dial tcp 52.119.221.73:443: i/o timeout',
    ),
    (
        6,
        "minLog @ credentialrefresher.go.280",
        "[CredentialRefresher] Retrieve credentials produced error: AccessDeniedException: User: arn:aws:sts::111122223333:"
        f"assumed-role/hybrid/{INSTANCE} is not authorized to perform: ssm:RequestManagedInstanceRoleToken\n"
        "\tstatus code: 400, request id: {uuid}",
    ),
    (
        14,
        "HandleAwsError @ awserr.go.50",
        "[ssm-agent-worker] [HealthCheck] error when calling AWS APIs. error details - RequestError: send request failed\n"
        f'caused by: Post "https://ssm.{REGION}.amazonaws.com/": read tcp 10.0.0.5:{{port}}->10.0.1.21:443: read: '
        "connection reset by peer",
    ),
    (
        12,
        "HandleAwsError @ awserr.go.50",
        "[ssm-agent-worker] [MessageService] [Association] [associationId={uuid}] error when calling AWS APIs. error details - "
        "ThrottlingException: Rate exceeded\n\tstatus code: 400, request id: {uuid}",
    ),
    (
        18,
        "setup @ controlchannel.go.92",
        CHANNEL + f'failed to make http client call: Post "{REST}": dial tcp 10.0.1.23:443: i/o timeout',
    ),
    (
        10,
        "setup @ controlchannel.go.92",
        CHANNEL + "unexpected response from the service <AccessDeniedException>\n<Message>User is not authorized to perform: "
        "ssmmessages:CreateControlChannel</Message>\n<RequestId>{uuid}</RequestId>\n</AccessDeniedException>",
    ),
    (
        8,
        "Head @ s3util_dep.go.66",
        DOCUMENT + f'url=https://{BUCKET}.s3.{REGION}.amazonaws.com, error=Head "https://{BUCKET}.s3.{REGION}.amazonaws.com": '
        "context deadline exceeded",
    ),
    (
        8,
        "Head @ s3util_dep.go.66",
        DOCUMENT + f'url=http://{BUCKET}.s3.amazonaws.com, error=Head "http://{BUCKET}.s3.amazonaws.com": '
        "dial tcp 52.219.8.25:80: i/o timeout",
    ),
    (
        5,
        "func1 @ mgsinteractor.go.203",
        "[ssm-agent-worker] [MessageService] [MGSInteractor] Error setting up control channel: "
        f"dial tcp: lookup ssmmessages.{REGION}.amazonaws.com on 10.0.0.2:53: "
        "read udp 10.0.0.5:{port}->10.0.0.2:53: i/o timeout",
    ),
    (2, "func2 @ runner.go.71", "[ssm-agent-worker] [Plugins] plugin output folder {uuid} is odd after {small} attempts"),
)
"""Weight, place and message."""

WARNINGS: Sequence[str] = (
    "[ssm-agent-worker] [MessageService] [MDSInteractor] Server terminated MDS long poll connection after {small}.{port} seconds",
    "[ssm-agent-worker] [MessageService] [MGSInteractor] Failed to dial websocket: dial tcp 10.0.1.23:443: i/o timeout",
    "Error adding the directory '/etc/amazon/ssm' to watcher: no such file or directory",
)

QUIET: Sequence[Tuple[int, str]] = (
    (10, "[ssm-agent-worker] [MessageService] [MDSInteractor] Starting message polling"),
    (10, "[ssm-agent-worker] [MessageService] [Association] Schedule manager refreshed with 4 associations, 4 new associations"),
    (8, "[ssm-agent-worker] [HealthCheck] HealthCheck reporting agent health."),
    (
        8,
        f"[ssm-agent-worker] [instanceID={INSTANCE}] Successfully loaded platform independent plugin aws:softwareInventory",
    ),
    (6, "[ssm-document-worker] [{uuid}] [DataBackend] Running plugin aws:runShellScript PatchLinux"),
    (
        6,
        "[ssm-agent-worker] [MessageService] [EngineProcessor] [BasicExecuter] [{uuid}] inter process communication started at "
        f"/var/lib/amazon/ssm/{INSTANCE}/channels/{{uuid}}",
    ),
    (
        6,
        f"[ssm-agent-worker] [MessageService] [EngineProcessor] execution of aws.ssm.{{uuid}}.{INSTANCE} is over. "
        "Removing interimState from current folder",
    ),
    (4, "[ssm-agent-worker] [MessageService] [MGSInteractor] [ControlChannel] Setting up websocket for controlchannel"),
    (4, "[CredentialRefresher] Next credential rotation will be in {small}.99994561385 minutes"),
    (4, "[CredentialRefresher] Sleeping for {small}s before retrying retrieve credentials"),
    (
        3,
        "[ssm-agent-worker] [MessageService] [MDSInteractor] SendReply Response{\n\n}\n",
    ),
    (
        3,
        '[ssm-document-worker] [{uuid}] [DataBackend] reply: {\n  "additionalInfo": {\n    "agent": {\n      "lang": "en-US",\n'
        '      "name": "amazon-ssm-agent",\n      "os": "",\n      "osver": "1",\n      "ver": ""\n    },\n'
        '    "dateTime": "2026-11-23T15:00:05.134Z",\n    "runId": "",\n    "runtimeStatusCounts": null,\n'
        '    "ableToOpenMGSConnection": false\n  },\n  "documentStatus": "InProgress",\n  "documentTraceOutput": "",\n'
        '  "runtimeStatus": null\n}',
    ),
    (1, "[CredentialRefresher] Credentials ready"),
    (1, "[ssm-agent-worker] [MessageService] [MGSInteractor] SSM Connection channel status is set to ec2messages"),
)


class _Writer:
    """Fills files of a limited size; the newest has the plain name and archives are numbered upwards, as seelog does."""

    def __init__(self, directory: Path, name: str, limit: int, files: int) -> None:
        self._paths = [directory / f"{name}.{number}" for number in range(1, files)] + [directory / name]
        self._limit = limit
        self._parts: List[str] = []
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether every file is written."""
        return not self._paths

    def add(self, text: str) -> None:
        """One record."""
        if self.is_full:
            return
        self._parts.append(text)
        self._size += len(text)
        if self._size >= self._limit:
            self._paths.pop(0).write_text("".join(self._parts), encoding="utf-8")
            self._parts, self._size = [], 0


def write_logs(directory: Path, *, scale: float = 1.0, seed: int = 5) -> int:
    """Write both logs with their archives; ``scale`` is applied to the size of a file. Gives the bytes written."""
    directory.mkdir(parents=True, exist_ok=True)
    errors = _Writer(directory, "errors.log", int(ERRORS_LIMIT * scale), ERRORS_FILES)
    agent = _Writer(directory, "amazon-ssm-agent.log", int(AGENT_LIMIT * scale), AGENT_FILES)
    rng = random.Random(seed)
    loud = [(place, text) for weight, place, text in ERRORS for _ in range(weight)]
    quiet = [text for weight, text in QUIET for _ in range(weight)]
    fill = _filler(rng)
    times = _times(rng)
    # errors.log reaches back further than the agent log: it gets a tenth of the records and a third of the room.
    lead = ERRORS_LIMIT * ERRORS_FILES * scale - AGENT_LIMIT * AGENT_FILES * scale * 0.19
    written = 0.0
    while not (errors.is_full and agent.is_full):
        place, text = rng.choice(loud)
        if rng.random() < 0.2 and written >= lead:
            agent.add(f"{next(times)} WARN {fill(rng.choice(WARNINGS))}\n")
        else:
            stamp, said = next(times), fill(text)
            record = f"{stamp} ERROR [{place}] {said}\n"
            errors.add(record)
            written += len(record)
            if written < lead:
                continue
            agent.add(f"{stamp} ERROR {said}\n")
        for _ in range(9):
            agent.add(f"{next(times)} INFO {fill(rng.choice(quiet))}\n")
    return sum(path.stat().st_size for path in directory.iterdir())


def _filler(rng: random.Random) -> Callable[[str], str]:
    """Gives every ``{uuid}``, ``{port}`` and ``{small}`` a value of its own."""

    def fill(text: str) -> str:
        while "{uuid}" in text:
            digits = f"{rng.getrandbits(128):032x}"
            text = text.replace("{uuid}", "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])), 1)
        if "{port}" in text:
            text = text.replace("{port}", str(rng.randrange(32768, 61000)))
        return text.replace("{small}", str(rng.randrange(2, 80))) if "{small}" in text else text

    return fill


def _times(rng: random.Random) -> Iterator[str]:
    at = datetime(2026, 9, 1, 0, 0, 0)
    while True:
        at += timedelta(microseconds=rng.randrange(1_000, 4_000_000))
        yield at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-2]
