"""Real data and their golden results, from the data folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Return a function that finds a file of the data folder, or skips the test."""

    def find(name: str) -> Path:
        folder = os.environ.get("LOOPWRIGHT_DATA")
        if not folder or not Path(folder, name).exists():
            pytest.skip(f"{name} is not here: LOOPWRIGHT_DATA names no folder that holds it")
        return Path(folder, name)

    return find
