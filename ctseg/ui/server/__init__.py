"""What stands between a page and the network: sessions, method runs, limits, and what sweeps uploads away."""
