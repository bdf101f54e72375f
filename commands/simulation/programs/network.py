"""Addresses, names and time: dhclient, dhcpd, named, systemd-resolved, chronyd."""

from commands.simulation.book import Book
from commands.simulation.clock import HOUR, MINUTE, OFFICE, STEADY, Every, Often
from commands.simulation.hosts import EVERY

BOOK = Book()

BOOK.at(Every(6 * HOUR, 42 * MINUTE), ("build",)).story("""
    0-9     x1-2  dhclient.request  DHCPREQUEST for {address} on eth0 to 10.10.0.53 port 67
    0-0.2         dhclient.ack  DHCPACK of {address} from 10.10.0.53
    0             dhclient.bound  bound to {address} -- renewal in {number:9000-21000} seconds.
""")

BOOK.at(Often(70, OFFICE), ("names",)).story("""
    0       dhcpd.discover  DHCPDISCOVER from {mac} ({laptop}) via eth1
    0.9-1.1 dhcpd.offer  DHCPOFFER on {client} to {mac} ({laptop}) via eth1
    0-0.1   dhcpd.request_offered  DHCPREQUEST for {client} (10.10.0.53) from {mac} ({laptop}) via eth1
    0       dhcpd.ack  DHCPACK on {client} to {mac} ({laptop}) via eth1
""")

BOOK.at(Often(120, OFFICE), ("names",)).story("""
    0       dhcpd.renew  DHCPREQUEST for {client} from {mac} ({laptop}) via eth1
    0       dhcpd.ack
""")

BOOK.at(Often(24, OFFICE), ("names",)).story("""
    0       named.update  client @0x{hex:12} 127.0.0.1#{port}/key rndc-key: updating zone 'office.lan/IN':
                adding an RR at '{laptop}.office.lan' A {client}
    0-0.1   dhcpd.forward_map  Added new forward map from {laptop}.office.lan to {client}
""")

BOOK.through(OFFICE, ("names",)).lines("""
    10      dhcpd.release  DHCPRELEASE of {client} from {mac} ({laptop}) via eth1 (found)
    3       dhcpd.no_free  DHCPDISCOVER from {mac} via eth1: network 10.20.3.0/24: no free leases
    2       dhcpd.reuse  reuse_lease: lease age {number:1-900} (secs) under 25% threshold, reply with
                unaltered, existing lease for {client}
    2       dhcpd.abandoned  Abandoning IP address {client}: pinged before offer
    1.5     dhcpd.nak  DHCPNAK on {client} to {mac} via eth1
    0.8     dhcpd.leases_written  Wrote {number:90-300} leases to leases file.
""")

BOOK.through(STEADY, ("names",)).lines("""
    90      named.denied  client @0x{hex:12} {stranger}#{port} ({public_name}): query (cache)
                '{public_name}/A/IN' denied
    30      named.timed_out  timed out resolving '{public_name}/{one:A|AAAA|MX}/IN': {stranger}#53
    24      named.lame  lame-servers: REFUSED unexpected RCODE resolving '{public_name}/{one:A|AAAA|MX}/IN':
                {stranger}#53
    8       named.formerr  DNS format error from {stranger}#53 resolving {public_name}/{one:A|AAAA|MX} for
                {client}#{port}: non-improving referral
    6       named.notify  zone nordwind.example/IN: sending notifies (serial 2026{number:100000-123199})
    4       named.loaded  zone office.lan/IN: loaded serial {number:40000-99000}
    3       named.reloaded  all zones loaded
    2       named.transfer_denied  client @0x{hex:12} {stranger}#{port} (nordwind.example): zone transfer
                'nordwind.example/AXFR/IN' denied
    1.2     named.key_refresh  managed-keys-zone: Key {number:20000-39000} for zone . is now trusted
                (acceptance timer complete)
    0.8     named.priming  resolver priming query complete: timed out
""")

BOOK.through(STEADY, EVERY).lines("""
    60      chronyd.source  Selected source {stranger} ({one:2.debian.pool.ntp.org|1.debian.pool.ntp.org})
    6       chronyd.no_source  Can't synchronise: no selectable sources
    6       chronyd.replaced  Source {stranger} replaced with {any:stranger}
                ({one:2.debian.pool.ntp.org|1.debian.pool.ntp.org})
    3       chronyd.majority  Can't synchronise: no majority
    1.5     chronyd.step  System clock wrong by {decimal:0.100001-2.500000} seconds
    0.8     chronyd.leap  Using right/UTC timezone to obtain leap second data
    20      systemd-resolved.degraded  Using degraded feature set UDP instead of UDP+EDNS0 for DNS server
                10.10.0.53.
    6       systemd-resolved.grace  Grace period over, resuming full feature set (UDP+EDNS0) for DNS server
                10.10.0.53.
    1.2     systemd-resolved.flushed  Flushed all caches.
""")
