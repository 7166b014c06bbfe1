"""Domain names as they are compared."""

from __future__ import annotations


def plain(name: str) -> str:
    """A name as it is compared: small, without the last dot, and with a star where Route 53 writes its code."""
    return name.strip().lower().replace("\\052", "*").strip(".")


def is_in_domain(host: str, domain: str) -> bool:
    """Whether a host is a domain or lies in it; everything lies in the root."""
    return not domain or host == domain or host.endswith(f".{domain}")


def depth_of(domain: str) -> int:
    """How many labels a domain has: the more, the more specific it is."""
    return len(domain.split(".")) if domain else 0
