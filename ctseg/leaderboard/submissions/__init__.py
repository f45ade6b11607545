"""From a stranger's file to an entry."""
