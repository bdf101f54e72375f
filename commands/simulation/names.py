"""The names of the simulated company: who works there, what it sells, whom it knows. Favourites come first."""

STAFF = (
    "akeller", "bjansen", "mrossi", "tnowak", "svoss", "hlind", "pdubois", "ekowal", "jmeyer", "lhansen", "nfischer",
    "ogarcia", "rpetrov", "cweiss", "dmarin", "falves", "gnilsson", "ihorvat", "kbecker", "vlopez", "wsmit", "ymartin",
    "zkaya", "abrandt", "bcosta", "cduval", "dengel", "efranke", "fgruber", "gholm", "hilves", "jkruger", "klang",
    "lmoser", "mneri", "nostrand", "opahl", "prenner", "qsantos", "rthoma", "sulrich", "tvogel", "uwagner", "xzeman",
)  # fmt: skip
OPERATORS = ("tnowak", "svoss", "hlind", "rpetrov", "kbecker", "gholm")
LEAVERS = ("mhaas", "jpohl", "oldadmin", "intern", "rfischer")
GUESSES = (
    "admin", "test", "oracle", "ubuntu", "postgres", "user", "git", "hadoop", "guest", "ftpuser", "mysql", "pi",
    "jenkins", "minecraft", "tomcat", "nagios", "support", "steam", "devops", "vagrant", "zabbix", "demo", "www",
    "kafka", "elastic", "odoo", "ansible", "teamspeak", "student", "default", "apache", "weblogic", "solr", "sysop",
)  # fmt: skip

PARTNERS = (
    "birkenhof.example", "lumen-druck.example", "hafenkontor.example", "papierwelt.example", "velostadt.example",
    "kontor-sued.example", "alpenpost.example", "gruenwerk.example", "tischlerei-holm.example", "seewind.example",
    "buchladen.example", "moebelhaus.example", "rosenthal.example", "weltladen.example", "drahtesel.example",
    "kaffeerad.example", "stoffmarkt.example", "uhrwerk.example", "leinenweber.example", "talstation.example",
)  # fmt: skip
BULK_SENDERS = ("promo-blast.example", "newsroll.example", "cheap-leads.example", "winbig.example", "dealfeed.example")
MAILBOXES = (
    "info", "office", "orders", "einkauf", "buchhaltung", "sales", "kontakt", "service", "noreply", "newsletter",
    "rechnung", "versand", "press", "hr", "logistik", "bounce", "team", "hallo", "jobs", "werkstatt",
)  # fmt: skip
SHOPS = ("shop.nordwind.example", "www.nordwind.example", "api.nordwind.example", "b2b.nordwind.example")

SECTIONS = ("garden", "kitchen", "lamps", "office", "outdoor", "paper", "tools", "toys", "wool", "bikes", "tea", "sale")
ARTICLES = (
    "teapot", "lantern", "desk-lamp", "hammock", "notebook", "wool-blanket", "bike-bell", "garden-hose", "oak-board",
    "watering-can", "candle", "paper-fan", "tool-belt", "kite", "apron", "bread-box", "picnic-set", "door-mat",
    "letter-box", "wall-clock", "bird-house", "rain-barrel", "pencil-case", "spinning-top",
)  # fmt: skip
CUSTOMERS = (
    "Anker & Sohn", "Birkenhof", "Café Morgenrot", "Drahtesel", "Familie Öztürk", "Gasthaus Linde", "Hafenkontor",
    "Kindergarten Sonnenschein", "Kontor Süd", "Lumen Druck", "Papierwelt", "Pension Seeblick", "Rosenthal",
    "Schule am Park", "Stoffmarkt", "Tischlerei Holm", "Uhrwerk", "Velostadt", "Weltladen", "Zum Goldenen Hirsch",
)  # fmt: skip
WAREHOUSES = ("Altona", "Bergedorf", "Lund", "Gdynia", "Tartu")
CARRIERS = ("Gelbpost", "Nordfracht", "Blitzkurier", "SeaRail")
BANKS = ("Hansebank", "Volkskasse", "PayRing", "Sparverein")
REASONS = (
    "it arrived too late", "the colour is not as shown", "it was ordered twice", "a part is missing",
    "the parcel was damaged", "it does not fit", "no reason given",
)  # fmt: skip
QUEUES = ("invoices", "labels", "mailings", "prices", "returns", "stock", "thumbnails")
WORKERS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath")
REPORTS = ("turnover", "returns", "stock", "overdue", "carriers", "visitors")

DATABASES = ("shop", "stock", "billing", "crm")
TABLES = ("orders", "order_items", "customers", "articles", "stock_moves", "invoices", "payments", "sessions", "carts")
PROJECTS = ("storefront", "ordermill", "stockd", "label-printer", "intranet", "mailings", "price-engine")
BRANCHES = ("main", "develop", "hotfix", "release", "feature/checkout", "feature/search", "fix/rounding", "fix/labels")
SHARES = ("marketing", "accounts", "projects", "scans", "public")
DOCUMENTS = ("budget", "minutes", "roadmap", "prices")
LAPTOPS = (
    "marlin", "heron", "otter", "puffin", "badger", "lynx", "stork", "walrus", "raven", "hazel", "pike", "finch",
    "moose", "seal", "tern", "wolf", "crane", "beaver", "falcon", "bison", "ibis", "kestrel", "perch", "weasel",
)  # fmt: skip
PUBLIC_NAMES = (
    "time.example.net", "mirror.example.org", "cdn.papierwelt.example", "updates.example.com", "maps.example.net",
    "fonts.example.org", "api.payring.example", "track.gelbpost.example", "static.velostadt.example",
)  # fmt: skip
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
    "NordwindApp/4.2 (Android)",
)
