"""The frame that a new SDK starts with. Plain tox 4 reads it; no plugin is needed."""

DEFAULT_FRAME = """\
# The Matrix Portal writes the lines between the markers below: environments and what they install.
# All other lines are yours. Edit them in your repository; the portal keeps them as they are.
# Lines of yours must not name a picked version such as httpx-v0.28.1: the next proposal moves it.
# Write "httpx: ..." for all environments of an integration, "httpx-latest: ..." for the newest.

[tox]
requires =
    tox>=4
env_list =
    # BEGIN GENERATED: envlist
    # END GENERATED: envlist

[testenv]
package = editable
deps =
    pytest
    # BEGIN GENERATED: deps
    # END GENERATED: deps
set_env =
    # BEGIN GENERATED: setenv
    # END GENERATED: setenv
    # BEGIN GENERATED: testpaths
    # END GENERATED: testpaths
commands =
    pytest {env:_TESTPATH:tests} {posargs}
"""
