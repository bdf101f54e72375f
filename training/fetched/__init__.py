"""
What is fetched to be mined: records of Kafka and documents of Elasticsearch, out of a range of their times.

    kafka:TOPIC         ─► records   ┐
    elasticsearch:INDEX ─► documents ┼─► lines ─► spool: a file for each UTC hour ─► pieces of a corpus
    events:FOLDER       ─► events    ┘

All is fetched once, before anything is mined; the engines read files then as ever.
"""
