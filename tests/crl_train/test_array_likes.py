"""Lists and other arrays reach a function as the NumPy arrays that it is annotated with; what is none is named."""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from jaxtyping import Bool, Float, Int, Shaped

from crl_train.array_likes import takes_array_likes


@takes_array_likes(ValueError)
def received(
    values: Float[np.ndarray, "rows dim"],
    near: Bool[np.ndarray, " rows"] | None = None,
    blocks: Int[np.ndarray, " rows"] | None = None,
    labels: Shaped[np.ndarray, " rows"] | None = None,
    by_depth: Mapping[int, Float[np.ndarray, " _"]] | None = None,
    samples: Sequence[Float[np.ndarray, " _"] | Bool[np.ndarray, " _"]] = (),
    index: tuple[int, int] = (0, 0),
) -> tuple:
    return values, near, blocks, labels, by_depth, samples, index


ROWS = [[1, 2], [3, 4]]


@pytest.mark.parametrize("values", [ROWS, tuple(map(tuple, ROWS)), np.array(ROWS), jnp.array(ROWS), pd.DataFrame(ROWS)])
def test_numbers_of_any_kind_arrive_as_one_floating_array(values):
    (array, *_) = received(values)
    assert isinstance(array, np.ndarray)
    assert array.dtype.kind == "f"
    assert array.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_an_array_of_the_right_kind_is_passed_on_as_it_is():
    values = np.zeros((2, 3), np.float32)
    assert received(values)[0] is values


def test_arrays_inside_of_dictionaries_and_sequences_are_found():
    received_all = received(ROWS, [True, False], [0, 1], ["a", "b"], None, [[True, False], [1, 2]], [1, 2])
    _, near, blocks, _, by_depth, (flags, counts), index = received_all
    assert (near.dtype, blocks.dtype) == (np.bool_, np.int64)
    assert (flags.dtype, counts.dtype) == (np.bool_, np.float64)
    assert (by_depth, index) == (None, (1, 2))
    by_depth = received(ROWS, by_depth={4: pd.Series([1, 2])})[4]
    assert by_depth[4].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [1.0, 2.0]}, r"^values has shape \(2,\): it needs the axes \(rows, dim\)\.$"),
        ({"values": [[1.0], [2.0, 3.0]]}, r"^values has rows of several lengths: give an array\.$"),
        ({"values": [["a"]]}, r"^values is of type <U1: give numbers\.$"),
        ({"values": ROWS, "near": [0, 1]}, r"^near is of type int64: a mask is boolean\. Use near\.astype\(bool\)\.$"),
        ({"values": ROWS, "blocks": [0.5, 1]}, r"^blocks is of type float64: whole numbers are needed\. Use blocks"),
        ({"values": ROWS, "by_depth": [1.0]}, r"^by_depth is a list: give a dictionary of arrays\.$"),
        ({"values": ROWS, "by_depth": {4: 1.0}}, r"^by_depth\[4\] has shape \(\): it needs the axes \(n\)\.$"),
        ({"values": ROWS, "samples": 3}, r"^samples is a int: give a list of arrays\.$"),
    ],
)
def test_what_is_no_such_array_is_named_in_a_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        received(**arguments)
