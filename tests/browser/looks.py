"""Measures of looks: contrast, and things that are too wide."""

from __future__ import annotations

from typing import Any

from selenium.webdriver.remote.webelement import WebElement

from browser.page import Page

# The texts of a part of the page with their contrast, by the WCAG's formula; texts of disabled controls, too.
CONTRAST = """
const channels = (text) => [...text.match(/[\\d.]+/g).map(Number), 1].slice(0, 4);
const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
const style = (element, part) => getComputedStyle(element, part);
// Opacity mixes an element, its ground too, with what is behind it.
const ground = (element) => {
  if (!element) return [255, 255, 255, 1];
  const behind = ground(element.parentElement), own = over(channels(style(element).backgroundColor), behind);
  return over([...own.slice(0, 3), Number(style(element).opacity)], behind);
};
const shown = (colour, element) => {
  const mixed = over(channels(colour), ground(element));
  let opacity = 1;
  for (let at = element; at; at = at.parentElement) opacity *= Number(style(at).opacity);
  return over([...mixed.slice(0, 3), opacity], ground(element.parentElement));
};
const light = (colour) => {
  const linear = (c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const [r, g, b] = colour.map((c) => linear(c / 255));
  return .2126 * r + .7152 * g + .0722 * b;
};
const ratio = (one, other) => {
  const [a, b] = [light(one), light(other)];
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
};
const [root, outline] = arguments;
if (outline) return ratio(channels(style(root).outlineColor), ground(root.parentElement));
const found = [];
for (const element of [root, ...root.querySelectorAll("*")]) {
  if (!element.checkVisibility() || element.closest("script, style, option")) continue;
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const field = element.matches("input, textarea, select");
  if (!own && !field) continue;
  for (let at = element; at; at = at.parentElement) {
    const isPainted = style(at).filter !== "none" || style(at).backgroundImage !== "none";
    if (isPainted) found.push([0, "painted: " + at.outerHTML]);
  }
  const part = element.matches(":placeholder-shown") ? "::placeholder" : null;
  const colour = style(element, part).color;
  found.push([ratio(shown(colour, element), ground(element)), element.outerHTML.slice(0, 200)]);
}
return found.filter(([value]) => value < 4.5);
"""

WIDE = """
const root = document.documentElement, most = root.clientWidth, wide = [];
// A phone shows all of a page that is too wide, in small; a screen has a scroll bar of less than 20 pixels.
if (root.scrollWidth > most || innerWidth > most + 20) wide.push("the page: " + innerWidth);
for (const element of document.querySelectorAll("body *")) {
  if (!element.checkVisibility() || element.closest(".skip")) continue;
  const scrolls = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
  if (scrolls && element.scrollWidth > element.clientWidth) wide.push("scrolls: " + element.outerHTML.slice(0, 200));
  if (element.getBoundingClientRect().right > most + .5 && !element.closest(".path")) {
    wide.push(element.outerHTML.slice(0, 200));
  }
}
return wide;
"""


def unreadable(page: Page, element: WebElement | None = None) -> Any:
    """Return the texts of the page, or of an element, whose contrast is below 4.5:1."""
    return page.run(CONTRAST, element or page.one("body"), False)


def outline_contrast(page: Page, element: WebElement) -> float:
    """Return the contrast of an element's outline with what is around it."""
    return float(page.run(CONTRAST, element, True))


def too_wide(page: Page) -> Any:
    """Return what is beyond the right edge, or can be scrolled sideways."""
    return page.run(WIDE)
