"""Tests of ssm_bootstrap.cli."""
