"""What the server counts of itself, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

__all__ = ["Telemetry"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MOST_FIELDS = 200


class Telemetry:
    """Counters of one server, in a registry of their own, so that two servers in one process do not mix.

    Every metric begins with ``loopwright_``; times are in seconds, as Prometheus wants them.

    Examples
    --------
    >>> telemetry = Telemetry()
    >>> telemetry.rows.labels(result="answered").inc(3)
    >>> b'loopwright_rows_total{result="answered"} 3.0' in telemetry.written("")[0]
    True
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "loopwright_requests", "Requests by route, consumer and HTTP status.", ("route", "consumer", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "loopwright_request_seconds", "Seconds from the last byte of a request to its answer.", ("route",),
            buckets=_SECONDS, registry=registry,
        )
        self.rows = Counter(
            "loopwright_rows",
            "Rows by what became of them: answered, held back, repeated, refused, failed.", ("result",),
            registry=registry,
        )
        self.refusals = Counter(
            "loopwright_refusals", "Things wrong with rows, by field and kind.", ("field", "kind"), registry=registry,
        )
        self.arms = Counter(
            "loopwright_arm_rows", "Rows answered, by arm of the release and model.", ("arm", "model"),
            registry=registry,
        )
        self.slow = Counter(
            "loopwright_slow_rows", "Rows answered more slowly than the charter allows.", registry=registry
        )
        self.unheard = Counter(
            "loopwright_unheard_failures",
            "Rows for which the model that nobody hears gave no usable score in time.", registry=registry,
        )
        self.outcomes = Counter("loopwright_outcomes", "Outcomes told, by what became of them.", ("result",),
                                registry=registry)
        self.log_failures = Counter(
            "loopwright_log_failures", "Events that could not be written to the prediction log.", registry=registry
        )
        self.pending = Gauge(
            "loopwright_log_pending", "Events handed to the prediction log and not yet acknowledged.",
            registry=registry,
        )
        self.deployment = Gauge(
            "loopwright_deployment", "Number of the state of the release that serves.", registry=registry
        )
        self.models = Gauge(
            "loopwright_model", "Version of the models that serve, by their role.", ("role",), registry=registry
        )
        self.is_ready = Gauge("loopwright_ready", "1 if the server takes requests.", registry=registry)
        self._fields: set[str] = set()

    def refused(self, problems: Iterable[tuple[str, str]]) -> None:
        """Count what is wrong with rows: field and kind.

        The first 200 fields are counted by name; a caller who invents columns without end must not fill the memory.
        """
        for field, kind in problems:
            if len(self._fields) < _MOST_FIELDS:
                self._fields.add(field)
            name = field if field in self._fields else "(others)"
            self.refusals.labels(field=name, kind=_family(kind)).inc()

    def serves(self, *, deployment: int, champion: int, challenger: int | None) -> None:
        """Say what serves now."""
        self.deployment.set(deployment)
        self.models.labels(role="champion").set(champion)
        if challenger is None:
            self.models.remove_by_labels({"role": "challenger"})
        else:
            self.models.labels(role="challenger").set(challenger)

    def written(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics as text, and its media type; OpenMetrics where the caller accepts it.

        Parameters
        ----------
        accept : str
            The request's header.
        """
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type


def _family(kind: str) -> str:
    """Return a kind of problem without the value in it: ``"above 250"`` is ``"above its range"``."""
    for start, family in (("above ", "above its range"), ("below ", "below its range"), ("new value", "new value")):
        if kind.startswith(start):
            return family
    return kind
