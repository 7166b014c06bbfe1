"""One POST over HTTPS: by the system's trust alone, without redirects, within a bound of bytes and of time."""

from __future__ import annotations

import ssl
import time
from typing import Mapping

from ssm_bootstrap.host.downloads import CONNECT, READ, CannotFetch, TooLarge, cause_of, pieces_of, timed_adapter
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.host.resolver import Resolutions


class Posts:
    """Sends and reads the answer into memory; requests is loaded when first used."""

    def __init__(self) -> None:
        self._names = Resolutions()

    def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, context: ssl.SSLContext, proxy: str, most: int, seconds: float
    ) -> Answer:
        """POST ``body`` to ``url``; at most ``most`` bytes, in at most ``seconds`` from name to last byte.

        ``proxy`` is a URL, of http where it names no scheme, or empty. ``context`` alone decides whom to trust; no variable
        of the environment is read. Raises CannotFetch, TooLarge.
        """
        import requests

        deadline = time.monotonic() + seconds
        through = {"https": proxy if "://" in proxy else f"http://{proxy}"} if proxy else {}
        with requests.Session() as session:
            session.trust_env = False
            session.headers.clear()
            session.mount("https://", timed_adapter(context, deadline, self._names))
            try:
                answer = session.post(
                    url,
                    data=body,
                    stream=True,
                    allow_redirects=False,
                    timeout=(CONNECT, READ),
                    proxies=through,
                    headers={**headers, "Accept-Encoding": "identity", "User-Agent": "ssm-bootstrap"},
                )
            except requests.RequestException as error:
                raise CannotFetch(cause_of(error)) from None
            with answer:
                found = bytearray()
                for piece in pieces_of(answer.raw, deadline):
                    found += piece
                    if len(found) > most:
                        raise TooLarge(url)
                names = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status_code, names, bytes(found), True)
