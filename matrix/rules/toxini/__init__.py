"""What people write into a tox.ini by hand: settings, conditions and generative names. Pure."""
