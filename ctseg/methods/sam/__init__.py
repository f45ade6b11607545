"""Segment Anything without prompts: what its methods share. Only ``load`` of a method imports them."""
