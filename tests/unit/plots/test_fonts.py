"""Fonts for what Matplotlib's own lacks."""

from __future__ import annotations

import logging

import pytest

import pellucid.plots.fonts


def test_a_font_without_bold_is_taken_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    assert pellucid.plots.fonts.NO_BOLD
    logger = logging.getLogger("matplotlib.font_manager")
    logger.warning("findfont: Failed to find font weight bold for Some Font, now using 500.")
    logger.warning("findfont: Font family 'Some Font' not found.")
    assert caplog.messages == ["findfont: Font family 'Some Font' not found."]
