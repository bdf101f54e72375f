"""`python -m streaming.kibana DIR`: writes the files of conf/kibana, for the prefix that conf/streaming.toml has."""

import sys
from pathlib import Path

from streaming.config import ElasticsearchSinkConfig
from streaming.kibana.ndjson import files

if __name__ == "__main__":
    for name, content in files(ElasticsearchSinkConfig().index_prefix).items():
        (Path(sys.argv[1]) / name).write_bytes(content)
