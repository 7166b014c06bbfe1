"""Times and sizes that decide how long anything may take, in seconds and bytes, each with its reason; and what is paid for."""

from __future__ import annotations

CONNECT = 2.0
"""A connect: the kernel sends SYN again after 1 s (net.ipv4.tcp_syn_retries), so that one loss is survived."""

CONNECT_LEAST = 1.2
"""What a connect gets even where the name took its time: one SYN again, and its answer."""

NAME = 2.0
"""The host's own resolver: glibc waits 5 s a try, which is too long for a look."""

UPSTREAM = 0.9
"""One question to one upstream resolver; asked twice."""

HANDSHAKE = 4.0
"""A TLS handshake, or a proxy's answer to CONNECT, once TCP is up."""

ANSWER = 4.0
"""The answer to one HTTP request."""

LOOK = 2.05
"""All names and connects of a look: nothing that stays silent is waited for longer."""

WHOLE_LOOK = 15.0
"""A look, whatever its peers do: longer than every step together of one that is slow but honest."""

OPTIONAL = 0.4
"""What an optional endpoint gets once everything else has answered: its absence is no fault and must not slow a look."""

METADATA = 1.0
"""All of IMDS."""

FETCH_ACTIVATION = 10.0
"""The call that fetches an activation, from the name to the last byte; what gives no answer is looked at afterwards."""

REGISTER = 300.0
"""``-register`` itself: its slowest measured end is 250.3 s; one killed below about 260 s leaves a blanked vault."""

AGENT_STOP = 130.0
"""A stop of the agent: 125 s were measured where a call hangs."""

CLEAR = 60.0
"""``-register -clear``: local work alone."""

ONLINE = 45.0
"""From the restart to a sign of life that proves it: a healthy agent needs about 3 s."""

SIGNATURE_TOLERANCE = 300.0
"""The clock's error at which AWS refuses a signature: 5 minutes."""

BODY = 4096
"""Bytes of an HTTP answer that are read: enough to tell a login page from AWS."""

PUBLIC_ADDRESSES = 2
"""Addresses of a public name that are dialled; those inside the VPC are all dialled."""

ACTIVATION_CODE = (20, 250)
"""Letters of an activation code, least and most (CreateActivation, API reference)."""

HYBRID_NODES_COST = (
    "Session Manager and Run Command on hybrid nodes are charged by usage since 30 September 2026. The amounts are not known "
    "here: see the page AWS Systems Manager pricing."
)
"""What a hybrid node costs, as far as it is known (Systems Manager User Guide, prices of hybrid nodes; 2026-11)."""

PATCH_ROOM = 500 << 20
"""Bytes below which a patch run may run out of room: lists of a distribution take up to about 200 MB, a kernel 150 MB."""

PATCH_ROOM_LEAST = 50 << 20
"""Bytes below which not even the lists of a scan fit."""
