"""nginx and php-fpm: what shoppers and machines ask for, and what goes wrong on a good day."""

from commands.simulation.book import Book
from commands.simulation.clock import OFFICE, SHOPPERS, STEADY, Often

WEB = ("web",)
BOOK = Book(
    asked='client: {stranger}, server: {shop}, request: "GET {page} HTTP/1.1"',
    from_shop='"https://{shop}/" "{agent}"',
    error="{nginx_worker}: *{number:1000-9000000}",
    notice="{nginx_worker}:",
)

BOOK.through(SHOPPERS, WEB).lines("""
    1700    nginx.page  {stranger} - - [{access_time}] "GET {page} HTTP/1.1" 200 {number:4000-90000}
                {from_shop}
    700     nginx.image  {stranger} - - [{access_time}] "GET /media{page}.jpg HTTP/1.1" 200
                {number:9000-400000} {from_shop}
    300     nginx.not_modified  {stranger} - - [{access_time}] "GET /media{page}.webp HTTP/1.1" 304 0
                {from_shop}
    330     nginx.cart  {stranger} - - [{access_time}] "POST /cart/{hex:12} HTTP/1.1" 303 {number:0-400}
                {from_shop}
    120     nginx.checkout  {stranger} - - [{access_time}] "POST
                /checkout/{hex:12}/{one:address|payment|confirm} HTTP/1.1" 200 {number:300-9000} {from_shop}
    90      nginx.not_found  {stranger} - - [{access_time}] "GET /{one:wp-login|xmlrpc|admin|config|shell}.php
                HTTP/1.1" 404 {number:150-600} "-"
                "{one:curl/7.88.1|python-requests/2.31.0|Go-http-client/1.1}"
    14      nginx.head  {stranger} - - [{access_time}] "HEAD {page} HTTP/1.1" 200 0 "-" "LinkWatch/2.0
                (links@{shop})"
    10      nginx.client_closed  {stranger} - - [{access_time}] "GET {page} HTTP/2.0" 499 0 {from_shop}
    8       nginx.bad_request  {stranger} - - [{access_time}] "" 400 0 "-" "-"
    6       nginx.options  {stranger} - - [{access_time}] "OPTIONS /api/v2/cart HTTP/2.0" 204 0 {from_shop}
    5       nginx.gateway  {stranger} - - [{access_time}] "GET {page} HTTP/1.1" 502 {number:150-600}
                {from_shop}
    2       nginx.delete  {stranger} - - [{access_time}] "DELETE /api/v2/wishlist/{hex:12} HTTP/2.0" 204 0 "-"
                "NordwindApp/4.2 (Android)"
""")

BOOK.through(STEADY, WEB).lines("""
    480     nginx.health  10.10.0.5 - - [{access_time}] "GET /healthz HTTP/1.1" 200 2 "-" "probe/1.4"
    420     nginx.api  {stranger} - {one:birkenhof|papierwelt|velostadt|rosenthal} [{access_time}] "GET
                /api/v2/stock/{number:1000-9999} HTTP/2.0" 200 {number:80-900} "-" "shelf-client/3.1"
    60      nginx.robots  {stranger} - - [{access_time}] "GET /robots.txt HTTP/1.1" 200 {number:90-400} "-"
                "Mozilla/5.0 (compatible; OpenCrawl/1.1; bot@opencrawl.example)"
""")

BOOK.through(SHOPPERS, WEB).lines("""
    30      nginx.open_failed  [error] {error} open() "/srv/shop/public{page}.jpg" failed (2: No such file or
                directory), {asked}
    14      nginx.limiting  [error] {error} limiting requests, excess: {decimal:20.001-60.000} by zone
                "perip", {asked}
    9       nginx.buffered  [warn] {error} a client request body is buffered to a temporary file
                /var/lib/nginx/body/{number:1000000000-1000099999}, {asked}
    8       nginx.upstream_timeout  [error] {error} upstream timed out (110: Connection timed out) while
                reading response header from upstream, {asked}, upstream:
                "http://10.10.2.2{number:1-2}:8080{page}"
    4       nginx.upstream_refused  [error] {error} connect() failed (111: Connection refused) while
                connecting to upstream, {asked}, upstream: "http://10.10.2.2{number:1-2}:8080{page}"
    4       nginx.upstream_closed  [error] {error} upstream prematurely closed connection while reading
                response header from upstream, {asked}
    3       nginx.forbidden  [error] {error} access forbidden by rule, {asked}
    3       nginx.too_large  [error] {error} client intended to send too large body:
                {number:10000000-90000000} bytes, {asked}
    2       nginx.directory_index  [error] {error} directory index of "/srv/shop/public/media/" is forbidden,
                {asked}
    1.2     nginx.keepalive  [info] {error} client {stranger} closed keepalive connection
    0.8     nginx.invalid_host  [info] {error} client sent invalid host header while reading client request
                headers, {asked}
""")

BOOK.at(Often(3, OFFICE), WEB).story("""
    0             nginx.signal  [notice] {notice} signal 1 (SIGHUP) received from {number:900-90000},
                reconfiguring
    0-0.3         nginx.using  [notice] {notice} using the "epoll" event method
    0       x2-4  nginx.start_worker  [notice] {notice} start worker process {number:900-90000}
    0-0.5   x2-4  nginx.graceful  [notice] {notice} gracefully shutting down
    0.1-30        nginx.worker_exit  [notice] {notice} worker process {number:900-90000} exited with code 0
""")

BOOK.through(SHOPPERS, WEB).lines("""
    16      php-fpm.slow  [pool www] child {number:900-90000}, script '/srv/shop/public/index.php' (request:
                "GET /index.php") executing too slow ({decimal:3.001-9.000000} sec), logging
    5       php-fpm.max_children  [pool www] server reached pm.max_children setting ({number:20-40}), consider
                raising it
    5       php-fpm.busy  [pool www] seems busy (you may need to increase pm.start_servers, or
                pm.min/max_spare_servers), spawning {number:8-32} children, there are {number:0-4} idle, and
                {number:10-40} total children
    3       php-fpm.child_exit  [pool www] child {number:900-90000} exited with code 0 after
                {decimal:10.001-9000.000000} seconds from start
    2       php-fpm.deprecated  PHP Deprecated:  Passing null to parameter #1 of type string is deprecated in
                /srv/shop/src/Cart.php on line {number:40-900}
    1.5     php-fpm.undefined_index  PHP Warning:  Undefined array key "coupon" in
                /srv/shop/src/Cart.php on line {number:40-900}
    0.7     php-fpm.reloading  using inherited socket fd={number:7-12}, "/run/php/php8.2-fpm.sock"
""")
