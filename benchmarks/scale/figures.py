"""The formulas of docs/scale.md. Every number in its tables is computed here."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import numbers_of, table
from benchmarks.scale.assumptions import ASSUMPTIONS
from benchmarks.scale.measured import Rows
from benchmarks.simulation.cards import (
    CARDS,
    GAINS_SOURCE,
    MODELS,
    PRICE_SOURCE,
    SPEED_SOURCE,
    Card,
    DrawnModel,
)
from benchmarks.simulation.demand import Demand
from benchmarks.simulation.fleet import Fleet, capacity
from bot.config import Settings

DAY_S = 86_400
HOUR_S = 3600
MONTH_DAYS = 30
GB = 1e9
REQUESTS_BESIDE = 3
"""A job's message, its end and the deleted progress message, beside its previews."""

COMMITS = 5
"""Transactions of a job that write: it is queued, posted, claimed, finished and shown."""

PERFORMANCE = Path("docs/performance.md")
BOT_CPU_COLUMN = "CPU of the bot"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: a name that formulas use, what it is, how it is computed and its value."""

    name: str
    meaning: str
    formula: str
    value: float


class Figures:
    """The figures in their order; each formula may use the names of those before it."""

    def __init__(self, known: Mapping[str, float]) -> None:
        self.known = dict(known)
        self.rows: list[Figure] = []

    def formula(self, name: str, meaning: str, formula: str) -> None:
        """Compute a formula: what is shown is what was computed."""
        # The formulas stand in this file: nothing from outside is ever computed so.
        value = float(eval(formula, {"ceil": math.ceil, "__builtins__": {}}, self.known))
        self.known[name] = value
        self.rows.append(Figure(name, meaning, formula, value))


def demand_figures(given: Mapping[str, float]) -> Figures:
    """Jobs, interactions, shards and requests."""
    figures = Figures({**given, "day_s": DAY_S, "beside": REQUESTS_BESIDE})
    for row in (
        ("servers", "servers", "members / members_a_server"),
        ("shards", "shards", "ceil(servers / servers_a_shard)"),
        ("jobs_day", "jobs a day", "members * active * jobs_a_day"),
        ("jobs_s", "jobs a second, busiest minute", "jobs_day / day_s * peak"),
        ("interactions_s", "interactions a second, then", "jobs_s * interactions"),
        ("drawn_s", "drawn jobs a second, then", "jobs_s * drawn"),
        ("pictures_day", "drawn pictures a day", "jobs_day * drawn * pictures"),
        ("requests_s", "requests to Discord a second, then", "drawn_s * (edits + beside)"),
        ("over", "times the limit that a bot has at first", "requests_s / requests"),
    ):
        figures.formula(*row)
    return figures


def storage_figures(figures: Figures, measured: Rows, picture_bytes: int) -> Sequence[Figure]:
    """Processes of the bot, Postgres and the object store."""
    start = len(figures.rows)
    figures.known |= {
        "bot_cpu_s": bot_cpu_s(),
        "row_bytes": measured.total_bytes,
        "picture_bytes": picture_bytes,
        "gb": GB,
        "month": MONTH_DAYS,
        "commits": COMMITS,
    }
    for row in (
        ("bots", "processes of the bot, a core each", "ceil(jobs_s * bot_cpu_s / bot_load)"),
        ("rows_year", "rows of jobs after a year", "jobs_day * 365"),
        ("picture_rows_year", "rows of pictures after a year", "pictures_day * 365"),
        ("database_gb", "GB in Postgres after a year", "rows_year * row_bytes / gb"),
        ("commits_s", "transactions that write a second, then", "jobs_s * commits"),
        ("objects", "objects kept", "pictures_day * keep_days"),
        ("store_gb", "GB of objects kept", "objects * picture_bytes / gb"),
        ("store_dollars", "$ a month for objects", "store_gb * store_price"),
        ("database_dollars", "$ a month for Postgres' disk", "database_gb * database_price"),
        (
            "store_cost",
            "$ for a picture, without GPUs",
            "(store_dollars + database_dollars) / (pictures_day * month)",
        ),
    ):
        figures.formula(*row)
    return figures.rows[start:]


def bot_cpu_s() -> float:
    """Seconds of a core that the bot takes for a grid, as docs/performance.md has them."""
    found = numbers_of(PERFORMANCE, "engines", "darkroom")
    return found[BOT_CPU_COLUMN] / 1000


@dataclass(frozen=True, slots=True)
class CardFigures:
    """Grids a minute of one card, cards for the busiest minute, dollars for a picture."""

    model: DrawnModel
    card: Card
    rate: float
    cards: int
    cost_steady: float
    cost_scaled: float


def card_figures(figures: Mapping[str, float]) -> Iterator[CardFigures]:
    """For each model and card; capacities are simulated."""
    at_once = Settings.model_fields["jobs_at_once"].default
    for model in MODELS:
        for card in CARDS:
            demand = Demand(1.0, {card.work(model): 1.0}).jobs(100, seed=1)
            rate = capacity(Fleet(card.costs(model), 1, at_once), demand)
            cards = math.ceil(figures["drawn_s"] / (rate * figures["load"]))
            a_day = cards * card.price * DAY_S / HOUR_S
            steady = a_day / figures["pictures_day"]
            scaled = card.price / HOUR_S / (rate * figures["load"] * figures["pictures"])
            yield CardFigures(model, card, rate, cards, steady, scaled)


# Tables.


def shown(value: float) -> str:
    """Three digits are enough for estimates; large numbers keep all before the point."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"


def assumption_table(given: Mapping[str, float]) -> str:
    """All assumptions, those about cards too."""
    rows = [
        [f"`{name}`", one.meaning, shown(given[name]), one.source]
        for name, one in ASSUMPTIONS.items()
    ]
    for card in CARDS:
        rows.append([card.name, "SDXL pictures a second", shown(card.sdxl_rate), SPEED_SOURCE])
        rows.append([card.name, "$ an hour", shown(card.price), PRICE_SOURCE])
    for model in MODELS:
        once = f"TFLOP of a row of a pass; {shown(model.decode_tflop)} of a decoded picture"
        rows.append([model.name, once, shown(model.pass_tflop), "counted from the networks"])
        rows.append([model.name, "steps, with guidance", str(model.steps), "usual"])
    rows.append(["gain of sharing", "1.02 times at 1024 px, 3.14 at 512 px", "", GAINS_SOURCE])
    return table(("name", "what", "value", "source"), rows)


def figure_table(figures: Sequence[Figure]) -> str:
    """Names, formulas and values."""
    rows = [[f"`{one.name}`", one.meaning, f"`{one.formula}`", shown(one.value)] for one in figures]
    return table(("name", "what", "formula", "value"), rows)


def card_table(figures: Sequence[CardFigures]) -> str:
    """Cards by model."""
    rows = [
        [
            one.model.name,
            one.card.name,
            shown(60 * one.rate),
            shown(one.cards),
            f"{100 * one.cost_steady:.3f}",
            f"{100 * one.cost_scaled:.3f}",
        ]
        for one in figures
    ]
    head = ("model", "card", "grids a minute", "cards", "¢ a picture", "¢ if scaled by load")
    return table(head, rows)
