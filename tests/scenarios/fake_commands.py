"""Programs of a scenario: what each prints and how it ends; one of which nothing is said is not installed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Mapping, Sequence, Union

from ssm_bootstrap.host.commands import CannotRun, Commands, Completed, mask

Says = Union[str, Sequence[str], Mapping[str, Any]]


class ScenarioCommands(Commands):
    """Answers by the words of a command: the longest beginning that is listed counts; ``null`` takes an inherited one back.

    An answer is what is printed (text, or a list of lines), or an object of ``returncode``, ``output``, ``errors``,
    ``seconds``, ``timed_out``. Of ``systemctl show UNIT -p A,B`` only the lines of A and B are given.
    """

    def __init__(self, answers: Mapping[str, Union[Says, None]]) -> None:
        super().__init__()
        self._answers = {words: answer for words, answer in answers.items() if answer is not None}
        self.ran: list[tuple[str, ...]] = []

    def run(self, argv: Sequence[str], *, timeout: float, secrets: Sequence[str] = (), **more: Any) -> Completed:
        """The answer; raises CannotRun for a program that is not there."""
        self.ran.append(tuple(argv))
        return of_each_unit(argv, lambda words: self._answer(words, secrets))

    def _answer(self, argv: Sequence[str], secrets: Sequence[str]) -> Completed:
        words = " ".join(argv)
        found = [known for known in self._answers if words == known or words.startswith(f"{known} ")]
        if not found:
            raise CannotRun(argv[0], FileNotFoundError(2, "No such file or directory"))
        says = self._answers[max(found, key=len)]
        told = dict(says) if isinstance(says, Mapping) else {"output": says}
        output = _text(told.pop("output", ""))
        if list(argv[:2]) == ["systemctl", "show"] and "-p" in argv:
            output = _only(output, argv[argv.index("-p") + 1].split(","))
        errors = _text(told.pop("errors", ""))
        done = {"returncode": 0, "seconds": 0.01, **told}
        return Completed(output=mask(output, secrets), errors=mask(errors, secrets), **done)


def of_each_unit(argv: Sequence[str], run: Callable[[Sequence[str]], Completed]) -> Completed:
    """What ``systemctl show A B -p …`` gives where ``run`` knows it of each alone: a blank line between; or the first failure."""
    if list(argv[:2]) != ["systemctl", "show"] or "-p" not in argv:
        return run(argv)
    at = argv.index("-p")
    told = [run(["systemctl", "show", name, *argv[at:]]) for name in argv[2:at]]
    failed = next((done for done in told if done.returncode or not done.is_whole), None)
    return failed or replace(told[0], output="\n".join(done.output for done in told))


def _text(says: Union[str, Sequence[str]]) -> str:
    return says if isinstance(says, str) else "".join(f"{line}\n" for line in says)


def _only(output: str, names: Sequence[str]) -> str:
    """The properties that were asked for."""
    return "".join(f"{line}\n" for line in output.splitlines() if line.partition("=")[0] in names)
