"""Start the lab's AWS: ``python -m tests.lab.aws --config FILE --control UNIX_SOCKET``."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import List, Optional

from tests.lab.aws.control import serve_control
from tests.lab.aws.server import LabServer
from tests.lab.aws.state import State


async def run(config: Path, control: Path) -> None:
    """Serve until SIGTERM or SIGINT; the line ``ready`` on stdout says that every address is bound."""
    state = State.from_config(json.loads(config.read_text()))
    server = LabServer(state)
    await server.start()
    controller = await serve_control(control, server)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    print("ready", flush=True)
    await ended.wait()
    controller.close()
    await server.stop()


def main(argv: Optional[List[str]] = None) -> int:
    """Read the two arguments and serve; 2 when the configuration cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.aws", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--control", type=Path, required=True)
    options = parser.parse_args(argv)
    try:
        asyncio.run(run(options.config, options.control))
    except (OSError, ValueError, KeyError) as error:
        print(f"tests.lab.aws: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
