"""Checks of what a patch run needs."""
