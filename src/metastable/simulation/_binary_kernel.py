"""The inner loop of the asynchronous binary engine.

LLVM has an instruction for the number of set bits of a vector of words, but does not find it in a loop over arrays
whose overlap it cannot exclude; written as vectors (512 sources at a time) it is translated for any processor. Counts
are integers, so the result is the same on all of them. All of it stands in one file because numba's compiled copy on
disk is renewed when this file changes, and not when one that it imports does.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

# Updates between asking for a unit's connections and using them: the time of one memory access.
_AHEAD = 6
# Words in a vector: 64 bytes, a cache line. Rows, populations and masks are whole numbers of them.
WIDTH = 8
_INT = ir.IntType(64)
_WORDS = ir.VectorType(_INT, WIDTH)


def _vector_at(builder, data, word):
    return builder.bitcast(builder.gep(data, [word]), _WORDS.as_pointer())


def _count(builder, start, stop, words_at):
    """Sum the set bits of ``words_at(k)`` over the vectors k from start to stop."""
    total = cgutils.alloca_once_value(builder, ir.Constant(_WORDS, [0] * WIDTH))
    module, per_word, reduced = builder.module, ir.FunctionType(_WORDS, [_WORDS]), ir.FunctionType(_INT, [_WORDS])
    counter = cgutils.get_or_insert_function(module, per_word, f"llvm.ctpop.v{WIDTH}i64")
    add = cgutils.get_or_insert_function(module, reduced, f"llvm.vector.reduce.add.v{WIDTH}i64")
    with cgutils.for_range_slice(builder, start, stop, _INT(1), intp=_INT) as (k, _):
        bits = builder.call(counter, [words_at(builder.mul(k, _INT(WIDTH)))])
        builder.store(builder.add(builder.load(total), bits), total)
    return builder.call(add, [builder.load(total)])


@intrinsic
def count_active(typingctx, bits, row, state, start, stop):
    """Count the bits set in both a row of `bits` and `state`, from vector `start` to `stop`."""
    signature = types.int64(bits, types.intp, state, types.intp, types.intp)

    def codegen(context, builder, sig, args):
        bits_array = context.make_array(sig.args[0])(context, builder, args[0])
        state_array = context.make_array(sig.args[2])(context, builder, args[2])
        first = builder.mul(args[1], builder.extract_value(bits_array.shape, 1))

        def words_at(word):
            sources = builder.load(_vector_at(builder, bits_array.data, builder.add(first, word)), align=64)
            return builder.and_(sources, builder.load(_vector_at(builder, state_array.data, word), align=64))

        return _count(builder, args[3], args[4], words_at)

    return signature, codegen


@intrinsic
def count_active_within(typingctx, bits, row, state, masks, mask, start, stop):
    """Count as `count_active`, among the bits of one row of `masks`."""
    signature = types.int64(bits, types.intp, state, masks, types.intp, types.intp, types.intp)

    def codegen(context, builder, sig, args):
        bits_array = context.make_array(sig.args[0])(context, builder, args[0])
        state_array = context.make_array(sig.args[2])(context, builder, args[2])
        mask_array = context.make_array(sig.args[3])(context, builder, args[3])
        n_words = builder.extract_value(bits_array.shape, 1)
        first, first_mask = builder.mul(args[1], n_words), builder.mul(args[4], n_words)

        def words_at(word):
            sources = builder.load(_vector_at(builder, bits_array.data, builder.add(first, word)), align=64)
            active = builder.load(_vector_at(builder, state_array.data, word), align=64)
            inside = builder.load(_vector_at(builder, mask_array.data, builder.add(first_mask, word)), align=64)
            return builder.and_(builder.and_(sources, active), inside)

        return _count(builder, args[5], args[6], words_at)

    return signature, codegen


@intrinsic
def prefetch_row(typingctx, bits, row):
    """Ask for the cache lines of one row of `bits` ahead of their use."""
    signature = types.void(bits, types.intp)

    def codegen(context, builder, sig, args):
        array = context.make_array(sig.args[0])(context, builder, args[0])
        n_words = builder.extract_value(array.shape, 1)
        start = builder.gep(array.data, [builder.mul(args[1], n_words)])
        byte = ir.IntType(8).as_pointer()
        shape = ir.FunctionType(ir.VoidType(), [byte] + [ir.IntType(32)] * 3)
        fetch = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0")
        hints = [ir.Constant(ir.IntType(32), value) for value in (0, 3, 1)]  # read, keep, data
        with cgutils.for_range_slice(builder, _INT(0), n_words, _INT(WIDTH), intp=_INT) as (word, _):
            builder.call(fetch, [builder.bitcast(builder.gep(start, [word]), byte), *hints])
        return context.get_dummy_value()

    return signature, codegen


@njit(nogil=True, cache=True, error_model="numpy")
def choose_unit(word, threshold, first_position, size):
    """Return the population and the position that a random word stands for.

    The upper half of the word chooses the population, the lower half the unit, each with a bias below 2^-32 of its
    range. The comparison is a sum and not a branch, which would be mispredicted half of the time.
    """
    upper = word >> np.uint64(32)
    p = 0
    for k in range(threshold.size - 1):
        p += upper >= threshold[k]
    unit = ((word & np.uint64(0xFFFFFFFF)) * np.uint64(size[p])) >> np.uint64(32)
    return p, first_position[p] + np.int64(unit)


@njit(nogil=True, cache=True, error_model="numpy")
def advance(
    words,
    n_updates,
    state,
    counts,
    samples,
    bits,
    threshold,
    first_position,
    size,
    constant,
    connection_range,
    vector_range,
    weight,
    weight_within,
    mask_of,
    masks,
    mask_range,
    group_of,
    onset_update,
    onset_position,
    record_onsets,
):
    """Update units one after the other, and sample the number of active units of each group.

    Sample s is taken after ``n_updates[s]`` more updates. The field of a unit is a sum of counts of its active sources
    times weights that are constant within a block, so no field is stored that could drift. Returns the number of
    onsets recorded.
    """
    n_onsets = 0
    u = 0
    for s in range(samples.shape[0]):
        for _ in range(n_updates[s]):
            _, later = choose_unit(words[min(u + _AHEAD, words.size - 1)], threshold, first_position, size)
            prefetch_row(bits, later)  # pyright: ignore[reportCallIssue]
            p, j = choose_unit(words[u], threshold, first_position, size)
            field = constant[p]
            for c in range(connection_range[p], connection_range[p + 1]):
                n = count_active(bits, j, state, vector_range[c, 0], vector_range[c, 1])  # pyright: ignore[reportCallIssue]
                field += weight[c] * n
                m = mask_of[c, j]
                if m >= 0:
                    n = count_active_within(bits, j, state, masks, m, mask_range[m, 0], mask_range[m, 1])  # pyright: ignore[reportCallIssue]
                    field += weight_within[c] * n
            bit = np.uint64(1) << np.uint64(j & 63)
            active = (state[j >> 6] & bit) != 0
            if field > 0:
                if not active:
                    state[j >> 6] |= bit
                    counts[group_of[j]] += 1
                    if record_onsets:
                        onset_update[n_onsets] = u
                        onset_position[n_onsets] = j
                        n_onsets += 1
            elif active:
                state[j >> 6] &= ~bit
                counts[group_of[j]] -= 1
            u += 1
        # Written out: numba takes two seconds to compile the assignment of a row.
        for g in range(counts.size):
            samples[s, g] = counts[g]
    return n_onsets
