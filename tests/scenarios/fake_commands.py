"""Programs of a scenario: what each prints and how it ends; one of which nothing is said is not installed."""

from __future__ import annotations

from typing import Any, Mapping, Sequence, Union

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


def _text(says: Union[str, Sequence[str]]) -> str:
    return says if isinstance(says, str) else "".join(f"{line}\n" for line in says)


def _only(output: str, names: Sequence[str]) -> str:
    """The properties that were asked for."""
    return "".join(f"{line}\n" for line in output.splitlines() if line.partition("=")[0] in names)
