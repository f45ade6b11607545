"""What every method has: card, contract, registry, and a process that can be ended."""
