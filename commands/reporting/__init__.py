"""What `logwinnow report` tells: read_files.py or read_elasticsearch.py → figures.py → chosen.py → page.py."""
