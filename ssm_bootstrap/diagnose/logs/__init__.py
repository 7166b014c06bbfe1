"""Logs explained: each group classified, the timeline of the agent made, what holds told as findings and the rest as history."""
