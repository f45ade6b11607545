#!/usr/bin/env bash
# segment-anything 1.0 with torchvision 0.29.2 and torch 2.15.0: whoever wants only the modules of SAM's decoder, such as
# `from segment_anything.modeling import MaskDecoder`, runs the package's __init__, which imports the automatic mask
# generator for the sake of one function of torchvision.ops; that imports torch's compiler and sympy. On a small server
# that is more memory than the decoder with its image, and a second or more before the first mask. The modules
# themselves need torch alone.
# Seen: `import torch` loads nothing of torch._dynamo or sympy; MaskDecoder brings about 100 and 400 modules of them, and
# 0.17 GB of resident memory; modeling loaded by its folder, past the __init__, builds the same decoder without them.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 psutil==7.2.2 torch==2.15.0 torchvision==0.29.2 segment-anything==1.0
cat > "$place/run.py" <<'PYTHON'
import importlib.util
import sys

import psutil
import torch


def loaded(of):
    return sum(name.split(".")[: of.count(".") + 1] == of.split(".") for name in sys.modules)


def megabytes():
    return psutil.Process().memory_info().rss / 1e6


assert torch.zeros(1).item() == 0
before = megabytes()
if sys.argv[1] == "package":
    from segment_anything.modeling import MaskDecoder, TwoWayTransformer
else:
    folder = importlib.util.find_spec("segment_anything").submodule_search_locations[0] + "/modeling"
    spec = importlib.util.spec_from_file_location("modeling", f"{folder}/__init__.py", submodule_search_locations=[folder])
    module = sys.modules["modeling"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    MaskDecoder, TwoWayTransformer = module.MaskDecoder, module.TwoWayTransformer
grown = megabytes() - before
blocks = TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8)
decoder = MaskDecoder(transformer_dim=256, transformer=blocks)
parameters = sum(one.numel() for one in decoder.parameters())
print(sys.argv[1], "compiler", loaded("torch._dynamo"), "sympy", loaded("sympy"), "MB", round(grown), parameters)
PYTHON
"$place/venv/bin/python" "$place/run.py" package | tee "$place/package"
"$place/venv/bin/python" "$place/run.py" folder | tee "$place/folder"
read -r _ _ compiler _ sympy _ grown parameters < "$place/package"
read -r _ _ no_compiler _ no_sympy _ grown_without same < "$place/folder"
test "$compiler" -gt 50 && test "$sympy" -gt 200 && test "$grown" -gt 100
test "$no_compiler" -eq 0 && test "$no_sympy" -eq 0 && test "$grown_without" -lt 30 && test "$parameters" -eq "$same"
