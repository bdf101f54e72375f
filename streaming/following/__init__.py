"""
Files that grow, rotate, vanish and come back: what is to be read of them next, each whole line once.

    names ─► finding: where is each file that is known? what is new? ─► follower: how far does a batch go? ─► ranges

Nothing here knows Spark or Kafka: the source `files` and `logwinnow ship` both follow files by it.
"""
