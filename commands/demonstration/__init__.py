"""What `logwinnow demo` plays and how it is shown: halves.py → play.py → found.py → show.py."""
