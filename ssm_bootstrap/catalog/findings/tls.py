"""Findings about certificates, and about answers that do not come from AWS."""

from __future__ import annotations

from ssm_bootstrap.catalog.addresses import TIME, TIME_V6
from ssm_bootstrap.catalog.findingkind import Circumstance, FindingKind, Hop, Layer, Scope, Teller, Variant, change, look
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import families
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Reason, Severity

_SHOW_CERTIFICATE = look(
    "openssl s_client -connect {host}:443 -servername {host} </dev/null 2>/dev/null | openssl x509 -noout -issuer -subject -dates"
)

KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        code="tls-untrusted",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        is_not_waited_for=True,
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_the_way=True,
        failures=((Stage.TLS, Failure.UNTRUSTED_ISSUER),),
        variants=(
            Variant(
                name="other-host",
                when="the host is none of AWS",
                circumstance=Circumstance.HOST_OF_OTHERS,
                title="Untrusted certificate authority for {host}",
                cause=(
                    "{host} is not a Systems Manager endpoint; a program on this machine reached it and got a certificate "
                    "that is not trusted: {detail}. A proxy or firewall in the path intercepts TLS, or its own CA is missing."
                ),
                summary="Exempt {host} from TLS inspection, or add the CA's certificate to the system trust store.",
                aws_steps=("Firewall or proxy: exempt {host} from TLS inspection.",),
                aws_commands=(),
            ),
        ),
        title="Untrusted certificate authority for {service}",
        cause=(
            "{host} presents a certificate issued by {issuer}, which is not in this machine's trust store. If the issuer is not "
            "Amazon, a proxy or firewall in the path intercepts TLS; if it is Amazon, the trust store is outdated or empty."
        ),
        summary="Exempt {host} from TLS inspection, or add the inspecting CA's certificate to the system trust store.",
        steps=(
            (
                "Amazon Linux, RHEL and relatives: copy the CA's PEM file to /etc/pki/ca-trust/source/anchors/, then run "
                "update-ca-trust."
            ),
            "Debian and Ubuntu: copy it as a .crt file to /usr/local/share/ca-certificates/, then run update-ca-certificates.",
            "SLES: copy it to /etc/pki/trust/anchors/, then run update-ca-certificates.",
            (
                "Setting AWS_CA_BUNDLE is not enough: the agent's registration and most of its clients only read the system "
                "trust store."
            ),
            "If the issuer is Amazon: update the ca-certificates package. Then restart the agent.",
        ),
        aws_steps=(
            "Firewall or proxy: exempt the Systems Manager and S3 names of {region} from TLS inspection.",
            "Is {host} served by an interface endpoint in this VPC, so that the traffic is not inspected?",
        ),
        commands=(_SHOW_CERTIFICATE, change("sudo cp <CA-PEM-FILE> {ca_file} && sudo {ca_command}")),
        aws_commands=(aws.ENDPOINT, aws.NETWORK_FIREWALLS),
        source=(
            "amazon-ssm-agent 3.3.1142.0, agent/network/tlsconfig.go, -register ignores AWS_CA_BUNDLE (measured); "
            "session-manager-plugin issue 68"
        ),
    ),
    FindingKind(
        code="tls-expired",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        not_by_clock=Reason.CLOCK_BEHIND,
        failures=((Stage.TLS, Failure.EXPIRED),),
        title="Certificate expired by this clock: {service}",
        cause=(
            "By this machine's clock, the certificate of {host} (issuer {issuer}) is no longer valid. AWS renews its "
            "certificates in time, so either the clock is ahead, or something else in the path presents an old certificate."
        ),
        summary="Check the clock first; if it is right, find out what presents an expired certificate for {host}.",
        steps=(
            (
                f"Compare the clock with another machine; the Amazon Time Sync Service is at {TIME} ({TIME_V6} over "
                f"IPv6 on Nitro instances) in every VPC."
            ),
            "Check the certificate's issuer: if it is not Amazon, the inspecting proxy needs a new certificate.",
        ),
        aws_steps=("Firewall or proxy: renew the certificate it presents, or exempt {host} from inspection.",),
        commands=(look("date -u"), look("timedatectl"), look("chronyc tracking"), _SHOW_CERTIFICATE),
        source="Go crypto/x509 (certificate has expired or is not yet valid; measured)",
    ),
    FindingKind(
        code="tls-not-yet-valid",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        not_by_clock=Reason.CLOCK_AHEAD,
        failures=((Stage.TLS, Failure.NOT_YET_VALID),),
        title="Certificate is not valid yet: {service}",
        cause=(
            "By this machine's clock, the certificate of {host} is not valid yet. Almost always the clock is behind, for example "
            "because it has not been set since boot."
        ),
        summary="Set this machine's clock, and keep it set with chrony or systemd-timesyncd.",
        steps=(
            (
                f"Point the time service at {TIME} ({TIME_V6} over IPv6 on Nitro instances), which answers in every VPC, even "
                f"without internet access."
            ),
            "After a boot, wait until the clock is synchronised and try again.",
        ),
        commands=(look("date -u"), look("timedatectl"), change("sudo chronyc makestep"), _SHOW_CERTIFICATE),
        transient=True,
        source="Go crypto/x509 (certificate has expired or is not yet valid); Amazon EC2 User Guide, set-time",
    ),
    FindingKind(
        code="tls-wrong-name",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=((Stage.TLS, Failure.WRONG_NAME),),
        title="The certificate for {service} is for another name",
        cause=(
            "{host} at {address} presents a certificate that does not cover this name. Either the address belongs to another "
            "endpoint or machine, or this endpoint does not serve that name."
        ),
        summary="Make {host} resolve to the endpoint for this service and region.",
        steps=(
            "Check /etc/hosts for a line with {host}.",
            "Check /etc/amazon/ssm/amazon-ssm-agent.json for an endpoint of another service or region.",
        ),
        aws_steps=(
            "Private hosted zone: does {host} point at the endpoint of another service or region?",
            "Which endpoint does {address} belong to?",
            "Does a proxy or firewall present its own certificate?",
        ),
        commands=(look("getent ahosts {hosts}"), look("grep -n {domain} /etc/hosts"), _SHOW_CERTIFICATE),
        aws_commands=(aws.ENDPOINT_INTERFACES, aws.HOSTED_ZONES),
        source="Go crypto/x509 (certificate is valid for ..., not ...; measured)",
    ),
    FindingKind(
        code="tls-failed",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        failures=(
            (Stage.TLS, Failure.HANDSHAKE_FAILED),
            (Stage.TLS, Failure.NOT_TLS),
        ),
        title="TCP to {service} works but TLS does not",
        cause=(
            "The peer at {host} accepts the connection, and then rejects TLS, speaks another protocol, or aborts the handshake. "
            "AWS accepts TLS 1.2 and 1.3, so the likely cause is a filter by server name, an old proxy, or a wrong port."
        ),
        summary="Find out what is between this machine and {host}, and allow TLS 1.2 with the server name {host} through it.",
        steps=(
            "If a proxy is set: is its own URL right (http:// for a proxy that speaks plain HTTP)?",
            "Check this machine's crypto policy (FIPS mode, update-crypto-policies) if other hosts fail too.",
        ),
        aws_steps=(
            "Firewall: does a rule reject {host} by server name (SNI) or by TLS version?",
            "Does {address} belong to the endpoint for this service?",
        ),
        commands=(
            look("openssl s_client -connect {host}:443 -servername {host} -tls1_2 </dev/null"),
            look("env | grep -i _proxy"),
        ),
        aws_commands=(aws.ENDPOINT_INTERFACES, aws.NETWORK_FIREWALLS),
        source="amazon-ssm-agent 3.3.1142.0, agent/network/tlsconfig.go:42 (TLS 1.2 at least); Go crypto/tls alerts (measured)",
    ),
    FindingKind(
        code="not-aws",
        severity=Severity.ERROR,
        breaks_at=(Hop.ENDPOINT,),
        layer=Layer.ANSWER,
        explains=(*families.NO_PATH,),
        told_by=(Teller.PROBE, Teller.LOG),
        scope=Scope.OF_ITS_HOSTS,
        is_of_the_way=True,
        failures=((Stage.HTTP, Failure.NOT_AWS),),
        title="Something other than AWS answers for {service}",
        cause=(
            "{host} gave an HTTP answer that AWS never gives: a web page, a redirect to a login page, or a proxy's header, and "
            "no AWS request ID. A captive portal or filtering proxy in the path answers instead of the service."
        ),
        summary="Allow {host} through the portal or filter unmodified, or reach it through an interface endpoint.",
        steps=("Look at the answer itself: it often names the product that sent it.",),
        aws_steps=(
            "Proxy or firewall: allow the Systems Manager and S3 names of {region} without a login and without inspection.",
            "Is there an interface endpoint for {service} with private DNS on, so that nothing is in between?",
        ),
        commands=(look('for host in {hosts}; do curl -sS -m 5 -i "https://$host/" | head -20; done'),),
        aws_commands=(aws.ENDPOINT,),
        source=(
            "amazon-ssm-agent 3.3.1142.0, "
            "agent/ssm/util/util.go:54-70, agent/ssm/anonauth/anonauth_client.go:121 (measured with a stranger)"
        ),
    ),
)
