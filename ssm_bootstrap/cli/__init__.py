"""The command line. Start-up is lazy: the version costs nothing, a command loads what it needs."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing itself takes longer to load than all of --version
if TYPE_CHECKING:
    from typing import NoReturn, Optional, Sequence


def command() -> NoReturn:
    """The program: do what the command line asks for, and end the process with the status.

    It ends there and then. What is given up goes on in a thread of its own, a name that is being resolved or a handshake;
    exit handlers take away under its feet what it works with (OPENSSL_init_crypto(3): libcrypto is cleaned up at exit), and
    the process would die of that after all is done.
    """
    try:
        status = main()
    except KeyboardInterrupt:  # while modules were loaded, or once more while the first was told
        status = 130
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command; gives the exit status."""
    if arguments is None:
        from ssm_bootstrap.cli.streams import secure

        secure()
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words == ["--version"]:
        from ssm_bootstrap import __version__
        from ssm_bootstrap.cli.streams import problem

        print(f"ssm-bootstrap {__version__}")
        if problem() is None:
            return 0
    from ssm_bootstrap.cli.entry import run

    return run(words) if arguments is not None else _run_alone(words)


def _run_alone(words: Sequence[str]) -> int:
    """A run that has the process to itself: what it makes it keeps until its end, and then nobody need look through it."""
    import gc

    from ssm_bootstrap.cli.entry import run

    gc.set_threshold(100_000, 20, 20)
    # glibc gives a freed block back to the kernel at once, unless one as large was freed before (mallopt(3), M_MMAP_THRESHOLD):
    # whoever reads in pieces would have each page of them made anew.
    bytes(16 << 20)
    return run(words)
