"""Every story of the normal traffic. To add a program: write its module here, and name it below."""

from commands.simulation.programs import (
    accounts,
    builds,
    cron,
    database,
    kernel,
    login,
    mail,
    network,
    shares,
    shop,
    strangers,
    upkeep,
    web,
)
from commands.simulation.story import Story

_MODULES = (login, strangers, accounts, cron, upkeep, kernel, network, shares, mail, web, database, shop, builds)

STORIES: tuple[Story, ...] = tuple(story for module in _MODULES for story in module.BOOK.stories)
