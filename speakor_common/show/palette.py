"""Colours, type and spacing, stated once for figures and for pages.

The series colours are those of Okabe and Ito (2008), which people with every common form of
colour vision can tell apart. Pages get everything as CSS variables, in light and in dark; text has
a contrast of at least 4.5:1 on what it stands on, controls one of 3:1. Colour is never the only
sign.
"""

from __future__ import annotations

from collections.abc import Mapping

BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
BLACK = "#000000"
SERIES = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK)

# Greys of figures.
INK = "#1a1f27"  # text
QUIET = "#56606e"  # text of second rank: axes, notes
LINE = "#dfe3e8"  # a grid, a border
LEFT_OUT = "#999999"  # a split that nothing uses
TOO_FEW = "#BBBBBB"  # a group too small to say much
INTERVAL = "#444444"  # whiskers

FIGURE_SIZES = {"title": 11.5, "label": 10.0, "tick": 9.0}  # points

LIGHT = {
    "paper": "#ffffff",
    "surface": "#f6f7f9",
    "line": LINE,
    "border": "#868f9c",
    "ink": INK,
    "quiet": QUIET,
    "accent": "#00639c",
    "on-accent": "#ffffff",
    "chosen": "#e0f0fa",
    "wave": BLUE,
    "stretch": ORANGE,
    "bound": VERMILION,
    "left-out": LEFT_OUT,
    "substituted": "#fde2b8",
    "substituted-edge": "#a86400",
    "deleted": "#b03a00",
    "inserted": "#00527a",
    "good": "#00694d",
}
DARK = {
    "paper": "#14181e",
    "surface": "#1c222a",
    "line": "#303945",
    "border": "#74808f",
    "ink": "#e9edf2",
    "quiet": "#a9b4c1",
    "accent": "#71c0f0",
    "on-accent": "#0b1a26",
    "chosen": "#173548",
    "wave": SKY,
    "stretch": ORANGE,
    "bound": "#ff9a5c",
    "left-out": "#7a828c",
    "substituted": "#5c420f",
    "substituted-edge": "#f0b64a",
    "deleted": "#ff9d6b",
    "inserted": "#7cc8f4",
    "good": "#4fd0a5",
}
_MEASURES = {
    "text-small": "0.75rem",
    "text": "0.875rem",
    "text-large": "1.0625rem",
    "text-title": "1.375rem",
    "space-1": "0.25rem",
    "space-2": "0.5rem",
    "space-3": "0.75rem",
    "space-4": "1rem",
    "space-6": "1.5rem",
    "radius": "0.375rem",
}


def css_variables(selector: str) -> str:
    """CSS rules that give what ``selector`` matches colours and measures, e.g. ``--accent``.

    Light or dark is what JupyterLab says, else what the page says (``data-theme``), else what the
    system says.
    """
    light = _declarations(LIGHT) + "color-scheme:light;"
    dark = _declarations(DARK) + "color-scheme:dark;"
    rules = [
        f"{selector}{{{_declarations(_MEASURES)}{light}}}",
        f"@media (prefers-color-scheme:dark){{{selector}{{{dark}}}}}",
        f':is([data-theme="light"],[data-jp-theme-light="true"]) {selector}{{{light}}}',
        f':is([data-theme="dark"],[data-jp-theme-light="false"]) {selector}{{{dark}}}',
        # Paper is light.
        f"@media print{{{selector},[data-theme] {selector}{{{light}}}}}",
    ]
    return "\n".join(rules) + "\n"


def _declarations(values: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in values.items())
