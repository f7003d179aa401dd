"""What a look at the rows says about a new project: the task, what the columns mean, and where to begin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from loopwright.errors import DataError, EmptySource, UnknownColumn, UnusableLabel
from loopwright.stages.charter import afterwards
from loopwright.stages.charter.afterwards import Strengths
from loopwright.stages.charter.outcome import Outcome, outcome
from loopwright.stages.charter.quoting import column_code, is_argument, quoted
from loopwright.stages.charter.roles import amounts, find_key, find_time, open_ended, personal, slice_columns
from loopwright.stages.charter.rules import Rule, read_rule, rule_values
from loopwright.stages.charter.simple_rule import SimpleRule, find_simple_rule
from loopwright.stages.charter.time_parts import TimePart, time_parts

__all__ = ["Look", "Said", "look"]

_RARE = 0.35                       # smaller shares of positives are called by the best F1, not at 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the user says of the columns; what is not said is found by looking.

    Attributes
    ----------
    label : str
        A column, or a rule.
    task, positive : str or None
    time, key, group : str or None
        Columns.
    known_after : tuple of str
        Columns.
    """

    label: str
    task: str | None = None
    positive: str | None = None
    time: str | None = None
    key: str | None = None
    group: str | None = None
    known_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found.

    Attributes
    ----------
    rows : int
    label : str
        The column, or ``labeling:label``.
    rule : Rule or None
        The label rule, if the label is no column.
    outcome : Outcome
    key, time, group : str or None
        Columns.
    split : str
        How to divide the rows: ``"time"``, ``"group"``, ``"stratified"`` or ``"random"``.
    known_after, redact : mapping of str to str
        Column -> reason.
    suspicious : mapping of str to str
        Columns that say so much about the label that somebody should ask when they are known -> how much.
    slices : tuple of str
    features : tuple of str
        Columns that the model may see.
    parts : tuple of TimePart
        Feature functions.
    simple_rule : SimpleRule or None
        The decision without machine learning.
    optimize : str
    satisfice : mapping of str to str
        Metric -> limit.
    threshold : float or str
    open_ended : mapping of str to float
        Text columns in which new values must be expected -> share of rows.
    fractions : tuple of str
        Features that hold floats.
    amounts : tuple of str
        Features that measure something, as far as their names and values tell, the strongest first.
    """

    rows: int
    label: str
    rule: Rule | None
    outcome: Outcome
    key: str | None
    time: str | None
    group: str | None
    split: str
    known_after: Mapping[str, str]
    redact: Mapping[str, str]
    suspicious: Mapping[str, str]
    slices: tuple[str, ...]
    features: tuple[str, ...]
    parts: tuple[TimePart, ...]
    simple_rule: SimpleRule | None
    optimize: str
    satisfice: Mapping[str, str]
    threshold: float | str
    open_ended: Mapping[str, float]
    fractions: tuple[str, ...]
    amounts: tuple[str, ...]

    @property
    def task(self) -> str:
        """The task of the outcome."""
        return self.outcome.task


def look(frame: pl.DataFrame, said: Said) -> Look:
    """Look at the rows.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
    said : Said

    Raises
    ------
    EmptySource
        If there are no rows.
    DataError
        If a column's name is a pattern, or no column is left to learn from.
    UnknownColumn
        If a column is named that is not there.
    UnusableLabel
        If the label, or what is said of it, cannot be used.

    Examples
    --------
    >>> rows = pl.DataFrame({"id": range(90), "paid": ["Card", "Cash", "Cash"] * 30, "tip": [1, 1, 0] * 30})
    >>> found = look(rows, Said(label="tip"))
    >>> found.task, found.key, found.simple_rule.code
    ('binary', 'id', '(paid == "Card").fill_null(value=False)')
    """
    frame = _plain(frame)
    _check(frame, said)
    rule, label = _label(frame, said)
    seen = outcome(label, task=said.task, positive=said.positive)
    columns = _Columns(frame=frame, said=said, rule=rule, label=label, outcome=seen)
    redact = columns.personal()
    strengths = columns.strengths(redact)
    late = columns.known_after(strengths, redact)
    time = said.time or find_time(frame, skip=columns.taken(late, redact))
    key = said.key or find_key(frame, skip=columns.taken(late, redact, time))
    taken = columns.taken(late, redact, time, key)
    features = tuple(name for name in frame.columns if name not in taken)
    seen_by_model = frame.select(features)
    parts = time_parts(frame, columns=[*([time] if time else []), *features])
    if not features and not parts:
        roles = dict.fromkeys(columns.taken(time, key), "has another role")
        raise _nothing_left({**roles, **late, **redact})
    return Look(
        rows=frame.height, label="labeling:label" if rule else said.label, rule=rule, outcome=seen,
        key=key, time=time, group=said.group, split=_split(said, time, seen), known_after=late, redact=redact,
        suspicious={name: strengths.told(name) for name in strengths.suspicious(features)},
        slices=slice_columns(seen_by_model, strengths=strengths.scores),
        features=features, parts=parts,
        simple_rule=find_simple_rule(frame, label, outcome=seen, columns=features, time=time),
        optimize=_OPTIMIZE[seen.task], satisfice=_satisfice(seen),
        threshold="f1" if seen.task == "binary" and seen.positive_share < _RARE else 0.5,
        open_ended=open_ended(frame.select(name for name in frame.columns if name not in {*redact, key})),
        fractions=tuple(each.name for each in seen_by_model.iter_columns() if _holds_fractions(each)),
        amounts=amounts(seen_by_model, strengths=strengths.scores),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Decides what the columns mean, one decision after the other."""

    frame: pl.DataFrame
    said: Said
    rule: Rule | None
    label: pl.Series
    outcome: Outcome

    @property
    def labelled_by(self) -> tuple[str, ...]:
        return self.rule.columns if self.rule else (self.said.label,)

    def taken(self, *others: Mapping[str, str] | str | None) -> set[str]:
        """Return the columns that have a role: the label, what was said, and what others name."""
        roles = {name for name in (self.said.time, self.said.key, self.said.group) if name}
        label = set() if self.rule else {self.said.label}
        found = {name for other in others if other for name in ([other] if isinstance(other, str) else other)}
        return roles | label | found

    def personal(self) -> dict[str, str]:
        kept = self.taken() | set(self.labelled_by) | set(self.said.known_after)
        reasons = {each.name: personal(each) for each in self.frame.iter_columns() if each.name not in kept}
        return {name: reason for name, reason in reasons.items() if reason}

    def strengths(self, redact: Mapping[str, str]) -> Strengths:
        skip = self.taken(redact) - set(self.labelled_by)
        looked_at = skip if self.rule else skip | {self.said.label}
        return afterwards.measure(self.frame, self.label, outcome=self.outcome, skip=looked_at)

    def known_after(self, strengths: Strengths, redact: Mapping[str, str]) -> dict[str, str]:
        """Return what is known only after the outcome: said, measured, or part of something that is."""
        late = dict.fromkeys(self.said.known_after, "so it was said")
        # Who names one of the rule's columns has thought about all of them.
        if self.rule and not set(late) & set(self.rule.columns):
            late |= afterwards.rule_columns(strengths, self.rule.columns)
        skip = self.taken(redact, late)
        late |= afterwards.copies(self.frame, self.label, classes=len(self.outcome.classes), skip=skip)
        for name in self.labelled_by:
            if name in late or not self.rule:
                target = self.frame[name]
                late |= afterwards.sums(self.frame, target, skip=self.taken(redact, late) | {name})
        return late


