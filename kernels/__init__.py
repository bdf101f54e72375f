"""Lines by columns: where many lines, words and headers are and what they are, in place of Python's loops over them."""
