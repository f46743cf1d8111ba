"""Level 2: walk a module's init function and judge what it returns to the interpreter.

A path ends when the init function returns. The result is a definition (multi-phase initialisation), a module made from
one (single-phase, with the value passed to ``PyUnstable_Module_SetGIL`` for it), a slot array (PEP 793), or NULL, which
is a failed import and says nothing. If a branch depends on an unknown value, both ways are walked, each way of each
branch at least once. If paths that succeed disagree, nothing is decided.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ftwheel.core.errors import MissingToolError
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.extension_module import BuiltFor, Declaration, DeclarationSource, InitPhase, InterpreterSupport
from ftwheel.io.binaries.definitions import DEFAULT_COUNTS, SlotTable, read_definition_slots, read_slots
from ftwheel.io.binaries.emulation.aarch64 import AArch64
from ftwheel.io.binaries.emulation.machine import CALLER, STACK, CrashError, Names, PathMemory, PathState, Symbol, Value
from ftwheel.io.binaries.emulation.models import DECIDING, never_returns, run_import, skip_call
from ftwheel.io.binaries.emulation.x86_64 import X86
from ftwheel.io.binaries.readers.image import BinaryImage
from ftwheel.io.binaries.verdict import SET_GIL, BinaryVerdict, undecided, verdict_of_slots

__all__ = ["Walked", "decide_by_code", "supports"]

_STEPS = 70_000  # instructions in total; the longest known walk that decides, through scipy's _flapack, takes 31,407
_CONFIRM_STEPS = 20_000  # the same if data has already decided, so that code can only confirm or contradict
_PATH_STEPS = 50_000  # instructions on one path
_DOUBT_STEPS = 4_000  # minimum number of instructions walked after the first verdict in search of another
_FORKS = 256  # paths
_FORK_WORK = 500  # the instructions that take as long as copying the state of a path
_DEPTH = 64  # nested calls
_STUB_STEPS = 6  # instructions in a function that only jumps on
_FIRST_STEPS = 10_000  # instructions after which a walk in outline is tried, and of that walk
_HOLDS_GIL = "PyGILState_Check"
_TOO_LONG = "the init function is too long"
_ROUNDS = 3  # times that a path takes the same way at a branch on an unknown value


def supports(image: BinaryImage) -> bool:
    """Whether code for this machine can be walked."""
    return image.architecture.name in {"x86_64", "aarch64"}


@cache
def _disassembler(name: str) -> Any:
    try:
        import capstone
    except ImportError as error:
        raise MissingToolError(
            f"the disassembler capstone cannot be loaded ({error})",
            hint="reinstall it (pip install --force-reinstall capstone), or use only the first level: --level 1",
        ) from error

    if name == "x86_64":
        return capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    return capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)


@dataclass
class _Walk:
    """The walk over one init function: the steps decoded so far, the ways taken and the verdicts found."""

    image: BinaryImage
    init_name: str
    free_threaded: bool
    holds_gil: bool = False  # PyGILState_Check returns 1, as in an import; else both ways are walked
    outline: bool = False  # whether to follow the init function alone, not what it calls
    processor: X86 | AArch64 = field(init=False)
    names: Names = field(default_factory=Names)
    steps: dict[int, Any] = field(default_factory=dict)  # as decoded; depends on the image alone
    pending: deque[PathState] = field(default_factory=deque)
    used: int = 0  # instructions walked
    stop: int = _STEPS  # how many to walk in all; fewer once there is a verdict
    taken: set[tuple[int, bool]] = field(default_factory=set)
    verdicts: set[BinaryVerdict] = field(default_factory=set)
    hints: set[BinaryVerdict] = field(default_factory=set)  # for modules with another name, before any is returned
    empty: set[BinaryVerdict] = field(default_factory=set)  # for slot arrays without a slot
    heads: set[bool] = field(default_factory=set)  # whether the head of each definition used is free-threaded
    made: set[int] = field(default_factory=set)  # definitions from which modules were made
    lost: set[str] = field(default_factory=set)
    stubs: dict[int, bool] = field(default_factory=dict)  # whether functions only jump on to an import
    skipped: bool = False  # whether a function was called that was not followed
    failures: Counter[tuple[int, bool]] = field(default_factory=Counter)  # the last choices of paths that failed
    forks: int = 0

    @property
    def work(self) -> int:
        """The instructions walked, and those that take as long as copying the states of new paths."""
        return self.used + self.forks * _FORK_WORK

    @property
    def head(self) -> bool | None:
        """Whether the definitions used have free-threaded heads; None if none is known, or both are used."""
        return next(iter(self.heads)) if len(self.heads) == 1 else None

    def __post_init__(self) -> None:
        disassembler = _disassembler(self.image.architecture.name)
        if self.image.architecture.name == "x86_64":
            self.processor = X86(disassembler, windows=self.image.windows)
        else:
            self.processor = AArch64(disassembler)
        self.module = self.init_name.partition("_")[2].encode()
        self.declares = SET_GIL in self.image.imports
        self.export = self.init_name.startswith("PyModExport")
        memory = PathMemory(self.image, self.names, {}, free_threaded=self.free_threaded)
        state = PathState(memory, self.processor.registers, self.processor.vectors)
        self.processor.enter(state, STACK + (1 << 24), CALLER, self.image.thread_template())
        state.pc = self.image.exports[self.init_name]
        self.pending.append(state)

    def run(self, budget: int) -> None:
        """Walk until no path is left, or ``budget`` instructions are used up in all calls of this method."""
        while self.pending and self.used < min(budget, self.stop):
            state = self.pending.popleft()
            if not self._path(state, min(budget, self.stop, self.used + _PATH_STEPS)):
                if self.used < min(budget, self.stop):
                    self.lost.add(_TOO_LONG)
                else:
                    self.pending.appendleft(state)
            if self.verdicts and self.stop == _STEPS:
                self.stop = min(_STEPS, self.used + max(_DOUBT_STEPS, self.used))

    def _path(self, state: PathState, limit: int) -> bool:
        """Follow one path to its end; False if the limit of ``used`` is reached first."""
        known = len(self.verdicts)
        while self.used < limit:
            step = self.steps.get(state.pc) or self._decode(state.pc)
            if step is None:
                self.lost.add("the code leaves the file")
                return True
            function, arguments, state.pc = step
            try:
                control = function(state, *arguments)
                ended = control is not None and not self._transfer(state, control)
            except CrashError:
                ended = True
            self.used += 1 + state.work
            state.work = 0
            if ended:
                if state.choice is not None and len(self.verdicts) == known:
                    self.failures[state.choice] += 1
                return True
        return False

    def _decode(self, address: int) -> Any:
        segment = self.image.segment(address)
        if segment is None or not segment.executable or address >= segment.backed:
            return None
        size = min(self.processor.chunk, segment.backed - address)
        code = self.image.read(address, size) or b""
        for at, step in self.processor.decode(code, address):
            self.steps.setdefault(at, step)
        return self.steps.get(address)

    def _transfer(self, state: PathState, control: tuple[Any, ...]) -> bool:
        """Transfer control as an instruction demands; False if the path ends."""
        match control:
            case "branch", taken, target, assume:
                return self._branch(state, taken, target, assume)
            case "call", target:
                state.depth += 1
                return self._go(state, target, call=True)
            case "jump", target:
                return self._go(state, target, call=False)
            case "return", target:
                state.depth -= 1
                return self._go(state, target, call=False)
            case _:
                return False

    def _go(self, state: PathState, target: Value, *, call: bool) -> bool:
        while True:
            if not isinstance(target, int):
                if not call:
                    self.lost.add("a jump to an address that is not known")
                    return False
                target = self._leave(state, Symbol())
            elif target == CALLER:
                self._conclude(state)
                return False
            elif (name := self.names.name(target)) is not None:
                if never_returns(name):
                    return False
                asked = self.holds_gil and name == _HOLDS_GIL
                result = 1 if asked else run_import(state, name, self.processor)
                if name in DECIDING and self._settled(state, result):
                    return False
                target = self._leave(state, result)
            elif call and state.depth > _DEPTH:
                target = self._leave(state, Symbol())
            elif call and self.outline and not self._is_stub(state, target):
                self.skipped = True
                skip_call(state, self.processor)
                target = self._leave(state, Symbol())
            else:
                if target < self.image.null_end:
                    raise CrashError
                if self.image.segment(target) is not None:
                    state.pc = target
                    return True
                if not call:
                    self.lost.add("a jump to an address that is not known")
                    return False
                target = self._leave(state, Symbol())  # a function obtained from another library
            call = False

    def _is_stub(self, state: PathState, target: int) -> bool:
        """Whether a function only jumps on to an imported one, as those in a PLT do."""
        if target not in self.stubs:
            self.stubs[target] = self._reaches_import(state, target)
        return self.stubs[target]

    def _reaches_import(self, state: PathState, target: int) -> bool:
        probe = state.fork()
        probe.pc = target
        for _ in range(_STUB_STEPS):
            step = self.steps.get(probe.pc) or self._decode(probe.pc)
            if step is None:
                return False
            function, arguments, probe.pc = step
            try:
                control = function(probe, *arguments)
            except CrashError:
                return False
            if control is not None:
                kind, where = control[:2]
                if kind != "jump" or not isinstance(where, int):
                    return False
                if self.names.name(where) is not None:
                    return True
                probe.pc = where
        return False

    def _leave(self, state: PathState, result: Value) -> Value:
        state.depth -= 1
        state.flags = None
        return self.processor.leave(state, result)

    def _branch(self, state: PathState, taken: bool | None, target: int, assume: Any) -> bool:
        here = state.pc
        if taken is None:
            one, other = (here, True), (here, False)
            if other not in self.taken:
                taken = False
                if one not in self.taken and self.forks >= _FORKS:
                    self.lost.add("the init function has too many branches")
                elif one not in self.taken:
                    self.forks += 1
                    fork = state.fork()
                    assume(fork, True)
                    fork.pc = target
                    fork.choice = one
                    self.taken.add(one)
                    self.pending.append(fork)
            elif one not in self.taken:
                taken = True
            else:
                # Both ways have been taken: choose the one that failed less often, and leave a loop after a few rounds.
                number = state.counts[here] = state.counts.get(here, 0) + 1
                taken = self.failures[one] < self.failures[other]
                if number % (_ROUNDS + 1) == _ROUNDS:
                    taken = self._stay(state, taken, target, assume) if self.outline else not taken
            self.taken.add((here, taken))
            state.choice = (here, taken)
            assume(state, taken)
        if taken:
            state.pc = target
        return True

    def _stay(self, state: PathState, taken: bool, target: int, assume: Any) -> bool:
        """Which way leaves a loop; unless that is known to fail, another path stays in it.

        A loop over a table of known length is left early only on an error.
        """
        here = state.pc
        if self.failures[here, taken] != self.failures[here, not taken]:
            return taken
        if self.forks < _FORKS:
            self.forks += 1
            fork = state.fork()
            assume(fork, taken)
            fork.pc = target if taken else here
            fork.choice = (here, taken)
            self.pending.appendleft(fork)
        return not taken

    def _threaded(self, state: PathState, definition: int) -> bool:
        """Whether a definition has the free-threaded layout, by its head as the code left it."""
        memory = state.memory
        first, local = memory.number(definition, 8), memory.number(definition + 12, 4)
        if first == 0 and local == 0xFFFFFFFF:
            self.heads.add(True)
            return True
        if first in DEFAULT_COUNTS:
            self.heads.add(False)
            return False
        return self.free_threaded

    def _named(self, state: PathState, definition: int) -> bool:
        """Whether a definition has the module's own name."""
        at = definition + (56 if self._threaded(state, definition) else 40)
        name_at = state.memory.load(at, 8)
        name = state.memory.text(name_at) if isinstance(name_at, int) else None
        return name is not None and name.rpartition(b".")[2] == self.module

    def _settled(self, state: PathState, result: Value) -> bool:
        """Whether the path can end early because nothing after this can change what the module declares.

        That is the case once the module itself has been declared, or has been made in a file that cannot declare it.
        """
        for module, definition in state.modules.items():
            self.made.add(definition)
            if self._named(state, definition):
                if module in state.gil:
                    self._declared(state, module, self.verdicts)
                    return True
                if not self.declares and module == result:
                    self.verdicts.add(_single(Declaration.NONE, f"{self.init_name} never calls {SET_GIL}"))
                    return True
            elif module in state.gil:
                self._declared(state, module, self.hints)
        return False

    def _declared(self, state: PathState, module: int, verdicts: set[BinaryVerdict]) -> None:
        value = state.settle(state.gil[module])
        if value in {0, 1}:
            answer = Declaration.NOT_USED if value else Declaration.USED
            said = f"{self.init_name} calls {SET_GIL} with Py_MOD_GIL_{'NOT_' if value else ''}USED"
            verdicts.add(_single(answer, said))
        else:
            self.lost.add(f"what {SET_GIL} is called with is not known")

    def _conclude(self, state: PathState) -> None:
        """Judge the result of the init function."""
        result = self.processor.result(state)
        if result == 0:
            return
        if state.tainted:
            self.lost.add(state.tainted)
        elif not isinstance(result, int):
            self.lost.add("what the init function returns is not known")
        elif self.export:
            slots = read_slots(state.memory, result, self.image, modern=True)
            self._slots(slots, InitPhase.EXPORT, f"the array that {self.init_name} returns")
        elif result in state.definitions:
            threaded = self._threaded(state, result)
            slots = read_definition_slots(state.memory, result, self.image, free_threaded=threaded)
            self._slots(slots, InitPhase.MULTI, f"the definition that {self.init_name} returns")
        elif result in state.gil:
            self._declared(state, result, self.verdicts)
        elif result in state.modules and self.skipped and self.declares:
            self.lost.add(f"{SET_GIL} may be called by a function that is not followed")
        elif result in state.modules:
            self.verdicts.add(_single(Declaration.NONE, f"{self.init_name} does not call {SET_GIL}"))
        else:
            self.lost.add("the init function returns an object that it did not make")

    def _slots(self, slots: SlotTable | None, phase: InitPhase, where: str) -> None:
        if slots is None:
            self.lost.add(f"the slots of {where} cannot be read")
        elif slots.length:
            self.verdicts.add(verdict_of_slots(slots, phase, where))
        else:
            self.empty.add(verdict_of_slots(slots, phase, where))


