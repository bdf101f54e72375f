"""
Deployments: the software of one program changes, and so does what it says.

    DEPLOYMENTS = (
        deployment("tool", "tool 2 tells of its cache", book, reworded='''
            tool.read  tool.read_all  all of {number:1-900} files read
        ''', gone="tool.begun tool.done"),
    )

A row of `reworded` is: program and name of the old kind, of the new one, and its template, which may use all slots of
the old one. `gone` names the kinds that the new software does not have. The stories of the book are what only it says.
"""

from dataclasses import dataclass

from commands.simulation.book import Book, rows
from commands.simulation.clock import OFFICE, SHOPPERS, STEADY, Often
from commands.simulation.hosts import EVERY
from commands.simulation.story import Kind, Story


@dataclass(frozen=True, slots=True, eq=False)
class Deployment:
    """What changes: labels of old kinds → the kinds said instead, labels of kinds that are gone, new stories."""

    program: str
    about: str
    reworded: dict[str, Kind]
    gone: tuple[str, ...]
    stories: tuple[Story, ...]


def deployment(program: str, about: str, book: Book, *, reworded: str, gone: str) -> Deployment:
    """A deployment from its tables."""
    instead = {}
    for row in rows(reworded):
        old, label, template = row.split(maxsplit=2)
        instead[old] = Kind(label, template)
    return Deployment(program, about, instead, tuple(gone.split()), tuple(book.stories))


_MILL = Book()
_MILL.through(SHOPPERS, ("application",)).lines("""
    40      ordermill.fraud_score  fraud check of order {order} took {number:40-900} ms and found nothing odd
    12      ordermill.pickup_point  {customer} chose pickup point {number:100-999} of {carrier} for order {order}
    5       ordermill.fraud_held  order {order} is held back for a second look by {user}
""")
_MILL.at(Often(16, SHOPPERS), ("application",)).story("""
    0       ordermill.basket_merged  two baskets of {customer} became one with {number:2-12} items
    1-40    ordermill.basket_kept  merged basket stays reserved for {number:10-60} minutes
""")

_NGINX = Book()
_NGINX.through(SHOPPERS, ("web",)).lines("""
    60      nginx.cached_page  cache HIT for "{page}" after {number:1-900} s, served stale while revalidating
    9       nginx.http3  [info] {nginx_worker}: *{number:1000-9000000} QUIC handshake with {stranger} done in
                {number:4-90} ms
    4       nginx.early_data  [warn] {nginx_worker}: *{number:1000-9000000} early data rejected by policy, client:
                {stranger}
""")

_POSTGRES = Book()
_POSTGRES.through(STEADY, ("database",)).lines("""
    24      postgres.parallel  [{statement}-1] LOG:  parallel vacuum workers launched: {number:1-4}, planned:
                {number:1-4}
    7       postgres.slot_invalidation  [{statement}-1] LOG:  replication slot "{database}_copy" kept
                {number:1-900} MB behind the horizon
""")

_SHELFD = Book()
_SHELFD.through(STEADY, ("application",)).lines("""
    50      shelfd.batch  level=info op=batch shelf={warehouse} items={number:2-90} conflicts={number:0-3}
                took={number:4-200}ms
    10      shelfd.leader  level=info msg="lease renewed by leader" term={number:3-40} for={number:5-30}s
""")

_DOVECOT = Book()
_DOVECOT.through(OFFICE, ("mail",)).lines("""
    30      dovecot.compress  imap({user})<{mail_pid}><{mail_session}>: mailbox INBOX: compressed {number:2-400}
                messages to {number:10-90}% of their size
    8       dovecot.oauth  auth: oauth2({user},{client}): token validated locally, expires in {number:60-3600} secs
""")

_PIPELINE = Book()
_PIPELINE.at(Often(14, OFFICE), ("build",)).story("""
    0       pipeline.plan  job {job}: planned {number:3-9} stages as a graph, {number:1-4} may run side by side
    1-20    pipeline.reused  job {job}: stage lint skipped, nothing it reads has changed
    4-90    pipeline.sbom  job {job}: bill of materials lists {number:40-900} components
""")

_VAULT = Book()
_VAULT.through(STEADY, ("backup",)).lines("""
    9       vaultctl.immutable  generation {hex:8} sealed until it is {number:14-90} days old
    5       vaultctl.dedup  {number:60-95}% of the chunks of {colleague} were in the vault before
""")

