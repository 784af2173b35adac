"""Files of settings, YAML and JSON, that were edited, cut short, or written by something else."""

from collections.abc import Iterator, Mapping
from typing import Final

from tools.torture.inputs.case import Base, Case
from tools.torture.inputs.odd_content import DEEP, DIGITS, ESCAPE, WHOLE, write
from tools.torture.judge import EITHER, REFUSED, Right

_BOMB: Final = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
_YAML: Final[Mapping[str, str]] = {
    "an impossible date": "seed: 2001-99-99\n",
    "an impossible time": "seed: 2001-01-01 99:99:99\n",
    "!!int x": "seed: !!int x\n",
    "!!float x": "seed: !!float x\n",
    "!!binary": "seed: !!binary not base64!\n",
    "!!timestamp": "seed: !!timestamp x\n",
    "!!python/object": "seed: !!python/object/apply:os.system ['true']\n",
    "!!set": "seed: !!set {a, b}\n",
    "!!omap": "seed: !!omap [a]\n",
    "an unknown tag": "seed: !mine 1\n",
    "an anchor of itself": "seed: &a [*a]\n",
    "a mapping in itself": "&a seed: *a\n",
    "an unknown anchor": "seed: *nowhere\n",
    "a bomb of anchors under a known key": f"{_BOMB}seed: *i\n",
    "a bomb of anchors under a known key alone": "seed:\n  " + _BOMB.replace("\n", "\n  ").rstrip() + "\n",
    "merges": "a: &a {b: 1}\nseed: {<<: *a}\n",
    "a merge of a text": "<<: text\n",
    "two documents": "seed: 1\n---\nseed: 2\n",
    "a directive": "%YAML 9.9\n---\nseed: 1\n",
    "a tab": "\tseed: 1\n",
    "unbalanced": "seed: [1, 2\n",
    "a list": "- seed\n- 1\n",
    "a text": "seed\n",
    "5,000 digits": f"seed: {DIGITS}\n",
    "10,000 brackets": f"seed: {'[' * 10_000}\n",
    "10,000 closed brackets": f"seed: {'[' * 10_000}{']' * 10_000}\n",
    "10,000 levels": "".join(f"{' ' * level}a:\n" for level in range(1_000)),
    "a key of numbers": "1: 2\n",
    "a key of null": "null: 1\n",
    "a key that is a list": "[a]: 1\n",
    "a key that is a mapping": "{a: 1}: 1\n",
    "a key that is a date": "2001-01-01: 1\n",
    "the same key twice": "seed: 1\nseed: 2\n",
    "an infinity": "discount: .inf\n",
    "not a number": "discount: .nan\n",
    "a sexagesimal": "seed: 1:30\n",
    "an octal": "seed: 017\n",
    "yes": "seed: yes\n",
    "escape sequences in a key": f'"{ESCAPE!s}": 1\n'.replace("\x1b", "\\e").replace("\x07", "\\a"),
    "escape sequences in a value": 'env: "\\e[31m"\n',
    "a NUL": 'env: "\\0"\n',
    "half a surrogate": 'evaluation: "\\ud800"\n',
    "an unknown setting": "widht: 1\n",
    "another environment": "env: point_corridor\n",
    "a huge text": f"energy: {'x' * 1_000_000}\n",
    "a huge key": f"{'x' * 100_000}: 1\n",
    "1e400": "discount: 1e400\n",
    "all sizes huge": "width: 1000000000000\nnum_envs: 1000000000000\n",
    "best of a billion": "evaluation: best_of_1000000000\n",
    "a depth of a billion": "actor_depth: 1000000000\n",
}
_FINE: Final[Mapping[str, str]] = {"comments alone": "# nothing\n", "nothing": "", "an exponent": "actor_lr: 3e-4\n"}
_JSON: Final[Mapping[str, str]] = {
    "5,000 digits": f'{{"seed": {DIGITS}}}',
    "5,000 digits after a point": f'{{"discount": 0.{DIGITS}}}',
    "100,000 brackets": f'{{"seed": {DEEP}}}',
    "100,000 braces": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "NaN": '{"discount": NaN}',
    "Infinity": '{"discount": Infinity}',
    "1e400": '{"discount": 1e400}',
    "the same key twice": '{"seed": "a", "seed": "b"}',
    "half a surrogate": '{"evaluation": "\\ud800"}',
    "half a surrogate as a key": '{"\\ud800": 1}',
    "a control character": '{"seed": "\x01"}',
    "escape sequences": '{"env": "\\u001b[31m"}',
    "a list": "[1]",
    "a comment": '{"seed": 1} // one',
    "a comma too many": '{"seed": 1,}',
    "single quotes": "{'seed': 1}",
    "an empty key": '{"": 1}',
    "a list as a value": '{"seed": [1]}',
    "an object as a value": '{"seed": {"a": 1}}',
    "a text as a number": '{"seed": "1"}',
    "a number as a text": '{"energy": 1}',
    "a fraction as a count": '{"num_envs": 8.5}',
    "a whole fraction as a count": '{"num_envs": 8.0}',
    "true as a count": '{"num_envs": true}',
    "all sizes huge": '{"width": 1000000000000, "num_envs": 1000000000000}',
}


def cases(base: Base) -> Iterator[Case]:
    """All cases of settings; none needs a run."""
    for suffix, texts in ((".yaml", _YAML), (".json", _JSON)):
        for name, text in texts.items():
            right = EITHER if name in ("the same key twice", "an octal", "a sexagesimal") else REFUSED
            yield _settings_case(f"{suffix[1:]}: {name}", suffix, text, right)
    for name, text in _FINE.items():
        yield _settings_case(f"yaml: {name}", ".yaml", text, EITHER)
    for suffix in (".yaml", ".json", ".toml", ""):
        for name, content in WHOLE.items():
            yield _settings_case(f"a file {suffix or 'without suffix'} that is {name}", suffix, content, EITHER)


def _settings_case(name: str, suffix: str, content: str | bytes, right: Right) -> Case:
    file = f"settings{suffix}"
    command = ("crl-train", "run", "point_u_maze", "--preset", "smoke", "--config", file, "--out", "out")
    return Case("settings files", name, lambda folder: write(folder / file, content), command, right, trains=False)
