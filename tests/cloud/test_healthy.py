"""What is unusual is not wrong: of VPCs that work nothing is said that anybody would have to change."""

from __future__ import annotations

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.findings import Severity
from tests.cloud.clouds import observations
from tests.cloud.healthy import HEALTHY


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_wrong_with_a_vpc_that_works(name: str) -> None:
    made, is_open = HEALTHY[name]
    found = diagnose(observations(made()))
    assert found.crashed == ()
    assert [(one.code, one.subject, one.title) for one in found.findings if one.severity is not Severity.INFO] == []
    verdicts = {item.verdict for item in found.capabilities}
    assert verdicts == ({Verdict.OK} if is_open else {Verdict.UNKNOWN}), found.unseen


def test_there_are_many_of_them() -> None:
    assert len(HEALTHY) >= 15
