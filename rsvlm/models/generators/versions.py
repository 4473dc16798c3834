"""What tells one version of a function from the next, so that an edited one is not given the answers of the old one."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from uuid import uuid4

_PLAIN = (str, bytes, int, float, complex, bool, type(None), type(...), PurePath)
"""Values that their `repr` tells whole."""


def function_revision(function: Callable[..., Any]) -> str:
    """Return "code:" and 16 hex digits of what decides what a function returns.

    That is its code and its defaults; what it takes from around it and from its module: functions, texts, numbers, and
    collections of them; of an object that is called its methods and its attributes. Of anything else, such as a model
    or a client, only the type counts: name a revision where another one of that type answers otherwise. Functions of
    other modules are not looked into.

    What is called and has no code in Python is another version each time, so that no answers are kept for it.
    """
    known = isinstance(function, FunctionType | MethodType | BuiltinFunctionType | partial | type)
    if not known and not hasattr(function, "__dict__"):
        return f"unknown:{uuid4().hex[:16]}"
    told = _told(function, {}) if known else _owner(function, {})
    return "code:" + hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def class_revision(owner: type) -> str:
    """Return as of `function_revision` what decides what a class's methods return: their code, and plain attributes."""
    told = repr(_class(owner, {}))
    return "code:" + hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _told(value: Any, seen: dict[int, Any]) -> Any:
    """Return a value as plain data that is the same in every process.

    Args:
        value: Any.
        seen: What was told before, by its id: functions may call each other, and lists hold themselves.
    """
    if isinstance(value, _PLAIN):
        return type(value).__name__, repr(value)
    if isinstance(value, CodeType):
        return value.co_code, value.co_exceptiontable, _told(value.co_consts, seen), value.co_names
    if isinstance(value, tuple):
        return "tuple", [_told(one, seen) for one in value]
    if isinstance(value, set | frozenset):
        return "set", sorted(repr(_told(one, seen)) for one in value)  # each process has another order
    if isinstance(value, MethodType):
        return _told(value.__func__, seen), _owner(value.__self__, seen)
    if isinstance(value, BuiltinFunctionType):
        return value.__qualname__, _told(value.__self__, seen)
    if isinstance(value, partial):
        return "partial", [_told(one, seen) for one in (value.func, value.args, value.keywords)]
    if isinstance(value, ModuleType | type):
        return value.__name__
    if not isinstance(value, list | dict | FunctionType):
        return type(value).__module__, type(value).__qualname__
    if id(value) in seen:
        return "again"
    seen[id(value)] = value  # kept, so that no other one gets its id
    if isinstance(value, list):
        return "list", [_told(one, seen) for one in value]
    if isinstance(value, dict):
        return "dict", [(_told(name, seen), _told(one, seen)) for name, one in value.items()]
    return _function(value, seen)


def _function(function: FunctionType, seen: dict[int, Any]) -> Any:
    code, module = function.__code__, function.__globals__
    around: list[Any] = []
    for cell in function.__closure__ or ():
        try:
            around.append(cell.cell_contents)
        except ValueError:  # what it names has no value yet
            around.append(...)
    named = {name: module[name] for name in sorted({*_names(code)} & module.keys())}
    own = {name: value for name, value in named.items() if _is_own(value, function.__module__)}
    return [_told(one, seen) for one in (code, function.__defaults__, function.__kwdefaults__, around, own)]


def _names(code: CodeType) -> Iterator[str]:
    """What a function, and those in it, name of their module, among other names."""
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _names(one)


def _is_own(value: Any, module: str) -> bool:
    return not isinstance(value, FunctionType) or value.__module__ == module


def _owner(value: Any, seen: dict[int, Any]) -> Any:
    """What has a method: a class, or an object by its class and its attributes."""
    if isinstance(value, type):
        return _class(value, seen)
    return _class(type(value), seen), _told(getattr(value, "__dict__", None), seen)


def _class(owner: type, seen: dict[int, Any]) -> Any:
    """A class by its methods and plain attributes, and those of what it is made of."""
    found = []
    for one in owner.__mro__[:-1]:
        for name, member in vars(one).items():
            part = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if isinstance(part, FunctionType) or (isinstance(part, _PLAIN) and not name.startswith("__")):
                found.append((name, _told(part, seen)))
    return found
