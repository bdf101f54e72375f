"""The noise of the internet at the door: guesses, scans, and what answers them (sshd, fail2ban)."""

from commands.simulation.book import Book
from commands.simulation.clock import STEADY, Often

DOOR = ("bastion", "web", "mail")
BOOK = Book()

BOOK.at(Often(75), DOOR).story("""
    0       sshd.invalid_user  Invalid user {guess} from {stranger} port {port}
    0-0.2   sshd.user_unknown  pam_unix(sshd:auth): check pass; user unknown
    0       sshd.auth_failure_unknown  pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0
                tty=ssh ruser= rhost={stranger}
    1-3     sshd.failed_invalid_user  Failed password for invalid user {guess} from {stranger} port {port}
                ssh2
    0-2     sshd.closed_invalid_user  Connection closed by invalid user {guess} {stranger} port {port}
                [preauth]
""")

BOOK.at(Often(16), DOOR).story("""
    1-4     x4-6  sshd.failed_root  Failed password for root from {stranger} port {port} ssh2
    0             sshd.too_many_attempts  error: maximum authentication attempts exceeded for root from
                {stranger} port {port} ssh2 [preauth]
    0             sshd.too_many_failures  Disconnecting authenticating user root {stranger} port {port}: Too
                many authentication failures [preauth]
    0             sshd.pam_more_failures  PAM {number:2-5} more authentication failures; logname= uid=0 euid=0
                tty=ssh ruser= rhost={stranger}  user=root
    0-1     x2-4  fail2ban.filter.found  INFO    [sshd] Found {stranger}
    0-1           fail2ban.actions.ban  NOTICE  [sshd] Ban {stranger}
    600-660       fail2ban.actions.unban  NOTICE  [sshd] Unban {stranger}
""")

BOOK.at(Often(7), DOOR).story("""
    0       sshd.not_allowed  User {leaver} from {stranger} not allowed because not listed in AllowUsers
    0-2     sshd.disconnected_leaver  Received disconnect from {stranger} port {port}:11: Bye Bye [preauth]
""")

BOOK.through(STEADY, DOOR).lines("""
    60      sshd.closed_early  Connection closed by {stranger} port {port} [preauth]
    24      sshd.reset_early  Connection reset by {stranger} port {port} [preauth]
    20      sshd.kex_closed  error: kex_exchange_identification: Connection closed by remote host
    14      sshd.banner_invalid  banner exchange: Connection from {stranger} port {port}: invalid format
    8       sshd.no_cipher  Unable to negotiate with {stranger} port {port}: no matching host key type found.
                Their offer: ssh-rsa,ssh-dss [preauth]
    7       sshd.grace_time  fatal: Timeout before authentication for {stranger} port {port}
    5       sshd.reverse_mapping  reverse mapping checking getaddrinfo for {stranger_name} [{stranger}]
                failed.
    2.5     sshd.protocol_major  Protocol major versions differ for {stranger} port {port}:
                SSH-2.0-OpenSSH_9.2p1 vs. SSH-1.5
    1.5     sshd.bad_packet  Bad packet length {number:100000-4000000000}. [preauth]
    1       sshd.startups  drop connection #{number:10-14} from [{stranger}]:{port} on [{address}]:22 past
                MaxStartups
""")
