"""A SIMULATED taxi city whose true reason for big tips is known.

No trip, taxi, driver or company here exists. The city is calibrated to what can be measured in 15,000 real
Chicago taxi trips of 2013-2016 (City of Chicago data portal, in the sample of the TFX tutorials,
``loopwright.datasets.load("chicago-taxi")``); each constant below says which fact of that sample it encodes.

    python city.py --out data/trips.csv --rows 12000 --seed 7

What a careful person must know: **tips are recorded on card trips only**. A cash trip has no recorded tip,
whatever the rider gave, so ``payment_type`` nearly decides the label ``tips > 0.2 * fare``. A model of that
label mostly learns who pays by card, not who is generous.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["DEMO_END", "DEMO_START", "City", "main"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DEMO_START, DEMO_END = date(2013, 7, 1), date(2015, 7, 1)

# Trips by weekday, Monday first, as a multiple of the mean: Friday and Saturday are busiest.
WEEKDAY_LEVEL = np.array([0.909, 0.907, 0.940, 1.027, 1.168, 1.136, 0.913])

# Trips by month, January first, as a multiple of the mean: winter is quiet.
MONTH_LEVEL = np.array([0.85, 0.99, 1.00, 1.05, 1.03, 1.06, 0.98, 1.03, 0.99, 1.06, 0.99, 0.98])

# Trips by hour of the day in thousandths: weekdays peak at 19 h, the nights of Saturday and Sunday at 1 h.
HOUR_SHARE = np.array([
    [27, 21, 14, 8, 8, 7, 15, 25, 44, 54, 53, 44, 53, 48, 53, 48, 52, 59, 65, 73, 67, 58, 56, 49],
    [71, 72, 62, 48, 26, 15, 7, 9, 15, 22, 29, 35, 42, 42, 39, 48, 47, 46, 57, 53, 59, 52, 56, 47],
])

# The twenty community areas with the most pickups (98 % of all). Centres are the mean coordinates of pickups;
# shares are of all pickups and of all known drop-offs. Area 76 is O'Hare airport, 56 is Midway.
AREA = np.array([8, 32, 28, 6, 76, 7, 24, 33, 3, 56, 77, 22, 5, 1, 41, 4, 2, 16, 21, 14])
LATITUDE = np.array([
    41.8961, 41.8809, 41.8801, 41.9436, 41.9794, 41.9222, 41.9013, 41.8570, 41.9649, 41.7882,
    41.9862, 41.9222, 41.9479, 42.0093, 41.7934, 41.9746, 42.0016, 41.9538, 41.9393, 41.9681,
])
LONGITUDE = np.array([
    -87.6284, -87.6271, -87.6491, -87.6538, -87.9059, -87.6457, -87.6715, -87.6193, -87.6557, -87.7573,
    -87.6637, -87.6953, -87.6829, -87.6700, -87.5907, -87.6875, -87.6950, -87.7241, -87.7116, -87.7216,
])
PICKUP_SHARE = np.array([
    0.327, 0.220, 0.086, 0.079, 0.060, 0.060, 0.040, 0.021, 0.018, 0.017,
    0.012, 0.012, 0.007, 0.005, 0.005, 0.004, 0.004, 0.004, 0.003, 0.003,
])
DROPOFF_SHARE = np.array([
    0.297, 0.189, 0.100, 0.076, 0.036, 0.071, 0.052, 0.028, 0.021, 0.012,
    0.013, 0.020, 0.011, 0.008, 0.006, 0.008, 0.004, 0.006, 0.006, 0.005,
])
AIRPORT = np.isin(AREA, [76, 56])
MILES_PER_DEGREE = np.array([69.0, 51.4])  # of latitude and of longitude, at 42 degrees north

# Of the trips that start in the city 28 % stay in their area and 4.5 % go to an airport. The others end where
# the pull of an area, which fades with distance, takes them.
SAME_AREA_SHARE, AIRPORT_TRIP_SHARE, PULL_MILES = 0.28, 0.045, 1.7
# Pickups spread round an area's centre by .0045 degrees of latitude and .0068 of longitude.
SPREAD_DEGREES = np.array([0.0045, 0.0068])

# Median road miles are 1.15 times the straight line.
ROUTE_FACTOR, ROUTE_SPREAD = 1.15, 0.18
# A trip of 1.6 miles takes 540 seconds, one of 17.6 miles (O'Hare to the centre) 1,800 seconds.
SPEED_MPH, SPEED_EXPONENT, SPEED_SPREAD = 8.8, 0.47, 0.25
# Median speed by hour as a multiple of the mean: free at five in the morning, slow at five in the afternoon.
HOUR_SPEED = np.array([
    1.11, 1.14, 1.18, 1.07, 1.22, 1.62, 1.31, 1.09, 0.90, 0.83, 0.97, 0.92,
    0.86, 0.84, 0.85, 0.88, 0.85, 0.74, 0.78, 0.86, 0.97, 1.04, 1.11, 1.11,
])

# The meter of those years: 3.25 dollars to start, then .20 for each ninth of a mile and for each 36 seconds
# of standing; 94 % of the fares in the sample are 3.25 plus a multiple of .20.
START_CENTS, STEP_CENTS, STEP_MILES, STEP_SECONDS = 325, 20, 1 / 9, 36

# The eight largest companies by share of trips, none (a third of the trips name no company), and how often a
# company's meters fail to report the miles (27 % of the trips; the real files say 0.0, here it is null).
COMPANY = (*(f"Simulated Cabs {number}" for number in range(1, 9)), None)
COMPANY_SHARE = np.array([0.346, 0.110, 0.073, 0.058, 0.037, 0.016, 0.009, 0.007, 0.344])
MILES_LOST_SHARE = np.array([0.43, 0.25, 0.77, 0.28, 0.30, 0.02, 0.07, 1.00, 0.03])
# The sample has no taxi ids; a small fleet, so that each taxi has tens of trips.
TAXIS = 300

# Drop-offs outside the city have no area: 20 % of the trips from the airports, 2.2 % of the others.
OUTSIDE_SHARE_AIRPORT, OUTSIDE_SHARE_CITY = 0.20, 0.022

# Cards pay for a quarter of the trips in 2013, a third in 2014, 40 % in 2015; for 28 % of the fares near 6
# dollars and 62 % of those near 35.
CARD_LOGIT_AT_8_DOLLARS, CARD_LOGIT_PER_LOG_FARE, CARD_LOGIT_PER_YEAR = -0.90, 0.76, 0.34
CARD_REFERENCE = date(2014, 7, 1)
# What else is neither cash nor card, as shares of all trips.
OTHER_PAYMENT_SHARE = {"No Charge": 0.0054, "Unknown": 0.0019, "Dispute": 0.0003}

# The truth: log-odds that a card trip has a big tip. By fare first: riders round up to two dollars on short
# trips, which is more than a fifth of any fare below ten (90 % of the fares below 5 dollars, 78 % below 10,
# 41 % below 15, 46 % below 20, 64 % below 30, 69 % above).
FARE_LIMITS = np.array([5.0, 10.0, 15.0, 20.0, 30.0])
FARE_LOGIT = np.array([2.30, 1.20, -0.30, -0.02, 0.40, 0.46])
# What riders do instead once terminals propose tips: two dollars on a short trip go out of use, a quarter of a
# long one becomes common. Invented, so that a change of habits is known; no fact of the sample stands behind it.
NEW_FARE_LOGIT = np.array([-1.60, -1.00, 0.10, 0.70, 1.30, 1.60])
# Then by what a logistic regression on the 4,974 real card trips finds beside the fare.
EVENING_LOGIT, MORNING_LOGIT, WEEKEND_LOGIT = 0.18, -0.23, 0.04
AIRPORT_LOGIT, OUTER_AREA_LOGIT = 0.50, -0.40
EVENING_HOURS, MORNING_HOURS = [19, 20, 21, 22, 23, 0, 1, 2], [5, 6, 7, 8]
AIRPORT_AREAS, INNER_AREAS = [76, 56], [8, 32, 28, 6, 76, 7, 24, 33, 56]
COMPANY_LOGIT = {"Simulated Cabs 2": -0.25, "Simulated Cabs 3": -0.11, "Simulated Cabs 4": -0.18}

# Quantiles of tip / fare on card trips, above a fifth and below it; 15 % of the latter are no tip at all.
BIG_TIP_QUANTILES = np.array([
    [0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1],
    [0.201, 0.210, 0.211, 0.222, 0.276, 0.354, 0.449, 0.548, 0.822, 1.2],
])
SMALL_TIP_QUANTILES = np.array([
    [0, 0.05, 0.10, 0.25, 0.50, 0.75, 1],
    [0.01, 0.075, 0.102, 0.136, 0.165, 0.197, 0.2],
])
NO_TIP_SHARE = 0.15

UNIFORMS = ("time", "pickup", "dropoff", "outside", "taxi", "miles_lost", "payment", "big", "share", "no_tip")
NORMALS = ("pickup_north", "pickup_east", "dropoff_north", "dropoff_east", "route", "speed")


@dataclass(frozen=True, slots=True)
class Draws:
    """The chance in some trips, one element for each; everything else about them is a function of it.

    Each day has its own generator, so a day's draws do not depend on the days round it.
    """

    day: Integers       # days since 1970-01-01
    number: Integers    # of the trip in its day, from 1
    uniform: dict[str, Floats]
    normal: dict[str, Floats]


@dataclass(frozen=True)
class City:
    """A SIMULATED taxi city, the same for the same seed.

    Parameters
    ----------
    seed : int, default=0
        Not negative. Cities of different seeds differ in their trips, never in their truth.
    card_growth_until : date, optional
        From then on cards pay no larger share from year to year; they grow for ever if not given.
    new_habits_from : date, optional
        From then on card riders tip by other habits, ``NEW_FARE_LOGIT``; never if not given.

    Examples
    --------
    >>> trips = City(seed=1).trips(date(2014, 1, 1), date(2014, 1, 8), per_day=50)
    >>> trips.columns[:4]
    ['trip_id', 'taxi_id', 'driver_name', 'company']
    """

    seed: int = 0
    card_growth_until: date | None = None
    new_habits_from: date | None = None
    _company_of_taxi: Integers = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"the seed is {self.seed}; give a whole number that is not negative")
        fleet = np.searchsorted(np.cumsum(COMPANY_SHARE), (np.arange(TAXIS) + 0.5) / TAXIS)
        object.__setattr__(self, "_company_of_taxi", np.random.default_rng(self.seed).permutation(fleet))

    def trips(self, start: date, end: date, *, per_day: float) -> pl.DataFrame:
        """Return the trips that start from one day up to, and without, another.

        A day's trips are the same whichever range they are asked for in, so
        ``trips(a, c)`` is ``trips(a, b)`` followed by ``trips(b, c)``.

        Parameters
        ----------
        start, end : date
            First day, and the day after the last.
        per_day : float
            Mean number of trips a day over a year; each day's number is random.

        Returns
        -------
        polars.DataFrame
            In order of ``trip_start``, with the columns

            - trip_id, taxi_id, driver_name : text, invented by number;
            - company : text, null for a third of the trips;
            - trip_start : local time, in microseconds;
            - trip_seconds : whole minutes, in seconds;
            - trip_miles : null where the meter did not report them;
            - pickup_community_area, dropoff_community_area : numbers, the latter null outside the city;
            - pickup_latitude, pickup_longitude : degrees;
            - payment_type : text;
            - fare, tips : dollars; tips are 0 unless the trip was paid by card, and never exactly a fifth of
              the fare, so that no rounding decides whether a tip is big.

        Raises
        ------
        ValueError
            If the range is reversed or ``per_day`` is not a positive number.
        """
        if end < start:
            raise ValueError(f"the range ends on {end}, before its start on {start}; swap them")
        if not (math.isfinite(per_day) and per_day > 0):
            raise ValueError(f"per_day is {per_day}; give a positive number of trips")
        draws = _draws(self.seed, start=start, end=end, per_day=per_day)
        frame = _rides(draws, company_of_taxi=self._company_of_taxi, growth_until=self.card_growth_until)
        tips = _tips(frame["fare"].to_numpy(), is_big=draws.uniform["big"] < self.truth(frame), draws=draws)
        paid_by_card = pl.col("payment_type") == "Credit Card"
        return frame.with_columns(tips=pl.when(paid_by_card).then(pl.Series(tips)).otherwise(0.0))

    def truth(self, frame: pl.DataFrame) -> Floats:
        """Return the true probability that each trip's recorded tip is above a fifth of its fare.

        No model can do better than this on average: the probability is conditional on every column, and all
        that is left is chance.

        Parameters
        ----------
        frame : polars.DataFrame of n_rows
            With payment_type, fare, trip_start, pickup_community_area and company as ``trips`` returns them.

        Returns
        -------
        float64 array of shape (n_rows,)
            0 for every trip that was not paid by card.
        """
        hour, area = pl.col("trip_start").dt.hour(), pl.col("pickup_community_area")
        beside_the_fare = (
            EVENING_LOGIT * hour.is_in(EVENING_HOURS)
            + MORNING_LOGIT * hour.is_in(MORNING_HOURS)
            + WEEKEND_LOGIT * (pl.col("trip_start").dt.weekday() >= 6)
            + AIRPORT_LOGIT * area.is_in(AIRPORT_AREAS)
            + OUTER_AREA_LOGIT * ~area.is_in(INNER_AREAS)
            + pl.col("company").replace_strict(COMPANY_LOGIT, default=0.0, return_dtype=pl.Float64)
        )
        logit = frame.select(beside_the_fare).to_series().to_numpy()
        fare_band = np.searchsorted(FARE_LIMITS, frame["fare"].to_numpy(), side="right")
        is_card = (frame["payment_type"] == "Credit Card").to_numpy()
        of_fare = np.where(self._has_new_habits(frame), NEW_FARE_LOGIT[fare_band], FARE_LOGIT[fare_band])
        return np.where(is_card, _logistic(of_fare + logit), 0.0)

    def _has_new_habits(self, frame: pl.DataFrame) -> NDArray[np.bool_]:
        if self.new_habits_from is None:
            return np.zeros(frame.height, dtype=np.bool_)
        changed: NDArray[np.bool_] = (frame["trip_start"].dt.date() >= self.new_habits_from).to_numpy()
        return changed

    def demo(self, *, rows: int = 12_000) -> pl.DataFrame:
        """Return exactly so many trips, spread over the two demo years from July 2013.

        Parameters
        ----------
        rows : int, default=12000
            At least 1.

        Returns
        -------
        polars.DataFrame
            As ``trips`` returns it; a random sample of the trips of a slightly busier city.
        """
        if rows < 1:
            raise ValueError(f"rows is {rows}; give at least 1")
        days = (DEMO_END - DEMO_START).days
        # Six standard deviations of a Poisson number above the wish: too few happens once in 10^9 seeds.
        trips = self.trips(DEMO_START, DEMO_END, per_day=(rows + 6 * math.sqrt(rows) + 30) / days)
        chosen = np.random.default_rng(self.seed).choice(trips.height, size=rows, replace=False)
        return trips[np.sort(chosen)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write simulated trips to a file; return the exit code."""
    parser = argparse.ArgumentParser(description="Write trips of a SIMULATED taxi city; none is real.")
    parser.add_argument("--out", type=Path, required=True, help="file to write, .csv or .parquet")
    parser.add_argument("--rows", type=int, default=12_000, help="number of trips (default 12000)")
    parser.add_argument("--seed", type=int, default=0, help="which city (default 0)")
    wish = parser.parse_args(arguments)
    if wish.out.suffix not in {".csv", ".parquet"}:
        parser.error(f"--out is {wish.out}; let it end in .csv or .parquet")
    try:
        trips = City(seed=wish.seed).demo(rows=wish.rows)
        _write(trips, out=wish.out)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(f"{trips.height:,} SIMULATED trips, {DEMO_START} to {DEMO_END - timedelta(days=1)} -> {wish.out}")
    return 0


