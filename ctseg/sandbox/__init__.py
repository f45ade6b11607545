"""A worker with bounds on bytes, time and memory, in which untrusted files are decoded; it knows no slice."""
