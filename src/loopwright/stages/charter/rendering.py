"""The files of a new project as texts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata

import jinja2

from loopwright.stages.charter.candidates import candidates
from loopwright.stages.charter.describing import SPLITS, sentences
from loopwright.stages.charter.looking import Look
from loopwright.stages.charter.quoting import is_argument, number_code, quoted, quoted_list

__all__ = ["Named", "project_files"]

_MEANINGS = {
    "loopwright.toml": "the project file: goal, targets, data, split, models to try",
    "features.py": "feature functions over Polars expressions",
    "labeling.py": "the label rule",
    "heuristics.py": "the decision without machine learning, always scored beside the model",
    "scenarios.py": "what the model must do whatever its metrics say",
    "configs/quick.toml": "laid over the project file for a fast pass",
    "data/README.md": "where the rows are",
    "models/README.md": "where the models are",
    "api/predict.py": "prediction in a Python process",
    "docker/Dockerfile": "the same commands in a container",
    "scripts/retrain.sh": "the whole line for a scheduler, with its exit codes",
}
_TEMPLATES = {
    **{file: file.rpartition("/")[2] for file in _MEANINGS},
    "data/README.md": "data.md",
    "models/README.md": "models.md",
    "README.md": "README.md",
    ".gitignore": "gitignore",
}
_FEW_ROWS = 2_000
_OPTIMIZE_REASONS = {
    "roc_auc": 'share of pairs in the right order; needs no threshold',
    "log_loss": 'rewards right probabilities; needs no threshold',
    "rmse": 'in the unit of the label; large errors count more',
}
_ANSWERS = {
    "binary": "the probability of the positive class",
    "multiclass": "the name of the likeliest class",
    "regression": "a number",
}


_SAYS = {"binary": "Say what is positive", "multiclass": "Say the class", "regression": "Say the number"}
_MEASURED = {
    "binary": "true positive rate less false positive rate",
    "multiclass": "accuracy",
    "regression": "share of the variance explained",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the user calls things.

    Attributes
    ----------
    name : str
        Of the project.
    source : str
        Where the rows are, as seen from the project folder.
    query, delimiter : str or None
        How the source is read.
    description : str
    """

    name: str
    source: str
    query: str | None = None
    delimiter: str | None = None
    description: str = ""


def project_files(look: Look, named: Named) -> dict[str, str]:
    """Return the files of a project: path in the folder -> text.

    Parameters
    ----------
    look : Look
        What was found in the rows.
    named : Named

    Examples
    --------
    >>> import polars as pl
    >>> from loopwright.stages.charter.looking import Said, look
    >>> rows = pl.DataFrame({"paid": ["Card", "Cash", "Cash"] * 30, "tip": [True, True, False] * 30})
    >>> made = project_files(look(rows, Said(label="tip")), Named(name="tips", source="trips.csv"))
    >>> print(made["heuristics.py"].splitlines()[-1].strip())
    return (paid == "Card").fill_null(value=False)
    """
    meanings = {file: meaning for file, meaning in _MEANINGS.items() if _is_needed(file, look)}
    facts = _facts(look, named) | {"meanings": meanings}
    files = [*meanings, "README.md", ".gitignore"]
    return {file: _environment().get_template(f"{_TEMPLATES[file]}.jinja").render(facts) for file in files}


def _is_needed(file: str, look: Look) -> bool:
    needs = {"labeling.py": look.rule, "heuristics.py": look.simple_rule}
    return file not in needs or needs[file] is not None


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    # These are no web pages: names are made safe by `quoted`, for TOML, Python and comments alike.
    environment = jinja2.Environment(  # noqa: S701
        loader=jinja2.PackageLoader("loopwright.stages.charter", "templates"),
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )
    environment.filters |= {
        "quoted": quoted,
        "quoted_list": quoted_list,
        "thousands": "{:,}".format,
        "percent": "{:.1%}".format,
        "value": lambda value: quoted(value) if isinstance(value, str) else repr(value),
    }
    return environment


