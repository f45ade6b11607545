"""Network definitions. Importing this package imports torch: do it inside the function that needs it."""

from ctseg.networks.foreground import predict_foreground
from ctseg.networks.registry import NETWORKS, build_network
from ctseg.networks.stored import StoredNetwork, load_network

__all__ = ["NETWORKS", "StoredNetwork", "build_network", "load_network", "predict_foreground"]
