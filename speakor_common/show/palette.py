"""Colours, stated once for figures and for pages.

The series colours are those of Okabe and Ito (2008), which people with every common form of
colour vision can tell apart. Pages get them as CSS variables; colour is never the only sign.
"""

from __future__ import annotations

BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
BLACK = "#000000"
SERIES = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK)

# Greys of figures.
LEFT_OUT = "#999999"  # a split that nothing uses
TOO_FEW = "#BBBBBB"  # a group too small to say much
INTERVAL = "#444444"  # whiskers

# Tints of pages, each with enough contrast for the text on it or in it.
SUBSTITUTED = "#fde2b8"
DELETED = "#b03a00"
INSERTED = "#00527a"
CHOSEN = "#cfe8f7"

_ON_PAGES = {
    "blue": BLUE,
    "orange": ORANGE,
    "vermilion": VERMILION,
    "black": BLACK,
    "left-out": LEFT_OUT,
    "substituted": SUBSTITUTED,
    "deleted": DELETED,
    "inserted": INSERTED,
    "chosen": CHOSEN,
}


def css_variables(selector: str) -> str:
    """A CSS rule that gives what ``selector`` matches the colours of pages, e.g. ``--blue``."""
    return f"{selector}{{{''.join(f'--{name}:{value};' for name, value in _ON_PAGES.items())}}}\n"
