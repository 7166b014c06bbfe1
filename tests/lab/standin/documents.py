"""The document worker: AWS-UpdateSSMAgent and AWS-RunPatchBaseline as far as S3 is concerned."""

import json
import time
import uuid
from typing import Any, Dict, Optional, Tuple

from . import identities, steps, world
from .dialer import GoError
from .identities import Identity
from .sdk import pause
from .seelog import Log
from .settings import InvalidConfig, Settings
from .web import Reply, send
from .worker import MDS, lines

PAYLOAD = "patchbaselineoperations/linux/payloads/patch-baseline-operations-1.83.tar.gz"
HEAD_PATIENCE = 30.0
#: Seconds within which a HEAD that fails fast is repeated.
HEAD_REPEATS = 3.72
HEAD_SOURCE = "Head @ s3util_dep.go.68"
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=lab, SignedHeaders=host, Signature=lab"}


def run(name: str, path: str) -> int:
    """Carry out the command in a file: ``{"document": …, "command_id": …}``."""
    with open(path, encoding="utf-8") as file:
        order: Dict[str, Any] = json.load(file)
    log = Log(console=False)
    try:
        settings = Settings.load()
    except InvalidConfig:
        settings = Settings()
    log.info("ssm-document-worker - v" + world.VERSION)
    log.info("picking up runtime config identity selector")
    identity = identities.join(log, settings)
    if identity is None:
        return 1
    document = Document(log, settings, identity, str(order.get("command_id") or uuid.uuid4()))
    for line in lines("document-start", id=document.instance, command=document.command):
        log.info(line)
    if order.get("document") == "AWS-RunPatchBaseline":
        document.patch()
    else:
        document.update_agent()
    for line in lines("document-end", id=document.instance, command=document.command):
        log.info(line)
    return 0


