"""Errors of the system in the words of the system."""

from __future__ import annotations

import sys

MOST_WORDS = 200


def words_of(error: BaseException) -> str:
    """An error in one line: the system's own words where it has some; what a stranger sent is cut short."""
    if "ssl" in sys.modules:  # whoever only reads files has no error of TLS, and need not wait for it to load
        import ssl

        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message.rstrip(".")
        if isinstance(error, ssl.SSLError):
            return error.reason.replace("_", " ").lower() if error.reason else "TLS error"
    if isinstance(error, TimeoutError) or type(error).__name__ == "timeout":  # Python 3.9's socket.timeout is no TimeoutError
        return "no answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return " ".join(str(error).split())[:MOST_WORDS] or type(error).__name__
