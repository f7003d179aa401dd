"""A label rule as people write it, ``tips > 0.2 * fare``, and the Polars expression that it means.

Allowed are columns, numbers, texts and truth values, ``+ - * / // % **``, comparisons (chained ones too),
``and or not``, ``in [...]``, ``is None`` and parentheses. A column whose name is no Python name stands in
backticks. Nothing else is read, and nothing is run but the expression that was made.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

import polars as pl

from loopwright.errors import UnknownColumn, UnusableLabel
from loopwright.stages.charter.quoting import is_argument, quoted

__all__ = ["Rule", "read_rule", "rule_values"]

_MAX_LETTERS = 2_000
_MAX_EXPONENT = 10
_ALLOWED = (
    "columns, numbers, texts, True and False, + - * / // % **, == != < <= > >=, and, or, not, in [...], "
    "is None and parentheses"
)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_CLAIMS = (ast.BitAnd, ast.BitOr)
_EQUALITIES = (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)
_TEXT_OR_NAME = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?P<name>[^`]*)`""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was read.

    Attributes
    ----------
    text : str
        As the user wrote it.
    columns : tuple of str
        What it looks at, in the order of the text.
    code : str
        The same as a Polars expression: columns are variables of their name, or ``pl.col(...)``.
    """

    text: str
    columns: tuple[str, ...]
    code: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """The columns that can be named as arguments of a function."""
        return tuple(name for name in self.columns if is_argument(name))


def read_rule(text: str, *, frame: pl.DataFrame) -> Rule:
    """Read a rule and translate it.

    Parameters
    ----------
    text : str
    frame : polars.DataFrame of shape (n_rows, n_columns)
        The rows that it will be applied to.

    Returns
    -------
    Rule
        Missing where the rule cannot be decided because a value is missing; NaN and 0 / 0 count as missing.

    Raises
    ------
    UnknownColumn
        If it names a column that is not there; says the nearest one.
    UnusableLabel
        If it is no such rule.

    Examples
    --------
    >>> trips = pl.DataFrame({"fare": [5.0], "paid by": ["Card"]})
    >>> read_rule("fare > 3 and `paid by` == 'Card'", frame=trips).code
    "(fare > 3) & (pl.col('paid by') == 'Card')"
    """
    if len(text) > _MAX_LETTERS:
        raise UnusableLabel(
            f"the label rule has {len(text):,} letters, more than {_MAX_LETTERS:,}. Begin with a shorter one "
            f"and extend it in labeling.py."
        )
    plain, backticked = _without_backticks(text)
    reader = _Reader(text=text, frame=frame, backticked=backticked)
    try:
        made = reader.read(ast.parse(plain.strip(), mode="eval").body)
        code = ast.unparse(ast.fix_missing_locations(ast.Expression(made)))
    except (SyntaxError, ValueError) as error:
        reader.refuse(f"it cannot be read ({getattr(error, 'msg', error)})")
    except (RecursionError, MemoryError):
        reader.refuse("it is nested too deeply")
    if not reader.columns:
        reader.refuse("it looks at no column")
    return Rule(text=text, columns=tuple(reader.columns), code=code)


