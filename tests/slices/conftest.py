"""For this file's sake pytest puts the folder on its path: writers of files here serve the folders below."""
