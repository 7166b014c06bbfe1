"""A lab and a dressed machine for the boot tests, one release after the other; what they measure goes to the summary."""

from __future__ import annotations

import os
import time
from typing import Callable, Iterator, List

import pytest

from tests.boot import image, outfit
from tests.boot.container import Container
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.laws.secrets import leaks

RELEASES = os.environ.get("RELEASES", "bookworm").split()
TOLD: List[str] = []
"""What the stories measured, in words."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each story took, and what it measured."""
    for line in TOLD:
        terminalreporter.write_line(line)


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    """The name of a Debian release."""
    return str(request.param)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The closed VPC that the machines are in."""
    with Lab(CASES["complete"]) as running:
        yield running


@pytest.fixture(scope="module")
def layers(release: str, lab: Lab) -> Iterator[outfit.Layers]:
    """The disk of a release on which everything is installed and nothing is configured; tests write to layers over it."""
    began = time.monotonic()
    try:
        tree = image.tree(release)
    except image.Unavailable as error:
        pytest.skip(str(error))
    made = time.monotonic()
    with outfit.dressed(lab, tree) as found:
        TOLD.append(
            f"{release}: tree after {made - began:.1f} s, {found.ours} installed after {time.monotonic() - made:.1f} s more"
        )
        yield found


@pytest.fixture
def machine(layers: outfit.Layers, lab: Lab) -> Iterator[Container]:
    """A configured machine that is off, in a VPC where nobody ever registered."""
    lab.apply(CASES["complete"])
    for name in lab.ask_aws(get="state")["instances"]:
        lab.ask_aws(forget=name)
    lab.forget_requests()
    with Container(lab, layers.directories) as found:
        outfit.configure(found.disk)
        yield found
        if found.is_on:
            assert not leaks(found.journal())


@pytest.fixture
def tell(request: pytest.FixtureRequest, release: str) -> Iterator[Callable[[str], None]]:
    """Takes what a story measured; its own seconds are told at its end."""
    began, said = time.monotonic(), []
    yield said.append
    name = request.node.name.replace("test_", "").replace("_", " ")
    TOLD.append(f"{time.monotonic() - began:6.1f} s  {name}" + "".join(f"; {words}" for words in said))
