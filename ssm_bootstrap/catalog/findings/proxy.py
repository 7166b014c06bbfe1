"""Findings about an HTTP proxy between this machine and AWS."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Scope, Teller, Variant, change, look
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Severity

_UNIT_ENVIRONMENT = look("systemctl show -p Environment -p EnvironmentFiles -p DropInPaths amazon-ssm-agent.service")
_UNIT_NAMES = look("systemctl show -p EnvironmentFiles -p DropInPaths amazon-ssm-agent.service")

_LOGIN = Variant(
    name="login",
    circumstance=Circumstance.PROXY_WANTS_LOGIN,
    when="the proxy answers 407",
    title="The proxy requires a login for {service}",
    cause=(
        "{proxy} answers CONNECT to {host}:{port} with 407: it requires a user name and password, and the agent's proxy URL has "
        "none, or the wrong ones. Until that works, there is no telling which names its rules allow."
    ),
    summary="Put the user name and password into the agent's proxy URL, or let this machine through without a login.",
    steps=(
        (
            "Write https_proxy with user name and password into a file that only root can read (mode 0600). In the URL they come "
            "before the proxy's host, separated by a colon and followed by an @."
        ),
        "Name that file in a drop-in for the agent's unit: section [Service], a line EnvironmentFile= with its path.",
        "Write characters such as @ : / in the password as %40 %3A %2F. The agent supports Basic authentication only.",
        "Without a login: if the endpoints are in this VPC, put `.{domain}` and 169.254.169.254 into no_proxy.",
    ),
    aws_steps=("Proxy rules: may this instance's address connect to {host}:443 without a login?",),
    commands=(
        _UNIT_ENVIRONMENT,
        change("sudo systemctl edit amazon-ssm-agent.service"),
        change("sudo systemctl daemon-reload"),
        change("sudo ssm-bootstrap restart"),
    ),
    aws_commands=(),
    source="RFC 9110, 15.5.8; Go net/http (CONNECT answered by its status text; measured with amazon-ssm-agent 3.3.1142.0)",
)
"""The words of proxy-denied where it is a login that is missing."""

_WITHOUT_TLS = Variant(
    name="without-tls",
    circumstance=Circumstance.PROXY_WITHOUT_TLS,
    when="its URL says https:// and it answers without TLS",
    title="The proxy's URL begins with https://, but the proxy does not speak TLS",
    cause=(
        "The proxy setting asks for TLS between this machine and the proxy itself, and the answer was not TLS: {detail}. Traffic "
        "through the proxy is encrypted end to end either way."
    ),
    summary="Use http:// in the proxy URL, in https_proxy as well; https:// is only for proxies that speak TLS themselves.",
    steps=(
        "Change it where the agent gets it from: the drop-in for its unit, then `systemctl daemon-reload` and a restart.",
        "Does the proxy have a separate TLS port? Then use that port.",
    ),
    aws_steps=(),
    source="Go net/http (proxyconnect) and crypto/tls (first record does not look like a TLS handshake)",
    transient=False,
)
"""The words of proxy-unreachable where the URL's scheme is the one thing that is wrong."""

