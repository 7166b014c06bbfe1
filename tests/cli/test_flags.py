"""The shapes of flags."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from ssm_bootstrap.cli.flags import CAPABILITIES, capabilities, duration, region
from ssm_bootstrap.model.capability import Capability


def test_capabilities_are_the_models() -> None:
    assert tuple(item.value for item in Capability) == CAPABILITIES


@pytest.mark.parametrize(
    ("text", "names"),
    [("patch", ("patch",)), (" patch , register,patch,", ("patch", "register")), ("agent-update", ("agent-update",))],
)
def test_capabilities_are_a_list(text: str, names: tuple[str, ...]) -> None:
    assert capabilities(text) == names


@pytest.mark.parametrize("text", ["", ",", "fly", "patch;register", "PATCH"])
def test_what_is_no_capability(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"expected .*register, run-command"):
        capabilities(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("90s", 90.0), ("15m", 900.0), ("2h", 7200.0), ("1.5m", 90.0), (" 3 s ", 3.0), ("0", 0.0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", "5d", "1e3", "5 m s", "nan", "inf"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="expected seconds"):
        duration(text)


@pytest.mark.parametrize("text", ["ap-northeast-1", "us-gov-west-1", "eusc-de-east-1", "us-isob-east-1", "mx-central-1"])
def test_regions(text: str) -> None:
    assert region(text) == text


@pytest.mark.parametrize("text", ["", "tokyo", "ap northeast 1", "ap-northest-1", "“ap-northeast-1”", "a;b", "../x"])
def test_what_is_no_region(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a valid region: "):
        region(text)
