"""Tests of the deb and the rpm: what is in them, that two builds are the same, and what they leave on real systems."""
