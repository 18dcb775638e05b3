"""From options to what several commands need: the site, and the drivers."""

from coop_agent.cli.options import Options
from coop_agent.drivers.choose import DEFAULT, Guarded, driver
from coop_agent.errors import NotEnrolled
from coop_agent.store import Store
from coop_agent.wire import Site


def site_of(options: Options, store: Store) -> Site:
    """The site named on the command line, else the one the node enrolled at."""
    url = getattr(options, "server", None) or store.get("site")
    if not url:
        raise NotEnrolled("name the site with --server URL")
    return Site(str(url), options.ca)


def chosen(options: Options) -> list[Guarded]:
    """The drivers that the command line names, or the usual ones."""
    return [Guarded(driver(spec)) for spec in dict.fromkeys(options.meter or DEFAULT)]
