"""The fixtures of the trial of a database."""

from tests.support.postgres import postgres_server as postgres_server
from tests.support.postgres import postgres_url as postgres_url
