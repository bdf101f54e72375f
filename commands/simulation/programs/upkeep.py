"""What keeps a host in order: systemd timers and services, logs, packages, disks, the nightly backup."""

from commands.simulation.book import Book
from commands.simulation.clock import (
    HOUR,
    MINUTE,
    NIGHT,
    OFFICE,
    STEADY,
    SUNDAY,
    WEDNESDAY,
    Every,
    Often,
    daily,
    weekly,
)
from commands.simulation.hosts import EVERY

BOOK = Book()

for when, roles, unit, description, longest in (
    (daily(0, 0), EVERY, "logrotate", "Rotate log files", 6),
    (daily(0, 0), ("files", "database", "build"), "man-db", "Daily man-db regeneration", 30),
    (daily(3, 20), ("database", "mail", "files"), "dpkg-db-backup", "Daily dpkg database backup service", 3),
    (daily(4, 42), EVERY, "systemd-tmpfiles-clean", "Cleanup of Temporary Directories", 2),
    (daily(6, 12), EVERY, "apt-daily", "Daily apt download activities", 40),
    (daily(6, 58), EVERY, "apt-daily-upgrade", "Daily apt upgrade and clean activities", 200),
    (Every(HOUR, 9 * MINUTE), ("web",), "phpsessionclean", "Clean php session files", 2),
    (Every(2 * HOUR, 14 * MINUTE), ("web", "application"), "shelf-sync", "Copy the shelf index to the shop", 60),
    (Every(4 * HOUR, 33 * MINUTE), ("build", "names"), "fwupd-refresh", "Refresh fwupd metadata and update motd", 8),
    (Every(12 * HOUR, 2 * HOUR), ("mail",), "spam-rules", "Fetch and compile spam rules", 90),
    (weekly(WEDNESDAY, 1, 26), EVERY, "fstrim", "Discard unused blocks on filesystems from /etc/fstab", 30),
    (weekly(SUNDAY, 2, 0), ("files", "backup"), "scrub-vault", "Weekly scrub of the backup vault", 900),
    (weekly(SUNDAY, 3, 10), EVERY, "e2scrub_all", "Online ext4 Metadata Check for All Filesystems", 12),
):
    BOOK.at(when, roles).story(f"""
        0-8     systemd.starting_{unit}  Starting {description}...
        0.2-{longest} systemd.done_{unit}  {unit}.service: Deactivated successfully.
        0       systemd.finished_{unit}  Finished {description}.
    """)

for per_day, roles, unit, description in (
    (4.0, ("application",), "ordermill", "Order mill of the shop"),
    (3.0, ("web",), "nginx", "A high performance web server and a reverse proxy server"),
    (1.6, ("mail",), "postfix", "Postfix Mail Transport Agent"),
    (1.2, ("names", "bastion"), "chrony", "chrony, an NTP client/server"),
):
    BOOK.at(Often(per_day, OFFICE), roles).story(f"""
        0       systemd.stopping_{unit}  Stopping {description}...
        0.3-12  systemd.done_{unit}  {unit}.service: Deactivated successfully.
        0       systemd.stopped_{unit}  Stopped {description}.
        0-1     systemd.starting_{unit}  Starting {description}...
        0.2-4   systemd.started_{unit}  Started {description}.
    """)

BOOK.at(daily(0, 0), EVERY).story("""
    1-9     rsyslogd.huped  [origin software="rsyslogd" swVersion="8.2302.0" x-pid="{rsyslogd_pid}"
                x-info="https://www.rsyslog.com"] rsyslogd was HUPed
""")

BOOK.at(daily(2, 6), ("backup",)).story("""
    0             vaultctl.run  run {backup_run} begins, keeping {number:7-60} generations
    1-60    x8-14 vaultctl.snapshot  snapshot of {one:web1|app1|db1|db2|mail1|files|build1|ns1} taken in
                {decimal:0.1-90.0} s
    5-200         vaultctl.transferred  transferred {number:1-90000} files, {decimal:0.1-400.0} GiB, of which
                {decimal:0.1-12.0} GiB new
    20-90         vaultctl.pruned  pruned {number:1-40} expired generations, freed {decimal:0.1-30.0} GiB
    60-300        vaultctl.verified  verified {number:200-9000} random blocks without a difference
    0             vaultctl.done  run {backup_run} is complete after {number:20-60} minutes
""")

