"""The commands that findings print for AWS, run by the real AWS CLI against a server on loopback."""

from __future__ import annotations

import sys

import pytest

MARKS = [
    pytest.mark.aws,
    pytest.mark.skipif(sys.version_info < (3, 10), reason="awscli, boto3 and moto of Python 3.9 want an urllib3 older than ours"),
]
"""Of every test that needs the AWS CLI or botocore."""
