"""What a worker computes: bytes in, the document of the command line out."""

from __future__ import annotations
