"""What serves at a moment: a state of the release, its models, and the door in front of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from loopwright.errors import LoopwrightError
from loopwright.records.deployment import Deployment
from loopwright.records.model import Input, Model
from loopwright.records.schema import Schema
from loopwright.settings import ServingSettings
from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.door import Door, Facts

__all__ = ["Routes", "inputs_of", "routes_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """One value, so that a request never sees half of a change.

    Attributes
    ----------
    digest : str
        Of the deployment; taken once, since every row is logged with it.

    Raises
    ------
    LoopwrightError
        If the state of the release lets a challenger answer and there is none.
    """

    deployment: Deployment
    champion: Served
    challenger: Served | None
    door: Door
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", self.deployment.digest)
        if self.deployment.stage == "canary" and self.challenger is None:
            raise LoopwrightError(
                f"deployment {self.deployment.number} is a canary, and its challenger is not loaded. Load it, or roll "
                f"back with `loopwright rollback`."
            )


def routes_of(
    deployment: Deployment,
    *,
    champion: Served,
    challenger: Served | None,
    schema: Schema,
    facts: Facts,
    settings: ServingSettings,
) -> Routes:
    """Return what serves, with the door that its models need.

    Parameters
    ----------
    deployment : Deployment
        The newest state of the release.
    champion, challenger : Served
        Its models; the challenger may be None in a shadow stage in which it cannot be loaded.
    schema, facts, settings
        As for ``Door``.

    Raises
    ------
    LoopwrightError
    """
    inputs = inputs_of(
        champion.model, challenger.model if challenger else None, is_heard=deployment.stage == "canary"
    )
    door = Door(inputs, schema=schema, facts=facts, settings=settings)
    return Routes(deployment=deployment, champion=champion, challenger=challenger, door=door)


def inputs_of(champion: Model, challenger: Model | None, *, is_heard: bool) -> tuple[Input, ...]:
    """Return the columns that the door asks for.

    Parameters
    ----------
    champion, challenger : Model
    is_heard : bool
        The challenger answers somebody. What only a challenger needs whom nobody hears is welcome, but a row without
        it is answered all the same.
    """
    theirs = challenger.inputs if challenger else ()
    if not is_heard:
        theirs = tuple(Input(name=item.name, type=item.type, nullable=True) for item in theirs)
    return (*champion.inputs, *theirs)
