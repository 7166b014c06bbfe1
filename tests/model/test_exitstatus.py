"""The one table from an error of the system to an exit status."""

from __future__ import annotations

import errno
from typing import Optional

import pytest

from ssm_bootstrap.model.exitstatus import ExitStatus, status_of_errno


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (errno.ENOSPC, ExitStatus.TRY_LATER),
        (errno.EDQUOT, ExitStatus.TRY_LATER),
        (errno.ENOMEM, ExitStatus.TRY_LATER),
        (errno.EIO, ExitStatus.TRY_LATER),
        (errno.EACCES, ExitStatus.NO_PERMISSION),
        (errno.EPERM, ExitStatus.NO_PERMISSION),
        (errno.EROFS, ExitStatus.NO_PERMISSION),
        (errno.ENOENT, ExitStatus.BAD_CONTENT),
        (errno.ENOEXEC, ExitStatus.BAD_CONTENT),
        (None, ExitStatus.BAD_CONTENT),
    ],
)
def test_an_error_of_the_system_has_one_exit_status(number: Optional[int], status: ExitStatus) -> None:
    assert status_of_errno(number) is status
