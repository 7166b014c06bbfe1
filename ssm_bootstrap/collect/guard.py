"""A look that cannot take the others with it: what nobody could look at is Unseen, and a fault of ours is kept by name."""

from __future__ import annotations

from typing import Callable, TypeVar

from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.model.exitstatus import Refusal
from ssm_bootstrap.model.observed import OUR_FAULT, Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase

T = TypeVar("T")


class Guard:
    """Calls collectors; ``crashed`` holds (collector, error) of those that raised what they should not, in order."""

    def __init__(self) -> None:
        self.crashed: list[tuple[str, str]] = []

    def look(self, name: str, look: Callable[[], T]) -> Observed[T]:
        """What was seen, or why nobody could look; a Refusal goes on to who asked."""
        return self.part(name, lambda: Seen(look()))

    def part(self, name: str, look: Callable[[], Observed[T]]) -> Observed[T]:
        """The same for a collector that may itself say that nobody could look."""
        try:
            return look()
        except Refusal:
            raise
        except PermissionError as error:
            return Unseen(
                phrase("{filename}: only root may read it", filename=error.filename)
                if error.filename
                else "only root may read it"
            )
        except (OSError, ImportError) as error:
            return Unseen(words_of(error))
        except Exception as error:  # a collector of ours must not take the others with it
            words = fault_words(error)
            self.crashed.append((name, words))
            return Unseen(f"{OUR_FAULT}: {words}")
