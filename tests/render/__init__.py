"""Tests of ssm_bootstrap.render."""
