import sys

from tests.support.loopback import refuse_the_network

pytest_plugins = ["tests.support.fixtures", "tests.support.needs", "tests.support.ordering"]

sys.addaudithook(refuse_the_network)
