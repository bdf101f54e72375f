"""The company's own programs: ordermill, which tells its day in prose, and shelfd, which speaks in keys and values."""

from commands.simulation.book import Book
from commands.simulation.clock import NIGHT, OFFICE, SHOPPERS, STEADY, Often, daily

APPLICATION = ("application",)
BOOK = Book()

BOOK.at(Often(100, SHOPPERS), APPLICATION).story("""
    0             ordermill.accepted  order {order} of {customer} accepted: {number:1-12} items,
                {decimal:4.90-2400.00} EUR
    1-90          ordermill.paid  order {order} is paid, {bank} says reference {hex:12}
    0-2     x1-3  ordermill.reserved  reserved {number:1-12} x {any:article} in {warehouse} for order {order}
    300-7200       ordermill.label  label for order {order} printed by worker {worker}
    600-14400       ordermill.shipped  the parcel of order {order} has left {warehouse} with {carrier}
""")

BOOK.at(Often(22, SHOPPERS), APPLICATION).story("""
    0       ordermill.accepted
    10-60   ordermill.payment_retry  payment of order {order} not answered by {bank}, trying again in
                {number:5-60} s (attempt {number:2-4} of 5)
    5-60    ordermill.paid
    0-2     ordermill.reserved
""")

BOOK.at(Often(18, SHOPPERS), APPLICATION).story("""
    0       ordermill.accepted
    1-90    ordermill.paid
    0-2     ordermill.short  only {number:0-4} x {article} left in {warehouse}, asking the next warehouse for
                order {order}
    0-2     ordermill.reserved
""")

BOOK.at(Often(9, OFFICE), APPLICATION).story("""
    0       ordermill.refund  {customer} wants money back for order {order} because {reason}
    600-9000 ordermill.refunded  refund of {decimal:4.90-900.00} EUR for order {order} granted by {user}
""")

BOOK.at(Often(180, SHOPPERS), APPLICATION).story("""
    0       ordermill.took  worker {worker} took job {job} from queue {queue}
    0.1-90  ordermill.finished  worker {worker} finished job {job} in {number:40-90000} ms
""")

BOOK.at(daily(23, 55), APPLICATION).story("""
    2-9           ordermill.closing  closing the books with {number:90-900} orders and
                {decimal:9000.00-90000.00} EUR
    1-9     x2-4  ordermill.report  report '{report}' written, {number:20-4000} rows
    1-4           ordermill.closed  the books are closed
""")

BOOK.at(Often(1.5, OFFICE), APPLICATION).story("""
    0             ordermill.bye  asked to stop, finishing {number:0-9} jobs first
    4-20          ordermill.hello  this is ordermill 5.{number:10-19}, warming up
    0.5-3   x2-3  ordermill.prices  price list '{one:retail|trade|staff}' loaded: {number:900-9000} articles
                in {number:90-900} ms
    1-9           ordermill.ready  ready after {decimal:2.0-30.0} s, listening on port 8080
""")

BOOK.through(SHOPPERS, APPLICATION).lines("""
    150     ordermill.search  somebody looked for {article} and found {number:0-90} articles
    90      ordermill.cart_left  cart {hex:12} was left behind with {number:1-9} x {article}
    70      ordermill.session_silent  session of {user} ended after {number:15-60} minutes of silence
    40      ordermill.queue_empty  queue {queue} is empty, sleeping {number:5-60} s
    30      ordermill.price_changed  {user} changed the price of {article} from {decimal:1.90-90.00} to
                {decimal:1.90-90.00} EUR
    16      ordermill.coupon  coupon {hex:8} refused: it expired {number:1-90} days ago
    16      ordermill.address  the address of {customer} could not be found on the map, sending a letter
                instead
    6       ordermill.long_queue  queue {queue} has grown to {number:100-900} jobs, waking one more worker
    12      ordermill.pickup  {carrier} will fetch {number:4-90} parcels at {number:9-18}:{number:10-59}
    4       ordermill.late_carrier  {carrier} is {number:10-90} minutes late
    2.5     ordermill.complaint  complaint {number:1000-9000} about article {number:1000-9999} filed
    2       ordermill.gift  gift wrap is running low: {number:2-40} sheets
    1.5     ordermill.stock_count  stock count of article {number:1000-9999} differs by {number:1-12},
                corrected
    1.2     ordermill.slow_page  rendering the front page took {number:2000-9000} ms, that is too long
    0.8     ordermill.holiday  no delivery planned for the next {number:1-3} days, it is a holiday
    0.6     ordermill.birthday  sent {number:1-20} birthday greetings
""")

BOOK.through(STEADY, APPLICATION).lines("""
    220     shelfd.get  level=info op=get shelf={warehouse} sku={number:1000-9999} qty={number:0-400}
                took={number:1-90}ms
    100     shelfd.put  level=info op=put shelf={warehouse} sku={number:1000-9999} delta={number:1-40}
                by={worker} took={number:1-90}ms
    40      shelfd.cache  level=info msg="cache refreshed" entries={number:900-9000} hits={number:60-99}%
                evicted={number:0-90}
    8       shelfd.stale  level=warn msg="serving stale entry" sku={number:1000-9999} age={number:61-900}s
    5       shelfd.retry  level=warn msg="peer did not answer, retrying" peer={one:app1|app2}
                attempt={number:1-4}
    2       shelfd.compaction  level=info msg="compaction finished" segments={number:3-20}
                freed={number:4-900}MiB
    1.2     shelfd.clock  level=warn msg="clock of peer is ahead" peer={one:app1|app2}
                ahead={number:101-900}ms
    0.7     shelfd.schema  level=info msg="schema is current" version={number:30-40}
""")

BOOK.through(SHOPPERS, APPLICATION).lines("""
    60      shelfd.json  {{"event": "moved", "sku": {number:1000-9999}, "from": "{warehouse}", "qty":
                {number:1-40}, "ok": true}}
    9       shelfd.json_refused  {{"event": "refused", "sku": {number:1000-9999}, "why":
                "{one:locked|unknown|empty}", "ok": false}}
""")

BOOK.through(NIGHT, APPLICATION).lines("""
    60      thumbs.scaled  scaled {article}-{number:100-9999}.jpg to {number:1-6} sizes in {decimal:0.2-4.0} s
    2       thumbs.odd_profile  {article}-{number:100-9999}.jpg has no colour profile, taking sRGB
    1.2     thumbs.too_small  {article}-{number:100-9999}.jpg is too small ({number:90-400} pixels), keeping
                it as it is
""")
