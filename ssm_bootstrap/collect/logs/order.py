"""The order of reading: what was written later whatever its stamp says, because the clock was set back or stamps are equal."""

from __future__ import annotations

from typing import Optional

SET_BACKS_LIMIT = 1000
"""How often the clock is followed when it is set back; a clock does so once a year, and at a boot or two."""

FROM_ELSEWHERE = 1 << 62
"""The place in the order of reading of what stands in a file of its own: behind all that bears the same time."""

_DAY = 24 * 60
_NOT_BEGUN = 1 << 40
_BACKWARDS = 2  # minutes; the agent's processes write their lines up to seconds out of order


class ReadingOrder:
    """Where reading stands: the place of the last record, and the era of the clock, a new one wherever that was set back.

    Files tell stories: a log and its archives are one, in their order. A set clock says nothing of other stories.
    """

    __slots__ = ("_kept", "_minute", "_opened", "_opens", "_set_backs", "_story", "era", "place", "step")

    def __init__(self) -> None:
        self.place, self.step, self.era = 0, 1, 0
        self._kept = 0
        self._set_backs: list[Optional[bytes]] = [None]  # by era: to what time the clock was set; None: another story begins
        self._opens: Optional[str] = None  # the first story, and the first time in it
        self._opened: Optional[tuple[int, bytes]] = None
        self._story: Optional[str] = None
        self._minute = 0

    @property
    def was_set_back(self) -> bool:
        """Whether the clock was set back anywhere."""
        return any(self._set_backs)

    def begin(self, story: str, *, is_beside: bool = False) -> int:
        """A file begins: ``story`` is the log that its archives tell one after the other. Gives the minute that was reached.

        ``is_beside`` says that another file tells the same story: of two records of the same time nobody knows then which was
        written first.
        """
        if is_beside and self.step:
            self.place, self.step, self._kept = FROM_ELSEWHERE, 0, self.place
        elif not is_beside and not self.step:
            self.place, self.step = self._kept, 1
        if self._story is None:
            self._story = self._opens = story
            self._minute = _NOT_BEGUN
        elif self._story != story:
            self._begin_era(None)
            self._story, self._minute = story, 0
        return self._minute

    def end(self, minute: int) -> None:
        """A file has ended at this minute."""
        self._minute = minute

    def goes_back(self, before: int, minute: int, stamp: bytes, *, is_first: bool) -> bool:
        """A record bears an earlier time than the one before it: whether the clock was set back to it.

        What is read from there on was written later, whatever its stamp says. Where a file begins that lies a day and more
        before the one that was read before it, the files are out of order.
        """
        if before == _NOT_BEGUN:
            self._opened = self._opened or (minute, stamp)
            return False
        if before - minute < _BACKWARDS or (is_first and before - minute >= _DAY) or len(self._set_backs) > SET_BACKS_LIMIT:
            return False
        self._begin_era(stamp)
        return True

    def _begin_era(self, stamp: Optional[bytes]) -> None:
        self._set_backs.append(stamp)
        self.era += 1

    def ceilings(self) -> list[Optional[bytes]]:
        """By era: the earliest time to which the clock was set back later on in the same story."""
        found: list[Optional[bytes]] = []
        ceiling: Optional[bytes] = None
        for stamp in reversed(self._set_backs):
            found.append(ceiling)
            ceiling = None if stamp is None else min(stamp, ceiling or stamp)
        return found[::-1]

    def follow_with(self, other: ReadingOrder) -> tuple[int, int]:
        """What another read comes after: gives by how much its eras and places are later here."""
        if self._story is not None and other._opens != self._story:
            self._begin_era(None)
        elif self._story is not None and other._opened is not None:
            self.goes_back(self._minute, *other._opened, is_first=True)
        eras, places = self.era, self._reached
        self._set_backs += other._set_backs[1:]
        self.era = len(self._set_backs) - 1
        self._opens, self._opened = self._opens or other._opens, self._opened or other._opened
        self._story, self._minute = other._story, other._minute
        self.place, self.step = places + other._reached, 1
        return eras, places

    @property
    def _reached(self) -> int:
        return self.place if self.step else self._kept
