"""The site itself: settings, addresses, background work, the pages that join the apps."""
