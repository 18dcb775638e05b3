"""A small cooperative to try the site with, made through the services that everybody uses."""
