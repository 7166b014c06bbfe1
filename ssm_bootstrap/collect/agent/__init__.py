"""The agent as it is installed: its service, settings, identity, and the activation that makes one."""
