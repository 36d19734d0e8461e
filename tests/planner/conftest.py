"""A planner that tests share."""

import pytest
from planner_server import running


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Yield a planner as the command starts it."""
    with running(folder=tmp_path_factory.mktemp("planner")) as planner:
        yield planner
