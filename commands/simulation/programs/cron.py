"""CRON, crontab and anacron: jobs on their minutes, and those who edit them."""

from commands.simulation.book import Book
from commands.simulation.clock import HOUR, MINUTE, MONDAY, OFFICE, SATURDAY, SUNDAY, Every, Often, daily, weekly
from commands.simulation.hosts import EVERY

BOOK = Book()

UIDS = {"root": "0", "www-data": "33", "postgres": "112", "backup": "997", "monitor": "996", "ordermill": "990"}
RAIDS = ("files", "backup", "database")

for when, roles, user, name, command in (
    (Every(10 * MINUTE), ("bastion",), "monitor", "probe", "/opt/watch/probe --all --quiet"),
    (Every(20 * MINUTE, 3 * MINUTE), ("mail",), "root", "queue_graph", "/usr/local/bin/mailgraph-update"),
    (Every(20 * MINUTE, 5 * MINUTE), ("database",), "root", "sysstat", "test -x /usr/bin/sa1 && /usr/bin/sa1"),
    (Every(30 * MINUTE, 9 * MINUTE), ("web",), "www-data", "sessions", "[ -x /usr/lib/php/tidy ] && /usr/lib/php/tidy"),
    (Every(HOUR, 7 * MINUTE), ("application",), "ordermill", "carts", "/opt/ordermill/bin/tidy-carts --older-than 2h"),
    (Every(HOUR, 17 * MINUTE), EVERY, "root", "hourly", "   cd / && run-parts --report /etc/cron.hourly"),
    (Every(2 * HOUR, 22 * MINUTE), ("files",), "root", "quota", "/usr/sbin/repquota -a | /usr/local/bin/quota-mail"),
    (Every(2 * HOUR, 40 * MINUTE), ("application",), "ordermill", "reminders", "/opt/ordermill/bin/remind overdue"),
    (Every(6 * HOUR, 50 * MINUTE), ("names",), "root", "zones", "git -C /etc/bind/zones pull --quiet && rndc reload"),
    (daily(1, 10), ("database",), "postgres", "dump", "pg_dumpall | zstd -q -o /var/backups/pg/nightly.sql.zst"),
    (daily(2, 5), ("backup",), "backup", "pull", "/usr/local/sbin/pull-backups --all"),
    (daily(3, 30), ("mail",), "root", "greylist", "/usr/sbin/postgrey --cleanup"),
    (daily(4, 15), ("web", "application"), "root", "certificates", "certbot -q renew"),
    (daily(6, 25), EVERY, "root", "daily", "test -x /sbin/anacron || run-parts --report /etc/cron.daily"),
    (daily(23, 55), ("application",), "ordermill", "closing", "/opt/ordermill/bin/close-day | mail -s day accounts"),
    (weekly(MONDAY, 5, 0), ("application",), "ordermill", "report", "/opt/ordermill/bin/report weekly --mail"),
    (weekly(SATURDAY, 22, 30), ("database",), "postgres", "reindex", "reindexdb --all --quiet"),
    (weekly(SUNDAY, 0, 57), RAIDS, "root", "checkarray", "/usr/share/mdadm/checkarray --cron --all --idle --quiet"),
    (weekly(SUNDAY, 6, 47), EVERY, "root", "weekly", "test -x /sbin/anacron || run-parts --report /etc/cron.weekly"),
):
    BOOK.at(when, roles, user=user, uid=UIDS[user]).story(f"""
        0-0.4   CRON.session_opened  pam_unix(cron:session): session opened for user {{user}}(uid={{uid}}) by
                    (uid=0)
        0       CRON.{name}  ({{user}}) CMD ({command})
        0.1-8   CRON.session_closed  pam_unix(cron:session): session closed for user {{user}}
    """)

BOOK.at(Often(4, OFFICE), EVERY).story("""
    0       crontab.begin_edit  ({operator}) BEGIN EDIT ({operator})
    15-300  crontab.replace  ({operator}) REPLACE ({operator})
    0       crontab.end_edit  ({operator}) END EDIT ({operator})
    1-59    cron.reload  ({operator}) RELOAD (crontabs/{operator})
""")

BOOK.at(weekly(SATURDAY, 7, 35), ("build", "files", "names", "bastion")).story("""
    0             anacron.started  Anacron 2.3 started on {date}
    0       x1-2  anacron.will_run  Will run job `cron.weekly' in {number:5-15} min.
    0             anacron.sequential  Jobs will be executed sequentially
    300-600       anacron.job_started  Job `cron.weekly' started
    5-90          anacron.job_done  Job `cron.weekly' terminated
    0             anacron.exit  Normal exit ({number:1-2} job run)
""")

BOOK.through(OFFICE, EVERY).lines("""
    8       crontab.list  ({operator}) LIST ({operator})
    1.5     cron.system_reload  (*system*sysstat) RELOAD
                (/etc/cron.d/sysstat)
    0.8     cron.orphan  ({leaver}) ORPHAN (no passwd entry)
    2       CRON.no_mta  (CRON) info (No MTA installed, discarding output)
""")
