"""Logs read and folded: from bytes to groups of records that say the same."""
