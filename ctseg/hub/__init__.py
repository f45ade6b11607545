"""What the owner puts on the Hub: weights with cards and scores, the phantom board's data, a Space."""
