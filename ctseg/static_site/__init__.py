"""The app without a server: a folder of static files that runs the methods in the visitor's browser."""
