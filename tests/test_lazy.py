"""Names of a package are loaded at first use, and are all there for who looks."""

from __future__ import annotations

import subprocess
import sys

import pytest

import loopwright
from loopwright.lazy import exports
from loopwright.stages import charter, data, evaluation, registry

attribute, names = exports(
    "here",
    {"EmptySample": "loopwright.errors", "closest": "loopwright.errors:nearest", "mistakes": "loopwright.errors:"},
)


def test_a_name_comes_from_its_home_under_its_own_or_another_name_or_as_a_module():
    from loopwright import errors

    assert attribute("EmptySample") is errors.EmptySample
    assert attribute("closest") is errors.nearest
    assert attribute("mistakes") is errors


def test_an_unknown_name_is_an_attribute_error_as_python_has_it():
    with pytest.raises(AttributeError, match="module 'here' has no attribute 'nothing'"):
        attribute("nothing")


def test_the_names_are_listed_in_order():
    assert names() == ["EmptySample", "closest", "mistakes"]


PACKAGES = [loopwright, charter, data, evaluation, registry]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_public_name_of_a_package_can_be_had(package):
    assert package.__all__ == sorted(package.__all__, key=_as_ruff_sorts)
    missing = [name for name in package.__all__ if getattr(package, name, None) is None]
    assert missing == []


def test_importing_a_package_loads_none_of_its_lazy_homes():
    code = "import sys, loopwright; print([name for name in sys.modules if name.startswith('loopwright.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['loopwright.lazy']"


def _as_ruff_sorts(name: str) -> tuple[int, str]:
    """Constants first, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
