"""Checks of the way to AWS."""
