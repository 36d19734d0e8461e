"""What the tabs work on: in the memory of the server alone, under an id that nobody guesses."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from dosimetry.planner.pages.what_if import Regular, WhatIf

MOST = 50  # sessions; another one forgets the session that was not used for longest


@dataclass(frozen=True)
class Known:
    """The delivered part of a session's course, as a worker pickled it.

    Attributes
    ----------
    course : bytes
        A :class:`dosimetry.planning.delivered_course.DeliveredCourse`.
    regular : Regular
    """

    course: bytes
    regular: Regular


@dataclass(frozen=True)
class Waiting:
    """Measurements that were read and wait to be accepted.

    Attributes
    ----------
    cycle : int
        Index of their cycle.
    name : str
        Of the file.
    rows : list of dict
        As in a patient file.
    blood : bool
    """

    cycle: int
    name: str
    rows: list[dict[str, str]]
    blood: bool


@dataclass
class Session:
    """What one tab works on.

    Attributes
    ----------
    key : str
        Stands in the address of its pages.
    content : dict
        Of a patient file, with the measurements in it.
    name : str
        File that it was opened from; empty for a new patient.
    asked : WhatIf
        Inputs of the latest what-if.
    known : Known or None
        Of this content.
    waiting : Waiting or None
    ways : dict
        Tables of the strategies side by side, by the accepted chance.
    saved : bool
        Whether the content was saved, or opened, since its last change.
    """

    key: str
    content: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    asked: WhatIf = field(default_factory=WhatIf)
    known: Known | None = None
    waiting: Waiting | None = None
    ways: dict[str, Any] = field(default_factory=dict)
    saved: bool = True

    def change(self, content: dict[str, Any]) -> None:
        """Take another content; what was computed of the old one is forgotten."""
        if content != self.content:
            self.content, self.known, self.ways, self.saved = content, None, {}, False


class Sessions:
    """The sessions of a server; they end with it.

    Examples
    --------
    >>> sessions = Sessions()
    >>> one, other = sessions.begin(), sessions.begin()
    >>> one.key != other.key, sessions.find(one.key) is one, sessions.find("x") is None
    (True, True, True)
    """

    def __init__(self) -> None:
        self._by_key: OrderedDict[str, Session] = OrderedDict()

    def begin(self, content: dict[str, Any] | None = None, name: str = "") -> Session:
        """Return a new session."""
        session = Session(secrets.token_urlsafe(24), content or {}, name)
        self._by_key[session.key] = session
        if len(self._by_key) > MOST:
            self._by_key.popitem(last=False)
        return session

    def find(self, key: str) -> Session | None:
        """Return the session of a key; None where there is none."""
        if key in self._by_key:
            self._by_key.move_to_end(key)
        return self._by_key.get(key)
