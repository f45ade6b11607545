"""How long a large run takes and what it costs, simulated shard by shard with recorded times.

    python scripts/studies/plan_batch.py --seconds-a-slice 0.31 --cores 16 64 256 --price 0.04

The simulation hands the shards of `ctseg.batch.tasks.shards_of` to workers of one core as they become free,
as both engines do. A volume's slices take recorded times: those of a run's ``times.parquet``, or one figure
with a spread of 20 %. A lost worker does its volume again. What the run reads and writes a second is printed
beside, as the one disk that all nodes see must bear it.
"""

import argparse
import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.batch.tasks import BatchTask, shards_of


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done, and what was measured of it.

    Attributes
    ----------
    slices, volumes : how many there are; volumes differ in their slices by a third around the mean
    seconds : recorded processor seconds of single slices, drawn from with replacement
    volume_seconds : reading a volume and writing its label maps
    start_seconds : a worker's start, with its imports and weights
    bytes_in, bytes_out : of the disk, for a slice
    price : of a core-hour
    losses_a_day : workers that are lost, for each worker
    """

    slices: int = 370_000
    volumes: int = 1228
    seconds: tuple[float, ...]
    volume_seconds: float = 8.0
    start_seconds: float = 5.0
    bytes_in: int = 65_000
    bytes_out: int = 5_000
    price: float = 0.04
    losses_a_day: float = 0.05


@dataclass(frozen=True)
class Outcome:
    """What a simulated run took."""

    cores: int
    hours: float
    core_hours: float
    price: float
    megabytes_a_second: float
    idle: float


def simulate(plan: Plan, cores: int, seed: int = 0) -> Outcome:
    """Return what a run on so many cores takes."""
    rng = np.random.default_rng(seed)
    work = [float(sum(times)) for times in _shards(plan, rng)]
    free = [plan.start_seconds] * min(cores, len(work))
    heapq.heapify(free)
    for seconds in work:
        start = heapq.heappop(free)
        # Lost once at most: half of one volume's time is done again, and the worker starts anew.
        lost = rng.random() < plan.losses_a_day * seconds / 86_400
        again = plan.start_seconds + seconds / 10 if lost else 0.0
        heapq.heappush(free, start + seconds + again)
    end = max(free)
    hours = end / 3600
    return Outcome(
        cores=cores,
        hours=hours,
        core_hours=cores * hours,
        price=cores * hours * plan.price,
        megabytes_a_second=plan.slices * (plan.bytes_in + plan.bytes_out) / end / 1e6,
        idle=1 - sum(free) / (end * cores),
    )


def _shards(plan: Plan, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Seconds of each volume of each shard."""
    weights = rng.uniform(2 / 3, 4 / 3, plan.volumes)
    counts = np.maximum(1, np.round(weights / weights.sum() * plan.slices)).astype(int)
    recorded = np.array(plan.seconds)
    seconds = [rng.choice(recorded, count).sum() + plan.volume_seconds for count in counts]
    shards = shards_of([BatchTask(str(k), 1, {}) for k in range(plan.volumes)])
    return [np.array(seconds[shard.first : shard.first + len(shard.tasks)]) for shard in shards]


def spread(seconds: float) -> tuple[float, ...]:
    """Return times around one figure: its own, and 20 % above and below."""
    return (0.8 * seconds, seconds, 1.2 * seconds)


def table(plan: Plan, cores: Sequence[int]) -> str:
    """Return the outcomes as a table in Markdown."""
    lines = [
        "| cores | hours | core-hours | price | MB a second | idle at the end |",
        "|---|---|---|---|---|---|",
    ]
    for count in cores:
        found = simulate(plan, count)
        lines.append(
            f"| {count} | {found.hours:.1f} | {found.core_hours:.0f} | {found.price:.2f} | "
            f"{found.megabytes_a_second:.2f} | {100 * found.idle:.0f} % |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=Plan.slices)
    parser.add_argument("--volumes", type=int, default=Plan.volumes)
    parser.add_argument("--seconds-a-slice", type=float, help="processor seconds")
    parser.add_argument("--times", type=Path, help="times.parquet of a run, in the place of one figure")
    parser.add_argument("--cores", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--price", type=float, default=Plan.price, help="of a core-hour")
    options = parser.parse_args()
    if (options.seconds_a_slice is None) == (options.times is None):
        parser.error("give --seconds-a-slice or --times")
    seconds = spread(options.seconds_a_slice or 0.0)
    if options.times is not None:
        import polars as pl

        seconds = tuple(pl.read_parquet(options.times)["cpu_seconds"].to_list())
    plan = Plan(slices=options.slices, volumes=options.volumes, seconds=seconds, price=options.price)
    print(table(plan, options.cores))


if __name__ == "__main__":
    main()
