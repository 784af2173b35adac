"""The scripts of the page: what is left out of them when they go into it."""

import importlib.resources

import pytest

from crl_probe.render.page.inline import without_comments

SCRIPTS = sorted(importlib.resources.files("crl_probe.render.page").joinpath("templates/js").iterdir(), key=str)


def test_comments_with_lines_to_themselves_are_left_out():
    script = """// A file.

/**
 * @param {string} a // of these
 */
function f(a) { // stays
  /** @type {number} */
  const b = /** @type {any} */ (a); /* stays */
  /** @type {any} */ const url = "https://example.org"; // stays
  // goes
  return `// ${b} /** ${url}`;
}
  /** Goes. */  
/* stays */
// goes"""  # noqa: W291
    assert (
        without_comments(script)
        == """function f(a) { // stays
  const b = /** @type {any} */ (a); /* stays */
  /** @type {any} */ const url = "https://example.org"; // stays
  return `// ${b} /** ${url}`;
}
/* stays */
"""
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_no_text_spans_lines(script):
    code = str(without_comments(script.read_text(encoding="utf-8")))
    assert all(line.count("`") % 2 == 0 for line in code.splitlines())
