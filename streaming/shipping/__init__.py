"""
`logwinnow ship`: lines of files, or of standard input, into a topic of Kafka, for machines without another shipper.

    files ─► following ─► position: what is to be sent ─► sending ─► position: it is sent
"""
