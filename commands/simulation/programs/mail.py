"""postfix, dovecot and their helpers: a message from the first connection to the mailbox."""

from commands.simulation.book import Book
from commands.simulation.clock import OFFICE, STEADY, Often

MAIL = ("mail",)
BOOK = Book(relay="relay=mx.{partner}[{stranger}]:25")

BOOK.at(Often(100, OFFICE), MAIL).story("""
    0       postfix/smtpd.connect  connect from mx.{partner}[{stranger}]
    0-0.3   postfix/smtpd.tls  Anonymous TLS connection established from mx.{partner}[{stranger}]: TLSv1.3
                with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
    0.1-0.6 postfix/smtpd.client  {queue_id}: client=mx.{partner}[{stranger}]
    0-0.3   postfix/cleanup.message_id  {queue_id}: message-id=<{message_id}@{partner}>
    0-0.2   postfix/qmgr.from  {queue_id}: from=<{outside}>, size={mail_size}, nrcpt=1 (queue active)
    0-0.3   postfix/smtpd.disconnect  disconnect from mx.{partner}[{stranger}] ehlo=2 starttls=1 mail=1 rcpt=1
                data=1 quit=1 commands=7
    0.2-4   spamd.clean  spamd: clean message ({decimal:0.0-4.8}/5.0) for {user}:{uid} in {decimal:0.2-4.0}
                seconds, {mail_size} bytes.
    0       dovecot.saved  lmtp({user})<{number:900-90000}><{hex:20}>: sieve: msgid=<{message_id}@{partner}>:
                stored mail into mailbox 'INBOX'
    0-0.1   postfix/lmtp.sent  {queue_id}: to=<{inside}>, relay={here}.nordwind.example[private/dovecot-lmtp],
                {delays:1.50}, dsn=2.0.0, status=sent (250 2.0.0 <{inside}> {hex:20} Saved)
    0       postfix/qmgr.removed  {queue_id}: removed
""")

BOOK.at(Often(35), MAIL).story("""
    0       postfix/smtpd.connect
    0.1-0.6 postfix/smtpd.client
    0-0.3   postfix/cleanup.message_id
    0-0.2   postfix/qmgr.from
    0-0.3   postfix/smtpd.disconnect
    0.2-4   spamd.identified  spamd: identified spam ({decimal:5.1-22.0}/5.0) for {user}:{uid} in
                {decimal:0.2-4.0} seconds, {mail_size} bytes.
    0       dovecot.filtered  lmtp({user})<{number:900-90000}><{hex:20}>: sieve:
                msgid=<{message_id}@{partner}>: fileinto action: stored mail into mailbox 'Junk'
    0-0.1   postfix/lmtp.sent
    0       postfix/qmgr.removed
""")

BOOK.at(Often(75, OFFICE), MAIL).story("""
    0       postfix/submission/smtpd.client  {queue_id}: client=unknown[{client}], sasl_method=PLAIN,
                sasl_username={user}
    0-0.2   postfix/cleanup.message_id_own  {queue_id}: message-id=<{message_id}@nordwind.example>
    0-0.1   opendkim.signed  {queue_id}: DKIM-Signature field added (s=mail2026, d=nordwind.example)
    0-0.1   postfix/qmgr.from_own  {queue_id}: from=<{inside}>, size={mail_size}, nrcpt=1 (queue active)
    0.1-1   postfix/smtp.tls  Trusted TLS connection established to mx.{partner}[{stranger}]:25: TLSv1.3 with
                cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
    0.2-8   postfix/smtp.sent  {queue_id}: to=<{outside}>, {relay}, {delays:9.00}, dsn=2.0.0, status=sent (250
                2.0.0 Ok: queued as {hex:10})
    0       postfix/qmgr.removed
""")

BOOK.at(Often(12, OFFICE), MAIL).story("""
    0       postfix/submission/smtpd.client
    0-0.2   postfix/cleanup.message_id_own
    0-0.1   opendkim.signed
    0-0.1   postfix/qmgr.from_own
    0.5-3   postfix/smtp.deferred  {queue_id}: to=<{outside}>, {relay}, {delays:9.00}, dsn=4.7.1,
                status=deferred (host mx.{partner}[{stranger}] said: 450 4.7.1 Greylisted, try again later (in
                reply to RCPT TO command))
    300-900 postfix/qmgr.from_own
    0.5-4   postfix/smtp.sent
    0       postfix/qmgr.removed
""")

BOOK.at(Often(5, OFFICE), MAIL).story("""
    0       postfix/submission/smtpd.client
    0-0.2   postfix/cleanup.message_id_own
    0-0.1   opendkim.signed
    0-0.1   postfix/qmgr.from_own
    0.5-3   postfix/smtp.bounced  {queue_id}: to=<{outside}>, {relay}, {delays:9.00}, dsn=5.1.1,
                status=bounced (host mx.{partner}[{stranger}] said: 550 5.1.1 User unknown (in reply to RCPT
                TO command))
    0       postfix/bounce.notification  {queue_id}: sender non-delivery notification: {hex:10}
    0       postfix/qmgr.removed
""")

BOOK.at(Often(5, OFFICE), MAIL).story("""
    0       postfix/submission/smtpd.client
    0-0.2   postfix/cleanup.message_id_own
    0-0.1   opendkim.signed
    0-0.1   postfix/qmgr.from_own
    30-31   postfix/smtp.timed_out  connect to mx.{partner}[{stranger}]:25: Connection timed out
    1-9     postfix/smtp.sent
    0       postfix/qmgr.removed
""")

