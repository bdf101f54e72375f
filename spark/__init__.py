"""Spark as both jobs use it: its settings, its session, the Java it runs on."""
