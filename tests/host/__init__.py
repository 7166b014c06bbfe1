"""Tests of ssm_bootstrap.host."""
