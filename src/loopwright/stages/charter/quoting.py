"""Names and texts of the user's data, written into files so that nothing in them can break the file."""

from __future__ import annotations

import json
import keyword
import unicodedata
from collections.abc import Iterable

__all__ = ["column_code", "is_argument", "number_code", "quoted", "quoted_list"]


def quoted(text: str) -> str:
    r"""Return text in double quotes, on one line, valid in TOML, in Python and in a comment of either.

    Examples
    --------
    >>> print(quoted('5" disk\n'))
    "5\" disk\n"
    """
    # The escapes that JSON, TOML and Python share; what cannot be printed is spelled out.
    plain = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in plain)


def quoted_list(texts: Iterable[str]) -> str:
    """Return texts as a list on one line, valid in TOML and in Python.

    Examples
    --------
    >>> quoted_list(["a", "b"])
    '["a", "b"]'
    """
    return "[" + ", ".join(map(quoted, texts)) + "]"


def is_argument(name: str) -> bool:
    """Say whether a column can be named as an argument of a Python function.

    ``pl`` cannot, since it would hide Polars; nor can a name that Python would read as another, as it does
    with ligatures.

    Examples
    --------
    >>> [is_argument(name) for name in ("fare", "mean radius", "class")]
    [True, False, False]
    """
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in {"pl", "__debug__"}
        and unicodedata.normalize("NFKC", name) == name
    )


def column_code(name: str) -> str:
    """Return the Python expression for a column: the argument of that name, or else ``pl.col(...)``.

    Examples
    --------
    >>> column_code("fare"), column_code("mean radius")
    ('fare', 'pl.col("mean radius")')
    """
    return name if is_argument(name) else f"pl.col({quoted(name)})"


def number_code(value: float) -> str:
    """Return a number as Python and TOML both write it, whole ones without a fraction.

    Examples
    --------
    >>> number_code(12.0), number_code(0.25)
    ('12', '0.25')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _escaped(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
