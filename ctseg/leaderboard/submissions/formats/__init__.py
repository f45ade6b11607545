"""The file formats of submissions, read in a process of its own (`ctseg.sandbox.runner`)."""
