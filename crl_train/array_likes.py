"""Functions of NumPy arrays that also take lists, tuples, pandas or JAX arrays, and name what they cannot take."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar, get_args, get_origin

import numpy as np
from jaxtyping import AbstractArray

P = ParamSpec("P")
R = TypeVar("R")

_NUMBERS = "biuf"  # kinds of NumPy types: yes and no, whole numbers, numbers


def takes_array_likes(error: type[ValueError]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Turn arguments into what a function's annotations say, where they say NumPy arrays: lists work as arrays do.

    Arrays inside mappings and sequences are found too. Whole numbers become floating-point where these are annotated;
    what is an array of the right kind already is passed on as it is.

    Args:
        error: Raised, in one sentence that names the argument, for what is no array of numbers, has another number of
            axes, or is no mask where a mask is needed.

    Example:
        >>> from jaxtyping import Float
        >>> @takes_array_likes(ValueError)
        ... def total(values: Float[np.ndarray, " n"]) -> float:
        ...     return float(values.sum())
        >>> total([1, 2.5])
        3.5
        >>> total(values=[[1.0]])
        Traceback (most recent call last):
        ValueError: values has shape (1, 1): it needs the axes (n).
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        annotations = {
            name: parameter.annotation
            for name, parameter in signature.parameters.items()
            if _holds_arrays(parameter.annotation)
        }

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            for name, annotation in annotations.items():
                if name in bound.arguments:
                    bound.arguments[name] = _converted(name, bound.arguments[name], annotation, error)
            return function(*bound.args, **bound.kwargs)

        return call

    return decorate


def _is_array(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, AbstractArray)


def _holds_arrays(annotation: Any) -> bool:
    return _is_array(annotation) or annotation == tuple[int, int] or any(map(_holds_arrays, get_args(annotation)))


def _converted(name: str, value: Any, annotation: Any, error: type[ValueError]) -> Any:
    if _is_array(annotation):
        return _array(name, value, [annotation], error)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return tuple(int(entry) for entry in value)
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise error(f"{name} is a {type(value).__name__}: give a dictionary of arrays.")
        return {key: _converted(f"{name}[{key!r}]", entry, parts[1], error) for key, entry in value.items()}
    if origin is Sequence:
        if not isinstance(value, Iterable):
            raise error(f"{name} is a {type(value).__name__}: give a list of arrays.")
        return [_converted(f"{name}[{i}]", entry, parts[0], error) for i, entry in enumerate(value)]
    # A union: kinds of arrays, or something that holds arrays, beside None.
    if value is None:
        return None
    arrays = [part for part in parts if _is_array(part)]
    if arrays:
        return _array(name, value, arrays, error)
    return _converted(name, value, next(part for part in parts if _holds_arrays(part)), error)


def _array(name: str, value: Any, wanted: Sequence[type[AbstractArray]], error: type[ValueError]) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        raise error(f"{name} has rows of several lengths: give an array.") from None
    axes = [axis.strip("_") or "n" for axis in wanted[0].dim_str.split()]
    is_open = any(axis.startswith(("*", "...")) for axis in axes)
    if array.ndim < len(axes) - is_open or (array.ndim > len(axes) and not is_open):
        raise error(f"{name} has shape {array.shape}: it needs the axes ({', '.join(axes)}).")
    types = [kind.dtypes for kind in wanted]
    kinds = {word for words in types if isinstance(words, tuple) for word in words}
    if not kinds or array.dtype.name in kinds:
        return array
    if array.dtype.kind not in _NUMBERS:
        raise error(f"{name} is of type {array.dtype}: give numbers.")
    if "float64" in kinds:
        return array.astype(np.float64)
    needed, kind = ("a mask is boolean", "bool") if "bool" in kinds else ("whole numbers are needed", "int")
    raise error(f"{name} is of type {array.dtype}: {needed}. Use {name}.astype({kind}).")
