"""The machine of a scenario: its system from the tree, its processes and its user as told."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Sequence, Tuple

from ssm_bootstrap.host.machine import Machine, RunningProcess


class ScenarioMachine(Machine):
    """``processes``: (name, pid, seconds since the epoch at which it began)."""

    def __init__(
        self, root: Path, *, is_root: bool, processes: Sequence[Tuple[str, int, float]], architecture: str, hostname: str
    ) -> None:
        super().__init__(str(root))
        self._is_root, self._told = is_root, processes
        self._architecture, self._hostname = architecture, hostname

    def architecture(self) -> str:
        """As told."""
        return self._architecture

    def hostname(self) -> str:
        """As told."""
        return self._hostname

    def is_root(self) -> bool:
        """As told."""
        return self._is_root

    def booted(self) -> float:
        """A day before the oldest process, or at the epoch's start."""
        return min((started for _, _, started in self._told), default=0.0) - 86400.0

    def processes(self, names: Sequence[str]) -> Iterator[RunningProcess]:
        """Those that were told, of the names that were asked for."""
        for name, pid, started in self._told:
            if name in names:
                yield RunningProcess(pid, name, (name,), started)
