"""The commands that findings print for AWS, run by the real AWS CLI against a server on loopback."""

from __future__ import annotations

import importlib.util
import sys

import pytest

needs_ctypes = pytest.mark.skipif(
    importlib.util.find_spec("_ctypes") is None,
    reason="the AWS CLI, cfn-lint and Ansible load ctypes, which this Python is built without",
)
"""Of every test that needs one of them."""

MARKS = [
    pytest.mark.aws,
    pytest.mark.skipif(sys.version_info < (3, 10), reason="awscli, boto3 and moto of Python 3.9 want an urllib3 older than ours"),
    needs_ctypes,
]
"""Of every test that needs the AWS CLI or botocore."""
