"""AWS's own APIs through boto3: one door for calls that read, with whole answers, typed failures and bounded time.

boto3 is an extra of this package: it is loaded when the door is opened, and nothing but ``vpc`` opens it.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import Any, Iterator, Mapping, Optional

from ssm_bootstrap.host.awserrors import AwsFailure, AwsTrouble, answered, no_credentials
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

EXTRA = "ssm-bootstrap[aws]"
CONNECT, READ = 4.0, 20.0
"""Seconds for a connection and for an answer."""
ATTEMPTS = 5
"""How often boto3 sends a request in all; it waits up to 20 s in between (standard mode, which honours Retry-After)."""
LONGEST = 180.0
"""Seconds after which no further request is sent."""
MOST_PAGES = 400
_OF_ONE_PAGE = frozenset({"ResponseMetadata", "NextToken"})


class Aws:
    """The APIs of one region with the reader's credentials; ``actions`` has the calls that may be made, and what allows each.

    Several threads may call at once. ``counts`` has the answers by service and operation, each page one. A service that gave
    no answer at all is not asked again.
    """

    def __init__(
        self,
        session: Any,
        region: str,
        actions: Mapping[tuple[str, str], tuple[str, ...]],
        secrets: Secrets,
        clock: Optional[Clock] = None,
    ) -> None:
        self.region, self.counts = region, Counter[tuple[str, str]]()
        self._session, self._actions, self._secrets = session, actions, secrets
        self._clock = clock or Clock()
        self._ends = self._clock.monotonic() + LONGEST
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._silent: dict[str, AwsFailure] = {}
        self._credentials = _resolved(session)
        self._learn()

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """The whole answer, the lists of all its pages one after the other; raises AwsFailure.

        Raises ValueError for a call that is not among ``actions``: nothing but a look goes through this door.
        """
        if (service, operation) not in self._actions:
            raise ValueError(f"{service} {operation} is not among the calls of the catalogue")
        if service in self._silent:
            raise self._silent[service]
        import botocore.exceptions as refused
        from botocore.parsers import ResponseParserError

        failure: AwsFailure
        try:
            return self._asked(service, operation, arguments)
        except refused.ClientError as error:
            failure = answered(service, operation, self.region, self._actions[service, operation], error)
        except (refused.ConnectionError, refused.HTTPClientError) as error:
            failure = self._unreachable(service, error)
            self._silent[service] = failure
        except (refused.UnknownServiceError, AttributeError, refused.DataNotFoundError):
            failure = AwsFailure(
                AwsTrouble.FAILED,
                phrase(
                    "this boto3 is too old for {service} {operation}: install a newer one", service=service, operation=operation
                ),
            )
        except ResponseParserError:
            text = "what answers in place of {service} in {region} is not AWS: see the proxy of this environment"
            failure = AwsFailure(AwsTrouble.UNREACHABLE, phrase(text, service=service, region=self.region))
        except (refused.NoCredentialsError, refused.CredentialRetrievalError, refused.TokenRetrievalError) as error:
            failure = no_credentials(error)
        except refused.BotoCoreError as error:  # its words may repeat what it was given
            failure = AwsFailure(
                AwsTrouble.FAILED,
                phrase(
                    "{service} {operation}: boto3 failed with {error}",
                    service=service,
                    operation=operation,
                    error=type(error).__name__,
                ),
            )
        finally:
            self._learn()
        raise failure from None

    def _asked(self, service: str, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The pages folded into one answer; raises AwsFailure where there are too many of them, or the time is over."""
        answer: dict[str, Any] = {}
        for number, page in enumerate(_pages(self._client(service), operation, arguments), 1):
            with self._lock:
                self.counts[service, operation] += 1
            if number > MOST_PAGES:
                raise AwsFailure(
                    AwsTrouble.FAILED,
                    phrase(
                        "{service} {operation}: more than {most} pages", service=service, operation=operation, most=MOST_PAGES
                    ),
                )
            self._check_time()
            for name, part in page.items():
                if isinstance(part, list) and isinstance(answer.get(name), list):
                    answer[name].extend(part)
                elif name not in _OF_ONE_PAGE:
                    answer[name] = part
        return answer

    def _check_time(self) -> None:
        if self._clock.monotonic() > self._ends:
            raise AwsFailure(AwsTrouble.UNREACHABLE, phrase("not asked any more after {longest:g} s", longest=LONGEST))

    def _client(self, service: str) -> Any:
        """The client of a service; boto3 makes them in one thread at a time."""
        self._check_time()
        with self._lock:
            if service not in self._clients:
                from botocore.config import Config

                config = Config(
                    connect_timeout=CONNECT,
                    read_timeout=READ,
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                    max_pool_connections=10,
                )
                self._clients[service] = self._session.client(service, region_name=self.region, config=config)
            return self._clients[service]

    def _learn(self) -> None:
        """Keep what signs the requests from being told: boto3 renews it as it sees fit."""
        try:
            found = self._credentials.get_frozen_credentials()
        except Exception:  # boto3 fails in many ways here, and the call that needs the credentials says so
            return
        for secret in (found.secret_key, found.token, found.access_key):
            self._secrets.learn(secret or "", certain=True)

    def _unreachable(self, service: str, error: BaseException) -> AwsFailure:
        """No answer: where boto3 knows the region, and the service in others alone, there is nothing that could answer."""
        is_name = type(error).__name__ == "EndpointConnectionError"
        if is_name and self._is_known("ec2") and not self._is_known(service) and self._session.get_available_regions(service):
            return AwsFailure(
                AwsTrouble.NOT_HERE, phrase("{service} does not exist in {region}", service=service, region=self.region)
            )
        kind = type(error).__name__
        return AwsFailure(
            AwsTrouble.UNREACHABLE,
            phrase("the API of {service} in {region} cannot be reached ({kind})", service=service, region=self.region, kind=kind),
        )

    def _is_known(self, service: str) -> bool:
        """Whether boto3 knows the service in this region; of one that is everywhere it knows no region."""
        partition = self._session.get_partition_for_region(self.region)
        return self.region in self._session.get_available_regions(service, partition)


