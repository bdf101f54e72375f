"""SLCT and LogCluster: shapes or lines → frequent words → candidates → clusters, at one support or down the ladder."""