def _write(trips: pl.DataFrame, *, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".parquet":
        trips.write_parquet(out)
    else:
        trips.write_csv(out, datetime_format="%Y-%m-%dT%H:%M:%S")


def _draws(seed: int, *, start: date, end: date, per_day: float) -> Draws:
    first, days = (start - date(1970, 1, 1)).days, (end - start).days
    numbers, uniforms, normals = [], [], []
    for ordinal in range(first, first + days):
        # Days before 1970 count downwards; a seed may not be negative.
        chance = np.random.default_rng([seed, ordinal % 2**32])
        number = chance.poisson(per_day * _level(ordinal))
        numbers.append(number)
        uniforms.append(chance.random((number, len(UNIFORMS))))
        normals.append(chance.standard_normal((number, len(NORMALS))))
    day = np.repeat(np.arange(first, first + days), np.array(numbers, dtype=np.int64))
    uniform = np.concatenate([np.empty((0, len(UNIFORMS))), *uniforms])
    normal = np.concatenate([np.empty((0, len(NORMALS))), *normals])
    # The hour's inverse distribution function is increasing, so this is the order of the start times too.
    order = np.lexsort((uniform[:, UNIFORMS.index("time")], day))
    return Draws(
        day=day,
        number=np.arange(day.size) - np.searchsorted(day, day) + 1,
        uniform=dict(zip(UNIFORMS, uniform[order].T, strict=True)),
        normal=dict(zip(NORMALS, normal[order].T, strict=True)),
    )


def _level(ordinal: int) -> float:
    """Return how busy a day is, as a multiple of the mean day."""
    day = date(1970, 1, 1) + timedelta(days=ordinal)
    return float(WEEKDAY_LEVEL[day.weekday()] * MONTH_LEVEL[day.month - 1])


def _rides(draws: Draws, *, company_of_taxi: Integers, growth_until: date | None) -> pl.DataFrame:
    """Return everything about the trips but the tips."""
    uniform = draws.uniform
    start = _start_seconds(uniform["time"], weekend=(draws.day + 3) % 7 >= 5)
    hour = start // 3600
    pickup = _choose(PICKUP_SHARE, chance=uniform["pickup"])
    dropoff = _dropoffs(pickup, chance=uniform["dropoff"])
    position, miles = _routes(pickup, dropoff, draws=draws)
    mph = SPEED_MPH * miles**SPEED_EXPONENT * HOUR_SPEED[hour] * np.exp(SPEED_SPREAD * draws.normal["speed"])
    seconds = miles / mph * 3600
    fare = _fares(miles, seconds=seconds, mph=mph)
    taxi = (uniform["taxi"] * TAXIS).astype(np.int64)
    company = company_of_taxi[taxi]
    is_outside = uniform["outside"] < np.where(AIRPORT[pickup], OUTSIDE_SHARE_AIRPORT, OUTSIDE_SHARE_CITY)
    is_lost = uniform["miles_lost"] < MILES_LOST_SHARE[company]
    return pl.DataFrame({
        "trip_id": _trip_ids(draws),
        "taxi_id": _numbered("taxi", taxi),
        # Two drivers share a taxi, one by day and one by night.
        "driver_name": _numbered("driver", 2 * taxi + ((hour < 6) | (hour >= 18))),
        "company": pl.Series(COMPANY, dtype=pl.String).gather(company),
        "trip_start": pl.Series((draws.day * 86_400 + start) * 1_000_000).cast(pl.Datetime("us")),
        "trip_seconds": np.maximum(60, np.round(seconds / 60) * 60).astype(np.int64),
        "trip_miles": _blanked(pl.Series(np.round(miles, 1)), where=is_lost),
        "pickup_community_area": AREA[pickup],
        "dropoff_community_area": _blanked(pl.Series(AREA[dropoff]), where=is_outside),
        "pickup_latitude": np.round(position[0], 5),
        "pickup_longitude": np.round(position[1], 5),
        "payment_type": _payments(fare, day=_until(growth_until, draws.day), chance=uniform["payment"]),
        "fare": fare,
    })


def _start_seconds(chance: Floats, *, weekend: NDArray[np.bool_]) -> Integers:
    """Return the second of the day, from 0 to 86,399, at which trips start."""
    edges = np.arange(25) * 3600.0
    hours = [np.concatenate([[0.0], np.cumsum(share) / share.sum()]) for share in HOUR_SHARE]
    weekday, free_day = (np.interp(chance, shares, edges) for shares in hours)
    seconds: Integers = np.minimum(np.where(weekend, free_day, weekday), 86_399).astype(np.int64)
    return seconds


def _choose(shares: Floats, *, chance: Floats) -> Integers:
    limits = np.cumsum(shares) / shares.sum()
    chosen: Integers = np.minimum(np.searchsorted(limits, chance, side="right"), shares.size - 1)
    return chosen


def _dropoffs(pickup: Integers, *, chance: Floats) -> Integers:
    """Return where trips end: near where they start, unless that is an airport, or they go to one."""
    limits = np.cumsum(_dropoff_shares(), axis=1)
    # Rounding may leave the last limit just below 1, and chance just above it.
    reached: Integers = (limits[pickup] <= chance[:, None]).sum(axis=1)
    return np.minimum(reached, AREA.size - 1)


def _dropoff_shares() -> Floats:
    """Return the share of the trips from each area (rows) that ends in each area (columns)."""
    centre = np.stack([LATITUDE, LONGITUDE])
    miles = np.hypot(*((centre[:, :, None] - centre[:, None, :]) * MILES_PER_DEGREE[:, None, None]))
    pull = DROPOFF_SHARE * np.exp(-miles / PULL_MILES) * ~AIRPORT
    np.fill_diagonal(pull, 0.0)
    to_airport = np.where(AIRPORT, DROPOFF_SHARE, 0.0) / DROPOFF_SHARE[AIRPORT].sum()
    from_city = (
        SAME_AREA_SHARE * np.eye(AREA.size)
        + AIRPORT_TRIP_SHARE * to_airport
        + (1 - SAME_AREA_SHARE - AIRPORT_TRIP_SHARE) * pull / pull.sum(axis=1, keepdims=True)
    )
    shares: Floats = np.where(AIRPORT[:, None], DROPOFF_SHARE / DROPOFF_SHARE.sum(), from_city)
    return shares


def _routes(pickup: Integers, dropoff: Integers, *, draws: Draws) -> tuple[Floats, Floats]:
    """Return where trips start, as latitudes and longitudes of shape (2, n_rows), and their road miles."""
    centre = np.stack([LATITUDE, LONGITUDE])
    normal = draws.normal
    scatter = SPREAD_DEGREES[:, None]
    start = centre[:, pickup] + scatter * np.stack([normal["pickup_north"], normal["pickup_east"]])
    end = centre[:, dropoff] + scatter * np.stack([normal["dropoff_north"], normal["dropoff_east"]])
    straight = np.hypot(*((end - start) * MILES_PER_DEGREE[:, None]))
    # Even a trip round the block has a fifth of a mile.
    return start, 0.2 + ROUTE_FACTOR * straight * np.exp(ROUTE_SPREAD * normal["route"])


def _fares(miles: Floats, *, seconds: Floats, mph: Floats) -> Floats:
    """Return what the meter shows, in dollars; the slower the trip, the more of it was standing."""
    standing = seconds * np.clip(0.75 - mph / 45, 0.03, 0.8)
    steps = np.floor(miles / STEP_MILES + standing / STEP_SECONDS)
    fare: Floats = (START_CENTS + STEP_CENTS * steps) / 100
    return fare


def _payments(fare: Floats, *, day: Integers, chance: Floats) -> pl.Series:
    years = (day - (CARD_REFERENCE - date(1970, 1, 1)).days) / 365.25
    logit = CARD_LOGIT_AT_8_DOLLARS + CARD_LOGIT_PER_LOG_FARE * np.log(fare / 8) + CARD_LOGIT_PER_YEAR * years
    # The names lie side by side on the line from 0 to 1: the rare ones first, then card, then cash.
    rare = np.cumsum(list(OTHER_PAYMENT_SHARE.values()))
    card = rare[-1] + (1 - rare[-1]) * _logistic(logit)
    place = np.searchsorted(rare, chance, side="right") + (chance >= card)
    return pl.Series([*OTHER_PAYMENT_SHARE, "Credit Card", "Cash"]).gather(place)


def _until(limit: date | None, day: Integers) -> Integers:
    """Return the days, none of them after the limit."""
    return day if limit is None else np.minimum(day, (limit - date(1970, 1, 1)).days)


def _tips(fare: Floats, *, is_big: NDArray[np.bool_], draws: Draws) -> Floats:
    """Return what card trips tip, in dollars: at least a cent above a fifth of the fare, or a cent below."""
    cents = np.round(fare * 100).astype(np.int64)
    # Fares are multiples of five cents, so a fifth of one is a whole number.
    fifth = cents // 5
    chance = draws.uniform["share"]
    generous = np.maximum(fifth + 1, np.round(cents * np.interp(chance, *BIG_TIP_QUANTILES)))
    modest = np.minimum(fifth - 1, np.round(cents * np.interp(chance, *SMALL_TIP_QUANTILES)))
    modest = np.where(draws.uniform["no_tip"] < NO_TIP_SHARE, 0, modest)
    return np.where(is_big, generous, modest) / 100


def _trip_ids(draws: Draws) -> pl.Series:
    day = pl.from_epoch("day", time_unit="d").dt.strftime("%Y%m%d")
    number = pl.col("number").cast(pl.String).str.zfill(5)
    frame = pl.DataFrame({"day": draws.day, "number": draws.number})
    return frame.select(pl.format("sim-{}-{}", day, number)).to_series()


def _numbered(noun: str, number: Integers) -> pl.Series:
    digits = pl.Series(number).cast(pl.String).str.zfill(4)
    return noun + " " + digits


def _blanked(column: pl.Series, *, where: NDArray[np.bool_]) -> pl.Series:
    return column.set(pl.Series(where), None)


def _logistic(logit: Floats) -> Floats:
    return 1 / (1 + np.exp(-logit))


if __name__ == "__main__":
    sys.exit(main())
