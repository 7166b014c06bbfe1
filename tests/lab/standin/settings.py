"""amazon-ssm-agent.json: which hosts the agent dials."""

import json
import os
import re
import time
from typing import Any, Dict, Optional

from . import world

PATH = world.ETC + "/amazon-ssm-agent.json"
DOMAINS = (
    ("cn-", "amazonaws.com.cn"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-de-", "amazonaws.eu"),
)


class InvalidConfig(Exception):
    """The file is no JSON; the text is Go's."""


def go_json_error(content: str, error: ValueError) -> str:
    """About what Go says of JSON that does not parse."""
    position = getattr(error, "pos", len(content))
    rest = content[position:].lstrip()
    if not rest:
        return "unexpected end of JSON input"
    return f"invalid character {rest[0]!r} looking for beginning of value"


class Settings:
    """The configuration file's content, and the endpoints that follow from it."""

    def __init__(self) -> None:
        self.values: Dict[str, Any] = {}

    @classmethod
    def load(cls) -> "Settings":
        """Read the file, announcing it on stdout as the agent does; InvalidConfig when it does not parse."""
        settings = cls()
        if not os.path.exists(world.rooted(PATH)):
            return settings
        print(time.strftime("%Y/%m/%d %H:%M:%S") + f" Found config file at {PATH}.", flush=True)
        print(f"Applying config override from {PATH}.")
        try:
            with open(world.rooted(PATH), encoding="utf-8", errors="replace") as file:
                content = file.read()
            values = json.loads(content)
            if not isinstance(values, dict):
                raise InvalidConfig("json: cannot unmarshal array into Go value of type appconfig.SsmagentConfig")
        except ValueError as error:
            print("Failed to unmarshal config override. Fall back to default.", flush=True)
            raise InvalidConfig(go_json_error(content, error)) from None
        print("processing appconfig overrides", flush=True)
        settings.values = values
        return settings

    def value(self, section: str, name: str) -> str:
        """One string, empty when it is not set."""
        part = self.values.get(section)
        found = part.get(name) if isinstance(part, dict) else None
        return found if isinstance(found, str) else ""

    def domain(self, region: str) -> str:
        """The domain of a region's services."""
        override = self.value("Agent", "ServiceDomain")
        if override:
            return override
        return next((domain for prefix, domain in DOMAINS if region.startswith(prefix)), "amazonaws.com")

    def host(self, service: str, region: str) -> Optional[str]:
        """The host of a service, overrides honoured; None when the region is none."""
        section = {"ssm": "Ssm", "ec2messages": "Mds", "ssmmessages": "Mgs", "s3": "S3", "kms": "Kms"}.get(service)
        override = self.value(section, "Endpoint") if section else ""
        if override:
            return re.sub(r"^[a-z]+://", "", override).rstrip("/")
        if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", region):
            return None
        return f"{service}.{region}.{self.domain(region)}"
