"""A planner in a process of its own, as the command starts it; and a form read from its page."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from starlette.datastructures import FormData

PROGRAM = "from dosimetry.cli.program import main; main()"


class Planner:
    """A running planner with its start address."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "planner", *arguments, "--no-browser"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self.start = self.process.stdout.readline().strip()
        self.origin = self.start.partition("/?")[0]

    def end(self):
        """End the planner, and wait until it has."""
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()


def command(*arguments, stdin=None):
    """Return what a command prints, run in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return ran.stdout


class _Controls(HTMLParser):
    def __init__(self):
        super().__init__()
        self.pairs, self.select, self.names = [], None, set()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and name:
            self.names.add(name)
            if kind != "checkbox" or "checked" in given:
                self.pairs.append((name, given.get("value", "")))
        elif tag == "select":
            self.names.add(name)
            self.select = name
        elif tag == "option" and self.select and "selected" in given:
            self.pairs.append((self.select, given.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = None


def form_of(page):
    """Return the form that a browser would send of a page, and the names of all its controls."""
    controls = _Controls()
    controls.feed(page)
    return FormData(controls.pairs), controls.names
