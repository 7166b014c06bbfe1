"""What is known about AWS and the agent: typed literals, each row with its source."""
