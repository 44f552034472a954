"""Every test run: before the whole suite the services it needs are installed; at the end what was skipped and why."""

from __future__ import annotations

import contextlib
import os

import pytest

from tests.services import postgres, private, rabbitmq, skipped


def pytest_configure(config: pytest.Config) -> None:
    """What is installed is told at once, though output is caught."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        private.heard = capture.global_and_fixture_disabled


def pytest_sessionstart(session: pytest.Session) -> None:
    """PostgreSQL and RabbitMQ first where the whole suite runs, by the one process that gives the tests out; else when a test asks."""
    config, option = session.config, session.config.option
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not hasattr(config, "workerinput")
    if whole and not (option.collectonly or option.keyword or option.markexpr):
        needed = {postgres.URL: postgres.binaries, rabbitmq.URL: rabbitmq.need_programs}
        for install in (install for name, install in needed.items() if name not in os.environ):
            with contextlib.suppress(private.Unavailable):  # the tests that need it tell the reason
                install()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped and why, a reason a line."""
    found = terminalreporter.stats.get("skipped", [])
    if found:
        terminalreporter.section("skipped, and why")
        terminalreporter.write_line("\n".join(skipped.lines(skipped.reasons(found))))
