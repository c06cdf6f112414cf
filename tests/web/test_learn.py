"""The story in ten steps: a question first, then an answer that is true of the network at hand, whatever its layers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

HISTORY = [
    {"epoch": epoch, "loss": 0.9 / epoch, "accuracy": 0.7 + 0.1 * epoch, "val_loss": 0.8 / epoch, "val_accuracy": 0.75}
    for epoch in (1, 2)
]
OTHERS = {
    "conv 4 3x3 stride 2 nobias, batchnorm, relu, conv 4 3x3 same, globalmaxpool, dense 3 softmax": 10,
    "conv 3 3x3, globalavgpool, softmax": 10,
    "flatten, dense 8 tanh, dropout 0.1, dense 3 softmax": 8,
    "avgpool 2x2, flatten, dense 3 softmax": 8,
}
ALL_STEPS = """async () => {
  const told = [];
  for (const link of [...document.querySelectorAll('.progress a')].map(a => a.getAttribute('href'))) {
    location.hash = link;
    while (document.querySelector('.progress [aria-current=step]').getAttribute('href') !== link)
      await new Promise(done => setTimeout(done));
    told.push(document.querySelector('.chapter').innerText);
  }
  return told;
}"""


def go(page: Any, step: int) -> None:
    page.evaluate(f"location.hash = '#/learn/{step}'")
    page.until(f"document.querySelector('.progress [aria-current=step]')?.textContent === '{step}'")
    page.until("pellucid.answer !== null")


def steps_of(page: Any) -> int:
    return page.locator(".progress a").count()


def told(page: Any) -> str:
    return page.inner_text(".chapter")


def test_each_step_asks_first_and_shows_its_answer_without_a_click(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits | {"history": HISTORY}, "learn")
    page.until("pellucid.answer !== null")
    assert steps_of(page) == 10
    questions = []
    for step in range(1, 11):
        questions.append(page.inner_text("h1"))
        assert questions[-1].endswith("?")
        assert page.locator(".chapter :is(canvas, svg, table, .bars)").count() > 0
        assert len(told(page)) > 100
        assert page.evaluate("document.documentElement.scrollWidth") == 1280
        if step < 10:
            page.focus(".on .next")
            page.keyboard.press("Enter")
            page.until(f"document.querySelector('.progress [aria-current=step]').textContent === '{step + 1}'")
            assert page.evaluate("document.activeElement.tagName") == "H1"
    assert len(set(questions)) == 10
    assert page.evaluate("location.hash") == "#/learn/10"


def test_what_is_told_is_true_of_this_network(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits | {"history": HISTORY, "run": digits["run"] | {"epochs": 2}}, "learn/2")
    page.until("pellucid.answer !== null")
    maps = np.array(page.evaluate("[...pellucid.answer.members[0][0].linear.values]"))
    best = re.search(r"best: sum (\S+)", told(page))
    worst = re.search(r"worst: sum (\S+)", told(page))
    assert best is not None
    assert worst is not None
    assert float(best[1]) == pytest.approx(maps.max(), abs=6e-3)
    own = maps.reshape(24, 24, 8)[..., maps.argmax() % 8]
    assert float(worst[1].replace("\u2212", "-")) == pytest.approx(own.min(), abs=6e-3)
    go(page, 4)
    share = re.search(r"(\d+)% of the ([\d,]+) values", told(page))
    assert share is not None
    assert int(share[1]) == pytest.approx(100 * (maps < 0).mean(), abs=0.6)
    assert share[2] == "4,608"
    go(page, 8)
    logits = np.array(page.evaluate("[...pellucid.answer.logits]"))
    for figure, temperature in zip(page.locator(".temperatures figure").all(), (0.3, 1, 4), strict=False):
        powers = np.exp((logits - logits.max()) / temperature)
        shown = [float(text[:-1]) / 100 for text in figure.locator(".value").all_inner_texts()]
        assert shown == pytest.approx(sorted(powers / powers.sum(), reverse=True)[:4], abs=6e-4)
    own = float(page.locator(".temperatures .first .value").last.inner_text()[:-1].replace(">", "")) / 100
    assert own == pytest.approx(page.evaluate("Math.max(...pellucid.answer.probabilities)"), abs=1e-3)
    page.locator(".temperatures input").fill("0")
    assert "1.00" in page.locator(".temperatures figcaption").last.inner_text()
    go(page, 9)
    assert page.locator(".chapter svg.chart").count() == 2
    assert "2 times" in told(page)
    assert "AdamW" not in told(page)
    assert "label smoothing" not in told(page)


def test_how_it_learned_is_told_as_this_run_did(open_page: Any, digits: dict[str, Any]) -> None:
    run = digits["run"] | {"optimizer": "sgd", "label_smoothing": 0.1}
    text = told(open_page(digits | {"history": HISTORY, "run": run}, "learn/9"))
    assert "gradient descent" in text
    assert "Adam" not in text
    assert "10% of each label" in text
    assert "cannot be compared" in text


def test_steps_come_in_the_order_of_the_layers(open_page: Any, colours: dict[str, Any], with_layers: Any) -> None:
    late = "conv 4 3x3 relu, conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
    page = open_page(with_layers(colours, late)[0], "learn/5")
    assert page.inner_text("h1") == "What is a map of maps?"
    go(page, 6)
    assert page.inner_text("h1") == "Why pool?"


def test_noise_is_not_known_and_a_mistake_is_taken_along(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "learn/10")
    page.until("pellucid.answer !== null")
    assert "I don't know" in page.locator(".case").nth(2).inner_text()
    page.click(".chapter .picker button")
    page.until("pellucid.subject.number === 0")
    assert page.get_attribute(".chapter .picker button", "aria-pressed") == "true"
    never = open_page(digits | {"doubt": None}, "learn/10")
    never.until("pellucid.answer !== null")
    assert "This run cannot" in told(never)


def test_the_story_stays_whole_for_other_networks(open_page: Any, colours: dict[str, Any], with_layers: Any) -> None:
    for shorthand, count in OTHERS.items():
        payload, _ = with_layers(colours, shorthand)
        page = open_page(payload | {"history": HISTORY}, "learn")
        page.until("pellucid.answer !== null")
        texts = page.evaluate(ALL_STEPS)
        assert len(texts) == count, shorthand
        assert min(map(len, texts)) > 60, shorthand
        assert not any(word in text for word in ("undefined", "NaN", "{name", "{count") for text in texts), shorthand
        page.context.close()


def test_a_phone_in_chinese_need_not_scroll_sideways(open_page: Any, many: dict[str, Any]) -> None:
    page = open_page(many, "learn", has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 740})
    page.until("pellucid.answer !== null")
    for step in range(1, steps_of(page) + 1):
        go(page, step)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, step
        assert not re.search(r"[a-z]{4,} [a-z]{3,} [a-z]{3,}", page.inner_text("h1"))
    page.tap(".progress li:nth-child(2) a")
    page.until("document.querySelector('.progress [aria-current=step]').textContent === '2'")
