"""Network definitions. Importing this package imports torch: do it inside the function that needs it."""

from ctseg.networks.foreground import predict_foreground
from ctseg.networks.registry import NETWORKS, build_network

__all__ = ["NETWORKS", "build_network", "predict_foreground"]
