"""Every closed decision as files that an outsider counts again: `coop-verify decisions`."""
