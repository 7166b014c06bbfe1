"""What a line tells of the life of the agent's core."""

from __future__ import annotations

from enum import Enum


class LifeEvent(str, Enum):
    """What one line tells of the life of the agent's core, whatever the words."""

    BEGAN = "began"  # the first line of a process
    STARTED = "started"
    VERSION = "version"
    ASKED = "asked"  # it looks whether it can be the hybrid node, the first that it does after its proxy's variables
    IDENTITY = "identity"  # whom it takes itself for
    LOOP = "loop"  # from here on it asks AWS for credentials: what it has before, it has kept
    CREDENTIALS = "credentials"
    ROTATION = "rotation"  # in how many minutes it will ask for new credentials
    SLEEP = "sleep"  # it waits before it asks for credentials again
    WORKER = "worker"  # its worker was started
    CHANNEL = "channel"  # the control channel is up
    STATUS = "status"  # which service carries commands; of ssmmessages it is written again when a reconnection fails
    LOST = "lost"  # the control channel was cut
    HIBERNATES = "hibernates"
    STOPPING = "stopping"
    ENDED = "ended"
    REGISTERED = "registered"  # written by -register, a process of its own
