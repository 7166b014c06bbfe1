"""Checks of the agent, its identity and what it was told."""
