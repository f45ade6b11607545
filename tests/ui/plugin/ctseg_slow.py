"""Methods of another package, found through entry points: two that wait, an endless and a broken one."""

import tempfile
import time
from pathlib import Path

import numpy as np

from ctseg.methods.base.card import Card
from ctseg.methods.base.method import NeverStop, Stopped, ignore_progress
from ctseg.slices.windowing import SOFT_TISSUE


def _card(name: str) -> Card:
    return Card(
        name=name,
        title=f"Test method {name}",
        family="classical",
        summary="Marks what is bright.",
        paper="",
        paper_url="",
        input_window=SOFT_TISSUE,
        handles_unknown_window=False,
        weights=(),
        weights_licence="none needed",
        training_data="none",
        saw=("nothing",),
        parameters=0,
        seconds=0.0,
        full_tiling=False,
        known_failures=(),
        trained=True,
        control=False,
    )


class _Gated:
    """Waits until a file of its name lies in the temporary folder."""

    def __init__(self, name: str) -> None:
        self.gate = Path(tempfile.gettempdir()) / name

    def segment(self, ct_slice, stop=NeverStop(), progress=ignore_progress):
        while not self.gate.exists():
            if stop.is_set():
                raise Stopped
            time.sleep(0.05)
        return (ct_slice.pixels > np.median(ct_slice.pixels)).astype(np.int32)


class _Endless:
    """Keeps a core busy until it is stopped."""

    def segment(self, ct_slice, stop=NeverStop(), progress=ignore_progress):
        while not stop.is_set():
            np.linalg.svd(np.ones((120, 120)))
        raise Stopped


class _Broken:
    def segment(self, ct_slice, stop=NeverStop(), progress=ignore_progress):
        raise RuntimeError("a secret of the server")


class _Offer:
    """What an entry point names: anything with ``CARD`` and ``load``."""

    def __init__(self, name: str, method: object) -> None:
        self.CARD = _card(name)
        self._method = method

    def load(self) -> object:
        return self._method


gated_a = _Offer("gated-a", _Gated("gated-a"))
gated_b = _Offer("gated-b", _Gated("gated-b"))
endless = _Offer("endless", _Endless())
broken = _Offer("broken", _Broken())
