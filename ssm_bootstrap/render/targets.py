"""Each target that was probed, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, Sequence

from ssm_bootstrap.render.selection import Mark, lesser
from ssm_bootstrap.render.terminal import cells, chopped, clean

if TYPE_CHECKING:
    from ssm_bootstrap.model.network import Probe

_INDENT = 5
"""Columns before a host: two blanks, the mark of two letters, a blank."""


def target_lines(probes: Sequence[Probe], marks: Sequence[Mark], width: int) -> Iterator[list[str]]:
    """The lines of each target: mark, host, address and outcome; where a host leaves no room the rest goes to a second line."""
    rows = [_row(probe, mark) for probe, mark in zip(probes, marks)]
    last = max(cells(address) for _, address, _ in rows)
    rest = 1 + last + 1 + max(cells(outcome) for _, _, outcome in rows)
    longest = max(cells(host) for host, _, _ in rows)
    room = max(12, min(longest, width - _INDENT - rest))
    for (host, address, outcome), mark in zip(rows, marks):
        begin = f"  {mark.value[:2]} "
        behind = f" {address}{' ' * (last - cells(address))} {outcome}"
        if cells(host) <= room and _INDENT + room + cells(behind) <= width:
            yield [begin + host + " " * (room - cells(host)) + behind]
            continue
        names = list(chopped(host, max(1, width - _INDENT)))
        place = min(_INDENT + room, max(_INDENT, width - cells(behind)))
        told = list(chopped(" " * place + behind, width))
        yield [begin + names[0], *(" " * _INDENT + name for name in names[1:]), *told]


def _row(probe: Probe, mark: Mark) -> tuple[str, str, str]:
    target = probe.target
    return clean(f"{target.host}:{target.port}{lesser(probe, mark)}"), clean(probe.address or "-"), outcome(probe)


def outcome(probe: Probe) -> str:
    """How far the ladder went: what answered, or the rung and its failure."""
    failed = probe.failed
    if failed is not None and failed.failure is not None:
        return f"{failed.stage.value} {failed.failure.value} {failed.seconds:.2f}s"
    milliseconds = sum(stage.seconds for stage in probe.stages) * 1000
    said = f"HTTP {probe.status}" if probe.status is not None else probe.last.stage.value
    return f"{said} {milliseconds:.0f}ms"
