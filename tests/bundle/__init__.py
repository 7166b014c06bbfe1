"""Tests of the bundle: what is in it, where it unpacks itself, which Pythons and processors run it."""