_SSHD = Book()
_SSHD.through(STEADY, EVERY).lines("""
    14      sshd-session.penalty  srclimit_penalise: ipv4: new {stranger}/32 active penalty of {number:5-60} seconds
                for penalty: failed authentication
    6       sshd.rekey  rekeying in progress for {client} port {port} after {number:1-60} minutes
""")

DEPLOYMENTS = (
    deployment(
        "ordermill",
        "the order mill checks orders for fraud, merges baskets, and says otherwise what was paid and packed",
        _MILL,
        reworded="""
            ordermill.paid      ordermill.settled  payment for order {order} settled through {bank}, reference {hex:12}
            ordermill.reserved  ordermill.picked  picking list of order {order}: {number:1-12} x {any:article} from
                shelf in {warehouse}
            ordermill.finished  ordermill.job_done  job {job} done by {worker} within {number:40-90000} ms, no retries
        """,
        gone="ordermill.session_silent ordermill.gift",
    ),
    deployment(
        "nginx",
        "the web servers speak HTTP/3 and serve from their cache",
        _NGINX,
        reworded="""
            nginx.open_failed  nginx.missing_media  [notice] {nginx_worker}: *{number:1000-9000000} media file
                "{page}.jpg" is missing, placeholder sent to {stranger}
            nginx.limiting     nginx.delayed  [warn] {nginx_worker}: *{number:1000-9000000} delaying request by rule
                "perip-soft", excess: {decimal:20.001-60.000}, client: {stranger}
        """,
        gone="nginx.buffered nginx.options",
    ),
    deployment(
        "postgres",
        "a new major version of the database server",
        _POSTGRES,
        reworded="""
            postgres.vacuum      postgres.vacuum_done  [{statement}-1] LOG:  finished vacuuming
                "{database}.public.{table}": frozen: {number:0-900} pages, dead item identifiers: {number:0-9000}
            postgres.authorized  postgres.authenticated  [2-1] LOG:  connection authenticated: identity="{database}"
                method=scram-sha-256 (/etc/postgresql/pg_hba.conf:{number:90-120})
        """,
        gone="postgres.frequent_checkpoints",
    ),
    deployment(
        "shelfd",
        "the shelf keeper is rewritten: batches, a leader, other names for its keys",
        _SHELFD,
        reworded="""
            shelfd.get    shelfd.read  level=info op=read store={warehouse} article={number:1000-9999}
                stock={number:0-400} source={one:memory|disk} took={number:1-90}ms
            shelfd.stale  shelfd.expired  level=warn msg="entry expired but still served" article={number:1000-9999}
                ttl=-{number:1-900}s
        """,
        gone="shelfd.cache shelfd.compaction",
    ),
    deployment(
        "dovecot",
        "the mailbox server compresses mailboxes and takes tokens",
        _DOVECOT,
        reworded="""
            dovecot.login       dovecot.logged_in  imap-login: Logged in: user=<{user}>, mech=OAUTHBEARER, rip={client},
                tls=TLSv1.3, proxied=no, session=<{mail_session}>
            dovecot.inactivity  dovecot.idle  imap({user})<{mail_pid}><{mail_session}>: Connection hibernated after idle
                time of {number:60-900} secs
        """,
        gone="dovecot.quota",
    ),
    deployment(
        "pipeline",
        "the build pipeline plans its stages as a graph",
        _PIPELINE,
        reworded="""
            pipeline.stage   pipeline.node  job {job}: node {one:compile|lint|unit-tests|package} is green, cached for
                others, {decimal:0.4-400.0} s of work
            pipeline.passed  pipeline.succeeded  job {job} of {project} succeeded: every node of the graph is green
        """,
        gone="pipeline.cache_miss pipeline.flaky",
    ),
    deployment(
        "vaultctl",
        "the backup vault seals its generations",
        _VAULT,
        reworded="""
            vaultctl.snapshot  vaultctl.captured  captured {one:web1|app1|db1|db2|mail1|files|build1|ns1} in
                {decimal:0.1-90.0} s, consistent, checksum blake3:{hex:16}
            vaultctl.done      vaultctl.completed  backup cycle {backup_run} completed: sealed, verified and replicated
        """,
        gone="vaultctl.pruned",
    ),
    deployment(
        "sshd",
        "a new release of the SSH server, which punishes those who guess",
        _SSHD,
        reworded="""
            sshd.sftp          sshd.sftp_started  starting internal sftp session for {user} from {client}, umask 0027
            sshd.closed_early  sshd.closed_unauthenticated  Connection closed by {stranger} port {port}: client gave up
                before authentication [preauth]
        """,
        gone="sshd.reset_early sshd.kex_closed",
    ),
)
