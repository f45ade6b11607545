"""Measure ``ctseg batch`` beside other ways to segment a folder, and slices a second of each method.

    python benchmarks/batch.py

Side by side are calls of ``ctseg segment`` file by file, ``ctseg segment FOLDER``, a plain
``multiprocessing.Pool`` over ``ctseg.segment``, and ``ctseg batch`` with one worker and with two, on the same
slices of the phantom; starts count, as a user waits for them. What is sustained once all workers have done
their first shard stands beside: the gain of a second worker is told by that. Each method then runs on two
processor threads: as two workers of one thread, and as one worker of two. Times are by the clock, so the
machine should do nothing else; its load is printed. Mixed slices and forced failures are for
``scripts/checks/check_batch.py``.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
from PIL import Image

import ctseg
from ctseg.datasets import open_split
from ctseg.methods import CARDS, download_bytes
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

CTSEG = (sys.executable, "-m", "ctseg")
FILE_BY_FILE, POOLED = 3, 16
MANY, FEW = 6, 2
SLOW_SECONDS = 2.0
OUTS = {"ctseg batch, 1 worker": 1, "ctseg batch, 2 workers": 2}
SPLITS = {"2 x 1": (2, 1), "1 x 2": (1, 2)}


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=64, help="of the phantom, side by side (default 64)")
    parser.add_argument("--method", default="watershed", help="of the comparison (default watershed)")
    parser.add_argument("--methods", nargs="*", help="of the table (default: all; none with no name)")
    options = parser.parse_args()
    start = time.perf_counter()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_phantoms(folder / "images", options.slices)
        side_by_side(folder, options.slices, options.method)
        table_of_methods(folder, trained() if options.methods is None else options.methods)
    print(f"load {os.getloadavg()[0]:.1f} at the end, after {time.perf_counter() - start:.0f} s")


def trained() -> list[str]:
    """Return all methods whose weights are here, the quick ones first."""
    names = [name for name, card in CARDS.items() if card.trained and not download_bytes(name)]
    return sorted(names, key=lambda name: name.startswith("sam"))


def side_by_side(folder: Path, slices: int, method: str) -> None:
    """Print slices a second of each way, and what the aims are."""
    images = folder / "images"
    paths = sorted(images.iterdir(), key=lambda path: int(path.stem))
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "ctseg segment, file by file": (
            FILE_BY_FILE,
            lambda: [_segment(path, folder / "single", method) for path in paths[:FILE_BY_FILE]],
        ),
        "ctseg segment FOLDER": (slices, lambda: _segment(images, folder / "y.csv", method)),
        "multiprocessing.Pool(2)": (POOLED, lambda: pooled(paths[:POOLED], method)),
        "ctseg batch, 1 worker": (slices, lambda: _batch(images, folder / "1", method, 1, 1)),
        "ctseg batch, 2 workers": (slices, lambda: _batch(images, folder / "2", method, 2, 1)),
    }
    print(f"\n| {slices} phantom slices as PNG, `{method}` | slices a second | sustained |\n|---|---|---|")
    rates = []
    for name, (count, way) in ways.items():
        start = time.perf_counter()
        way()
        rates.append(count / (time.perf_counter() - start))
        kept = f"{sustained(folder / str(OUTS[name]), OUTS[name]):.2f}" if name in OUTS else ""
        print(f"| {name} | {rates[-1]:.2f} | {kept} |", flush=True)
    alone, by_folder, _, one, two = rates
    print(
        f"\n2 workers: {two / alone:.1f} times file by file (aim 4), {two / by_folder:.2f} times FOLDER (1.5)"
    )
    ideal = sustained(folder / "2", 2) / sustained(folder / "1", 1) / 2
    print(f"of ideal: {ideal:.2f} sustained (aim 0.9), {two / one / 2:.2f} with starts")


def sustained(out: Path, workers: int) -> float:
    """Return slices a second of a run from when each worker had done its first shard to the last shard."""
    files = (out / "done").iterdir()
    done = sorted((path.stat().st_mtime, json.loads(path.read_text())["done"]) for path in files)
    if len(done) <= workers:
        return float("nan")
    return sum(count for _, count in done[workers:]) / (done[-1][0] - done[workers - 1][0])


def table_of_methods(folder: Path, methods: list[str]) -> None:
    """Print slices a second of each method for both splits of two threads, starts and reading aside."""
    if not methods:
        return
    names = " | ".join(f"{name}: slices a second | MB a process" for name in SPLITS)
    print(f"\n| method (workers x threads) | {names} | best |\n|---|---|---|---|---|---|", flush=True)
    for method in methods:
        cells, rates = [], {}
        slow = CARDS[method].seconds >= SLOW_SECONDS or method.startswith("sam")
        few = folder / f"of-{FEW if slow else MANY}"
        if not few.is_dir():
            write_phantoms(few, FEW if slow else MANY)
        for split, (workers, threads) in SPLITS.items():
            out = folder / f"{method}-{workers}"
            peak = _batch(few, out, method, workers, threads)
            rates[split] = rate_of(out, workers)
            cells.append(f"{rates[split]:.2f} | {peak:.0f}")
        best = max(rates, key=lambda split: rates[split])
        print(f"| `{method}` | {' | '.join(cells)} | {best} |", flush=True)


def rate_of(out: Path, workers: int) -> float:
    """Return slices a second of a run by its median slice: a worker's first waits for what is loaded late."""
    return workers / pl.read_parquet(out / "times.parquet")["seconds"].median()


def write_phantoms(folder: Path, count: int) -> None:
    """Write slices of the phantom as PNG, as the challenge has them."""
    folder.mkdir(parents=True)
    split = open_split("phantom-val")
    for number in range(count):
        grey = to_uint8(split.slice(number % len(split)), SOFT_TISSUE)
        Image.fromarray(grey).save(folder / f"{number}.png")


def _segment(source: Path, out: Path, method: str) -> None:
    words = [*CTSEG, "segment", source, "--method", method, "--out", out]
    subprocess.run(words, check=True, capture_output=True)


def _batch(source: Path, out: Path, method: str, workers: int, threads: int) -> float:
    """Run it and return the largest memory of one of its processes, in MB."""
    words = ["batch", source, "--method", method, "--out", out]
    words += ["--workers", str(workers), "--threads", str(threads)]
    started = subprocess.Popen([*CTSEG, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(started.pid, 0)
    assert status == 0, words
    return usage.ru_maxrss / 1024


def pooled(paths: list[Path], method: str) -> list[int]:
    """Do it as many would: a pool of processes over the library's call."""
    os.environ["CTSEG_THREADS"] = "1"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return pool.starmap(_structures, [(path, method) for path in paths], chunksize=1)


def _structures(path: Path, method: str) -> int:
    return int(ctseg.segment(path, method).max())


if __name__ == "__main__":
    main()
