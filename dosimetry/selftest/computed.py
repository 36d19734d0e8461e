"""What a case of the self-test returns: each of its quantities by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from dosimetry.quantities import Quantity

Computed: TypeAlias = "Mapping[str, Quantity | float | None]"  # None: not computed
