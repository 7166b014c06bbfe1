"""Where the core's credentials come from: the hybrid node's role token, or the EC2 instance's role."""

import time
from typing import Any, Dict, Optional, Union

from . import metadata, runtime, vault, world
from .identities import ON_PREM, Identity
from .metadata import MetadataError
from .sdk import CallError, call
from .seelog import Log
from .settings import Settings

SHARED_FILE = "/root/.aws/credentials"
INSTANCE_FILE = world.DATA + "/credentials"
#: Errors of a role for which AWS may yet give credentials of its own (default host management).
LEFT_TO_AWS = ("AccessDeniedException", "EC2RoleRequestError", "AssumeRoleUnauthorizedAccess")


class Refused(Exception):
    """No credentials. ``cause`` is the service's error where one is behind it."""

    def __init__(self, text: str, cause: Optional[CallError] = None) -> None:
        super().__init__(text)
        self.cause = cause


class HybridProvider:
    """RequestManagedInstanceRoleToken, with the vault's fingerprint."""

    def __init__(self, log: Log, settings: Settings, identity: Identity) -> None:
        self.log, self.settings, self.identity = log, settings, identity
        self.source, self.share_file = "SSM", SHARED_FILE

    def retrieve(self) -> Dict[str, Any]:
        """The role's credentials; Refused when there are none."""
        try:
            finger = vault.fingerprint(vault.Vault(), self.log, "[OnPremCredsProvider] ")
        except vault.VaultError as error:
            self.log.warn(f"Failed to get machine fingerprint: {error}")
            raise Refused(str(error)) from None
        body = {"Fingerprint": finger, "InstanceId": self.identity.instance}
        try:
            return ask_token(self.settings, self.identity, body)
        except CallError as error:
            raise Refused(str(error), error) from None


class InstanceProvider:
    """The instance profile's role when it may report to Systems Manager, else default host management."""

    def __init__(self, log: Log, settings: Settings, identity: Identity) -> None:
        self.log, self.settings, self.identity = log, settings, identity
        kept = runtime.read()
        self.source = "None"
        if kept.get("IdentityType") == identity.kind and kept.get("CredentialSource"):
            self.source = str(kept["CredentialSource"])

    @property
    def share_file(self) -> str:
        """Where the credentials go; only those of default host management are shared."""
        return INSTANCE_FILE if self.source == "SSM" else ""

    def retrieve(self) -> Dict[str, Any]:
        """The role's credentials; Refused when neither way gives any."""
        self.source = "None"
        name = "EC2RoleProvider "
        trouble = self.report()
        if trouble is None:
            self.log.info(f"{name}Successfully connected with instance profile role credentials")
            self.source = "EC2"
            return {"TokenExpirationDate": time.time() + 3600}
        said = f"retrieved credentials failed to report to ssm. Error: {trouble}"
        if str(trouble).partition(":")[0] not in LEFT_TO_AWS:
            raise Refused(
                "unexpected error getting instance profile role credentials or calling UpdateInstanceInformation. "
                f"Skipping default host management fallback: {said}",
                trouble,
            )
        self.log.warn(f"{name}Failed to connect to Systems Manager with instance profile role credentials. Err: {said}")
        try:
            token = self.host_management()
        except Refused as error:
            self.log.error(
                f"{name}Failed to connect to Systems Manager with SSM role credentials. {error}",
                "RemoteRetrieve @ ec2_role_provider.go.145",
            )
            raise Refused(
                f"no valid credentials could be retrieved for ec2 identity. Default Host Management Err: {error}", error.cause
            ) from None
        self.log.info(f"{name}Successfully connected with Systems Manager role credentials")
        self.source = "SSM"
        return token

    def report(self) -> Optional[CallError]:
        """UpdateInstanceInformation with the instance profile's credentials; why it failed, without the status line."""
        try:
            if not metadata.has_role():
                return CallError("EC2RoleRequestError: no EC2 instance role found", "EC2RoleRequestError")
        except (MetadataError, ValueError):
            return CallError("EC2RoleRequestError: no EC2 instance role found", "EC2RoleRequestError")
        body = {"InstanceId": self.identity.instance, "AgentName": "amazon-ssm-agent", "AgentVersion": world.VERSION}
        host = self.settings.host("ssm", self.identity.region) or ""
        try:
            call(host, "AmazonSSM.UpdateInstanceInformation", dict(body, PlatformType="Linux"), signed=True)
        except CallError as error:
            return CallError(str(error).partition("\n")[0], error.code)
        return None

    def host_management(self) -> Dict[str, Any]:
        """A role token for an instance that could be registered."""
        record = vault.load_identity(vault.Vault(vault.EC2), self.log)
        if record.get("instanceID") != self.identity.instance:
            raise Refused("ec2 instance not yet registered with Systems Manager")
        body = {"Fingerprint": self.identity.instance, "InstanceId": self.identity.instance}
        try:
            return ask_token(self.settings, self.identity, body)
        except CallError as error:
            raise Refused(f"error calling RequestManagedInstanceRoleToken: {error}", error) from None


Provider = Union[HybridProvider, InstanceProvider]


def provider_of(log: Log, settings: Settings, identity: Identity) -> Provider:
    """The provider of an identity."""
    return (HybridProvider if identity.kind == ON_PREM else InstanceProvider)(log, settings, identity)


def ask_token(settings: Settings, identity: Identity, body: Dict[str, Any]) -> Dict[str, Any]:
    """One role token."""
    region = settings.value("Agent", "Region") or identity.region
    return call(settings.host("ssm", region) or "", "AmazonSSM.RequestManagedInstanceRoleToken", body, signed=True)
