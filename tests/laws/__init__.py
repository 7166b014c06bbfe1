"""The laws of design.md: tests that read the whole tree."""
