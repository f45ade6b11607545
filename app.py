"""Entry point of the hosted Space; on your own machine `make app` does the same."""

import os

from ctseg.ui import serve

if __name__ == "__main__":
    serve(host=os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0"), port=int(os.environ.get("PORT", "7860")))  # noqa: S104 a Space is reached from outside