BOOK.at(daily(2, 10), ("web", "application", "database", "mail", "files", "names", "build")).story("""
    1-1200  rsyncd.connect  connect from vault (10.10.7.71)
    0       rsyncd.building  building file list
    5-900   rsyncd.sent  sent {number:10000-900000000} bytes  received {number:2000-90000} bytes  total size
                {number:1000000-90000000000}
""")

BOOK.at(Often(3, OFFICE), EVERY).story("""
    0       systemd.reload_requested  Reloading requested from client PID {number:900-90000} ('systemctl')...
    0-0.2   systemd.reloading  Reloading...
    0.1-1   systemd.reloading_finished  Reloading finished in {number:120-900} ms.
""")

BOOK.at(daily(7, 4), ("web", "mail", "files", "bastion")).story("""
    0       unattended-upgrade.start  Starting unattended upgrades script
    0-2     unattended-upgrade.origins  Allowed origins are:
                origin=Debian,codename=bookworm,label=Debian-Security
    2-15    unattended-upgrade.nothing  No packages found that can be upgraded unattended and no pending
                auto-removals
""")

BOOK.through(STEADY, ("files", "backup", "database")).lines("""
    60      smartd.temperature  Device: /dev/sd{one:a|b|c|d} [SAT], SMART Usage Attribute: 194
                Temperature_Celsius changed from {number:58-70} to {number:58-70}
    9       smartd.airflow  Device: /dev/sd{one:a|b|c|d} [SAT], SMART Usage Attribute: 190
                Airflow_Temperature_Cel changed from {number:58-70} to {number:58-70}
    4       smartd.seek_rate  Device: /dev/sd{one:a|b|c|d} [SAT], SMART Prefailure Attribute: 7
                Seek_Error_Rate changed from {number:70-90} to {number:70-90}
    2.5     smartd.self_test_started  Device: /dev/sd{one:a|b|c|d} [SAT], starting scheduled Short Self-Test.
    2.5     smartd.self_test_passed  Device: /dev/sd{one:a|b|c|d} [SAT], previous self-test completed without
                error
""")

BOOK.through(STEADY, EVERY).lines("""
    100     snmpd.udp  Connection from UDP: [10.10.0.5]:{port}->[{address}]:161
    2       snmpd.subcontainer  error on subcontainer 'ia_addr' insert (-1)
""")

BOOK.through(NIGHT, ("backup",)).lines("""
    6       vaultctl.slow  {colleague} is slow: {decimal:0.1-4.0} MiB/s, going on
    1.2     vaultctl.lock  waiting for the lock held by run {hex:8}
""")

BOOK.through(STEADY, EVERY).lines("""
    2.2     rsyslogd.suspended  action 'action-{number:1-9}-builtin:omfwd' suspended (module 'builtin:omfwd'),
                retry {number:0-9}.
    2.2     rsyslogd.resumed  action 'action-{number:1-9}-builtin:omfwd' resumed (module 'builtin:omfwd')
    1.4     rsyslogd.rate_limit  imuxsock[pid {number:900-90000}]: begin to drop messages due to rate-limiting
    1       systemd.watchdog  systemd-journald.service: Sent watchdog keep-alive after {number:20-90} s.
    0.7     systemd.oneshot_failed  man-db.service: Main process exited, code=exited,
                status={number:1-3}/FAILURE
""")

BOOK.through(OFFICE, EVERY).lines("""
    1.5     needrestart.services  {number:1-9} services should be restarted after the upgrade
""")

BOOK.through(STEADY, EVERY).lines("""
    3       systemd-journald.usage  System Journal (/var/log/journal/{hex:32}) is {decimal:0.2-3.9}G, max
                4.0G, {decimal:0.1-3.8}G free.
    1       systemd-journald.rotate  Received client request to rotate journal, rotating.
""")
