"""Findings about an HTTP proxy between this machine and AWS."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Layer, Scope, Teller, Variant
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Severity

_UNIT_ENVIRONMENT = "systemctl show -p Environment -p EnvironmentFiles -p DropInPaths amazon-ssm-agent.service"
_UNIT_NAMES = "systemctl show -p EnvironmentFiles -p DropInPaths amazon-ssm-agent.service"

_LOGIN = Variant(
    name="login",
    circumstance=Circumstance.PROXY_WANTS_LOGIN,
    when="the proxy answers 407",
    title="The proxy wants a login for {service}",
    cause=(
        "{proxy} answers CONNECT to {host}:{port} with 407: it wants a user and a password, and the proxy URL that the agent "
        "has holds none, or not the right ones. Which names its rules allow is not known before that."
    ),
    summary="Put user and password into the proxy URL of the agent's unit, or let this machine through without a login.",
    steps=(
        "Write https_proxy with user and password into a file that only root can read (mode 0600): in the URL they stand before "
        "the proxy's host, a colon between them and an @ behind them.",
        "Name that file in a drop-in of the agent's unit: section [Service], a line EnvironmentFile= with its path.",
        "Characters such as @ : / in the password are written as %40 %3A %2F; the agent answers with Basic authentication alone.",
        "Without a login: put `.{domain}` and 169.254.169.254 into no_proxy where the endpoints are in this VPC.",
    ),
    aws_steps=("Proxy's rules: may this instance's address connect to {host}:443 without a login?",),
    commands=(
        _UNIT_ENVIRONMENT,
        "sudo systemctl edit amazon-ssm-agent.service",
        "sudo systemctl daemon-reload",
        "sudo ssm-bootstrap restart",
    ),
    aws_commands=(),
    source="RFC 9110, 15.5.8; Go net/http (CONNECT answered by its status text; measured with amazon-ssm-agent 3.3.1142.0)",
)
"""The words of proxy-denied where it is a login that is missing."""

_UNREADABLE = Variant(
    name="unreadable",
    circumstance=Circumstance.PROXY_IS_UNREADABLE,
    when="the URL cannot be read",
    title="The agent's proxy URL cannot be read, and leads to no proxy",
    cause=(
        "The proxy URL that the agent has is no URL: most often its password holds a slash, # or a blank as they are. The agent "
        "then takes a piece of it for the host. It is not shown, as any piece of it may be a piece of the password."
    ),
    summary="Write user and password in the proxy's URL with escapes, such as %2F for a slash, %23 for # and %20 for a blank.",
    steps=(
        "In this report `unreadable-proxy-url.invalid` stands for the proxy's host, which nobody can tell.",
        "In a unit's Environment= a % is written as %%, so that %2F becomes %%2F; in an EnvironmentFile= it stays as it is.",
        "Change it where the agent gets it from: the drop-in of its unit, then `systemctl daemon-reload` and a restart.",
    ),
    commands=(_UNIT_NAMES, "sudo systemctl edit amazon-ssm-agent.service", "sudo ssm-bootstrap restart"),
    aws_steps=(),
    aws_commands=(),
    source="RFC 3986, 3.2.1; golang.org/x/net/http/httpproxy, parseProxy; systemd.exec(5), Environment=, specifiers",
    transient=False,
)
"""The words of proxy-unreachable where there is no telling which proxy is meant."""

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="proxy-unreachable",
        severity=Severity.ERROR,
        layer=Layer.WAY,
        explains=("proxy-denied", *families.ENDPOINT, *families.S3, *families.CONNECTED, *families.NO_PATH),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_the_proxy=True,
        variants=(_UNREADABLE,),
        title="The configured proxy does not answer",
        cause=(
            "The environment sends traffic for AWS through {proxy}, and that proxy cannot be resolved or gives no answer. "
            "Everything that goes through it fails for this one reason."
        ),
        summary="Correct the address of the proxy, get it running, or take the proxy setting away.",
        steps=(
            "Check host, port and scheme in https_proxy; many proxies want http:// even for HTTPS traffic.",
            "In a VPC with endpoints no proxy is needed: put `.{domain}` and 169.254.169.254 into no_proxy, or unset the proxy.",
            "Change it where the agent gets it from: the drop-in of its unit, then `systemctl daemon-reload` and a restart.",
        ),
        aws_steps=(
            "Proxy's security group: is its port allowed inbound from this instance?",
            "Instance's security group and the network ACLs: is the proxy's port allowed outbound, and the way back?",
            "Route table: is there a way to the proxy's network?",
        ),
        commands=("env | grep -i _proxy", _UNIT_ENVIRONMENT),
        transient=True,
        source="Go net/http (proxyconnect; measured with amazon-ssm-agent 3.3.1142.0)",
    ),
    FindingKind(
        code="proxy-denied",
        severity=Severity.ERROR,
        layer=Layer.WAY,
        explains=(*families.ENDPOINT, *families.S3, *families.CONNECTED, *families.NO_PATH),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_the_proxy=True,
        failures=(
            (Stage.PROXY, Failure.PROXY_DENIED),
            (Stage.PROXY, Failure.PROXY_AUTH_REQUIRED),
        ),
        variants=(_LOGIN,),
        title="The proxy refuses to connect to {service}",
        cause=("{proxy} answers, and refuses CONNECT to {host}:{port}: its rules do not allow this name or this port."),
        summary="Allow CONNECT to {host}:443 on the proxy, or take the name out of the proxy's way with no_proxy.",
        steps=(
            "If the endpoints are in this VPC: put `.{domain}` and 169.254.169.254 into no_proxy.",
            "The proxy's log names the rule that refused: give its owner the host, the port and the time.",
        ),
        aws_steps=(
            "Proxy's rules: allow CONNECT on 443 to ssm, ssmmessages, ec2messages and S3 of {region}, without TLS inspection.",
        ),
        commands=("env | grep -i _proxy | sed 's#//[^@/]*@#//***@#'", "curl -sS -m 5 -o /dev/null -v https://{host}/"),
        source="Go net/http (CONNECT answered by its status text; measured with amazon-ssm-agent 3.3.1142.0)",
    ),
    FindingKind(
        code="proxy-mismatch",
        severity=Severity.WARNING,
        layer=Layer.AGENT,
        explains=(*families.NO_TOKEN,),
        title="The agent's unit and this shell use different proxy settings",
        cause=(
            "The agent's registration runs in the caller's environment and its service in that of its unit, and the two name "
            "different proxies or exceptions. So the one may succeed where the other fails."
        ),
        summary="Set the same http_proxy, https_proxy and no_proxy for the agent's unit as in the shell, or in neither.",
        steps=(
            (
                "Write the variables into a drop-in of the agent's unit: `systemctl edit amazon-ssm-agent.service`, section "
                "[Service], a line Environment= with them; the snap's unit is snap.amazon-ssm-agent.amazon-ssm-agent.service."
            ),
            "no_proxy needs 169.254.169.254, and `.{domain}` where the VPC has endpoints.",
            "Then `systemctl daemon-reload` and restart the agent; use `sudo -E` for commands that need the shell's variables.",
        ),
        commands=(_UNIT_ENVIRONMENT, "env | grep -i _proxy"),
        source="amazon-ssm-agent 3.3.1142.0, core/agent.go:70; Systems Manager User Guide, configure-proxy-ssm-agent",
    ),
)
