"""Checks of the machine around the agent."""