class Document:
    """One command of one instance."""

    def __init__(self, log: Log, settings: Settings, identity: Identity, command: str) -> None:
        self.log, self.settings, self.command = log, settings, command
        self.instance, self.region = identity.instance, settings.value("Agent", "Region") or identity.region
        self.domain = settings.domain(self.region)
        self.began = time.time()
        self.home = f"{world.DATA}/{self.instance}/document/orchestration/{command}"
        self.prefix = f"[ssm-document-worker] [{command}] [DataBackend] "

    def finish(self, plugin: str, name: str, directory: str, code: int, stdout: str, stderr: str) -> None:
        """Write the output files and send the reply that carries them."""
        steps.make_directories(directory, 0o700)
        for file, text in (("stdout", stdout), ("stderr", stderr), ("stdoutConsole", stdout), ("stderrConsole", stderr)):
            steps.overwrite(f"{directory}/{file}", text.encode())
        self.log.info(f"{self.prefix}Sending plugin {plugin} completion message")
        status = "Failed" if code else "Success"
        times = [time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at)) for at in (self.began, time.time())]
        reply = {
            "additionalInfo": {
                "agent": {"lang": "en-US", "name": "amazon-ssm-agent", "os": "", "osver": "1", "ver": ""},
                "dateTime": times[1],
                "runId": "",
                "runtimeStatusCounts": {status: 1},
            },
            "documentStatus": status,
            "documentTraceOutput": "",
            "runtimeStatus": {
                plugin: {
                    "status": status,
                    "code": code,
                    "name": name,
                    "output": stdout + (f"\n----------ERROR-------\n{stderr}" if stderr else ""),
                    "startDateTime": times[0],
                    "endDateTime": times[1],
                    "outputS3BucketName": "",
                    "outputS3KeyPrefix": "",
                    "stepName": "",
                    "standardOutput": stdout,
                    "standardError": stderr,
                }
            },
        }
        self.log.info(f"{MDS}Sending reply {json.dumps(reply, indent=2)}")

    def update_agent(self) -> None:
        """AWS-UpdateSSMAgent: find the bucket's region, fetch the manifest, fetch the version."""
        plugin = "aws:updateSsmAgent"
        self.log.info(f"{self.prefix}Running plugin {plugin} {plugin}")
        prefix = f"{self.prefix}[pluginName={plugin}] "
        host = self.settings.host("s3", self.region) or ""
        bucket = f"amazon-ssm-{self.region}"
        manifest = f"https://{host}/{bucket}/ssm-agent-manifest.json"
        self.log.info(f"{prefix}Detected platform Debian")
        self.log.info(f"{prefix}UpdateS3Util manifest download url is {manifest}")
        found = self.bucket_region(prefix, bucket, host)
        if not found:
            self.log.info(f"{prefix}UpdateS3Util no region in HEAD response for bucket {bucket}")
            self.log.info(f"{prefix}UpdateS3Util using instance region {self.region} for bucket {bucket}")
        reply, trouble = patiently("GET", manifest, SIGNED, tries=4)
        if reply is None or reply.status != 200:
            self.log.info(
                f"{prefix}UpdateS3Util An error occurred when attempting s3 download. Attempting http/https download as fallback."
            )
            reply, trouble = patiently("GET", manifest, {}, tries=1)
        if reply is not None and reply.status != 200:
            trouble = f"http request failed. status:{reply.status} {reply.reason} statuscode:{reply.status}"
        elif reply is None:
            trouble = f'Get "{manifest}": {trouble}'
        directory = f"{self.home}/awsupdateSsmAgent"
        if trouble:
            self.finish(plugin, plugin, directory, 1, "", f"failed to download file reliably, {manifest}, {trouble}")
            return
        self.finish(
            plugin,
            plugin,
            directory,
            0,
            f"Successfully downloaded {manifest}\namazon-ssm-agent {world.VERSION} has already been installed, update skipped\n",
            "",
        )

    def bucket_region(self, prefix: str, bucket: str, host: str) -> str:
        """A signed HEAD, then anonymous ones: https and http at the regional host, https and http at the global one."""
        reply, _ = patiently("HEAD", f"https://{bucket}.{host}", SIGNED, tries=4)
        if reply is not None and reply.status == 200:
            return reply.headers.get("x-amz-bucket-region", "")
        self.log.warn(f"{prefix}UpdateS3Util Signed HeadBucket request failed, continuing to fallback logic")
        for endpoint in (host, f"s3.{self.domain}"):
            for scheme in ("https", "http"):
                url = f"{scheme}://{bucket}.{endpoint}"
                reply, trouble = self.head(url)
                if reply is not None:
                    break
                # the client's own limit and the dial's are both 30 s: on the first URL the client's strikes first
                if trouble.endswith("i/o timeout") and "dial tcp" in trouble and url == f"https://{bucket}.{host}":
                    trouble = "context deadline exceeded"
                self.log.error(
                    f'{prefix}UpdateS3Util HTTP HEAD request failed: url={url}, error=Head "{url}": {trouble}', HEAD_SOURCE
                )
            if reply is not None and reply.headers.get("x-amz-bucket-region"):
                return reply.headers["x-amz-bucket-region"]
        return ""

    def head(self, url: str) -> Tuple[Optional[Reply], str]:
        """One anonymous HEAD; what fails fast is repeated for a few seconds, a wrong name in the certificate never."""
        deadline = time.monotonic() + world.scaled(HEAD_REPEATS)
        wait = 0.1
        while True:
            reply, trouble = patiently("HEAD", url, {}, tries=1, patience=HEAD_PATIENCE)
            if reply is not None or "certificate is valid for" in trouble or time.monotonic() > deadline:
                return reply, trouble
            world.sleep(wait)
            wait *= 2

    def patch(self) -> None:
        """AWS-RunPatchBaseline's first step on Linux: curl fetches the payload from the dual-stack host."""
        name, plugin = "aws:runShellScript", "PatchLinux"
        url = f"https://s3.dualstack.{self.region}.{self.domain}/aws-ssm-{self.region}/{PAYLOAD}"
        if self.domain == "amazonaws.com.cn":
            url = f"https://s3.{self.region}.{self.domain}/aws-ssm-{self.region}/{PAYLOAD}"
        self.log.info(f"{self.prefix}Running plugin {name} {plugin}")
        script = f"curl -sS -f -m 10 -o /tmp/payload {url} || {{ echo 'Unable to download payload: {url}.'; exit 156; }}\n"
        steps.make_directories(f"{self.home}/{plugin}", 0o700)
        steps.overwrite(f"{self.home}/{plugin}/_script.sh", script.encode(), 0o700)
        code, stdout, stderr = 0, "lab: payload fetched, nothing to patch\n", ""
        trouble = curl(url)
        if trouble:
            code, stdout = 156, f"Unable to download payload: {url}.\n"
            stderr = f"{trouble}\nfailed to run commands: exit status {code}"
        self.log.info(f"{self.prefix}[pluginName={name}] The execution of command returned Exit Status: {code}")
        self.finish(plugin, name, f"{self.home}/awsrunShellScript/{plugin}", code, stdout, stderr)


def patiently(method: str, url: str, headers: Dict[str, str], tries: int, patience: float = 60.0) -> Tuple[Optional[Reply], str]:
    """A request with the SDK's retries: its answer, or the last error's text."""
    trouble = ""
    for attempt in range(tries):
        if attempt:
            pause(attempt - 1)
        try:
            reply = send(method, url, headers, b"", patience, 30.0)
        except GoError as error:
            trouble = str(error)
            continue
        if reply.status < 500:
            return reply, ""
        trouble = f"http request failed. status:{reply.status} {reply.reason} statuscode:{reply.status}"
    return None, trouble


def curl(url: str) -> str:
    """What ``curl -sS -f -m 10`` prints; empty when it fetched the file."""
    host = url.split("/")[2]
    began = time.monotonic()
    try:
        reply = send("GET", url, {"User-Agent": "curl/7.88.1"}, b"", 10.0, 10.0)
    except GoError as error:
        text = str(error)
        spent = int((time.monotonic() - began) * 1000)
        if "lookup" in text:
            return f"curl: (6) Could not resolve host: {host}"
        if "i/o timeout" in text or "deadline" in text or "handshake timeout" in text:
            return "curl: (28) Connection timed out after 10001 milliseconds"
        if "x509" in text:
            return "curl: (60) SSL certificate problem: unable to get local issuer certificate"
        if text.startswith("read tcp") or text == "EOF":
            return "curl: (35) Recv failure: Connection reset by peer"
        return f"curl: (7) Failed to connect to {host} port 443 after {spent} ms: Couldn't connect to server"
    if reply.status >= 400:
        return f"curl: (22) The requested URL returned error: {reply.status}"
    return ""
