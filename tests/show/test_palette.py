"""Pages get the colours of figures, in light and dark, and can be read in both."""

import pytest

from speakor_common.show import palette


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "quiet", "accent", "deleted", "inserted", "good"])
@pytest.mark.parametrize("ground", ["paper", "surface", "chosen"])
def test_text_can_be_read(theme, text, ground):
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_marks_and_controls_can_be_seen(theme):
    assert contrast(theme["ink"], theme["substituted"]) >= 4.5
    assert contrast(theme["on-accent"], theme["accent"]) >= 4.5
    for control in ("border", "wave", "bound"):
        assert contrast(theme[control], theme["paper"]) >= 3


def test_light_and_dark_name_the_same_colours_and_pages_get_both():
    assert palette.LIGHT.keys() == palette.DARK.keys()
    rules = palette.css_variables(".page")
    assert f"--wave:{palette.BLUE};" in rules and f"--wave:{palette.SKY};" in rules
    assert '[data-jp-theme-light="false"]) .page' in rules  # as JupyterLab says it
