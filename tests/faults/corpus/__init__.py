"""What the partners send, drawn by a seed, and what must come of it: a function of the seed alone, made block by block."""
