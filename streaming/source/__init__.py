"""Where lines come from. `files`: ranges of files that are complete or growing."""
