"""Findings about certificates, and about answers that do not come from AWS."""

from __future__ import annotations

from ssm_bootstrap.catalog.findingkind import FindingKind, Layer, Scope, Teller
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Reason, Severity

_SHOW_CERTIFICATE = (
    "openssl s_client -connect {host}:443 -servername {host} </dev/null 2>/dev/null | openssl x509 -noout -issuer -subject -dates"
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="tls-untrusted",
        severity=Severity.ERROR,
        is_not_waited_for=True,
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_the_way=True,
        failures=((Stage.TLS, Failure.UNTRUSTED_ISSUER),),
        title="Untrusted certificate authority for {service}",
        cause=(
            "{host} shows a certificate issued by {issuer}, which is not in this machine's trust store. If that is not Amazon, "
            "a proxy or firewall opens the TLS connection on the way; if it is Amazon, the trust store is old or empty."
        ),
        summary="Exempt {host} from TLS inspection, or put the inspecting authority's certificate into the system trust store.",
        steps=(
            (
                "Amazon Linux, RHEL and relatives: copy the authority's PEM file to /etc/pki/ca-trust/source/anchors/, then "
                "run update-ca-trust."
            ),
            "Debian and Ubuntu: copy it as a .crt file to /usr/local/share/ca-certificates/, then run update-ca-certificates.",
            "SLES: copy it to /etc/pki/trust/anchors/, then run update-ca-certificates.",
            "Setting AWS_CA_BUNDLE is not enough: the agent's registration and most of its clients read the system store only.",
            "If the issuer is Amazon: update the package ca-certificates. Restart the agent afterwards.",
        ),
        aws_steps=(
            "Firewall or proxy: exempt the Systems Manager and S3 names of {region} from TLS inspection.",
            "Is {host} served by an interface endpoint in this VPC, so that no inspection is on the way?",
        ),
        commands=(_SHOW_CERTIFICATE, "sudo cp CA.pem {ca_file} && sudo {ca_command}"),
        aws_commands=(aws.ENDPOINT,),
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/network/tlsconfig.go, -register ignores AWS_CA_BUNDLE (measured); "
            "session-manager-plugin issue 68"
        ),
    ),
    FindingKind(
        code="tls-expired",
        severity=Severity.ERROR,
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        not_by_clock=Reason.CLOCK_BEHIND,
        failures=((Stage.TLS, Failure.EXPIRED),),
        title="Expired certificate, by this clock, for {service}",
        cause=(
            "By this machine's clock the certificate of {host} (issuer {issuer}) is no longer valid. AWS renews its own in "
            "time, so either the clock runs ahead or something else on the way shows an old certificate."
        ),
        summary="Check the clock first; if it is right, find out who shows an expired certificate for {host}.",
        steps=(
            "Compare the clock with another machine; Amazon's time service is at 169.254.169.123 in every VPC.",
            "Look at the certificate's issuer: if it is not Amazon, the inspecting proxy has to renew it.",
        ),
        aws_steps=("Firewall or proxy: renew the certificate it shows, or exempt {host} from inspection.",),
        commands=("date -u", "timedatectl", "chronyc tracking", _SHOW_CERTIFICATE),
        source="Go crypto/x509 (certificate has expired or is not yet valid; measured)",
    ),
    FindingKind(
        code="tls-not-yet-valid",
        severity=Severity.ERROR,
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        not_by_clock=Reason.CLOCK_AHEAD,
        failures=((Stage.TLS, Failure.NOT_YET_VALID),),
        title="The certificate is not valid yet: {service}",
        cause=(
            "By this machine's clock the certificate of {host} begins in the future. That is almost always a clock that is "
            "behind, such as one that has not been set since boot."
        ),
        summary="Set this machine's clock, and keep it set with chrony or systemd-timesyncd.",
        steps=(
            "Point the time service at 169.254.169.123, which answers in every VPC without a route to the internet.",
            "After a boot, wait until the clock is synchronised and try again.",
        ),
        commands=("date -u", "timedatectl", "sudo chronyc makestep", _SHOW_CERTIFICATE),
        transient=True,
        source="Go crypto/x509 (certificate has expired or is not yet valid); Amazon EC2 User Guide, set-time",
    ),
    FindingKind(
        code="tls-wrong-name",
        severity=Severity.ERROR,
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=((Stage.TLS, Failure.WRONG_NAME),),
        title="A certificate for another name at {service}",
        cause=(
            "{host} at {address} shows a certificate that does not cover this name. The address belongs to another endpoint or "
            "machine, or the name dialled is not one that the endpoint answers for."
        ),
        summary="Make {host} lead to the endpoint of this service and region.",
        steps=(
            "Look into /etc/hosts for a line about {host}.",
            "Look into /etc/amazon/ssm/amazon-ssm-agent.json for an endpoint that is wrong for this service or region.",
        ),
        aws_steps=(
            "Private hosted zone: does {host} point at the endpoint of another service or region?",
            "Which endpoint owns {address}?",
            "Does a proxy or firewall show its own certificate?",
        ),
        commands=("getent ahosts {host}", "grep -n {domain} /etc/hosts", _SHOW_CERTIFICATE),
        aws_commands=(aws.ENDPOINT_INTERFACES, aws.HOSTED_ZONES),
        source="Go crypto/x509 (certificate is valid for ..., not ...; measured)",
    ),
    FindingKind(
        code="tls-failed",
        severity=Severity.ERROR,
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=(
            (Stage.TLS, Failure.HANDSHAKE_FAILED),
            (Stage.TLS, Failure.NOT_TLS),
        ),
        title="TCP works but TLS does not with {service}",
        cause=(
            "The peer at {host} accepts the connection and then refuses TLS, speaks something else, or breaks off in the "
            "handshake. AWS accepts TLS 1.2 and 1.3, so a filter by server name, an old proxy, or a wrong port is likely."
        ),
        summary="Find out what stands between this machine and {host}, and let TLS 1.2 with the name {host} through.",
        steps=(
            "If a proxy is set: is its own URL right (http:// for a proxy that speaks plain HTTP)?",
            "Look at this machine's crypto policy (FIPS mode, update-crypto-policies) if other hosts fail too.",
        ),
        aws_steps=(
            "Firewall: does a rule by server name (SNI) or TLS version reject {host}?",
            "Does {address} belong to the endpoint of this service?",
        ),
        commands=("openssl s_client -connect {host}:443 -servername {host} -tls1_2 </dev/null", "env | grep -i _proxy"),
        aws_commands=(aws.ENDPOINT_INTERFACES,),
        source="amazon-ssm-agent 3.3.1142.0, agent/network/tlsconfig.go:42 (TLS 1.2 at least); Go crypto/tls alerts (measured)",
    ),
    FindingKind(
        code="not-aws",
        severity=Severity.ERROR,
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_the_way=True,
        failures=((Stage.HTTP, Failure.NOT_AWS),),
        title="Something other than AWS answers for {service}",
        cause=(
            "{host} gave an HTTP answer that AWS never gives: a web page, a login redirect or a proxy's header, without a "
            "request id of AWS. A captive portal or a filtering proxy stands in the way and answers in the service's name."
        ),
        summary="Let {host} pass the portal or filter untouched, or reach it by an interface endpoint.",
        steps=("Look at the answer itself: it often names the product that sends it.",),
        aws_steps=(
            "Proxy or firewall: allow the Systems Manager and S3 names of {region} without login and without inspection.",
            "Is there an interface endpoint for {service} with private DNS on, so that nothing is in between?",
        ),
        commands=("curl -sS -m 5 -i https://{host}/ | head -20",),
        aws_commands=(aws.ENDPOINT,),
        source=(
            "amazon-ssm-agent 3.3.1142.0, "
            "agent/ssm/util/util.go:54-70, agent/ssm/anonauth/anonauth_client.go:121 (measured with a stranger)"
        ),
    ),
)
