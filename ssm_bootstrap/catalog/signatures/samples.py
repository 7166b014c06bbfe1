"""Short names for the three origins of a sample, so that a row stays readable."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.kinds import Origin, Sample

AGENT = "amazon-ssm-agent 3.3.1142.0 "
"""The source tree that the rows cite, commit 1c217c89; a file and line follow."""


def measured(text: str) -> Sample:
    """A message that a real agent wrote; it stands in the corpus."""
    return Sample(text, Origin.MEASURED)


def formatted(text: str) -> Sample:
    """A message built from a format string of the agent's or a library's source."""
    return Sample(text, Origin.FORMAT_STRING)


def documented(text: str) -> Sample:
    """A message from documentation or a public report."""
    return Sample(text, Origin.DOCUMENTED)
