"""The machine around the agent: the instance, storage, what it forbids, and whether it is one of its kind."""
