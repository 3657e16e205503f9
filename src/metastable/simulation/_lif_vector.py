"""Operations of the LIF kernel on vectors and rows, written as LLVM vectors because the compiler does not find them.

A loop over 64 neurons in numba stays scalar: array bounds, possible overlap of arrays and the unpacking of bits defeat
the vectoriser, and the step becomes 12 x slower. LLVM's own vector types say what is meant and are translated for any
processor (AVX-512: one masked addition for 64 synapses). No operation here may be fused or reordered, so the results
equal those of `_lif_reference` to the last bit.

The kinetics of the synapses are part of the code that is generated. They travel as a string, `Kinetics.code`, because
numba keeps a compiled kernel on disk under the constants it was made with. The string ends with a checksum of this
file and that of the barrier, which numba does not look at: it compares only the file of the kernel, and would go on
with what an older version of these had generated.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from metastable.simulation import _spin_barrier

LANES = 64
_INT = ir.IntType(64)
_SOURCES = (__file__, _spin_barrier.__file__)
_CHECKSUM = f"{zlib.crc32(b''.join(Path(name).read_bytes() for name in _SOURCES)):08x}"


class Kinetics(NamedTuple):
    """Which counts of arriving spikes, or sums of their weights, enter which synaptic trace, and with which sign."""

    signs: tuple[tuple[int, ...], ...]
    population_of_source: tuple[int, ...]

    @property
    def code(self) -> str:
        """The kinetics as a string, for instance ``"-+0/-0+:0,0,1:..."``: traces of populations, sources, checksum."""
        by_population = zip(*self.signs, strict=True)
        letters = "/".join("".join("0+-"[sign] for sign in column) for column in by_population)
        return f"{letters}:{','.join(map(str, self.population_of_source))}:{_CHECKSUM}"

    @staticmethod
    def from_code(code: str) -> Kinetics:
        """Read the string again."""
        letters, sources, _ = code.split(":")
        columns = [["0+-".index(letter) for letter in word] for word in letters.split("/")]
        signs = tuple(tuple((0, 1, -1)[column[k]] for column in columns) for k in range(len(columns[0])))
        return Kinetics(signs, tuple(map(int, sources.split(","))))


@intrinsic
def count_word(typingctx, counts, block, source, word):
    """Add the 64 bits of `word` to ``counts[block, source, :]``."""
    signature = types.void(counts, types.intp, types.intp, types.uint64)

    def codegen(context, builder, sig, args):
        place, vector = _counts_of(context, builder, sig.args[0], *args[:3])
        bits = builder.bitcast(args[3], ir.VectorType(ir.IntType(1), LANES))
        old = builder.load(place, align=LANES)
        builder.store(builder.add(old, builder.zext(bits, vector)), place, align=LANES)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def count_rows(typingctx, counts, block, source, bits, positions, slot, first, stop):
    """Add word `block` of the rows ``positions[slot, first:stop]`` of `bits` to ``counts[block, source, :]``.

    The counts stay in registers meanwhile: with many rows only these are read.
    """
    signature = types.void(counts, types.intp, types.intp, bits, positions, types.intp, types.intp, types.intp)

    def codegen(context, builder, sig, args):
        place, vector = _counts_of(context, builder, sig.args[0], *args[:3])
        total = cgutils.alloca_once_value(builder, builder.load(place, align=LANES))
        with _each_row(context, builder, sig.args[3:5], args[3:]) as row:
            word = builder.load(builder.gep(row, [args[1]]))
            ones = builder.bitcast(word, ir.VectorType(ir.IntType(1), LANES))
            builder.store(builder.add(builder.load(total), builder.zext(ones, vector)), total)
        builder.store(builder.load(total), place, align=LANES)
        return context.get_dummy_value()

    return signature, codegen


def _counts_of(context, builder, kind, counts, block, source) -> tuple[ir.Value, ir.VectorType]:
    """Return where ``counts[block, source, :]`` lies, as a vector, and its type."""
    array = context.make_array(kind)(context, builder, counts)
    n_sources = cgutils.unpack_tuple(builder, array.shape)[1]
    row = builder.add(builder.mul(block, n_sources), source)
    vector = ir.VectorType(ir.IntType(kind.dtype.bitwidth), LANES)
    return builder.bitcast(builder.gep(array.data, [builder.mul(row, _INT(LANES))]), vector.as_pointer()), vector


@intrinsic
def fetch_rows(typingctx, bits, positions, slot, first, stop, word):
    """Ask for the cache lines of this word of the rows ``positions[slot, first:stop]``, which are needed soon.

    Rows are far apart in memory, and more of them are read side by side than a processor follows by itself. To ask
    beyond the end of a row does no harm.
    """
    signature = types.void(bits, positions, types.intp, types.intp, types.intp, types.intp)

    def codegen(context, builder, sig, args):
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        with _each_row(context, builder, sig.args[:2], args[:5]) as row:
            place = builder.bitcast(builder.gep(row, [args[5]]), byte)
            # To read, and to keep in all levels of the cache; data, not code.
            builder.call(fetch, [place, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return signature, codegen


@contextmanager
def _each_row(context, builder, kinds, args) -> Iterator[ir.Value]:
    """Loop over the rows ``positions[slot, first:stop]`` of `bits`; yield where a row begins."""
    bits, positions = (context.make_array(kind)(context, builder, arg) for kind, arg in zip(kinds, args, strict=False))
    n_words = cgutils.unpack_tuple(builder, bits.shape)[1]
    n_listed = cgutils.unpack_tuple(builder, positions.shape)[1]
    listed = builder.gep(positions.data, [builder.mul(args[2], n_listed)])
    with cgutils.for_range_slice(builder, args[3], args[4], _INT(1), intp=_INT) as (index, _):
        position = builder.sext(builder.load(builder.gep(listed, [index])), _INT)
        yield builder.gep(bits.data, [builder.mul(position, n_words)])


@intrinsic(prefer_literal=True)
def update_block(typingctx, state, arrivals, coefficients, row, block, population, kinetics):
    """Advance the 64 neurons of a block by one step, clear what arrived, return the bits of those above threshold.

    ``state[block]`` holds rows of 64: V, drive, and the synaptic traces; ``arrivals[row]`` one for each source, counts
    of spikes or sums of their weights; ``coefficients[population]`` holds the decay of V, the threshold, the decay of
    each trace, and the weight of each source, by which counts are multiplied.
    """
    if not isinstance(kinetics, types.StringLiteral):
        return None
    signs, population_of_source = Kinetics.from_code(kinetics.literal_value)
    signature = types.uint64(state, arrivals, coefficients, types.intp, types.intp, types.intp, kinetics)

    def codegen(context, builder, sig, args):
        real_type, arrival_type = sig.args[0].dtype, sig.args[1].dtype
        counted = isinstance(arrival_type, types.Integer)
        width = 512 // real_type.bitwidth
        real = ir.VectorType(context.get_value_type(real_type), width)
        arrival = ir.VectorType(context.get_value_type(arrival_type), width)
        n_traces, n_sources = len(signs), len(population_of_source)

        def row_of(index, n_rows, position):
            array = context.make_array(sig.args[index])(context, builder, args[index])
            return builder.gep(array.data, [builder.mul(position, _INT(n_rows))])

        arrivals_at = row_of(1, n_sources * LANES, args[3])
        state_at = row_of(0, (2 + n_traces) * LANES, args[4])
        coefficients_at = row_of(2, 2 + n_traces + n_sources, args[5])

        def coefficient(index):
            scalar = builder.load(builder.gep(coefficients_at, [_INT(index)]))
            one = builder.insert_element(ir.Constant(real, ir.Undefined), scalar, ir.IntType(32)(0))
            everywhere = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
            return builder.shuffle_vector(one, ir.Constant(real, ir.Undefined), everywhere)

        decay_v, threshold = coefficient(0), coefficient(1)
        decay = [coefficient(2 + k) for k in range(n_traces)]
        weight = [coefficient(2 + n_traces + s) for s in range(n_sources)]

        def place(base, row, lane, vector):
            return builder.bitcast(builder.gep(base, [_INT(row * LANES + lane)]), vector.as_pointer())

        fired = _INT(0)
        for lane in range(0, LANES, width):
            arriving = {}
            for s, pre in enumerate(population_of_source):
                at = place(arrivals_at, s, lane, arrival)
                n_bytes = width * arrival_type.bitwidth // 8
                term = builder.load(at, align=n_bytes)
                builder.store(ir.Constant(arrival, [0] * width), at, align=n_bytes)
                if counted:
                    term = builder.fmul(weight[s], builder.uitofp(term, real))
                arriving[pre] = builder.fadd(arriving[pre], term) if pre in arriving else term
            change = builder.load(place(state_at, 1, lane, real), align=LANES)
            for k in range(n_traces):
                at = place(state_at, 2 + k, lane, real)
                trace = builder.fmul(decay[k], builder.load(at, align=LANES))
                for pre, term in arriving.items():
                    if signs[k][pre] > 0:
                        trace = builder.fadd(trace, term)
                    elif signs[k][pre] < 0:
                        trace = builder.fsub(trace, term)
                builder.store(trace, at, align=LANES)
                # Traces hold their own sign, so their sum is the synaptic current.
                change = builder.fadd(change, trace)
            at = place(state_at, 0, lane, real)
            v = builder.fadd(builder.fmul(decay_v, builder.load(at, align=LANES)), change)
            builder.store(v, at, align=LANES)
            above = builder.bitcast(builder.fcmp_ordered(">", v, threshold), ir.IntType(width))
            fired = builder.or_(fired, builder.shl(builder.zext(above, _INT), _INT(lane)))
        return fired

    return signature, codegen


@intrinsic
def lowest_bit(typingctx, word):
    """Return the position of the lowest set bit of a non-zero word."""
    signature = types.int64(types.uint64)

    def codegen(context, builder, sig, args):
        return builder.cttz(args[0], ir.IntType(1)(1))

    return signature, codegen
