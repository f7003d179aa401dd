"""Contract tests that plug-in authors inherit: one class per promise in ``loopwright.protocols``.

::

    from loopwright.testing import LedgerContract

    class TestMyLedger(LedgerContract):
        @pytest.fixture
        def opened(self, tmp_path):
            return lambda: MyLedger(tmp_path / "ledger")

Needs pytest. Our own implementations are tested by the same classes.
"""

from __future__ import annotations

import pytest

# Plain asserts then say what the values were, as in the author's own tests.
pytest.register_assert_rewrite(
    "loopwright.testing.artifacts",
    "loopwright.testing.engine",
    "loopwright.testing.ledger",
    "loopwright.testing.notifier",
    "loopwright.testing.progress",
    "loopwright.testing.tables",
)

from loopwright.testing.artifacts import ArtifactStoreContract  # noqa: E402
from loopwright.testing.engine import EngineContract  # noqa: E402
from loopwright.testing.ledger import LedgerContract  # noqa: E402
from loopwright.testing.notifier import NotifierContract  # noqa: E402
from loopwright.testing.progress import ProgressContract  # noqa: E402
from loopwright.testing.tables import TableStoreContract  # noqa: E402

__all__ = [
    "ArtifactStoreContract",
    "EngineContract",
    "LedgerContract",
    "NotifierContract",
    "ProgressContract",
    "TableStoreContract",
]
