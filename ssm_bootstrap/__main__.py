"""``python -m ssm_bootstrap``: the same program as the ``ssm-bootstrap`` command."""

import sys

from ssm_bootstrap.cli import main

sys.exit(main())
