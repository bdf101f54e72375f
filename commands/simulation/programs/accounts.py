"""sudo, su and the tools that look after accounts."""

from commands.simulation.book import Book
from commands.simulation.clock import OFFICE, Often
from commands.simulation.hosts import EVERY

BOOK = Book()

BOOK.at(Often(34, OFFICE), EVERY).story("""
    0       sudo.journal  {operator} : TTY={pts} ; PWD=/home/{operator} ; USER=root ;
                COMMAND=/usr/bin/journalctl -u {one:nginx|postfix|postgresql|ordermill|cron} -f
    0       sudo.session_opened  pam_unix(sudo:session): session opened for user root(uid=0) by
                {operator}(uid={operator_uid})
    0.1-30  sudo.session_closed  pam_unix(sudo:session): session closed for user root
""")

# Each command is a kind of its own, for the miner sees its words.
for per_day, roles, name, command in (
    (22, EVERY, "restart", "/usr/bin/systemctl restart {one:nginx|postfix|ordermill|chrony|named}"),
    (20, EVERY, "tail", "/usr/bin/tail -n {number:20-500} /var/log/{one:syslog|auth.log|mail.log|kern.log}"),
    (18, EVERY, "status", "/usr/bin/systemctl status {one:nginx|postfix|ordermill|chrony|named}"),
    (12, EVERY, "less", "/usr/bin/less /var/log/{one:syslog|auth.log|mail.log|daemon.log}"),
    (8, EVERY, "edit", "/usr/bin/vim /etc/{one:hosts|fstab|ssh/sshd_config|sysctl.conf|crontab}"),
    (6, EVERY, "apt_update", "/usr/bin/apt update"),
    (5, ("mail",), "mailq", "/usr/bin/mailq"),
    (4, ("mail",), "postsuper", "/usr/sbin/postsuper -d {queue_id}"),
    (4, EVERY, "apt_upgrade", "/usr/bin/apt -y full-upgrade"),
    (4, ("web",), "nginx_test", "/usr/sbin/nginx -t"),
    (3, EVERY, "sockets", "/usr/bin/ss -tlpn"),
    (3, EVERY, "shell", "/bin/bash"),
    (2, EVERY, "chown", "/usr/bin/chown -R www-data /srv/{one:data|releases|export|scratch}"),
    (1, EVERY, "visudo", "/usr/sbin/visudo"),
    (0.8, EVERY, "needrestart", "/usr/sbin/needrestart -r a"),
):
    BOOK.at(Often(per_day, OFFICE), roles).story(f"""
        0       sudo.{name}  {{operator}} : TTY={{pts}} ; PWD=/home/{{operator}} ; USER=root ;
                    COMMAND={command}
        0       sudo.session_opened
        0.1-30  sudo.session_closed
    """)

BOOK.at(Often(5, OFFICE), EVERY).story("""
    0       sudo.auth_failure  pam_unix(sudo:auth): authentication failure; logname={operator}
                uid={operator_uid} euid=0 tty=/dev/{pts} ruser={operator} rhost=  user={operator}
    2-9     sudo.incorrect_password  {operator} : {number:1-3} incorrect password attempt ; TTY={pts} ;
                PWD=/home/{operator} ; USER=root ; COMMAND=/usr/bin/true
""")

BOOK.at(Often(9, OFFICE), ("database", "application", "bastion")).story("""
    0       su.to_user  (to {one:postgres|ordermill|www-data}) {operator} on {pts}
    0       su.session_opened  pam_unix(su-l:session): session opened for user root(uid=0) by
                {operator}(uid={operator_uid})
    20-1800 su.session_closed  pam_unix(su-l:session): session closed for user root
""")

BOOK.at(Often(0.8, OFFICE), ("bastion", "files")).story("""
    0             groupadd.in_group  group added to /etc/group: name={user}, GID={uid}
    0             groupadd.new_group  new group: name={user}, GID={uid}
    0             useradd.new_user  new user: name={user}, UID={uid}, GID={uid}, home=/home/{user},
                shell=/bin/bash, from=/dev/{pts}
    10-40         passwd.changed  pam_unix(passwd:chauthtok): password changed for {user}
    5-60    x1-3  usermod.add_to_group  add '{user}' to group '{share}'
    1-9           chfn.changed_name  changed user '{user}' information
""")

BOOK.through(OFFICE, EVERY).lines("""
    0.8     chage.expiry  changed password expiry for {user}
    2.5     su.failed  FAILED SU (to root) {operator} on {pts}
""")

BOOK.through(OFFICE, ("bastion",)).lines("""
    0.4     userdel.deleted  delete user '{leaver}'
    0.5     usermod.locked  lock user '{leaver}' password
""")

BOOK.through(OFFICE, EVERY).lines("""
    6       polkitd.registered  Registered Authentication Agent for
                unix-process:{number:900-90000}:{number:10000-9000000} (system bus name :1.{number:20-900}
                [/usr/bin/pkttyagent --notify-fd 5 --fallback], object path
                /org/freedesktop/PolicyKit1/AuthenticationAgent, locale en_GB.UTF-8)
    2       polkitd.operator_granted  Operator of unix-session:{session} successfully authenticated as
                unix-user:{operator} to gain ONE-SHOT authorization for action
                org.freedesktop.systemd1.manage-units
""")