def _single(answer: Declaration, reason: str) -> BinaryVerdict:
    basis = DeclarationSource.NOTHING if answer is Declaration.NONE else DeclarationSource.CALL
    return BinaryVerdict(answer, basis, InterpreterSupport.NOT_DECLARED, InitPhase.SINGLE, reason)


class Walked(NamedTuple):
    """The result of a walk: the verdict, whether paths contradict each other, and the head of the definitions used.

    ``free_threaded`` is None if no definition with a known head was used, or if definitions with both heads were.
    ``work`` is what it took, in instructions.
    """

    verdict: BinaryVerdict
    conflict: bool
    free_threaded: bool | None
    work: int


def decide_by_code(image: BinaryImage, init_name: str, built_for: BuiltFor, *, confirm: bool) -> Walked:
    """Walk one init function; ``supports(image)`` has to be true.

    ``built_for`` gives the layout of definitions whose heads do not reveal it; ``confirm`` says that data alone has
    already decided. Raises MissingToolError if the disassembler cannot be loaded.
    """
    walk = _Walk(image, init_name, built_for is BuiltFor.FREE_THREADED)
    walk.run(_FIRST_STEPS)
    work = 0
    if not (confirm or walk.verdicts):
        outline = _outline(walk)
        work = outline.work
        if len(outline.verdicts) == 1 and not outline.lost:
            return Walked(outline.verdicts.pop(), conflict=False, free_threaded=walk.head, work=work + walk.work)
    walk.run(_CONFIRM_STEPS if confirm else _STEPS)
    verdict, conflict = _weigh(walk)
    work += walk.work
    if not (verdict.decided or conflict) and _HOLDS_GIL in image.imports:
        # pybind11 2 calls it for each reference; with -Os, the shared branches exhaust the ways to try
        again = _Walk(image, init_name, built_for is BuiltFor.FREE_THREADED, holds_gil=True)
        again.run(_CONFIRM_STEPS if confirm else _STEPS)
        work += again.work
        if _weigh(again)[0].decided:
            walk, (verdict, conflict) = again, _weigh(again)
    return Walked(verdict, conflict, walk.head, work)


