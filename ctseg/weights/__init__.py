"""From a name in the manifest to a verified file: embedded, cached, or fetched from the Hub."""

from ctseg.weights.convert import converted_bytes_to_fetch, fetch_converted
from ctseg.weights.entries import WeightsFile, manifest
from ctseg.weights.errors import WeightsError
from ctseg.weights.files import bytes_to_fetch, fetch
from ctseg.weights.hub import Progress
from ctseg.weights.report import Status, status
from ctseg.weights.sizes import in_megabytes

__all__ = [
    "Progress",
    "Status",
    "WeightsError",
    "WeightsFile",
    "bytes_to_fetch",
    "converted_bytes_to_fetch",
    "fetch",
    "fetch_converted",
    "in_megabytes",
    "manifest",
    "status",
]
