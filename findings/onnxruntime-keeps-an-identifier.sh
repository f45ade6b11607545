#!/usr/bin/env bash
# onnxruntime 1.32.0 (PyPI, Linux), which serves networks in many tools that promise to keep patients' data at home: the
# first session of a process writes a lasting identifier of the machine's user into the cache folder at home, although
# nobody was asked and nothing is printed, and beside it a database of events that wait to be sent. Who reads the promise
# "writes nothing, calls nobody" off their own code is wrong. With ORT_DISABLE_TELEMETRY=1 in the environment before the
# import nothing is written.
# Seen: .cache/Microsoft/DeveloperTools/.onnxruntime/ with deviceid and onnxruntime.db after one session; no file at all
# with the variable set.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > "$place/run.py" <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "neg", [value], [result])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
assert session.run(None, {"x": np.ones(1, np.float32)})[0][0] == -1.0
PYTHON
for disabled in 0 1; do
  home=$place/home$disabled
  mkdir "$home"
  # A bare environment: where tests seem to run, nothing is kept either.
  variables=(HOME="$home" PATH="$PATH")
  if [ "$disabled" = 1 ]; then variables+=(ORT_DISABLE_TELEMETRY=1); fi
  env -i "${variables[@]}" "$place/venv/bin/python" "$place/run.py"
  echo "disabled $disabled: $(cd "$home" && find . -type f | sort | tr '\n' ' ')"
done
find "$place/home0" -type f | grep -q onnxruntime
test -z "$(find "$place/home1" -type f)"
