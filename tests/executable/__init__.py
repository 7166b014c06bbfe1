"""Tests of the executable: what it is made of, that it stands alone, and where it runs."""
