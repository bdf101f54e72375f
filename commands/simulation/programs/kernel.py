"""The kernel of a healthy host: the firewall, the network cards, the disks, and now and then a reboot."""

from commands.simulation.book import Book
from commands.simulation.clock import OFFICE, STEADY, SUNDAY, Often, weekly
from commands.simulation.hosts import EVERY

DOOR = ("bastion", "web", "mail")
BOOK = Book(
    packet="IN=eth0 OUT= MAC=52:54:00:1c:{hex:2}:{hex:2}:52:54:00:12:35:02:08:00 SRC={stranger} DST={address} "
    "LEN={number:40-1480} TOS=0x00 PREC=0x00 TTL={number:30-255} ID={number:1-65535}"
)

BOOK.through(STEADY, EVERY).lines("""
    14      kernel.slow_perf  perf: interrupt took too long ({number:2500-9000} > {number:2500-8000}),
                lowering kernel.perf_event_max_sample_rate to {number:20000-79000}
    5       kernel.neighbour_full  neighbour: arp_cache: neighbor table overflow!
    3       kernel.promiscuous  device eth0 entered promiscuous mode
    3       kernel.promiscuous_left  device eth0 left promiscuous mode
    3       kernel.throttled  CPU{number:0-15}: Core temperature is above threshold, cpu clock is throttled
                (total events = {number:1-900})
    3       kernel.unthrottled  CPU{number:0-15}: Core temperature/speed normal
    2       kernel.hrtimer  hrtimer: interrupt took {number:12000-900000} ns
    1.2     kernel.clocksource  clocksource: Long readout interval, skipping watchdog check: cs_nsec:
                {number:500000000-900000000}
    1       kernel.accounting  Process accounting resumed
    0.8     kernel.martian  IPv4: martian source {address} from {stranger}, on dev eth0
""")

BOOK.through(STEADY, DOOR).lines("""
    330     kernel.ufw_block_tcp  [UFW BLOCK] {packet} PROTO=TCP SPT={number:1024-65535} DPT={number:1-65535}
                WINDOW={number:1024-65535} RES=0x00 SYN URGP=0
    90      kernel.ufw_block_udp  [UFW BLOCK] {packet} PROTO=UDP SPT={number:1024-65535} DPT={number:1-65535}
                LEN={number:8-500}
    18      kernel.ufw_block_icmp  [UFW BLOCK] {packet} PROTO=ICMP TYPE={number:3-11} CODE={number:0-3}
    30      kernel.ufw_audit  [UFW AUDIT INVALID] {packet} DF PROTO=TCP SPT={number:1024-65535} DPT=443
                WINDOW={number:0-65535} RES=0x00 RST URGP=0
    2.5     kernel.syn_flood  TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending
                cookies.  Check SNMP counters.
    1       kernel.short_packet  UDP: short packet: From {stranger}:{port} {number:500-1400}/{number:20-499}
                to {address}:53
""")

BOOK.at(Often(4, OFFICE), ("web", "application", "build")).story("""
    0-2     x1-3  kernel.nfs_slow  nfs: server files not responding, still trying
    1-90          kernel.nfs_ok  nfs: server files OK
""")

BOOK.at(Often(2, OFFICE), ("build", "files", "backup", "names")).story("""
    0       kernel.link_down  igb 0000:01:00.0 {nic}: igb: {nic} NIC Link is Down
    2-40    kernel.link_up  igb 0000:01:00.0 {nic}: igb: {nic} NIC Link is Up 1000 Mbps Full Duplex, Flow
                Control: RX/TX
    0       kernel.link_ready  IPv6: ADDRCONF(NETDEV_CHANGE): {nic}: link becomes ready
""")

BOOK.at(Often(1.5, OFFICE), ("files", "backup")).story("""
    0       kernel.usb_new  usb {usb_port}: new high-speed USB device number {usb_device} using xhci_hcd
    0       kernel.usb_found  usb {usb_port}: New USB device found, idVendor=0781, idProduct={number:1000-9999},
                bcdDevice= 1.00
    0-1     kernel.usb_storage  usb-storage {usb_port}:1.0: USB Mass Storage device detected
    1-3     kernel.sd_attached  sd {number:4-9}:0:0:0: [sde] Attached SCSI removable disk
    60-1800 kernel.usb_gone  usb {usb_port}: USB disconnect, device number {usb_device}
""")

BOOK.at(weekly(SUNDAY, 0, 57), ("files", "backup", "database")).story("""
    0-4     kernel.md_check  md: data-check of RAID array {array}
    0-2     mdadm.rebuild_started  RebuildStarted event detected on md device /dev/{array}
    600-2400 kernel.md_check_done  md: {array}: data-check done.
    0-2     mdadm.rebuild_finished  RebuildFinished event detected on md device /dev/{array}
""")

BOOK.at(Often(0.5, OFFICE), EVERY).story("""
    0             systemd-logind.rebooting  System is rebooting.
    2-9           systemd.reached_reboot  Reached target System Reboot.
    20-50         kernel.version  Linux version 6.1.0-{number:25-28}-amd64 (debian-kernel@lists.debian.org)
                (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP
                PREEMPT_DYNAMIC Debian
    0             kernel.command_line  Command line: BOOT_IMAGE=/vmlinuz-6.1.0-{number:25-28}-amd64
                root=/dev/mapper/{here}-root ro quiet
    0       x4-7  kernel.e820  BIOS-e820: [mem 0x{hex:16}-0x{hex:16}] {one:usable|reserved}
    0             kernel.memory  Memory: {number:3000000-64000000}K/{number:3100000-66000000}K available
    0-0.5         kernel.smp  smp: Brought up 1 node, {number:2-16} CPUs
    0-2     x1-3  kernel.ext4_mounted  EXT4-fs (dm-{number:0-4}): mounted filesystem with ordered data mode.
                Quota mode: none.
    0-1           systemd.detected  Detected virtualization kvm.
    0             systemd.hostname  Hostname set to <{here}>.
    2-9           systemd.reached_multi_user  Reached target Multi-User System.
    0-2           systemd.startup  Startup finished in {decimal:1.200-4.900}s (kernel) +
                {decimal:4.000-30.000}s (userspace) = {decimal:6.000-36.000}s.
""")