def rule_values(rule: Rule, *, frame: pl.DataFrame) -> pl.Series:
    """Return what a rule says of each row.

    Parameters
    ----------
    rule : Rule
        As ``read_rule`` made it: nothing else is ever run.
    frame : polars.DataFrame of shape (n_rows, n_columns)

    Returns
    -------
    polars.Series of shape (n_rows,)

    Raises
    ------
    UnusableLabel
        If what is compared or computed does not go together.

    Examples
    --------
    >>> trips = pl.DataFrame({"tips": [2.0, 0.0, None], "fare": [5.0, 5.0, 5.0]})
    >>> rule_values(read_rule("tips > 0.2 * fare", frame=trips), frame=trips).to_list()
    [True, False, None]
    """
    names = {"pl": pl, **{name: pl.col(name) for name in rule.arguments}}
    try:
        # The text was unparsed from a tree of allowed nodes only.
        made = eval(rule.code, {"__builtins__": {}}, names)  # noqa: S307
        return frame.select(made.alias("label")).to_series()
    except (pl.exceptions.PolarsError, ArithmeticError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        shown = ", ".join(f"column {quoted(name)} holds {frame.schema[name]}" for name in rule.columns)
        raise UnusableLabel(
            f"the label rule {quoted(rule.text)} cannot be computed: {reason} ({shown}). "
            f"Compare like with like."
        ) from error


def _without_backticks(text: str) -> tuple[str, dict[str, str]]:
    """Return the text with a Python name in place of each name in backticks, and what they stand for."""
    names: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        if found["name"] is None:
            return found[0]
        names[f"_column_{len(names)}_"] = found["name"]
        return f"_column_{len(names) - 1}_"

    return _TEXT_OR_NAME.sub(stand_in, text), names


@dataclass(slots=True)
class _Reader:
    """Translates the nodes of a rule one by one; what is not known here is refused."""

    text: str
    frame: pl.DataFrame
    backticked: Mapping[str, str]
    columns: dict[str, None] = field(default_factory=dict)

    def refuse(self, why: str) -> NoReturn:
        raise UnusableLabel(
            f"{quoted(self.text)} is no column and no label rule: {why}. A rule may use {_ALLOWED}; a column "
            f"whose name is no Python name stands in backticks, as in `mean radius` > 15."
        )

    def read(self, node: ast.expr) -> ast.expr:
        translate = _TRANSLATIONS.get(type(node))
        if translate is None:
            self.refuse(f"{_shown(node)} is not allowed")
        return translate(self, node)

    def name(self, node: ast.Name) -> ast.expr:
        column = self.backticked.get(node.id, node.id)
        if column not in self.frame.columns:
            raise UnknownColumn(column, known=self.frame.columns, where=f"the label rule {quoted(self.text)}")
        self.columns[column] = None
        made: ast.expr = ast.Name(column, ast.Load())
        if not is_argument(column):
            made = _call(_pl("col"), ast.Constant(column))
        series = self.frame[column]
        # Polars takes NaN for the largest number of all, so that a comparison would be decided by it.
        return _known(made) if series.dtype.is_float() and series.is_nan().any() else made

    def constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, bool | int | float | str):
            self.refuse(f"{_shown(node)} is not allowed here")
        return node

    def arithmetic(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.op, _CLAIMS):
            return ast.BinOp(self.claim(node.left), node.op, self.claim(node.right))
        if not isinstance(node.op, _ARITHMETIC):
            self.refuse(f"{_shown(node)} is not allowed")
        for side in (node.left, node.right):
            if isinstance(side, ast.Constant) and not _is_number(side):
                self.refuse(f"{_shown(side)} is no number, and it is calculated with")
        if isinstance(node.op, ast.Pow) and not _is_small(node.right):
            self.refuse(f"an exponent must be a number from 0 to {_MAX_EXPONENT}")
        if not _names_column(node):
            self.refuse(f"{_shown(node)} looks at no column; write the number")
        made = ast.BinOp(self.read(node.left), node.op, self.read(node.right))
        return _known(made) if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod) else made

    def sign(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not | ast.Invert):
            return ast.UnaryOp(ast.Invert(), self.claim(node.operand))
        if isinstance(node.operand, ast.Constant) and not _is_number(node.operand):
            self.refuse(f"{_shown(node)} is not allowed")
        return ast.UnaryOp(node.op, self.read(node.operand))

    def combination(self, node: ast.BoolOp) -> ast.expr:
        operator = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        return _joined([self.claim(value) for value in node.values], operator)

    def claim(self, node: ast.expr) -> ast.expr:
        """Translate what is joined by and, or, not: it must be true or false."""
        is_claim = (
            isinstance(node, ast.Compare | ast.BoolOp)
            or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert))
            or (isinstance(node, ast.BinOp) and isinstance(node.op, _CLAIMS))
            or (isinstance(node, ast.Name) and self.is_boolean(node))
        )
        if not is_claim:
            self.refuse(f"{_shown(node)} is neither true nor false; compare it, in parentheses if need be")
        return self.read(node)

    def is_boolean(self, node: ast.Name) -> bool:
        return self.frame.schema.get(self.backticked.get(node.id, node.id), pl.Boolean()) == pl.Boolean

    def comparison(self, node: ast.Compare) -> ast.expr:
        sides = [node.left, *node.comparators]
        parts = [
            self.compared(left, operator, right)
            for left, operator, right in zip(sides, node.ops, node.comparators, strict=False)
        ]
        return _joined(parts, ast.BitAnd())

    def compared(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
        if isinstance(operator, ast.In | ast.NotIn):
            return self.membership(left, right, negated=isinstance(operator, ast.NotIn))
        if isinstance(right, ast.Constant) and right.value is None:
            return self.absence(left, operator)
        if isinstance(operator, ast.Is | ast.IsNot):
            self.refuse("`is` is for None only; compare with ==")
        if not (_names_column(left) or _names_column(right)):
            self.refuse(f"{_shown(left)} and {_shown(right)} are compared, and neither is a column")
        return ast.Compare(self.side(left, right), [operator], [self.side(right, left)])

    def absence(self, node: ast.expr, operator: ast.cmpop) -> ast.expr:
        if not isinstance(operator, _EQUALITIES) or not isinstance(node, ast.Name):
            self.refuse("only a column can be None: write `column is None` or `column is not None`")
        wanted = "is_null" if isinstance(operator, ast.Is | ast.Eq) else "is_not_null"
        return _call(ast.Attribute(self.read(node), wanted, ast.Load()))

    def membership(self, node: ast.expr, values: ast.expr, *, negated: bool) -> ast.expr:
        if not isinstance(values, ast.List | ast.Tuple | ast.Set):
            self.refuse(f"after `in` there must be a list in brackets, not {_shown(values)}")
        if not _names_column(node) or not values.elts:
            self.refuse("`in` asks whether a column has one of some values, as in company in ['A', 'B']")
        listed = ast.List([self.side(value, node) for value in values.elts], ast.Load())
        if not all(isinstance(value, ast.Constant | ast.UnaryOp) for value in values.elts):
            self.refuse("in a list there can be numbers and texts only")
        found = _call(ast.Attribute(self.read(node), "is_in", ast.Load()), listed)
        return ast.UnaryOp(ast.Invert(), found) if negated else found

    def side(self, node: ast.expr, other: ast.expr) -> ast.expr:
        """Translate one side of a comparison; a text beside a column of dates is a date."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and isinstance(other, ast.Name):
            kind = self.frame.schema.get(self.backticked.get(other.id, other.id))
            if isinstance(kind, pl.Date | pl.Datetime):
                return self.moment(node.value, kind)
        return self.read(node)

    def moment(self, text: str, kind: pl.DataType) -> ast.expr:
        try:
            said = datetime.fromisoformat(text)
        except ValueError:
            self.refuse(f"{quoted(text)} is compared with dates and is none, such as \"2015-01-31\"")
        day = [said.year, said.month, said.day]
        if isinstance(kind, pl.Date):
            return _call(_pl("date"), *map(ast.Constant, day))
        made = _call(_pl("datetime"), *map(ast.Constant, [*day, said.hour, said.minute, said.second]))
        if isinstance(kind, pl.Datetime) and kind.time_zone:
            made.keywords.append(ast.keyword("time_zone", ast.Constant(kind.time_zone)))
        return made


_TRANSLATIONS: dict[type[ast.expr], Callable[..., ast.expr]] = {
    ast.Name: _Reader.name,
    ast.Constant: _Reader.constant,
    ast.BinOp: _Reader.arithmetic,
    ast.UnaryOp: _Reader.sign,
    ast.BoolOp: _Reader.combination,
    ast.Compare: _Reader.comparison,
}


def _shown(node: ast.expr) -> str:
    return quoted(ast.unparse(node))


def _names_column(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) for part in ast.walk(node))


def _is_number(node: ast.Constant) -> bool:
    return isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _is_small(node: ast.expr) -> bool:
    if not isinstance(node, ast.Constant) or not _is_number(node):
        return False
    return 0 <= float(str(node.value)) <= _MAX_EXPONENT


def _joined(parts: list[ast.expr], operator: ast.operator) -> ast.expr:
    made = parts[0]
    for part in parts[1:]:
        made = ast.BinOp(made, operator, part)
    return made


def _known(node: ast.expr) -> ast.expr:
    """Return an expression in which NaN is missing."""
    return _call(ast.Attribute(node, "fill_nan", ast.Load()), ast.Constant(None))


def _call(function: ast.expr, *arguments: ast.expr) -> ast.Call:
    return ast.Call(function, list(arguments), [])


def _pl(name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name("pl", ast.Load()), name, ast.Load())
