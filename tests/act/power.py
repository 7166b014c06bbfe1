"""A machine that loses its power at a given change: from then on nothing works, and what was done stays."""

from __future__ import annotations

from typing import Any, Callable, Dict, Sequence

from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Commands, Completed
from ssm_bootstrap.host.trees import Trees
from tests.act.machine import Machine, Roomy, Systemctl, TickingClock


class PowerCut(BaseException):
    """The machine is off."""


class Power:
    """Counts what is changed, and is gone right before the change number ``last`` (0: never)."""

    def __init__(self, last: int = 0) -> None:
        self.last, self.count, self.is_off = last, 0, False

    def use(self) -> None:
        """One change; raises PowerCut where there is no power for it."""
        self.count += 1
        if self.is_off or self.count == self.last:
            self.is_off = True
            raise PowerCut


class CutTrees(Trees):
    """Trees that need power for every change."""

    def __init__(self, root: str, power: Power) -> None:
        super().__init__(root)
        self._power = power

    def make_directory(self, path: str, mode: int = 0o700) -> None:
        """With power."""
        self._power.use()
        super().make_directory(path, mode)

    def copy(self, source: str, target: str) -> None:
        """With power, for each file of a tree."""
        self._power.use()
        super().copy(source, target)
        self._power.use()

    def rename(self, source: str, target: str) -> None:
        """With power."""
        self._power.use()
        super().rename(source, target)

    def remove(self, path: str) -> bool:
        """With power, for each file of a tree."""
        real = self._real(path)
        if real.is_dir() and not real.is_symlink():
            for item in sorted(real.iterdir()):
                self.remove(f"{path}/{item.name}")
        self._power.use()
        return super().remove(path)


class CutFiles(Roomy):
    """Files that need power to be written."""

    def __init__(self, root: str, power: Power) -> None:
        super().__init__(root)
        self._power = power

    def write_atomic(self, path: str, data: bytes, mode: int = 0o600) -> None:
        """With power."""
        self._power.use()
        super().write_atomic(path, data, mode)


class CutSystemctl(Commands):
    """The machine's systemd, which needs power for every order."""

    def __init__(self, systemctl: Systemctl, power: Power) -> None:
        super().__init__()
        self._systemctl, self.power = systemctl, power

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """With power, unless it only shows."""
        if "show" not in argv:
            self.power.use()
        return self._systemctl.run(argv, **more)


def host_with(machine: Machine, power: Power) -> Host:
    """The machine's doors, through which nothing goes without power."""
    return Host(
        files=CutFiles(str(machine.root), power),
        trees=CutTrees(str(machine.root), power),
        commands=CutSystemctl(machine.systemctl, power),
        locks=machine.host.locks,
        clock=TickingClock(),
    )


def cut_everywhere(
    make: Callable[[], Machine],
    change: Callable[[Host], None],
    judge: Callable[[Machine, int], None],
    doors: Callable[[Machine, Power], Host] = host_with,
) -> Dict[str, int]:
    """Run ``change`` on a new machine once for each change that it makes, the power going before it; then ``judge``."""
    power = Power()
    change(doors(make(), power))
    for last in range(1, power.count + 1):
        machine = make()
        try:
            change(doors(machine, Power(last)))
        except PowerCut:
            judge(machine, last)
        else:
            raise AssertionError(f"the power did not go before change {last}")
    return {"points": power.count}