def _outline(walk: _Walk) -> _Walk:
    """A walk through the init function alone, which decides only if all its paths agree.

    Some init functions call others that fill tables for a hundred thousand instructions (numpy, ml_dtypes). A function
    that is not followed may return anything, and may write anywhere but to the saved registers of its caller. So what
    is still known after it holds whatever it does.
    """
    outline = _Walk(walk.image, walk.init_name, walk.free_threaded, outline=True, steps=walk.steps)
    outline.run(_FIRST_STEPS)
    return outline


def _weigh(walk: _Walk) -> tuple[BinaryVerdict, bool]:
    """One verdict for all paths, and whether the paths contradict each other."""
    lost = "; ".join(sorted({*walk.lost, _TOO_LONG} if walk.pending else walk.lost))
    # If no path reaches its end, a declaration for the only module made on any path is taken to be for this module.
    verdicts = walk.verdicts or (walk.hints if len(walk.made) == 1 else set()) or walk.empty
    if len({(verdict.gil, verdict.phase) for verdict in verdicts}) > 1:
        said = "; or ".join(sorted(verdict.reason for verdict in verdicts))
        return undecided(f"paths through {walk.init_name} disagree: {said}"), True
    if not verdicts:
        return undecided(lost or f"no path through {walk.init_name} succeeds"), False
    verdict = min(verdicts, key=lambda one: (one.interpreters.value, one.reason))
    unseen = verdict.phase is InitPhase.SINGLE and walk.declares and verdict.gil is Declaration.NONE
    if lost and (unseen or verdict in walk.empty):
        # The paths that were lost may contain the call that was not seen, or fill the slots that were empty.
        return undecided(f"{verdict.reason}, but {lost}", verdict.phase), False
    if len({one.interpreters for one in verdicts}) > 1:
        verdict = verdict._replace(interpreters=InterpreterSupport.CANNOT_TELL)
    return verdict, False
