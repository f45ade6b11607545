"""Methods without learning."""
