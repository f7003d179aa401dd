"""What systems and libraries report becomes an error that says what to do."""

from __future__ import annotations

import errno

import pytest

from loopwright.errors import StoreError, StoreFull, StoreReadOnly
from loopwright.store.failures import failure


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StoreFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), StoreFull),
        (OSError(errno.EROFS, "Read-only file system"), StoreReadOnly),
        (PermissionError(errno.EACCES, "Permission denied"), StoreReadOnly),
        (RuntimeError("writing: No space left on device (os error 28)"), StoreFull),
        (RuntimeError('Os { code: 28, kind: StorageFull, message: "No space left on device" }'), StoreFull),
        (RuntimeError("Read-only file system (os error 30)\nand a trace"), StoreReadOnly),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), StoreError),
        (RuntimeError(), StoreError),
    ],
    ids=str,
)
def test_every_error_finds_its_class(error, expected):
    found = failure(error, doing="writing the table trips")
    assert type(found) is expected
    assert "writing the table trips" in str(found)
    assert "\n" not in str(found)
