"""A work shared by several: copies of this process, so that it works from a zip file and needs no import anew; or threads."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable, Iterator, Optional, Sequence, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

MOST = 2
"""Processes at most: each needs some 25 MB beside what it shares with this one."""


class Workers:
    """This process and its copies; where there can be none, this one does it all.

    ``meanwhile`` is done by this process while the copies work.
    """

    def __init__(self, count: Optional[int] = None, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.count = count or min(MOST, len(os.sched_getaffinity(0)))
        self._meanwhile = meanwhile

    def share(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """What each task gives, in order; the first runs here. A copy that fails has its task run here too."""
        copies = [_start(task) for task in tasks[1:]]
        try:
            self._meanwhile()
            results = [tasks[0]()] if tasks else []
            for task, copy in zip(tasks[1:], copies):
                results.append(task() if copy is None else _result_of(copy, task))
            return results
        except BaseException:
            for copy in copies:
                _end(copy)
            raise

    def beside(self, task: Callable[[], T]) -> T:
        """What a task gives, all of it done by a copy; what the task raises, it raises here."""
        copy = _start(task) if self.count > 1 else None
        try:
            import pickle  # noqa: F401  (for what the copy gives; loaded while it works)

            self._meanwhile()
            return task() if copy is None else _result_of(copy, task)
        except BaseException:
            _end(copy)
            raise


class _Copy:
    def __init__(self, pid: int, pipe: int) -> None:
        self.pid, self.pipe = pid, pipe


def _start(task: Callable[[], T]) -> Optional[_Copy]:
    """A copy of this process that runs the task and writes what it gives; None where there can be none."""
    try:
        reading, writing = os.pipe()
    except OSError:
        return None
    try:
        pid = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return None
    if pid:
        os.close(writing)
        return _Copy(pid, reading)
    status = 1
    try:
        import pickle

        os.close(reading)
        data = pickle.dumps(task(), protocol=pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as stream:
            stream.write(data)
        status = 0
    finally:
        os._exit(status)  # no exception, no buffer and no exit handler of this process is the copy's


def _end(copy: Optional[_Copy]) -> None:
    if copy and copy.pid:
        os.kill(copy.pid, signal.SIGKILL)
        _collect(copy)


def _result_of(copy: _Copy, task: Callable[[], T]) -> T:
    import pickle

    data = _collect(copy)
    if data is None:
        return task()
    result: T = pickle.loads(data)
    return result


def _collect(copy: _Copy) -> Optional[bytes]:
    """What the copy wrote; None where it failed."""
    with os.fdopen(copy.pipe, "rb") as stream:
        data = stream.read()
    pid, copy.pid = copy.pid, 0
    _, status = os.waitpid(pid, 0)
    return data if status == 0 else None


@contextmanager
def threads(count: int, give_up: Callable[[], object] = lambda: None) -> Iterator[ThreadPoolExecutor]:
    """Threads that are waited for, unless the whole is interrupted: ``give_up`` ends what they run then."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        give_up()
        raise
    except BaseException:
        pool.shutdown()
        raise
    pool.shutdown()
