"""A server whose forks serve: the process reads models, regions and policies once, and each beginning anew is a new fork of it.

moto needs seconds of a processor to forget all it knows and to read again what AWS has from the start.
"""

from __future__ import annotations

import gc
import os
import signal
from typing import Any, Callable, Dict, Iterable, Iterator, NoReturn, Tuple
from urllib.parse import urlencode

Asked = Tuple[str, str, Dict[str, str]]
"""A service, the region whose part is made, and the call: its form, or X-Amz-Target alone."""

_ENDS = {signal.SIGTERM, signal.SIGCHLD}


def queries(region: str) -> Iterator[Asked]:
    """A look at each service that takes long when it is first asked."""
    yield "ec2", region, {"Action": "DescribeVpcs", "Version": "2016-11-15"}
    yield "iam", "us-east-1", {"Action": "ListRoles", "Version": "2010-05-08"}
    yield "sts", region, {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    yield "cloudformation", region, {"Action": "DescribeStacks", "Version": "2010-05-15"}
    yield "ssm", region, {"X-Amz-Target": "AmazonSSM.DescribeParameters"}
    yield "route53resolver", region, {"X-Amz-Target": "Route53Resolver.ListResolverRules"}


def ask(application: Callable[..., Iterable[bytes]], asked: Asked) -> None:
    """One of them, without a network."""
    from werkzeug.test import Client

    service, region, call = asked
    credential = f"testing/20260101/{region}/{service}/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0", "Host": "localhost"}
    if "X-Amz-Target" in call:
        Client(application).post("/", data="{}", headers={**headers, **call, "Content-Type": "application/x-amz-json-1.1"})
    else:
        Client(application).post(
            "/", data=urlencode(call), headers=headers, content_type="application/x-www-form-urlencoded; charset=utf-8"
        )


def serve(server: Any) -> NoReturn:
    """Have a fork serve until it ends, then another; SIGTERM ends both."""
    from moto.moto_api._internal import mock_random

    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    gc.freeze()
    while True:
        fork = os.fork()
        if fork == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
            mock_random.seed(os.urandom(16))  # else every fork would give the same ids
            server.serve_forever()
        if signal.sigwait(_ENDS) == signal.SIGTERM:
            os.kill(fork, signal.SIGKILL)
            os._exit(0)
        os.waitpid(fork, 0)
