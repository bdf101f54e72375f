"""
What `logwinnow stream` shows on a terminal.

`view.live_view` is the way in: it holds the screen, and shows what else is said above the view. `figures` is what the
view says, of any clock and for any width.
"""
