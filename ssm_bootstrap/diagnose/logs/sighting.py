"""A judged group of records, and how well it stands for its cause."""

from __future__ import annotations

from dataclasses import dataclass

from ssm_bootstrap.diagnose.hosts import is_global_s3
from ssm_bootstrap.diagnose.logs.classify import Judgement
from ssm_bootstrap.model.log import LogGroup

EXCERPT_LIMIT = 400
"""Characters of a quoted line."""


@dataclass(frozen=True)
class Sighting:
    """A group of records and what it was judged to be; an ``echo`` never stands for its incident."""

    group: LogGroup
    judgement: Judgement
    echo: bool = False

    @property
    def excerpt(self) -> str:
        """The line of the record that tells most, as it stands in the log."""
        lines = [line for line in self.group.sample.message.split("\n") if line.strip()]
        reading = self.judgement.reading
        wanted = reading.fault.detail if reading.fault else reading.cause.signature.fixed if reading.cause else ""
        line = next((line for line in lines if wanted and wanted in line), lines[0] if lines else "")
        return line.strip("\r\t ")[:EXCERPT_LIMIT]

    @property
    def rank(self) -> tuple[int, int]:
        """How well it stands for its cause: lower is better. S3's regional https line comes before the lines it causes."""
        reading = self.judgement.reading
        fault = reading.fault
        if self.echo or (fault and is_global_s3(fault.host)):
            order = 4
        elif not self.judgement.phase:
            order = 3
        elif self.judgement.phase == "s3-head":
            order = 0 if fault and fault.scheme == "https" else 1
        elif fault and fault.address:
            order = 1
        else:
            order = 1 if reading.state and (fault or reading.cause) else 2
        return order, 0 if self.group.sample.at else 1
