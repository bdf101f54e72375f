"""
The syslog receiver: TCP, TLS and UDP → messages → a spool on disk, which the source `socket` reads.

    connections, datagrams ─► framing ─► spool (blocks in segments, bounded) ─► streaming/source/socket.py

It runs without Spark, as a process of its own: `logwinnow receive`, or one that the stream starts and ends.
"""
