"""From a method and a board to a result."""
