"""Entry point of the hosted Space; on your own machine `make app` does the same."""

import importlib
import os

from ctseg.ui import serve

# Set by that hardware, which asks for a decorated function before the start.
if os.environ.get("SPACES_ZERO_GPU"):
    importlib.import_module("spaces")  # before torch
    importlib.import_module("ctseg.methods.sam.engine.zero_gpu")

if __name__ == "__main__":
    serve(host=os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0"), port=int(os.environ.get("PORT", "7860")))  # noqa: S104 a Space is reached from outside