def _pages(client: Any, operation: str, arguments: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The pages of an answer; boto3 does not know that some calls have them, and those say so with a NextToken."""
    method = _method_of(client, operation)
    if client.can_paginate(method):
        yield from client.get_paginator(method).paginate(**arguments)
        return
    told: set[str] = set()
    while True:
        page = getattr(client, method)(**arguments)
        yield page
        token = page.get("NextToken")
        if not token or token in told:
            return
        told.add(token)
        arguments = {**arguments, "NextToken": token}


def _method_of(client: Any, operation: str) -> str:
    """The name that boto3's method of an operation has; raises AttributeError where it has none."""
    for method, name in client.meta.method_to_api_mapping.items():
        if name == operation:
            return str(method)
    raise AttributeError(operation)


def _resolved(session: Any) -> Any:
    """The session's credentials; raises AwsFailure where there are none."""
    import botocore.exceptions as refused

    failure: AwsFailure
    try:
        found = session.get_credentials()
        if found is not None:
            found.get_frozen_credentials()
            return found
        failure = no_credentials(None)
    except (refused.BotoCoreError, refused.ClientError, OSError, ValueError) as error:
        failure = no_credentials(error)
    raise failure from None


def new_session(profile: Optional[str]) -> Any:
    """A session of boto3; raises Refusal (78) where boto3 is missing, or there is no such profile."""
    try:
        import boto3
        import botocore.exceptions as refused
    except ImportError:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("boto3 is missing, and no one-file program has it: expected pip install '{extra}'", extra=EXTRA),
        ) from None
    try:
        return boto3.session.Session(profile_name=profile)
    except refused.ProfileNotFound:
        raise Refusal(
            ExitStatus.BAD_CONTENT, "no AWS profile of that name in ~/.aws/config: see --profile and AWS_PROFILE"
        ) from None
    except (refused.BotoCoreError, ValueError) as error:
        raise Refusal(ExitStatus.BAD_CONTENT, phrase("boto3 cannot read ~/.aws ({error})", error=type(error).__name__)) from None


def region_of_session(session: Any) -> str:
    """The region that AWS_REGION, AWS_DEFAULT_REGION or the profile names, or an empty string."""
    return os.environ.get("AWS_REGION", "") or session.region_name or ""
