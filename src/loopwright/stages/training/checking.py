"""The checks of training as evidence."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sklearn.pipeline import Pipeline

from loopwright.records import Evidence, Run
from loopwright.settings import TrainingSettings
from loopwright.stages.training.material import Material
from loopwright.stages.training.pipelines import pipeline
from loopwright.stages.training.running import parts_of
from loopwright.stages.training.sanity import (
    Check,
    overfits_a_tiny_batch,
    predictions_are_finite,
    same_seed_same_model,
    shuffled_labels_give_chance,
)

__all__ = ["checked"]


def checked(
    rows: pl.DataFrame,
    *,
    of: Material,
    trials: Sequence[Run],
    chosen: Run,
    final: Run,
    settings: TrainingSettings,
    row: str,
    at: str,
) -> tuple[Evidence, ...]:
    """Return evidence that training is sane, that it repeats, and that the search was a search.

    Parameters
    ----------
    rows : DataFrame
        Examples.
    of : Material
    trials : sequence of Run
    chosen, final : Run
        The best trial, and the fit of its configuration done again.
    settings : TrainingSettings
    row, at : str
    """
    parts = parts_of(rows, features=of.features, labels=of.labels, row=row)
    train, validation = parts["train"], parts["validation"]

    def make() -> Pipeline:
        return pipeline(
            final.estimator,
            final.params,
            features=of.features.features,
            frame=train.inputs,
            task=of.charter.task,
            seed=final.seed,
        )

    task, seed = of.charter.task, final.seed
    checks = {
        "overfits_a_tiny_batch": overfits_a_tiny_batch(make, train.inputs, train.truth, task=task, seed=seed),
        "shuffled_labels_give_chance": shuffled_labels_give_chance(
            make, train.inputs, train.truth, validation.inputs, validation.truth, task=task, seed=seed
        ),
        "same_seed_same_model": same_seed_same_model(make, train.inputs, train.truth, validation.inputs, task=task),
        "predictions_are_finite": predictions_are_finite(make, train.inputs, train.truth, validation.inputs, task=task),
    }
    return (
        *(_sanity(name, check, final, at) for name, check in checks.items()),
        reproducible(chosen, final, at=at),
        tuned(trials, chosen, settings, subject=final, at=at),
        numeric(rows, of, subject=final, at=at),
        training_cost(trials, final, rows=len(train.rows), at=at),
    )


def reproducible(chosen: Run, final: Run, *, at: str) -> Evidence:
    """Check that the chosen configuration, fitted again, comes to the same validation score."""
    before, after = chosen.objective, final.objective
    same = before is not None and after is not None and abs(before - after) <= 1e-9
    verdict = "as the first fit did" if same else f"but the first fit came to {before:.6g}"
    claim = f"fitting {chosen.name} again from its record came to {after:.6g} on the validation part, {verdict}"
    return Evidence(
        made_from=(chosen.ref, final.ref),
        check="reproducible.refit",
        subject=final.ref,
        claim=claim,
        passed=same,
        value=after,
        limit=f"= {before:.6g}",
        at=at,
    )


def tuned(trials: Sequence[Run], chosen: Run, settings: TrainingSettings, *, subject: Run, at: str) -> Evidence:
    """Say how hyperparameters were searched, and whether the best lies at the edge of what was tried."""
    fitted = [run for run in trials if run.objective is not None]
    searched = [run for run in fitted if run.search]
    spread = [run.objective for run in fitted if run.objective is not None]
    claim = f"{len(searched)} configurations were searched in {settings.rounds} rounds"
    if len(spread) > 1:
        claim += f"; on the validation part they lie between {min(spread):.4f} and {max(spread):.4f}"
    edges = _at_the_edge(searched, chosen)
    if edges:
        claim += f"; the best has {', '.join(edges)} at the edge of what was tried: widen that range"
    failed = len(trials) - len(fitted)
    if failed:
        claim += f"; {failed} could not be fitted"
    return Evidence(
        made_from=(chosen.ref,),
        check="search.tuned",
        subject=subject.ref,
        claim=claim,
        passed=len(searched) > 1,
        value=float(len(searched)),
        limit="> 1",
        at=at,
    )


def numeric(rows: pl.DataFrame, of: Material, *, subject: Run, at: str) -> Evidence:
    """Count NaN and infinities among what the model is fed."""
    names = [feature.name for feature in of.features.features if rows[feature.name].dtype.is_float()]
    infinite = {name: int(rows[name].is_infinite().sum()) for name in names}
    nan = {name: int(rows[name].is_nan().sum()) for name in names}
    bad = {name: count for name, count in infinite.items() if count}
    claim = f"{sum(nan.values())} NaN and {sum(infinite.values())} infinite values among {rows.height} rows of features"
    if bad:
        claim += (
            f" ({', '.join(f'{name}: {count} infinite' for name, count in bad.items())}; they are treated as missing)"
        )
    return Evidence(
        made_from=(of.features.ref,),
        check="numeric.stable",
        subject=subject.ref,
        claim=claim,
        passed=not bad,
        rows=rows.height,
        at=at,
    )


def training_cost(trials: Sequence[Run], final: Run, *, rows: int, at: str) -> Evidence:
    """Say how long fitting took."""
    seconds = sum(run.seconds or 0.0 for run in trials)
    claim = (
        f"the final fit took {final.seconds or 0:.2f} s for {rows:,} rows; "
        f"the {len(trials)} trials took {seconds:.1f} s"
    )
    return Evidence(
        made_from=(final.ref,), check="cost.training", subject=final.ref, claim=claim, passed=None, rows=rows, at=at
    )


def _sanity(name: str, check: Check, final: Run, at: str) -> Evidence:
    return Evidence(
        made_from=(final.ref,),
        check=f"sanity.{name}",
        subject=final.ref,
        claim=check.claim,
        passed=check.passed,
        value=check.value,
        low=check.low,
        high=check.high,
        limit=check.limit,
        rows=check.rows,
        at=at,
    )


def _at_the_edge(searched: Sequence[Run], chosen: Run) -> list[str]:
    """Return the searched numbers whose best value is the smallest or largest tried in the first round."""
    first = [run for run in searched if run.round == 1]
    found = []
    for name, value in chosen.search.items():
        tried = [number for run in first if isinstance(number := run.search.get(name), int | float)]
        if len(tried) > 3 and isinstance(value, int | float) and not min(tried) < value < max(tried):
            found.append(f"{name} = {value:g}")
    return found
