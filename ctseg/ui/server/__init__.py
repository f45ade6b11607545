"""What stands between a page and the network: sessions, limits, and what sweeps uploads away."""
