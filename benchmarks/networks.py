"""Measure how fast the trained networks load and segment, against torch with the same weights.

    python benchmarks/networks.py

Every number comes from a fresh process: seconds until the network is there, imports included, seconds for a
phantom slice of 512x512 (both looks), peak memory. Prints the ratios of ONNX Runtime to torch, and
says whether the aims are met: 2 s to load, 0.6 s a slice for a U-Net, 1.5 s for a transformer.
"""

import json
import subprocess
import sys

from ctseg.methods import CARDS
from ctseg.weights import manifest

SLICES = 5
LOAD_SECONDS = 2.0
UNET_SECONDS, TRANSFORMER_SECONDS = 0.6, 1.5

COMMON = """
import json, resource, time
start = time.perf_counter()
{load}
loaded = time.perf_counter() - start
from ctseg.datasets import open_split
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
import numpy as np
ct_slice = open_split("phantom-val").slice(0)
segment(ct_slice)
times = []
for _ in range({slices}):
    start = time.perf_counter()
    segment(ct_slice)
    times.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([loaded, float(np.median(times)), peak]))
"""
OURS = """
from ctseg.methods import load
segment = load({method!r}).segment
"""
TORCH = """
import numpy as np
from ctseg.labelmaps import connected_regions
from ctseg.networks.foreground import predict_foreground
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.weights import fetch
stored = load_network(fetch({file!r}))
logits = torch_logits(stored.network)
def segment(ct_slice):
    grey = to_uint8(ct_slice, SOFT_TISSUE)
    return connected_regions(predict_foreground(logits, grey, stored.size, ((), (1,))) >= 0.5)
"""


def measure(load: str) -> tuple[float, float, float]:
    """Return seconds to load, seconds a slice and peak MB of a fresh process."""
    program = COMMON.format(load=load, slices=SLICES)
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded, seconds, peak = json.loads(answer.stdout)
    return loaded, seconds, peak


def main() -> None:
    """Print a line a method."""
    print("method             load s (torch, ratio)   slice s (torch, ratio)   peak MB (torch)")
    missed = []
    for file in manifest().values():
        if file.licence != "research use":
            continue
        method = file.methods[0]
        ours, torch = measure(OURS.format(method=method)), measure(TORCH.format(file=file.file))
        print(
            f"{method:18s} {ours[0]:.2f} ({torch[0]:.2f}, {ours[0] / torch[0]:.3f})      "
            f"{ours[1]:.3f} ({torch[1]:.3f}, {ours[1] / torch[1]:.3f})      {ours[2]:.0f} ({torch[2]:.0f})",
            flush=True,
        )
        aim = UNET_SECONDS if CARDS[method].title.startswith("U-Net") else TRANSFORMER_SECONDS
        if ours[0] > LOAD_SECONDS or ours[1] > aim:
            missed.append(method)
    print(f"aims missed by: {', '.join(missed)}" if missed else "all aims met")


if __name__ == "__main__":
    main()
