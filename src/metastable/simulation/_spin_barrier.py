"""A meeting point for threads inside compiled loops: microseconds apart, where a lock of the system would cost more.

A thread that waits spins on a shared counter. After some looks it offers its processor to others at each look, so that
a partner that the system has put aside can come back soon.
"""

from __future__ import annotations

import platform
import sys

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from metastable.simulation._aligned import aligned_zeros

_INT = ir.IntType(64)
# About a microsecond, as much as an offer that nobody takes costs. Where the system runs both threads on one processor,
# neither goes on before such an offer: 2000 looks made a step of 20,000 neurons eight times slower than on one thread.
_LOOKS_BEFORE_YIELDING = 50
# Where the C library has it; elsewhere a thread that waits spins on.
_CAN_YIELD = sys.platform in ("linux", "darwin")
_OPEN = 2**62
# Tells the processor that this thread waits: its sibling on the same core, often the partner, gets the core meanwhile.
_RELAX = {"x86_64": "llvm.x86.sse2.pause", "amd64": "llvm.x86.sse2.pause"}.get(platform.machine().lower())


def new_gate() -> NDArray[np.int64]:
    """Make the counter of those who have arrived, on a cache line of its own."""
    return aligned_zeros((8,), np.int64)


def leave_open(gate: NDArray[np.int64]) -> None:
    """Let everybody pass from now on, because someone will not come."""
    gate[0] = _OPEN


def _call(builder, kind, name):
    builder.call(builder.module.globals.get(name) or ir.Function(builder.module, kind, name), [])


@intrinsic
def _count_in(typingctx, gate):
    """Add 1 to ``gate[0]``; what this thread wrote before is seen by those who see the new count."""
    signature = types.void(gate)

    def codegen(context, builder, sig, args):
        array = context.make_array(sig.args[0])(context, builder, args[0])
        builder.atomic_rmw("add", array.data, _INT(1), "acq_rel")
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def _look(typingctx, gate):
    """Return ``gate[0]`` as other threads have left it."""
    signature = types.int64(gate)

    def codegen(context, builder, sig, args):
        array = context.make_array(sig.args[0])(context, builder, args[0])
        return builder.load_atomic(array.data, "acquire", 8)

    return signature, codegen


@intrinsic
def _relax(typingctx):
    """Wait for some ten cycles of the processor, where it has a way to say so."""
    signature = types.void()

    def codegen(context, builder, sig, args):
        if _RELAX:
            _call(builder, ir.FunctionType(ir.VoidType(), []), _RELAX)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def _offer_processor(typingctx):
    """Let another thread run if one is waiting for the processor."""
    signature = types.void()

    def codegen(context, builder, sig, args):
        if _CAN_YIELD:
            _call(builder, ir.FunctionType(ir.IntType(32), []), "sched_yield")
        return context.get_dummy_value()

    return signature, codegen


@njit(nogil=True, error_model="numpy")
def meet(gate, expected):
    """Count in, and wait until `expected` arrivals have been counted in all."""
    _count_in(gate)  # pyright: ignore[reportCallIssue]
    looks = 0
    while _look(gate) < expected:  # pyright: ignore[reportCallIssue]
        _relax()  # pyright: ignore[reportCallIssue]
        looks += 1
        if looks > _LOOKS_BEFORE_YIELDING:
            _offer_processor()  # pyright: ignore[reportCallIssue]
