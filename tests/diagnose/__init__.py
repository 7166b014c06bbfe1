"""Tests of the pure part: from observations and findings to a diagnosis."""