_UNREADABLE = Variant(
    name="unreadable",
    circumstance=Circumstance.PROXY_IS_UNREADABLE,
    when="the URL cannot be parsed",
    title="The agent's proxy URL cannot be parsed",
    cause=(
        "The agent's proxy setting is not a valid URL: usually its password contains an unescaped slash, # or space. The agent "
        "then reads part of it as the host. The URL is not shown, because any part of it may be part of the password."
    ),
    summary="Escape special characters in the proxy URL: %2F for a slash, %23 for #, %20 for a space.",
    steps=(
        "In this report `unreadable-proxy-url.invalid` stands for the proxy's host, which cannot be determined.",
        "In a unit's Environment= write % as %%, so that %2F becomes %%2F; in an EnvironmentFile= leave it as it is.",
        "Change it where the agent gets it from: the drop-in for its unit, then `systemctl daemon-reload` and a restart.",
    ),
    commands=(_UNIT_NAMES, change("sudo systemctl edit amazon-ssm-agent.service"), change("sudo ssm-bootstrap restart")),
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
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.WAY,
        explains=("proxy-denied", *families.ENDPOINT, *families.S3, *families.CONNECTED, *families.NO_PATH),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_the_proxy=True,
        variants=(_UNREADABLE, _WITHOUT_TLS),
        title="The configured proxy does not answer",
        cause=(
            "The environment sends AWS traffic through {proxy}, and that proxy cannot be resolved or does not answer. Everything "
            "that goes through it fails for this one reason."
        ),
        summary="Correct the proxy's address, start the proxy, or remove the proxy setting.",
        steps=(
            "Check host, port and scheme in https_proxy; many proxies need http:// even for HTTPS traffic.",
            (
                "A VPC with all the endpoints needs no proxy: put `.{domain}` and 169.254.169.254 into no_proxy, or unset the "
                "proxy. If only some services have an endpoint, list their names instead."
            ),
            "Change it where the agent gets it from: the drop-in for its unit, then `systemctl daemon-reload` and a restart.",
        ),
        aws_steps=(
            "Proxy's security group: does it allow the proxy's port inbound from this instance?",
            "Instance's security group and the network ACLs: do they allow the proxy's port outbound, and the return traffic?",
            "Route table: is there a route to the proxy's network?",
        ),
        commands=(look("env | grep -i _proxy"), _UNIT_ENVIRONMENT),
        transient=True,
        source="Go net/http (proxyconnect; measured with amazon-ssm-agent 3.3.1142.0)",
    ),
    FindingKind(
        code="proxy-denied",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
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
        cause="{proxy} answers but refuses CONNECT to {host}:{port}: its rules do not allow this name or this port.",
        summary="Allow CONNECT to {host}:443 on the proxy, or bypass the proxy for this name with no_proxy.",
        steps=(
            (
                "If the endpoints are in this VPC: put `.{domain}` and 169.254.169.254 into no_proxy. If only some services have "
                "an endpoint, list their names instead."
            ),
            "The proxy's log names the rule that refused: give its owner the host, the port and the time.",
        ),
        aws_steps=(
            "Proxy rules: allow CONNECT on 443 to ssm, ssmmessages, ec2messages and S3 of {region}, without TLS inspection.",
        ),
        commands=(
            look("env | grep -i _proxy | sed 's#//[^@/]*@#//***@#'"),
            look('for host in {hosts}; do curl -sS -m 5 -o /dev/null -v "https://$host/"; done'),
        ),
        source="Go net/http (CONNECT answered by its status text; measured with amazon-ssm-agent 3.3.1142.0)",
    ),
    FindingKind(
        code="proxy-mismatch",
        severity=Severity.WARNING,
        layer=Layer.AGENT,
        explains=(*families.NO_TOKEN,),
        title="The agent's unit and this shell use different proxy settings",
        cause=(
            "The agent's registration uses the caller's environment, and its service uses the environment of its unit. The two "
            "have different proxies or exceptions, so one may succeed where the other fails."
        ),
        summary="Set the same http_proxy, https_proxy and no_proxy for the agent's unit as in the shell, or set them in neither.",
        steps=(
            (
                "Write the variables into a drop-in for the agent's unit: `systemctl edit amazon-ssm-agent.service`, section "
                "[Service], a line Environment= with them. The snap's unit is snap.amazon-ssm-agent.amazon-ssm-agent.service."
            ),
            "no_proxy needs 169.254.169.254, and `.{domain}` if the VPC has the endpoints.",
            (
                "Then run `systemctl daemon-reload` and restart the agent; use `sudo -E` for commands that need the shell's "
                "variables."
            ),
        ),
        commands=(_UNIT_ENVIRONMENT, look("env | grep -i _proxy")),
        source="amazon-ssm-agent 3.3.1142.0, core/agent.go:70; Systems Manager User Guide, configure-proxy-ssm-agent",
    ),
)
