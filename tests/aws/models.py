"""botocore's models of the services, read once for each process of the tests: EC2's alone takes a second."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _loader() -> Any:
    import botocore.loaders

    return botocore.loaders.create_loader()


def core() -> Any:
    """A session of botocore of its own, whose models are shared."""
    import botocore.session

    session = botocore.session.Session()
    session.register_component("data_loader", _loader())
    return session
