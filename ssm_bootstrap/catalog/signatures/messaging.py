"""Run Command and sessions: the control channel of ssmmessages, and the long poll of ec2messages."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import AGENT, CallRefusal, Kind, Refused, Signature, documented, formatted
from ssm_bootstrap.model.capability import BY_COMMAND, Capability

_POST = 'Post "https://ssmmessages.eu-west-1.amazonaws.com/v1/control-channel/mi-1": '

_OF_A_CALLER = (CallRefusal.PERMISSION, CallRefusal.ACTION)
"""Refusals that have their reason in what the caller may do."""

_REFUSED = r"(?:AccessDenied|<Unauthorized|<Forbidden)"
"""What ssmmessages names its answer, in XML, where a policy is in the way."""

MESSAGING: tuple[Signature, ...] = (
    Signature(
        id="control-channel-token",
        kind=Kind.PHASE,
        fixed="Failed to get controlchannel token, error: ",
        pattern=r"\A(?:\w+ )?Failed to get controlchannel token, error: ",
        meaning="the call of ssmmessages that opens the control channel failed; the agent tries for ever, up to 40 min apart",
        source=AGENT + "agent/session/controlchannel/controlchannel.go:91",
        samples=(
            formatted(
                "Failed to get controlchannel token, error: CreateControlChannel failed with error: createControlChannel request "
                "failed: failed to make http client call: " + _POST + "dial tcp 10.0.1.23:443: i/o timeout"
            ),
            formatted(
                "Failed to get controlchannel token, error: CreateControlChannel failed with error: createControlChannel request "
                "failed: unexpected response from the service <AccessDeniedException>"
            ),
        ),
        service="ssmmessages",
        breaks=(Capability.SESSION,),
        degrades=BY_COMMAND,
        ended_by=("control-channel-up", "channel-opened"),
        refused=Refused("channel-down", "denied", of=_OF_A_CALLER),
        limit_covers_dial=True,
    ),
    Signature(
        id="ssmmessages-call",
        kind=Kind.PHASE,
        fixed="failed to make http client call: ",
        pattern=r"\A(?:\w+ )?(?:\w+ (?:request )?failed: )?failed to make http client call: ",
        meaning="a REST call of ssmmessages failed",
        source=AGENT + "agent/session/service/service.go:93-181",
        samples=(formatted("createDataChannel request failed: failed to make http client call: " + _POST + "EOF"),),
        near_misses=("Failed to get controlchannel token, error: x: failed to make http client call: y",),
        service="ssmmessages",
        breaks=(Capability.SESSION,),
        degrades=BY_COMMAND,
        ended_by=("control-channel-up", "channel-opened"),
        refused=Refused("channel-down", of=_OF_A_CALLER),
        limit_covers_dial=True,
    ),
    Signature(
        id="control-channel-reconnect",
        kind=Kind.PHASE,
        fixed="failed to reconnect to the control channel with error",
        pattern=r"\A(?:\w+ )?failed to reconnect to the control channel with error",
        meaning="the control channel broke and could not be opened again",
        source=AGENT + "agent/session/controlchannel/controlchannel.go:132",
        samples=(formatted("failed to reconnect to the control channel with error: dial tcp 10.0.1.23:443: i/o timeout"),),
        service="ssmmessages",
        breaks=(Capability.SESSION,),
        degrades=BY_COMMAND,
        ended_by=("control-channel-up", "channel-opened"),
        refused=Refused("channel-down", "denied", of=_OF_A_CALLER),
        limit_covers_dial=True,
    ),
    Signature(
        id="control-channel-connect",
        kind=Kind.PHASE,
        fixed="failed to connect controlchannel with error",
        pattern=r"\A(?:\w+ )?failed to connect controlchannel with error",
        meaning="the control channel could not be opened",
        source=AGENT + "agent/session/controlchannel/controlchannel.go:212",
        samples=(formatted("failed to connect controlchannel with error: dial tcp 10.0.1.23:443: connect: connection refused"),),
        service="ssmmessages",
        breaks=(Capability.SESSION,),
        degrades=BY_COMMAND,
        ended_by=("control-channel-up", "channel-opened"),
        refused=Refused("channel-down", "denied", of=_OF_A_CALLER),
        limit_covers_dial=True,
    ),
    Signature(
        id="control-channel-setup",
        kind=Kind.PHASE,
        fixed="Error setting up control channel: ",
        pattern=r"\A(?:\w+ )?Error setting up control channel: ",
        meaning="the control channel could not be opened",
        source=AGENT + "agent/messageservice/interactor/mgsinteractor/mgsinteractor.go:203",
        samples=(
            formatted(
                "Error setting up control channel: failed to connect controlchannel with error: "
                "dial tcp: lookup ssmmessages.eu-west-1.amazonaws.com on 10.0.0.2:53: no such host"
            ),
        ),
        near_misses=("SSM Agent is trying to setup control channel for MGSInteractor", "Set up control channel successfully"),
        service="ssmmessages",
        breaks=(Capability.SESSION,),
        degrades=BY_COMMAND,
        ended_by=("control-channel-up", "channel-opened"),
        refused=Refused("channel-down", "denied", of=_OF_A_CALLER),
        limit_covers_dial=True,
    ),
    Signature(
        id="websocket-dial",
        kind=Kind.PHASE,
        fixed="Failed to dial websocket: ",
        pattern=r"\A(?:\w+ )?Failed to dial websocket: ",
        meaning="the websocket's connection failed after the REST call worked",
        source=AGENT + "agent/websocketutil/websocketutil.go:73",
        samples=(formatted("Failed to dial websocket: dial tcp 10.0.1.23:443: i/o timeout"),),
        near_misses=("Failed to dial websocket, status: 403 Forbidden, err: websocket: bad handshake",),
        service="ssmmessages",
        breaks=(Capability.SESSION,),
        degrades=BY_COMMAND,
        ended_by=("control-channel-up", "channel-opened"),
        refused=Refused("channel-down", of=_OF_A_CALLER),
        limit_covers_dial=True,
    ),
    Signature(
        id="websocket-refused",
        kind=Kind.CAUSE,
        fixed="err: websocket: bad handshake",
        pattern=r"Failed to dial websocket, status: \d+[^,]{0,80}, err: websocket: bad handshake",
        meaning="the websocket's upgrade was refused: something in between does not pass it on, or a policy denies it",
        source=AGENT + "agent/websocketutil/websocketutil.go:71",
        samples=(formatted("Failed to dial websocket, status: 403 Forbidden, err: websocket: bad handshake"),),
        near_misses=("Failed to dial websocket: dial tcp 10.0.1.23:443: i/o timeout",),
        code="channel-down",
    ),
    Signature(
        id="ssmmessages-denied",
        kind=Kind.CAUSE,
        fixed="unexpected response from the service ",
        pattern=(
            rf"unexpected response from the service (?=(?s:.{{0,300}}?){_REFUSED})"
            r"(?!(?s:.{0,300}?)AccessDeniedException: )"
        ),
        meaning="ssmmessages denies the role, or the endpoint's policy does; the agent goes on with ec2messages",
        source=AGENT + "agent/session/service/service.go",
        samples=(
            formatted("unexpected response from the service <AccessDeniedException>\n<Message>no</Message>"),
            documented("unexpected response from the service <UnauthorizedRequest>Forbidden.</UnauthorizedRequest>"),
        ),
        near_misses=(
            "unexpected response from the service <html>blocked</html>",
            "unexpected response from the service <html><title>403 Forbidden</title></html>",
        ),
        code="channel-down",
        variant="denied",
        transient=False,
    ),
    Signature(
        id="ssmmessages-strange",
        kind=Kind.CAUSE,
        fixed="unexpected response from the service ",
        pattern=rf"unexpected response from the service (?!(?s:.{{0,300}}?){_REFUSED})(?=(?s:.{{0,300}}?)<(?i:html|!doctype))",
        meaning="something that is not ssmmessages answered",
        source=AGENT + "agent/session/service/service.go",
        samples=(formatted("unexpected response from the service <html><body>blocked by policy</body></html>"),),
        near_misses=("unexpected response from the service <AccessDeniedException>",),
        code="not-aws",
        transient=False,
    ),
    Signature(
        id="ssmmessages-other",
        kind=Kind.CAUSE,
        fixed="unexpected response from the service ",
        pattern=r"(?<!createDataChannel request failed: )unexpected response from the service "
        rf"(?!(?s:.{{0,300}}?)(?:{_REFUSED}|<(?i:html|!doctype)))",
        meaning="ssmmessages answered with something else than 201",
        source=AGENT + "agent/session/service/service.go",
        samples=(formatted("unexpected response from the service <UnknownOperationException/>"),),
        near_misses=("unexpected response from the service <html></html>",),
        code="channel-down",
    ),
    Signature(
        id="websocket-ping",
        kind=Kind.PHASE,
        fixed="Error while sending websocket ping: ",
        pattern=r"Error while sending websocket ping: ",
        meaning="an open channel was cut; the agent opens it again",
        source=AGENT + "agent/session/communicator/websocketchannel.go:254",
        samples=(formatted("Error while sending websocket ping: write tcp 10.0.1.5:41234->10.0.1.23:443: write: broken pipe"),),
        service="ssmmessages",
        degrades=(Capability.SESSION,),
        ended_by=("control-channel-up", "channel-opened"),
        refused=Refused("channel-down", of=_OF_A_CALLER),
        is_minor=True,
    ),
    Signature(
        id="websocket-silent",
        kind=Kind.BENIGN,
        fixed="I/O timeout. Error: ",
        pattern=r"\bI/O timeout\. Error: ",
        meaning="an open channel gave no pong within 60 s; the agent opens it again",
        source=AGENT + "agent/session/communicator/websocketchannel.go:201",
        samples=(formatted("I/O timeout. Error: pong not received"),),
        near_misses=("dial tcp 10.0.1.23:443: i/o timeout",),
    ),
    Signature(
        id="get-messages",
        kind=Kind.PHASE,
        fixed="GetMessages Error: ",
        pattern=r"GetMessages Error: ",
        meaning="ec2messages failed within 10 seconds",
        source=AGENT + "agent/runcommand/mds/service.go:161",
        samples=(
            formatted(
                "GetMessages Error: RequestError: send request failed\n"
                'caused by: Post "https://ec2messages.eu-west-1.amazonaws.com/": '
                "dial tcp 10.0.1.2:443: connect: connection refused"
            ),
        ),
        service="ec2messages",
        degrades=BY_COMMAND,
        ended_by=("control-channel-up", "channel-opened"),
        limit_covers_dial=True,
    ),
    Signature(
        id="long-poll-silent",
        kind=Kind.CAUSE,
        fixed="Server terminated MDS long poll connection after ",
        pattern=r"Server terminated MDS long poll connection after (?:79|8\d)(?:\.\d+)? seconds",
        meaning="ec2messages gave no answer in four tries of 20 seconds; the text of the message is wrong",
        source=AGENT + "agent/runcommand/mds/service.go:121-127,185 (80.306 s measured on a dropped connection)",
        samples=(formatted("Server terminated MDS long poll connection after 80.306 seconds"),),
        near_misses=("Server terminated MDS long poll connection after 20.5 seconds",),
        code="channel-down",
        transient=True,
    ),
    Signature(
        id="long-poll-cut",
        kind=Kind.BENIGN,
        fixed="Server terminated MDS long poll connection after ",
        pattern=r"Server terminated MDS long poll connection after (?!(?:79|8\d)(?:\.\d+)? seconds)[\d.]+ seconds",
        meaning="a long poll ended; the agent asks again",
        source=AGENT + "agent/runcommand/mds/service.go:185",
        samples=(formatted("Server terminated MDS long poll connection after 20.5 seconds"),),
        near_misses=("Server terminated MDS long poll connection after 80.306 seconds",),
    ),
    Signature(
        id="long-poll-closed",
        kind=Kind.BENIGN,
        fixed="Client terminated MDS long poll connection after",
        pattern=r"Client terminated MDS long poll connection after",
        meaning="a long poll ended; the agent asks again",
        source=AGENT + "agent/runcommand/mds/service.go",
        samples=(formatted("Client terminated MDS long poll connection after 20.0 seconds"),),
    ),
    Signature(
        id="polling-stopped",
        kind=Kind.CAUSE,
        fixed="MDSInteractor stopped temporarily due to internal failure",
        pattern=r"MDSInteractor stopped temporarily due to internal failure",
        meaning="ten calls of ec2messages in a row failed",
        source=AGENT + "agent/messageservice/interactor/mdsinteractor/mdsinteractor.go:565",
        samples=(
            formatted("MDSInteractor stopped temporarily due to internal failure. We will retry automatically after 15 minutes"),
        ),
        transient=True,
        code="agent-part-failed",
        variant="paused",
    ),
    Signature(
        id="module-stopped",
        kind=Kind.CAUSE,
        fixed=" stopped temporarily due to internal failure",
        pattern=r"(?:Compliance service|assocProcessor) stopped temporarily due to internal failure",
        meaning="ten calls of ssm in a row failed",
        source=AGENT + "agent/health/healthcheck.go:71",
        samples=(
            formatted("assocProcessor stopped temporarily due to internal failure. We will retry automatically after 15 minutes"),
        ),
        near_misses=("MDSInteractor stopped temporarily due to internal failure.",),
        transient=True,
        code="agent-part-failed",
        variant="paused",
    ),
    Signature(
        id="association-stuck",
        kind=Kind.CAUSE,
        fixed="Association stuck at InProgress for longer than ",
        pattern=r"Association stuck at InProgress for longer than \d+ hours",
        meaning="an association never ended",
        source=AGENT + "agent/association",
        samples=(formatted("Association stuck at InProgress for longer than 24 hours"),),
        code="command-failed",
        variant="stuck",
    ),
)
