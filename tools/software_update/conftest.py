"""Settings of all tests here."""

from hypothesis import settings

# The same examples in every run, however slow the machine is.
settings.register_profile("software_update", deadline=None, derandomize=True)
settings.load_profile("software_update")
