"""Pages to HTML: the templates, the numbers, the pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from loopwright.faces.web import charts
from loopwright.faces.web.frames import BARE, Frame
from loopwright.faces.web.names import address, event_of, name_of, noun
from loopwright.faces.web.numbers import bytes_of, clock, day, duration, interval, moment, number, share
from loopwright.faces.web.pages import Page
from loopwright.faces.web.pages.retraining import Choice
from loopwright.faces.web.requests import with_query
from loopwright.records import Evidence, Ref

if TYPE_CHECKING:
    from jinja2 import Environment

    from loopwright.stages.evaluation import Exhibit, ImportanceBars

__all__ = ["STYLE", "STYLE_DIGEST", "render"]

_HERE = files("loopwright.faces.web")

STYLE = (_HERE / "static" / "style.css").read_text(encoding="utf-8")
"""The style sheet; standalone reports carry it inside."""

STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""SHA-256 of the style sheet as content security policies write it."""

_CAPTIONS = {
    "confusion": "What the model decides, by what is true.",
    "importance": "What each feature adds, with its interval.",
    "precision_recall": "Of those it calls positive, how many are. Dashed: guessing.",
    "reliability": "How often it happens among rows given about that probability. Dashed: perfect.",
    "residuals": "Errors along the prediction; the band holds four fifths of them, the line is their middle.",
    "roc": "How many positive rows are found, at the price of how many false alarms. Dashed: guessing.",
    "score_histogram": "How sure the model is: the further apart, the better it tells them apart.",
}

_MOST_BARS = 30  # in one forest plot

PLACES = (
    ("/", "Loop"),
    ("/deployment", "Deployment"),
    ("/monitoring", "Monitoring"),
    ("/quality", "Quality"),
    ("/alerts", "Alerts"),
    ("/retraining", "Retraining"),
    ("/predictions", "Predictions"),
    ("/datasets", "Datasets"),
    ("/runs", "Runs"),
    ("/models", "Models"),
    ("/score", "Score"),
    ("/activity", "Activity"),
)
"""The menu."""


def render(page: Page, *, template: str | None = None, frame: Frame = BARE) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    page : Page
    template : str, optional
        Instead of the page's own. Templates that end in ``_sheet.html`` make standalone files: their style is
        inside and they hold no links into the dashboard.
    frame : Frame
        What stands round the page: who is signed in, whether it refreshes.
    """
    name = template or page.template
    linked = not name.endswith("_sheet.html")
    return _environment().get_template(name).render(page=page, frame=frame, linked=linked)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: (_HERE / "templates" / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        bytes=bytes_of, clock=clock, day=day, duration=duration, moment=moment, noun=noun, number=number, share=share
    )
    environment.globals.update(
        address=address,
        charts=charts,
        caption=lambda exhibit: "" if isinstance(exhibit, str) else _CAPTIONS[exhibit.kind],
        choices=_choices,
        evidence_forest=_evidence_forest,
        event_of=event_of,
        interval=interval,
        is_safe_link=_is_safe_link,
        is_text=lambda value: isinstance(value, str),
        name_of=name_of,
        picture=_picture,
        place=lambda one: address(Ref(kind=one.kind, digest=one.digest)),
        places=PLACES,
        prediction_address=lambda name: f"/predictions/{quote(name, safe='')}",
        sign_in_address=lambda here: with_query("/login", {"next": here}),
        style=Markup(STYLE),  # noqa: S704 - our own file
        style_digest=STYLE_DIGEST,
        word_of=_word_of,
    )
    return environment


def _picture(exhibit: Exhibit) -> Markup | None:
    """Return the chart of an exhibit; None for a confusion matrix, which is a table."""
    drawings: dict[str, Callable[..., Markup]] = {
        "importance": _importance,
        "precision_recall": charts.precision_recall,
        "reliability": charts.reliability,
        "residuals": charts.residuals,
        "roc": charts.roc,
        "score_histogram": charts.score_histogram,
    }
    return drawings[exhibit.kind](exhibit) if exhibit.kind in drawings else None


def _importance(exhibit: ImportanceBars) -> Markup:
    rows = tuple(
        charts.Interval(name=one.name, value=one.mean, low=one.low, high=one.high)
        for one in exhibit.features[:_MOST_BARS]
    )
    return charts.forest(rows, title=f"what a feature adds to {exhibit.metric}", reference=0)


def _choices(choices: Sequence[Choice]) -> tuple[charts.Interval, ...]:
    """Return the data that could be trained on as rows of a forest plot."""
    return tuple(
        charts.Interval(
            name=one.name, value=one.score, low=one.low, high=one.high, note=f"{one.rows:,} rows" if one.rows else ""
        )
        for one in choices
        if one.score is not None
    )


def _evidence_forest(
    evidence: list[Evidence], *, title: str, reference: float | None = None
) -> Markup | None:
    """Return the values of pieces of evidence below each other; None if none has a value."""
    rows = tuple(
        charts.Interval(
            name=_word_of(one),
            value=one.value,
            low=one.low,
            high=one.high,
            role="bad" if one.passed is False else "model",
            note=f"{one.rows:,} rows" if one.rows else "",
        )
        for one in evidence
        if one.value is not None
    )
    return charts.forest(rows, title=title, reference=reference) if rows else None


def _word_of(evidence: Evidence) -> str:
    """Return what a line about the evidence is called: its slice, or the last words of its check."""
    room, _, name = evidence.check.partition(".")
    # Names of features, metrics and runs stay as they are; those of checks are sentences without spaces.
    said = name.replace("_", " ") if room in {"sanity", "scenario"} else name
    return evidence.slice or said or evidence.check


def _is_safe_link(link: str) -> bool:
    """Say whether a link that a person wrote may become one on a page: no ``javascript:``."""
    return link.startswith(("https://", "http://"))
