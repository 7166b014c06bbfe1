"""Wraps the bundle as deb and rpm, with units, configuration, manual page and completions."""
