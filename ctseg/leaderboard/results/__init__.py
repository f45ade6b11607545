"""What is known of an entry: results, their store, ranking and tables."""
