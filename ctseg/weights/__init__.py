"""From a name in the manifest to a verified file: embedded, cached, or fetched from the Hub."""

from ctseg.weights.convert import converted_bytes_to_fetch, fetch_converted
from ctseg.weights.fetch import bytes_to_fetch, fetch
from ctseg.weights.manifest import WeightsError, WeightsFile, in_megabytes, manifest
from ctseg.weights.status import Status, status

__all__ = [
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
