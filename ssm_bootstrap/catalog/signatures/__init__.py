"""Every message of the agent that is known, listed explicitly; where two rows could match, the earlier one counts."""

from __future__ import annotations

from ssm_bootstrap.catalog.signatures.agentwork import AGENT_WORK
from ssm_bootstrap.catalog.signatures.api import API
from ssm_bootstrap.catalog.signatures.benign import BENIGN
from ssm_bootstrap.catalog.signatures.clients import CLIENTS
from ssm_bootstrap.catalog.signatures.crashes import CRASHES
from ssm_bootstrap.catalog.signatures.credentials import CREDENTIALS
from ssm_bootstrap.catalog.signatures.kinds import Signature
from ssm_bootstrap.catalog.signatures.local import LOCAL
from ssm_bootstrap.catalog.signatures.managers import MANAGERS
from ssm_bootstrap.catalog.signatures.messaging import MESSAGING
from ssm_bootstrap.catalog.signatures.packages import PACKAGES
from ssm_bootstrap.catalog.signatures.parts import PARTS
from ssm_bootstrap.catalog.signatures.plugins import PLUGINS
from ssm_bootstrap.catalog.signatures.programs import PROGRAMS, REPLIES
from ssm_bootstrap.catalog.signatures.s3 import S3
from ssm_bootstrap.catalog.signatures.sessions import SESSIONS
from ssm_bootstrap.catalog.signatures.states import STATES
from ssm_bootstrap.catalog.signatures.units import UNITS
from ssm_bootstrap.catalog.signatures.updates import UPDATES
from ssm_bootstrap.catalog.signatures.wrappers import WRAPPERS

SIGNATURES: tuple[Signature, ...] = (
    REPLIES
    + WRAPPERS
    + CLIENTS
    + SESSIONS
    + API
    + MESSAGING
    + UPDATES
    + S3
    + CREDENTIALS
    + CRASHES
    + MANAGERS
    + PACKAGES
    + PLUGINS
    + PROGRAMS
    + UNITS
    + STATES
    + BENIGN
    + LOCAL
    + AGENT_WORK
    + PARTS
)
"""All rows. A session's own calls come before the answers that any call may get.

The machine's own errors (disk, permission) come late: they are the tail of many messages. What tells no reason comes last.
"""

NETWORK_WORDS = (
    *("dial tcp", "lookup ", "x509: ", "tls: ", "Client.Timeout"),  # Go
    *("curl: (", " URL", "SSL validation failed for", "[Errno "),  # curl, botocore, Python
    *("ConnectionPool(host=", "<urlopen error ", "imed out"),  # urllib3, urllib, socket
    *("wget: ", "... failed: ", "cannot verify "),  # wget
)
"""What a message holds, one of them at least, that tells an error of the network."""
