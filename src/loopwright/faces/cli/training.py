"""Commands of the training room."""

from __future__ import annotations

from typing import Annotated

import typer

from loopwright.faces.cli.console import as_data, emit, say, short, table
from loopwright.faces.cli.session import AsJson, Folder, project_session
from loopwright.records import Run

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(runs)


def runs(
    project: Folder = None,
    limit: Annotated[int, typer.Option(help="Show so many of the best.")] = 30,
    metric: Annotated[list[str] | None, typer.Option(help="Metrics to show; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare all runs, the best first: baselines, trials of the search, final fits."""
    with project_session(project, logged=False) as opened:
        found = sorted(
            opened.metadata.all(Run),
            key=lambda item: -(item.objective if item.objective is not None else float("-inf")),
        )
        if as_json:
            emit([as_data(item) for item in found])
            return
        optimized = opened.settings.targets.optimize
        wanted = metric or [*([optimized] if isinstance(optimized, str) else optimized), *_others(found)]
        wanted = list(dict.fromkeys(wanted))[:3]
        table(
            "runs on the validation part",
            ("run", "role", *wanted, "seconds", "parameters", "digest"),
            [
                (
                    item.name,
                    item.role,
                    *(_value(item, name) for name in wanted),
                    f"{item.seconds or 0:.2f}",
                    _params(item),
                    short(item.digest),
                )
                for item in found[:limit]
            ],
            right=tuple(range(2, 3 + len(wanted))),
            prose=(3 + len(wanted),),
        )
        if len(found) > limit:
            say(f"[dim]and {len(found) - limit} more; --limit shows them[/]")


def _others(found: list[Run]) -> list[str]:
    return [item.metric for item in found[0].metrics if item.part == "validation"][:3] if found else []


def _value(run: Run, metric: str) -> str:
    return next(
        (f"{item.value:.4f}" for item in run.metrics if item.metric == metric and item.part == "validation"), ""
    )


def _params(run: Run) -> str:
    if run.failed:
        return f"failed: {run.failed[:60]}"
    return ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in run.search.items()
    )
