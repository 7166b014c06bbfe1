"""Tests of ssm_bootstrap.model."""
