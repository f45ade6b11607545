"""Methods of this project's own."""