BOOK.at(Often(150, OFFICE), MAIL).story("""
    0       dovecot.login  imap-login: Login: user=<{user}>, method=PLAIN, rip={client}, lip={address},
                mpid={mail_pid}, TLS, session=<{mail_session}>
    1-900   dovecot.logged_out  imap({user})<{mail_pid}><{mail_session}>: Logged out in={number:40-9000}
                out={number:400-900000} deleted={number:0-9} expunged={number:0-9} trashed=0
                hdr_count={number:0-90} hdr_bytes={number:0-90000} body_count={number:0-20}
                body_bytes={number:0-900000}
""")

BOOK.through(STEADY, MAIL).lines("""
    50      postfix/smtpd.relay_denied  NOQUEUE: reject: RCPT from unknown[{stranger}]: 554 5.7.1
                <{guess}@{partner}>: Relay access denied; from=<{any:guess}@{bulk_sender}>
                to=<{guess}@{partner}> proto=ESMTP helo=<{bulk_sender}>
    26      postfix/smtpd.listed  NOQUEUE: reject: RCPT from unknown[{stranger}]: 554 5.7.1 Service
                unavailable; Client host [{stranger}] blocked using zen.spamhaus.example;
                from=<{guess}@{bulk_sender}> to=<{inside}> proto=ESMTP helo=<{bulk_sender}>
    22      postfix/smtpd.unknown_recipient  NOQUEUE: reject: RCPT from mx.{partner}[{stranger}]: 550 5.1.1
                <{guess}@nordwind.example>: Recipient address rejected: User unknown in virtual mailbox table;
                from=<{outside}> to=<{guess}@nordwind.example> proto=ESMTP helo=<mx.{partner}>
    40      postfix/smtpd.lost_connection  lost connection after {one:AUTH|EHLO|CONNECT|STARTTLS} from
                unknown[{stranger}]
    24      postfix/smtpd.connect_unknown  connect from unknown[{stranger}]
    20      postfix/smtpd.sasl_failed  warning: unknown[{stranger}]: SASL LOGIN authentication failed:
                UGFzc3dvcmQ6
    12      postfix/smtpd.no_reverse  warning: hostname {stranger_name} does not resolve to address
                {stranger}: Name or service not known
    3       postfix/smtpd.too_large  NOQUEUE: reject: MAIL from mx.{partner}[{stranger}]: 552 5.3.4 Message
                size exceeds fixed limit; proto=ESMTP helo=<mx.{partner}>
    2       postfix/smtpd.rate  warning: Connection rate limit exceeded: {number:31-90} from
                unknown[{stranger}] for service smtp
    1.2     postfix/smtpd.improper  improper command pipelining after EHLO from unknown[{stranger}]
    30      postfix/anvil.max_rate  statistics: max connection rate {number:1-9}/60s for (smtp:{stranger})
    30      postfix/anvil.max_count  statistics: max connection count {number:1-6} for (smtp:{stranger})
    14      postfix/anvil.cache_size  statistics: max cache size {number:1-20}
    4       postfix/scache.lookups  statistics: domain lookup hits={number:0-40} miss={number:1-90}
                success={number:0-80}%
""")

BOOK.through(STEADY, ("web", "database", "backup")).lines("""
    40      postfix/pickup.uid  {queue_id}: uid={number:0-999} from=<{one:root|www-data|postgres|backup}>
""")

BOOK.through(STEADY, MAIL).lines("""
    0.8     postfix/master.reload  reload -- version 3.7.11, configuration /etc/postfix
""")

BOOK.through(OFFICE, MAIL).lines("""
    2       postfix/postsuper.deleted  Deleted: {number:1-40} messages
""")

BOOK.through(STEADY, MAIL).lines("""
    40      opendkim.verified  {queue_id}: DKIM verification successful
    6       opendkim.bad_signature  {queue_id}: bad signature data
    8       opendkim.no_key  {queue_id}: key retrieval failed (s=mail, d={partner}):
                'mail._domainkey.{partner}' record not found
""")

BOOK.through(OFFICE, MAIL).lines("""
    26      dovecot.auth_failed  imap-login: Disconnected: Connection closed (auth failed, {number:1-3}
                attempts in {number:2-20} secs): user=<{user}>, method=PLAIN, rip={client}, lip={address},
                TLS, session=<{hex:16}>
    18      dovecot.inactivity  imap({user})<{number:900-90000}><{hex:16}>: Disconnected: Inactivity - no
                input for 1800 secs in={number:40-9000} out={number:400-900000}
    6       dovecot.no_attempts  imap-login: Disconnected: Connection closed (no auth attempts in {number:0-9}
                secs): user=<>, rip={stranger}, lip={address}, TLS handshaking, session=<{hex:16}>
    3       dovecot.quota  imap({user})<{number:900-90000}><{hex:16}>: Warning: quota: mailbox is
                {number:80-99}% full
    1.5     dovecot.index_rebuild  imap({user})<{number:900-90000}><{hex:16}>: Warning: fscking index file
                /var/vmail/{user}/dovecot.index
    1       dovecot.time_moved  Warning: Time moved forward by {decimal:0.1-3.0} seconds - adjusting timeouts.
""")

BOOK.through(STEADY, MAIL).lines("""
    8       spamd.prefork  prefork: child states: {one:II|IB|BI|BB}
    2       spamd.bayes  bayes: expired {number:100-9000} old tokens, {number:100000-200000} left
""")
