"""How one state of a release becomes the next: pure functions, each refusing what makes no sense where it stands.

::

                    deploy
                 ┌──────────┐
    (nothing) ──▶│  single  │──── shadow ──▶ shadow ──┐
                 │          │                  │      │ canary
                 │          │──── canary ──▶ canary ◀─┘◀─┐
                 └──────────┘                  │  └──────┘ advance
                   ▲  ▲   └ roll_back          │
                   │  └── promote, approve ────┤  (ask: the rule says promote, a person has to approve)
                   └───── reject, roll_back ───┘

A transition makes a new `Deployment`, made from the one before it, the models, and what it was decided by. The time and
the number are given by who remembers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from loopwright.errors import LoopwrightError
from loopwright.records import Deployment, Ref
from loopwright.records.deployment import Event
from loopwright.settings import ReleaseSettings

__all__ = [
    "advance", "approve", "ask", "canary", "deploy", "next_share", "possible", "promote", "reject", "roll_back",
    "shadow",
]


def possible(current: Deployment | None) -> tuple[str, ...]:
    """Return the transitions that a state of a release allows, by name.

    ``roll_back`` needs an earlier champion besides, and ``advance`` a larger step.

    Examples
    --------
    >>> possible(None)
    ('deploy',)
    """
    if current is None:
        return ("deploy",)
    if current.stage == "single":
        return ("deploy", "shadow", "canary", "roll_back")
    decided = ("approve",) if current.awaiting else ("ask",)
    onwards = () if current.awaiting else ("canary",) if current.stage == "shadow" else ("advance",)
    return (*onwards, *decided, "promote", "reject", "roll_back")


def next_share(share: float, steps: Iterable[float]) -> float | None:
    """Return the first step above the present share; None if it was the last.

    Examples
    --------
    >>> next_share(0.05, (0.05, 0.25, 0.5)), next_share(0.5, (0.05, 0.25, 0.5))
    (0.25, None)
    """
    return min((step for step in steps if step > share), default=None)


def deploy(
    model: Ref,
    *,
    name: str,
    by: str,
    why: str,
    salt: str,
    settings: ReleaseSettings,
    previous: Deployment | None,
    because: tuple[Ref, ...] = (),
) -> Deployment:
    """Let one model answer everybody, from now on.

    Parameters
    ----------
    model : Ref
    name : str
        The project's.
    by, why : str
        Who did it, and the reason as a sentence.
    salt : str
        Key of the hash that assigns entities; a new random one.
    settings : ReleaseSettings
    previous : Deployment or None
        The present state; None if nothing is deployed.
    because : tuple of Ref
        Evidence that it was decided by.

    Raises
    ------
    LoopwrightError
        If a challenger is on trial, or the model serves already.

    Examples
    --------
    >>> first = deploy(
    ...     Ref(kind="model", digest="a"), name="taxi", by="ann", why="the first", salt="pepper",
    ...     settings=ReleaseSettings(), previous=None,
    ... )
    >>> second = canary(
    ...     first, Ref(kind="model", digest="b"), by="ann", why="trained anew", salt="thyme", settings=ReleaseSettings()
    ... )
    >>> second.stage, second.share, promote(second, by="rule", why="better").champion.digest
    ('canary', 0.05, 'b')
    """
    _allow("deploy", previous)
    _refuse_twice(model, previous)
    state = Deployment(
        name=name, stage="single", champion=model, challenger=None, share=0.0, held_back=settings.held_back, salt=salt,
        step=0, awaiting=False, event="deploy", by=by, why=why,
    )
    return _after(previous, state, because)


def shadow(
    current: Deployment,
    challenger: Ref,
    *,
    by: str,
    why: str,
    salt: str,
    settings: ReleaseSettings,
    because: tuple[Ref, ...] = (),
) -> Deployment:
    """Have a challenger asked whatever the champion is asked, and nobody sees its answers.

    Parameters and errors are those of `canary`.
    """
    _allow("shadow", current)
    _refuse_twice(challenger, current)
    state = replace(
        current, stage="shadow", challenger=challenger, share=0.0, held_back=settings.held_back, salt=salt, step=0,
        awaiting=False, event="shadow", by=by, why=why,
    )
    return _after(current, state, because)


def canary(
    current: Deployment,
    challenger: Ref,
    *,
    by: str,
    why: str,
    salt: str,
    settings: ReleaseSettings,
    because: tuple[Ref, ...] = (),
) -> Deployment:
    """Let a challenger answer the first share of the entities.

    Parameters
    ----------
    current : Deployment
        A single model, or a shadow of the same challenger.
    challenger : Ref
    by, why : str
    salt : str
        A new random one, so that other entities try what is new than the last time.
    settings : ReleaseSettings
        Its first step is the share.
    because : tuple of Ref

    Raises
    ------
    LoopwrightError
        If another challenger is on trial, the model is the champion, or there are no steps.
    """
    _allow("canary", current)
    if current.challenger is None:
        _refuse_twice(challenger, current)
    elif challenger.digest != current.challenger.digest:
        raise LoopwrightError(
            f"{_where(current)}: it can become a canary, but {challenger} is another model. "
            f"Reject the challenger first."
        )
    share = next_share(0.0, settings.steps)
    if share is None or max(settings.steps) >= 1:
        raise LoopwrightError(
            f"[release] steps must be shares above 0 and below 1, such as [0.05, 0.25, 0.5]; found "
            f"{list(settings.steps)}. Without a rest for the champion nothing can be compared."
        )
    state = replace(
        current, stage="canary", challenger=challenger, share=share, held_back=settings.held_back, salt=salt, step=0,
        awaiting=False, event="canary", by=by, why=why,
    )
    return _after(current, state, because)


def advance(
    current: Deployment, *, by: str, why: str, settings: ReleaseSettings, because: tuple[Ref, ...] = ()
) -> Deployment:
    """Let the challenger answer the next larger share; those who had it keep it.

    Raises
    ------
    LoopwrightError
        If there is no canary, a person is being waited for, or the share is the largest already.
    """
    _allow("advance", current)
    share = next_share(current.share, settings.steps)
    if share is None or share >= 1:
        raise LoopwrightError(
            f"{_where(current)}: that is the last of the steps {list(settings.steps)}. It can be promoted or "
            f"rejected, or [release] steps can be given a larger share below 1."
        )
    state = replace(current, share=share, step=current.step + 1, event="advance", by=by, why=why)
    return _after(current, state, because)


def ask(current: Deployment, *, by: str, why: str, because: tuple[Ref, ...] = ()) -> Deployment:
    """Say that the rule would promote, and wait for a person; requests are answered as before.

    Raises
    ------
    LoopwrightError
        If there is no challenger, or a person has been asked.
    """
    _allow("ask", current)
    return _after(current, replace(current, awaiting=True, event="ask", by=by, why=why), because)


def promote(current: Deployment, *, by: str, why: str, because: tuple[Ref, ...] = ()) -> Deployment:
    """Make the challenger champion.

    Raises
    ------
    LoopwrightError
        If there is no challenger.
    """
    _allow("promote", current)
    return _settled(current, _challenger(current), event="promote", by=by, why=why, because=because)


def approve(current: Deployment, *, by: str, why: str, because: tuple[Ref, ...] = ()) -> Deployment:
    """Promote what the rule has asked to promote.

    Raises
    ------
    LoopwrightError
        If nobody was asked.
    """
    _allow("approve", current)
    return _settled(current, _challenger(current), event="promote", by=by, why=why, because=because)


def reject(current: Deployment, *, by: str, why: str, because: tuple[Ref, ...] = ()) -> Deployment:
    """Send the challenger away; the champion stays.

    Raises
    ------
    LoopwrightError
        If there is no challenger.
    """
    _allow("reject", current)
    return _settled(current, current.champion, event="reject", by=by, why=why, because=because)


def roll_back(
    current: Deployment, history: Sequence[Deployment], *, by: str, why: str, because: tuple[Ref, ...] = ()
) -> Deployment:
    """Take the last change back: a challenger goes; without one, the champion before the present one returns.

    A champion that was rolled back from does not return by rolling back again: going back twice goes back two
    champions.

    Parameters
    ----------
    current : Deployment
    history : sequence of Deployment
        Every state, oldest first, the present one included.
    by, why : str
    because : tuple of Ref

    Raises
    ------
    LoopwrightError
        If there was no champion before the present one.
    """
    _allow("roll_back", current)
    if current.challenger is not None:
        return reject(current, by=by, why=why, because=because)
    champions = _champions(history)
    if len(champions) < 2:
        raise LoopwrightError(
            f"{_where(current)}: there is no champion before it to roll back to. Deploy a model that passed its gate."
        )
    return _settled(current, champions[-2], event="roll_back", by=by, why=why, because=because)


def _champions(history: Sequence[Deployment]) -> list[Ref]:
    """Return the champions that led to the present one, without those that were rolled back from."""
    champions: list[Ref] = []
    for state in history:
        while state.event == "roll_back" and champions and champions[-1].digest != state.champion.digest:
            champions.pop()
        if not champions or champions[-1].digest != state.champion.digest:
            champions.append(state.champion)
    return champions


def _settled(
    current: Deployment, champion: Ref, *, event: Event, by: str, why: str, because: tuple[Ref, ...]
) -> Deployment:
    """Return the state in which one model answers everybody; who is held back stays so."""
    state = replace(
        current, stage="single", champion=champion, challenger=None, share=0.0, step=0, awaiting=False, event=event,
        by=by, why=why,
    )
    return _after(current, state, because)


def _after(previous: Deployment | None, state: Deployment, because: tuple[Ref, ...]) -> Deployment:
    """Return a state with what it was made from; its time and number are given when it is remembered."""
    origins = (previous.ref if previous else None, state.champion, state.challenger, *because)
    made_from = tuple(dict.fromkeys(ref for ref in origins if ref is not None))
    return replace(state, made_from=made_from, at="", number=0)


def _allow(transition: str, current: Deployment | None) -> None:
    if transition in possible(current):
        return
    allowed = ", ".join(possible(current))
    raise LoopwrightError(f"cannot {transition.replace('_', ' ')}: {_where(current)}. From here one can: {allowed}.")


def _where(current: Deployment | None) -> str:
    if current is None:
        return "nothing is deployed yet"
    if current.challenger is None:
        return f"{current.name} is served by {current.champion} alone"
    waiting = ", and a promotion waits for approval" if current.awaiting else ""
    share = f"on {current.share:.0%} of the entities" if current.stage == "canary" else "in the shadow"
    return f"{current.name} is served by {current.champion}, with the challenger {current.challenger} {share}{waiting}"


def _refuse_twice(model: Ref, current: Deployment | None) -> None:
    if current is not None and model.digest == current.champion.digest:
        raise LoopwrightError(
            f"{_where(current)}: the model {model} answers already. Name another model, or leave it as it is."
        )


def _challenger(current: Deployment) -> Ref:
    if current.challenger is None:
        raise LoopwrightError(f"{_where(current)}: there is no challenger to promote. Start a canary first.")
    return current.challenger