def _holds_fractions(values: pl.Series) -> bool:
    return values.dtype.is_float() and values.n_unique() > 2


_OPTIMIZE = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with categories as text and decimals as floats, as the data room keeps them."""
    return frame.with_columns(made for made in map(_plainer, frame.iter_columns()) if made is not None)


def _plainer(values: pl.Series) -> pl.Series | None:
    if isinstance(values.dtype, pl.Categorical | pl.Enum | pl.Null):
        return values.cast(pl.String)
    return values.cast(pl.Float64) if isinstance(values.dtype, pl.Decimal) else None


def _check(frame: pl.DataFrame, said: Said) -> None:
    if not frame.height:
        raise EmptySource("the data hold no rows: there is nothing to look at. Check the file or the query.")
    # Wherever a column is selected by name, Polars would take these for others too.
    patterns = [name for name in frame.columns if name == "*" or (name.startswith("^") and name.endswith("$"))]
    if patterns:
        raise DataError(f"the column {quoted(patterns[0])} has the name of a pattern. Rename it in the source.")
    named = {"--time": said.time, "--key": said.key, "--group": said.group}
    places = [(option, name) for option, name in named.items() if name]
    for option, name in [*places, *(("--known-after", name) for name in said.known_after)]:
        if name not in frame.columns:
            raise UnknownColumn(name, known=frame.columns, where=option)
        if name == said.label:
            raise UnusableLabel(f"{option} names {quoted(name)}, which is the label. Name another column.")


def _nothing_left(reasons: Mapping[str, str]) -> DataError:
    told = "; ".join(f"{quoted(name)} {reason}" for name, reason in reasons.items())
    return DataError(
        f"no column is left from which the label could be predicted: {told}. Bring data with more columns, "
        f"or say with --time, --key and --known-after what the columns are."
    )


def _label(frame: pl.DataFrame, said: Said) -> tuple[Rule | None, pl.Series]:
    """Return the rule, if the label is no column, and what every row's label is."""
    if said.label in frame.columns:
        # The project file would take a colon for the border between a file and a function.
        if ":" not in said.label:
            return None, frame[said.label]
        rule = Rule(text=said.label, columns=(said.label,), code=column_code(said.label))
        return rule, frame[said.label]
    if is_argument(said.label):
        raise UnknownColumn(said.label, known=frame.columns, where="--label")
    rule = read_rule(said.label, frame=frame)
    return rule, rule_values(rule, frame=frame).alias(said.label)


def _split(said: Said, time: str | None, seen: Outcome) -> str:
    if said.group and not said.time:
        return "group"
    if time:
        return "time"
    return "random" if seen.task == "regression" else "stratified"


def _satisfice(seen: Outcome) -> dict[str, str]:
    """Return limits that a model must keep to be of use: what knowing the label's values alone gives."""
    if seen.task == "regression":
        return {"rmse": f"<= {_down(seen.spread)}"}
    limits = {"log_loss": f"<= {_down(seen.entropy)}"}
    return limits if seen.task == "binary" else {**limits, "accuracy": f">= {_up(max(seen.shares))}"}


def _down(value: float) -> str:
    """Return a number in three digits, never above it."""
    digits = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{math.floor(value * 10.0**digits) / 10.0**digits:.{max(digits, 0)}f}"


def _up(share: float) -> str:
    return f"{math.ceil(share * 1000) / 1000:.3f}"

