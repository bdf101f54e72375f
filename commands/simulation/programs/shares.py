"""The shared files of the offices and of the web servers: smbd and rpc.mountd."""

from commands.simulation.book import Book
from commands.simulation.clock import OFFICE, STEADY

BOOK = Book()

BOOK.through(OFFICE, ("files",)).lines("""
    80      smbd.connect  {laptop} ({client}) connect to service {share} initially as user {user} (uid={uid},
                gid=100) (pid {number:900-90000})
    74      smbd.closed  {laptop} ({client}) closed connection to service {share}
    6       smbd.peer  read_fd_with_timeout: client {client} read error = NT_STATUS_CONNECTION_RESET.
    6       smbd.no_share  {laptop} ({client}) couldn't find service {one:scanner|printers}
    1.5     smbd.oplock  Oplock break failed for file {document}.xlsx -- replying anyway
    1       smbd.printers  Unable to connect to CUPS server localhost:631 - Transport endpoint is not
                connected
""")

BOOK.through(STEADY, ("files",)).lines("""
    30      rpc.mountd.mounted  authenticated mount request from 10.10.1.{number:11-13}:{number:600-1023} for
                /srv/media (/srv/media)
    12      rpc.mountd.unmounted  authenticated unmount request from 10.10.1.{number:11-13}:{number:600-1023}
                for /srv/media (/srv/media)
    1       rpc.mountd.refused  refused mount request from {client} for /srv/media (/): not exported
""")
