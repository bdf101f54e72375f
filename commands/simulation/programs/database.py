"""PostgreSQL and Redis: connections, checkpoints, and what applications do wrong every day."""

from commands.simulation.book import Book
from commands.simulation.clock import OFFICE, SHOPPERS, STEADY, Often

DATABASE = ("database",)
APPLICATION = ("application",)
BOOK = Book()

BOOK.at(Often(150, SHOPPERS), DATABASE).story("""
    0       postgres.received  [1-1] LOG:  connection received: host={app_address} port={port}
    0-0.1   postgres.authorized  [2-1] LOG:  connection authorized: user={database} database={database}
                application_name=ordermill SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384,
                bits=256)
    1-3000  postgres.disconnection  [3-1] LOG:  disconnection: session time:
                0:{number:10-59}:{decimal:10.001-59.999} user={database} database={database}
                host={app_address} port={port}
""")

BOOK.at(Often(140), DATABASE).story("""
    0       postgres.checkpoint_starting  [{statement}-1] LOG:  checkpoint starting: time
    20-270  postgres.checkpoint_complete  [{statement}-1] LOG:  checkpoint complete: wrote {number:4-9000}
                buffers ({decimal:0.1-22.0}%); 0 WAL file(s) added, {number:0-3} removed, {number:0-9}
                recycled; write={decimal:1.001-270.000} s, sync={decimal:0.001-2.000} s,
                total={decimal:1.001-271.000} s
""")

BOOK.at(Often(14, SHOPPERS), DATABASE).story("""
    0       postgres.duplicate  [{statement}-1] ERROR:  duplicate key value violates unique constraint
                "{table}_pkey"
    0       postgres.duplicate_detail  [{statement}-2] DETAIL:  Key (id)=({number:1000-9000000}) already
                exists.
    0       postgres.duplicate_statement  [{statement}-3] STATEMENT:  INSERT INTO {table} (id, created, body)
                VALUES ($1, $2, $3)
""")

BOOK.at(Often(1.5, SHOPPERS), DATABASE).story("""
    0       postgres.deadlock  [{statement}-1] ERROR:  deadlock detected
    0       postgres.deadlock_detail  [{statement}-2] DETAIL:  Process {number:900-90000} waits for ShareLock
                on transaction {number:900000-9000000}; blocked by process {number:900-90000}.
    0       postgres.deadlock_hint  [{statement}-3] HINT:  See server log for query details.
""")

BOOK.through(SHOPPERS, DATABASE).lines("""
    110     postgres.slow  [{statement}-1] LOG:  duration: {decimal:500.001-9000.000} ms  statement: SELECT *
                FROM {table} WHERE customer_id = {number:1-90000} ORDER BY created DESC
    24      postgres.slow_update  [{statement}-1] LOG:  duration: {decimal:500.001-9000.000} ms  statement:
                UPDATE {table} SET state = '{one:open|paid|sent|closed}' WHERE id = {number:1000-9000000}
    20      postgres.temporary_file  [{statement}-1] LOG:  temporary file: path
                "base/pgsql_tmp/pgsql_tmp{number:900-90000}.{number:0-9}", size {number:1000000-900000000}
    7       postgres.client_lost  [{statement}-1] LOG:  could not receive data from client: Connection reset
                by peer
    6       postgres.unexpected_eof  [{statement}-1] LOG:  unexpected EOF on client connection with an open
                transaction
    5       postgres.cancelled  [{statement}-1] ERROR:  canceling statement due to user request
    4       postgres.statement_timeout  [{statement}-1] ERROR:  canceling statement due to statement timeout
    3       postgres.lock_wait  [{statement}-1] LOG:  process {number:900-90000} still waiting for ShareLock
                on transaction {number:900000-9000000} after {decimal:1000.001-1009.999} ms
    2       postgres.idle_transaction  [{statement}-1] FATAL:  terminating connection due to
                idle-in-transaction timeout
    1.2     postgres.syntax  [{statement}-1] ERROR:  syntax error at or near "FORM" at
                character {number:8-90}
    0.8     postgres.no_relation  [{statement}-1] ERROR:  relation "orders_old" does not exist at character
                {number:15-40}
""")

BOOK.through(STEADY, DATABASE).lines("""
    70      postgres.vacuum  [{statement}-1] LOG:  automatic vacuum of table "{database}.public.{table}":
                index scans: {number:0-2}, pages: {number:0-40} removed, {number:20-90000} remain, tuples:
                {number:1-9000} removed, {number:90-900000} remain
    60      postgres.analyze  [{statement}-1] LOG:  automatic analyze of table "{database}.public.{table}"
                system usage: CPU: user: {decimal:0.01-2.00} s, system: {decimal:0.01-0.50} s, elapsed:
                {decimal:0.05-9.00} s
    16      postgres.frequent_checkpoints  [{statement}-1] LOG:  checkpoints are occurring too frequently
                ({number:9-29} seconds apart)
    4       postgres.archive_retry  [{statement}-1] LOG:  archive command failed with exit code {number:1-2}
    1.5     postgres.replica_started  [{statement}-1] LOG:  started streaming WAL from primary at
                {hex:2}/{hex:8} on timeline {number:1-3}
    1       postgres.reload  [{statement}-1] LOG:  received SIGHUP, reloading configuration files
    1       postgres.parameter  [{statement}-1] LOG:  parameter "work_mem" changed to "{number:8-64}MB"
""")

BOOK.at(Often(50, SHOPPERS), APPLICATION).story("""
    0       redis.changes  {number:100-900} changes in 300 seconds. Saving...
    0       redis.save_started  Background saving started by pid {number:900-90000}
    0.1-4   redis.saved  DB saved on disk
    0       redis.copy_on_write  Fork CoW for RDB: current {number:1-40} MB, peak {number:1-40} MB, average
                {number:1-40} MB
    0-0.2   redis.save_done  Background saving terminated with success
""")

BOOK.through(OFFICE, APPLICATION).lines("""
    2.5     redis.aof_slow  Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer
                without waiting for fsync to complete, this may slow down Redis.
    1.2     redis.client_closed  Client id={number:90-9000} addr={app_address}:{port} closed for overcoming of
                output buffer limits.
""")
