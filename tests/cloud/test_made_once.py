"""What commands make is made once, and every variable that one uses is set on a line before."""

from __future__ import annotations

import re
from typing import Callable, Dict, List, Sequence

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.render.brief import first_commands
from ssm_bootstrap.render.shell import with_settings
from tests.cloud import test_one_round
from tests.cloud.clouds import observations
from tests.cloud.test_nothing_left import SEEN
from tests.variants import some

EVERY: Dict[str, Callable[[], Observations]] = {
    **SEEN,
    **{f"round: {name}": lambda made=made: observations(made()) for name, made in test_one_round.CASES.items()},  # type: ignore[misc]
}
_SETS, _USES = re.compile(r"^([A-Z][A-Z0-9_]*)="), re.compile(r"\$\{?([A-Z][A-Z0-9_]*)")


def unset(commands: Sequence[ShellCommand]) -> List[str]:
    """The variables that are used before they are set."""
    known: set[str] = set()
    found = []
    for command in commands:
        own = set(_SETS.findall(command.text))
        found += [name for name in _USES.findall(command.text) if name not in known | own]
        known |= own
    return found


@pytest.mark.parametrize("name", some(EVERY, list(EVERY)[::3]))
def test_a_variable_is_set_before_it_is_used_and_a_group_made_once(name: str) -> None:
    findings = diagnose(EVERY[name]()).findings
    for finding in findings:
        for advice in finding.remedy.sides:
            assert unset(advice.commands) == [], finding.code
        main = first_commands(finding.remedy)[1]
        if main is not None:
            short = with_settings(main, finding.remedy.sides[0].commands)
            assert unset(short) == [] and short[-1] == main
    texts = [command.text for finding in findings for command in finding.remedy.commands]
    assert sum("create-security-group" in text for text in texts) <= 1


def test_the_second_that_asks_for_a_group_looks_it_up() -> None:
    made = test_one_round.CASES["no endpoint, and the group that was meant is gone"]
    first, second, *_ = [one for one in diagnose(observations(made())).findings if "ENDPOINT_GROUP" in str(one.remedy)]
    assert "create-security-group" in str(first.remedy) and "create-security-group" not in str(second.remedy)
    looked = next(one for one in second.remedy.commands if one.text.startswith("ENDPOINT_GROUP=$("))
    assert not looked.changes and "Name=group-name,Values=ssm-bootstrap-endpoints" in looked.text
    assert first.subject in looked.about


def test_the_short_report_sets_what_its_command_uses() -> None:
    made = EVERY["round: no endpoint, and the node is let out nowhere"]()
    finding = next(one for one in diagnose(made).findings if one.code == "endpoint-missing")
    main = first_commands(finding.remedy)[1]
    assert main is not None
    operations = [command.text.split()[2] for command in with_settings(main, finding.remedy.sides[0].commands)]
    authorized = ["authorize-security-group-ingress", "authorize-security-group-egress"]
    assert operations == ["create-security-group", *authorized, "create-vpc-endpoint"]