def _facts(look: Look, named: Named) -> dict[str, object]:
    return {
        "look": look,
        "name": named.name,
        "source": named.source,
        "query": named.query,
        "delimiter": named.delimiter,
        "description": named.description,
        "version": metadata.version("loopwright"),
        "sentences": sentences(look),
        **_target_facts(look),
        **_feature_facts(look),
        **_rule_facts(look),
        **_scenario_facts(look),
    }


def _target_facts(look: Look) -> dict[str, object]:
    seen = look.outcome
    satisfice = {
        "binary": "# Below the log loss of a model that knows only how many rows are positive.",
        "multiclass": "# Better than a model that knows only how frequent each class is.",
        "regression": "# Below the standard deviation of the label: the error of always answering its mean.",
    }
    name, limit = {
        "binary": ("recall", ">= 0.5"), "multiclass": ("accuracy", ">= 0.5"), "regression": ("r2", ">= 0"),
    }[seen.task]
    column = look.slices[0] if look.slices else "column"
    return {
        "optimize_reason": f"{' ' * (19 - len(look.optimize))}# {_OPTIMIZE_REASONS[look.optimize]}",
        "satisfice_reason": satisfice[seen.task],
        "slice_limit": f"{quoted(f'{name}@{column}')} = {quoted(limit)}",
        # Of few rows more must be kept aside to tell a better model from a lucky one.
        "kept_aside": (0.2, 0.25) if seen.labelled < _FEW_ROWS else (0.15, 0.15),
        "split_reason": f"# {SPLITS[look.split][0].upper()}{SPLITS[look.split][1:]}.",
        "candidates": candidates(seen.task, rows=seen.labelled, classes=len(seen.classes)),
    }


def _feature_facts(look: Look) -> dict[str, object]:
    unnamed = [name for name in look.features if not is_argument(name)]
    more = f" and {len(unnamed) - 5} more" if len(unnamed) > 5 else ""
    return {
        "ratio": _ratio([name for name in look.amounts if is_argument(name)]),
        "unnamed": ", ".join(map(quoted, unnamed[:5])) + more,
    }


def _ratio(amounts: Sequence[str]) -> dict[str, str] | None:
    """Return two columns for the example of a feature; whether their ratio means anything is not known."""
    if len(amounts) < 2:
        return None
    above, below = amounts[:2]
    return {"name": f"{above.lstrip('_')}_per_{below.lstrip('_')}", "above": above, "below": below}


def _rule_facts(look: Look) -> dict[str, object]:
    """Return what labeling.py and heuristics.py need."""
    rule, simple = look.rule, look.simple_rule
    return {
        "labeling": rule
        and {"arguments": _parameters(rule.arguments), "text": quoted(rule.text), "code": rule.code},
        "heuristic": simple
        and {
            "arguments": _parameters(simple.arguments),
            "meaning": f"{_SAYS[look.task]} by {quoted(simple.column)} alone.",
            "measured": f"{_MEASURED[look.task]} {simple.score:.2f}",
            "rows": simple.rows,
            "code": textwrap.indent(simple.code, " " * 4).lstrip(),
        },
    }


def _parameters(arguments: tuple[str, ...]) -> str:
    return ", ".join(f"{name}: pl.Expr" for name in arguments)


def _scenario_facts(look: Look) -> dict[str, object]:
    seen = look.outcome
    reach = seen.high - seen.low
    simple = look.simple_rule.column if look.simple_rule else None
    return {
        "scenario": {
            "answer": _ANSWERS[look.task],
            "classes": "{" + ", ".join(map(quoted, sorted(seen.classes))) + "}",
            "at_least": number_code(seen.low - reach),
            "at_most": number_code(seen.high + reach),
            "seen": f"{seen.low:g} to {seen.high:g}",
            "tolerance": {"binary": "0.01", "multiclass": "0"}.get(look.task, f"{0.01 * seen.spread:.3g}"),
            "nudged": next(iter(look.fractions), None),
            "emptied": simple or next(iter(look.features), None),
        }
    }
