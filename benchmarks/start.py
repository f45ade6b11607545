"""From the command to the first page: ``ctseg serve`` beside a bare Gradio app, which is the limit.

    python benchmarks/start.py [PAIRS]

Both are started in turn, on this machine and in this run. Time runs until the first page is answered; memory
is the process's own (resident) at that moment. Aim: at most 1.15 times the seconds, 1.3 times the memory.
``import ctseg`` and ``ctseg --help``, which a user waits for, stand below beside a bare Python.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil

PAIRS = 5
LIMIT_S = 300.0
BARE = """
import sys
import gradio as gr
with gr.Blocks(analytics_enabled=False) as page:
    gr.Markdown("Nothing but Gradio")
page.launch(server_port=int(sys.argv[1]), quiet=True)
"""
ROOT = Path(__file__).resolve().parents[1]


def start(command: Sequence[str], port: int) -> tuple[float, float]:
    """Start a server, ask for its page until it answers, and end it; return seconds and memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = os.environ | {"TMPDIR": folder, "GRADIO_ANALYTICS_ENABLED": "False", "PYTHONPATH": path}
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while not answers(port):
                if process.poll() is not None or time.perf_counter() - began > LIMIT_S:
                    raise SystemExit(f"{' '.join(command[:4])} did not answer.")
                time.sleep(0.02)
            seconds = time.perf_counter() - began
            return seconds, psutil.Process(process.pid).memory_info().rss / 2**20
        finally:
            process.terminate()
            process.wait()


def answers(port: int) -> bool:
    """Tell whether the first page is there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def seconds_of(*arguments: str) -> float:
    """Return the median seconds of a short run of this Python."""
    taken = []
    for _ in range(PAIRS):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        taken.append(time.perf_counter() - began)
    return median(taken)


def main() -> None:
    """Print the medians of both and their ratios."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    bare, ours = [], []
    for _ in range(pairs):
        port = free_port()
        bare.append(start([sys.executable, "-c", BARE, str(port)], port))
        port = free_port()
        ours.append(start([sys.executable, "-m", "ctseg", "serve", "--port", str(port)], port))
    (bare_s, bare_mb), (ours_s, ours_mb) = (
        tuple(median(each[place] for each in runs) for place in (0, 1)) for runs in (bare, ours)
    )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{pairs} pairs, median, {os.cpu_count()} cores, load {load:.1f} at the end")
    print(f"bare Gradio  {bare_s:6.2f} s  {bare_mb:5.0f} MB")
    print(f"ctseg serve  {ours_s:6.2f} s  {ours_mb:5.0f} MB")
    ratio = median(one[0] / other[0] for one, other in zip(ours, bare, strict=True))
    print(f"times        {ratio:6.2f}    {ours_mb / bare_mb:5.2f}   (aim: 1.15 and 1.30)")
    print(f"bare Python {seconds_of('-c', 'pass'):.2f} s", end=", ")
    print(f"import ctseg {seconds_of('-c', 'import ctseg'):.2f} s", end=", ")
    print(f"ctseg --help {seconds_of('-m', 'ctseg', '--help'):.2f} s")


if __name__ == "__main__":
    main()
