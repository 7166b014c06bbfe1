"""A server that answers like the AWS services an SSM node talks to, as far as the lab needs.

It is started inside the VPC's network namespace as ``python -m tests.lab.aws --config FILE --control SOCKET``.
"""
