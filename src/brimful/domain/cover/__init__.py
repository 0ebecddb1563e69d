"""The best cover of a shortage with packs (R12)."""

from brimful.domain.cover.packs import STEPS_MAX, Cover, Pack, fits
from brimful.domain.cover.tables import CoverTables, choose_cover

__all__ = ["STEPS_MAX", "Cover", "CoverTables", "Pack", "choose_cover", "fits"]
