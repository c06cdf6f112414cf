"""Where one is in the page: addresses that were followed, kept or mistyped."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("address", ["%E0%A4%A", "nowhere/at/all", "walk/no_such_layer/99", "learn/1e9"])
def test_an_address_that_does_not_exist_shows_a_view(open_page: Any, digits: dict[str, Any], address: str) -> None:
    page = open_page(digits, address)
    assert page.locator("h1").count() == 1
    assert page.locator("header nav [aria-current=page]").count() == 1
    page.evaluate("location.hash = '#/learn/%'")
    page.until("document.querySelector('header nav [aria-current=page]').textContent === 'Learn'")


def test_who_skips_the_head_stays_where_they_are(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "learn/3")
    page.focus(".skip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "view"
    assert page.evaluate("location.hash") == "#/learn/3"
    assert page.inner_text("h1") == "Why does the filter slide?"
