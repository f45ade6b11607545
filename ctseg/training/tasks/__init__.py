"""What the one training loop can train."""
