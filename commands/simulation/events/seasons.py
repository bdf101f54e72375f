"""
Seasonal jobs: what speaks once a week or once a month, and is silent otherwise.

A row of `SEASONS` is a job: when it runs (UTC), which hosts run it, what it is for, and its story.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from commands.simulation.book import Book
from commands.simulation.clock import FRIDAY, HOUR, MINUTE, SUNDAY, Often
from commands.simulation.story import Story


@dataclass(frozen=True, slots=True, eq=False)
class Season:
    """A job of the calendar: on which days, at what time of these (milliseconds), what for, and its story."""

    falls_on: Callable[[date], bool]
    time: int
    about: str
    story: Story


def _weekly(weekday: int) -> Callable[[date], bool]:
    """Every week on that day."""
    return lambda day: day.weekday() == weekday


def _first_of_the_month(day: date) -> bool:
    """On the first."""
    return day.day == 1


def _last_of_the_month(day: date) -> bool:
    """On the last."""
    return (day + timedelta(days=1)).day == 1


def _season(
    falls_on: Callable[[date], bool], hour: int, minute: int, roles: tuple[str, ...], about: str, table: str
) -> Season:
    """A row of the table; how often the calendar says, so the story's own times are not asked for."""
    book = Book()
    book.at(Often(1), roles).story(table)
    return Season(falls_on, hour * HOUR + minute * MINUTE, about, book.stories[0])


SEASONS = (
    _season(_weekly(FRIDAY), 18, 30, ("application",), "the end of the week: the shop's prices and open orders", """
        0               CRON.weekend  (ordermill) CMD (/opt/ordermill/bin/weekend --prices --open-orders)
        1-9             ordermill.weekend_prices  weekend prices are in force for {number:20-400} articles
        2-30    x2-5    ordermill.open_orders  {number:2-90} orders of {warehouse} stay open over the weekend
        1-9             ordermill.weekend_ready  have a good weekend, next delivery on Monday
    """),
    _season(_weekly(SUNDAY), 20, 10, ("database",), "the weekly rehearsal of a restore", """
        0               CRON.restore_test  (postgres) CMD (/usr/local/sbin/restore-test --into scratch)
        5-40            restore-test.begun  restoring the newest dump into database scratch
        60-900          restore-test.compared  compared {number:200-900} tables with the original, none differs
        0-2             restore-test.dropped  database scratch dropped, rehearsal took {number:4-20} minutes
    """),
    _season(_first_of_the_month, 3, 15, ("application",), "the monthly accounts: invoices, statements, dunning", """
        0               CRON.monthly_accounts  (ordermill) CMD (/opt/ordermill/bin/month --close --invoice)
        1-20            ordermill.month_begun  closing the month: {number:900-9000} orders to account for
        2-60    x3-6    ordermill.statement  statement of account for {any:customer} sent, balance
                    {decimal:0.00-9000.00} EUR
        2-40    x1-3    ordermill.dunning  second reminder to {any:customer}: {number:15-60} days overdue
        30-300          ordermill.month_closed  the month is closed and handed to the accountants
    """),
    _season(_first_of_the_month, 5, 40, ("files", "backup", "database"), "the monthly long test of all disks", """
        0               smartd.long_test  Device: /dev/sda [SAT], starting scheduled Long Self-Test.
        600-3000        smartd.long_test_passed  Device: /dev/sda [SAT], extended offline test finished, lifetime
                    {number:900-60000} hours, no faults
    """),
    _season(_last_of_the_month, 21, 0, ("files",), "the quota letters at the end of the month", """
        0               CRON.quota_letters  (root) CMD (/usr/local/bin/quota-letters --month)
        2-30    x2-4    quota-letters.sent  told {any:user} that share {share} is {number:70-99} percent full
        1-9             quota-letters.done  letters of this month are out
    """),
)  # fmt: skip
