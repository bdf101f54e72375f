"""sshd and systemd-logind: colleagues and robots that log in, work, and leave."""

from commands.simulation.book import Book
from commands.simulation.clock import OFFICE, Often
from commands.simulation.hosts import EVERY

BOOK = Book()

BOOK.at(Often(85, OFFICE), EVERY).story("""
    0       sshd.accepted_key  Accepted publickey for {user} from {client} port {port} ssh2: ED25519
                SHA256:{fingerprint}
    0-0.2   sshd.session_opened  pam_unix(sshd:session): session opened for user {user}(uid={uid}) by (uid=0)
    0-0.1   systemd-logind.new_session  New session {session} of user {user}.
    0-0.1   systemd.session_scope  Started Session {session} of User {user}.
    20-5400 sshd.received_disconnect  Received disconnect from {client} port {port}:11: disconnected by user
    0       sshd.disconnected  Disconnected from user {user} {client} port {port}
    0-0.1   sshd.session_closed  pam_unix(sshd:session): session closed for user {user}
    0-0.1   systemd-logind.logged_out  Session {session} logged out. Waiting for processes to exit.
    0-0.1   systemd.session_scope_done  session-{session}.scope: Deactivated successfully.
    0-0.1   systemd-logind.removed_session  Removed session {session}.
""")

BOOK.at(Often(20, OFFICE), EVERY).story("""
    0       sshd.accepted_password  Accepted password for {user} from {client} port {port} ssh2
    0       sshd.session_opened
    0       systemd.user_slice  Created slice User Slice of UID {uid}.
    0       systemd-logind.new_session
    20-5400 sshd.received_disconnect
    0-0.1   sshd.session_closed
    0-0.1   systemd-logind.logged_out
    0-0.1   systemd.session_scope_done
    0-0.1   systemd-logind.removed_session
    5-10    systemd.user_slice_removed  Removed slice User Slice of UID {uid}.
""")

BOOK.at(Often(14, OFFICE), EVERY).story("""
    0       sshd.auth_failure  pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh
                ruser= rhost={client}  user={user}
    1-3     sshd.failed_password  Failed password for {user} from {client} port {port} ssh2
    3-20    sshd.accepted_password
    0-0.2   sshd.session_opened
    0-0.1   systemd-logind.new_session
    0-0.1   systemd.session_scope
    20-5400 sshd.received_disconnect
    0-0.1   sshd.session_closed
    0-0.1   systemd-logind.logged_out
    0-0.1   systemd.session_scope_done
    0-0.1   systemd-logind.removed_session
""")

BOOK.at(Often(6, OFFICE), EVERY).story("""
    0       sshd.accepted_key
    0-0.2   sshd.session_opened
    0-0.1   systemd-logind.new_session
    0-0.1   systemd.session_scope
    20-5400 sshd.client_timeout  Timeout, client not responding from user {user} {client} port {port}
    0-0.1   sshd.session_closed
    0-0.1   systemd-logind.logged_out
    0-0.1   systemd.session_scope_done
    0-0.1   systemd-logind.removed_session
""")

BOOK.at(Often(30, OFFICE), ("files", "web", "build")).story("""
    0       sshd.accepted_key
    0       sshd.session_opened
    0       sshd.sftp  subsystem request for sftp by user {user}
    2-600   sshd.received_disconnect
    0-0.1   sshd.session_closed
""")

for per_day, roles, user, uid, client in (
    (110, EVERY, "monitor", "996", "10.10.0.5"),
    (50, EVERY, "backup", "997", "10.10.7.71"),
    (40, ("web", "application"), "deploy", "995", "10.10.6.61"),
):
    BOOK.at(Often(per_day), roles, user=user, uid=uid, client=client).story("""
        0       sshd.accepted_key
        0-0.2   sshd.session_opened
        0.5-40  sshd.received_disconnect
        0       sshd.disconnected
        0       sshd.session_closed
    """)

BOOK.through(OFFICE, EVERY).lines("""
    3       sshd.bad_ownership  Authentication refused: bad ownership or modes for file
                /home/{user}/.ssh/authorized_keys
    2       sshd.expired_password  User {operator} password has expired (password aged)
    2.5     sshd.tunnel_refused  error: connect_to {colleague} port {number:1025-9999}: failed.
    1.5     sshd.read_error  Read error from remote host {client} port {port}: Connection reset by peer
    1.2     sshd.forward_refused  refused local port forward: originator 127.0.0.1 port {port}, target
                {colleague} port 5432
    0.7     sshd.listening  Server listening on 0.0.0.0 port 22.
    0.7     sshd.terminating  Received signal 15; terminating.
    0.5     sshd.hangup  Received SIGHUP; restarting.
    0.8     sshd.root_refused  ROOT LOGIN REFUSED FROM {client} port {port}
""")
