"""What other programs say in the same output: Python, ssh, the Session Manager plug-in, callers of other services."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, Kind, Signature, documented, formatted
from ssm_bootstrap.model.capability import Capability

_OURS = r"(?:SSM\w{0,20}|ssm\w{0,20}|S3|STS|KMS|EC2 ?Messages|ec2imds|CloudWatch Logs)"

_RETRIED = "An error happened when receiving the message. Retried times: "

REPLIES: tuple[Signature, ...] = (
    Signature(
        id="document-reply",
        kind=Kind.PHASE,
        fixed='"status": "Failed",',
        lead="Sending reply {",
        pattern=(
            r'\ASending reply \{(?s:.{0,3500}?)"status": "Failed",\s{1,40}"code": -?\d{1,10},\s{1,40}'
            r'"name": "aws:(?!run(?:Power)?Shell)'
        ),
        meaning="a step of a document failed, told by the agent's answer to Systems Manager",
        source=AGENT + "agent/messageservice/interactor/mgsinteractor/replytypes/utils.go:58 (jsonutil.Indent)",
        samples=(
            formatted(
                'Sending reply {\n  "documentStatus": "InProgress",\n  "runtimeStatus": {\n    "configurePackage": {\n'
                '      "status": "Failed",\n      "code": 1,\n      "name": "aws:configurePackage",\n      "output": "x",'
            ),
        ),
        near_misses=(
            'Sending reply {\n    "x": {\n      "status": "Success",\n      "code": 0,\n      "name": "aws:x"',
            'Sending reply {\n    "x": {\n      "status": "Failed",\n      "code": 1,\n      "name": "aws:runShellScript"',
        ),
        sums_up=True,
        alone="command-failed",
    ),
)
"""What the agent answers of a document: it repeats what the steps wrote, so that its own words say what was being done."""

PROGRAMS: tuple[Signature, ...] = (
    Signature(
        id="python-warning",
        kind=Kind.BENIGN,
        fixed="Warning: ",
        pattern=(
            r"\A[^\n/]{0,60}(?:/[\w.+@-]{1,100}){1,20}\.py:\d{1,7}: \w{0,40}Warning: [^\n]{0,1500}"
            r"(?:\n[ \t]{1,8}[^\n]{0,300})?\s*[\"',]{0,3}\s*\Z"
        ),
        meaning="Python warned of something that a later version of it will not do any more; the program went on",
        source="Python, the module warnings (formatwarning)",
        samples=(
            documented(
                "/usr/lib64/python3.11/tarfile.py:2253: RuntimeWarning: The default behavior of tarfile extraction has been "
                "changed\n  warnings.warn("
            ),
        ),
        near_misses=("/usr/lib/python3/x.py:1: RuntimeWarning: y\n  z()\nTraceback (most recent call last):",),
    ),
    Signature(
        id="package-there-already",
        kind=Kind.BENIGN,
        fixed="does not update installed package",
        pattern=r"\.rpm: does not update installed package\b",
        meaning="the version that was to be installed is there already, or a newer one; yum calls that an error",
        source="yum 3.4 (cli.py, installLocal); public reports",
        samples=(documented("/var/tmp/yum-root-x/amazon-ssm-agent.rpm: does not update installed package."),),
    ),
    Signature(
        id="python-import",
        kind=Kind.CAUSE,
        fixed="ImportError: cannot import name ",
        pattern=r"(?m:^)ImportError: cannot import name \W?\w",
        meaning="a Python program found a library in another version than it needs",
        source="Python, built-in exceptions; public report of an AWS command line under a library of pip",
        samples=(
            documented("ImportError: cannot import name 'DEFAULT_CIPHERS' from 'urllib3.util.ssl_' (/usr/local/lib/ssl_.py)"),
        ),
        code="command-failed",
        variant="libraries",
        transient=False,
    ),
    Signature(
        id="python-module",
        kind=Kind.CAUSE,
        fixed="Error: No module named ",
        pattern=r"(?m:^)(?:ModuleNotFoundError|ImportError): No module named ",
        meaning="a Python program did not find a library",
        source="Python, built-in exceptions",
        samples=(documented("ModuleNotFoundError: No module named 'botocore'"),),
        code="command-failed",
        variant="libraries",
        transient=False,
    ),
    Signature(
        id="ssh-key-refused",
        kind=Kind.CAUSE,
        fixed=": Permission denied (",
        pattern=r"@m?i-[0-9a-f]{2,17}: Permission denied \((?:publickey|gssapi|password|keyboard)",
        meaning="ssh got through the session to the node's sshd, which does not know the user's key",
        source="OpenSSH sshconnect2.c (userauth); the host is a node's ID where ssh goes over Session Manager",
        samples=(documented("ec2-user@i-0123456789abcdef0: Permission denied (publickey,gssapi-keyex,gssapi-with-mic)."),),
        near_misses=("git@example.com: Permission denied (publickey).",),
        code="session-failed",
        variant="ssh-key",
        transient=False,
    ),
    Signature(
        id="ssh-proxy-command",
        kind=Kind.CAUSE,
        fixed="Connection closed by UNKNOWN port 65535",
        pattern=r"\bConnection closed by UNKNOWN port 65535",
        meaning="ssh's ProxyCommand ended before anything of the other end came",
        source="OpenSSH (ssh_remote_ipaddr of a connection by ProxyCommand); public report of Ansible over Session Manager",
        samples=(documented("Connection closed by UNKNOWN port 65535"),),
        near_misses=("Connection closed by 10.0.0.1 port 22",),
        sums_up=True,
        code="session-failed",
        variant="proxy-command",
        transient=False,
    ),
    Signature(
        id="plugin-gave-up",
        kind=Kind.CAUSE,
        fixed="Cannot perform start session: ",
        pattern=r"\bCannot perform start session: ",
        meaning="the plug-in of who opens a session could not go on with it",
        source="session-manager-plugin, src/sessionmanagerplugin/session/session.go; public reports",
        samples=(documented("Cannot perform start session: EOF"),),
        code="session-failed",
        variant="plugin",
        transient=False,
    ),
    Signature(
        id="plugin-connection-cut",
        kind=Kind.STATE,
        fixed=", Messagetype: ",
        lead=_RETRIED,
        pattern=(
            r"An error happened when receiving the message\. Retried times: \d{1,6}, "
            r"Error: (?!websocket: close 1000)[^\n]{0,300}?, Messagetype: -?\d"
        ),
        meaning="the plug-in of who opened a session lost the session's connection",
        source="session-manager-plugin, src/communicator/websocketchannel.go",
        samples=(
            documented(
                "An error happened when receiving the message. Retried times: 1, "
                "Error: websocket: close 1006 (abnormal closure): unexpected EOF, Messagetype: -1"
            ),
        ),
        near_misses=(_RETRIED + "1, MessageType: -1, Error: websocket: close 1006",),
        code="session-failed",
        variant="cut",
        transient=True,
    ),
    Signature(
        id="websocket-garbled",
        kind=Kind.STATE,
        fixed=": websocket: ",
        lead=_RETRIED,
        pattern=(
            r"An error happened when receiving the message\. Retried times: \d{1,6}, MessageType: -?\d{1,3}, Error: websocket: "
            r"(?:control frame|(?:bad|unknown) opcode|unexpected reserved bits|RSV\d|bad MASK|incorrect mask|continuation after"
            r"|invalid (?:close|utf8)|data before FIN)"
        ),
        meaning="what is read from the websocket is not what ssmmessages sends: something in between rewrites it",
        source=AGENT + "agent/session/communicator/websocketchannel.go:210; gorilla/websocket conn.go (protocol errors)",
        samples=(
            documented(
                "An error happened when receiving the message. Retried times: 1, MessageType: -1, "
                "Error: websocket: control frame length > 125"
            ),
        ),
        near_misses=(_RETRIED + "1, MessageType: -1, Error: websocket: close 1006",),
        code="channel-down",
        variant="garbled",
        transient=False,
        service="ssmmessages",
        breaks=(Capability.SESSION,),
        ended_by=("control-channel-up", "channel-opened"),
    ),
    Signature(
        id="document-step-crashed",
        kind=Kind.CAUSE,
        fixed="Plugin crashed with message ",
        pattern=r"\bPlugin crashed with message ",
        meaning="the agent's own code broke in a step of a document",
        source=AGENT + "agent/framework/runpluginutil/runpluginutil.go:327",
        samples=(formatted("Plugin crashed with message runtime error: invalid memory address or nil pointer dereference!"),),
        code="agent-part-failed",
        variant="step",
        transient=False,
    ),
    Signature(
        id="other-service",
        kind=Kind.CAUSE,
        fixed="operation error ",
        pattern=(
            r"\boperation error (?!"
            + _OURS
            + r": )[A-Z][\w ]{0,40}: \w{1,60}, (?:exceeded maximum number of attempts, \d{1,3}, )?"
            r"https response error StatusCode: 4\d\d, RequestID: [^,\n]{0,80}, (?:api error )?"
            r"(?!AccessDenied|UnauthorizedOperation|ExpiredToken|\w{0,20}Throttling|RequestExpired|UnrecognizedClient|InvalidSignature"
            r"|InvalidClientTokenId|ValidationException)\w{1,80}: "
        ),
        meaning="a service that a node does not need answered no to somebody's call",
        source="smithy-go errors.go (OperationError); aws-sdk-go-v2 aws/transport/http/response_error.go",
        samples=(
            documented(
                "operation error EC2: CreateVpc, https response error StatusCode: 400, RequestID: 1, "
                "api error VpcLimitExceeded: The maximum number of VPCs has been reached."
            ),
        ),
        near_misses=(
            "operation error SSM: SendCommand, https response error StatusCode: 400, RequestID: 1, api error InvalidDocument: x",
        ),
        code="request-refused",
        variant="other-service",
        transient=False,
        is_answer=True,
    ),
)
"""All rows."""
