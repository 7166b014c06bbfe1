"""Journeys of the agent's real programs on a real systemd in the closed VPC, and what `doctor` must say at each stop.

``make real-agent AGENT_DIR=DIR``; the programs are the caller's (on Amazon Linux they lie in /usr/bin).
"""
