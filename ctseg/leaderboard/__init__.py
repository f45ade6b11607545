"""Boards: what is ranked on which images, who may add to it, and what may be told of it.

A method's label maps (``evaluation``) and a stranger's (``submissions``) are scored alike into a ``Result``,
kept in ``results.store``, ranked, and told through ``results.disclosure`` only. ``boards`` says which there
are, ``folders`` where all of it lies, ``moderation`` what the owner decided, ``admin`` what an owner may do.
"""
