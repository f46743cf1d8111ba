"""Level 2: walk a module's init function and take what it hands to the interpreter.

A path ends when the init function returns. What it returned is a definition (multi-phase initialisation), a module
made from one (single-phase, with what ``PyUnstable_Module_SetGIL`` was told about it), a slot array (PEP 793), or
NULL, which is a failed import and says nothing. Where the code asks for something unknown both ways are walked, each
way of each branch at least once. Paths that succeed and disagree decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ftwheel.core.extensions import Basis, BuiltFor, Declaration, InitPhase, Interpreters
from ftwheel.io.binaries.aarch64 import AArch64
from ftwheel.io.binaries.definitions import read_definition_slots, read_slots
from ftwheel.io.binaries.image import Image
from ftwheel.io.binaries.machine import CALLER, STACK, Memory, Names, State, Symbol, Value
from ftwheel.io.binaries.models import never_returns, run_import
from ftwheel.io.binaries.verdict import SET_GIL, Verdict, undecided, verdict_of_slots
from ftwheel.io.binaries.x86_64 import X86

__all__ = ["available", "decide_by_code", "supports"]

_STEPS = 60_000  # instructions walked in all
_PATH_STEPS = 30_000  # instructions on one path
_FORKS = 256  # paths
_DEPTH = 64  # calls inside calls
_RETURN_TWICE = 3  # times a path takes the same way at a branch on something unknown


@cache
def available() -> bool:
    """Whether a disassembler is installed (the extra ``capstone``)."""
    try:
        import capstone  # noqa: F401 - asked only whether it is there
    except ImportError:
        return False
    return True


def supports(image: Image) -> bool:
    """Whether the machine is one of those that can be walked."""
    return image.architecture.name in {"x86_64", "aarch64"}


@cache
def _disassembler(name: str) -> Any:
    import capstone

    if name == "x86_64":
        return capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    return capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)


@dataclass
class _Walk:
    """The walk over one init function: steps decoded so far, ways taken, verdicts found."""

    image: Image
    init_name: str
    free_threaded: bool
    processor: X86 | AArch64 = field(init=False)
    names: Names = field(default_factory=Names)
    steps: dict[int, Any] = field(default_factory=dict)
    pending: list[State] = field(default_factory=list)
    taken: set[tuple[int, bool]] = field(default_factory=set)
    verdicts: set[Verdict] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    forks: int = 0

    def __post_init__(self) -> None:
        disassembler = _disassembler(self.image.architecture.name)
        if self.image.architecture.name == "x86_64":
            self.processor = X86(disassembler, windows=self.image.windows)
        else:
            self.processor = AArch64(disassembler)
        self.module = self.init_name.partition("_")[2].encode()
        self.declares = SET_GIL in self.image.imports
        self.export = self.init_name.startswith("PyModExport")

    def run(self) -> None:
        """Walk until nothing is left, or the budget is."""
        memory = Memory(self.image, self.names, {})
        state = State(memory, self.processor.registers, self.processor.vectors)
        self.processor.enter(state, STACK + (1 << 24), CALLER)
        state.pc = self.image.exports[self.init_name]
        self.pending.append(state)
        left = _STEPS
        while self.pending and left > 0:
            left -= self._path(self.pending.pop(), min(left, _PATH_STEPS))
        if self.pending:
            self.lost.add("the init function is too long")

    def _path(self, state: State, budget: int) -> int:
        """Follow one path to its end; gives the number of instructions."""
        for count in range(budget):
            step = self.steps.get(state.pc) or self._decode(state.pc)
            if step is None:
                self.lost.add("the code leaves the file")
                return count
            function, arguments, state.pc = step
            control = function(state, *arguments)
            if control is not None and not self._transfer(state, control):
                return count + 1
        self.lost.add("the init function is too long")
        return budget

    def _decode(self, address: int) -> Any:
        segment = self.image.segment(address)
        if segment is None or not segment.executable or address >= segment.backed:
            return None
        size = min(self.processor.chunk, segment.backed - address)
        code = self.image.read(address, size) or b""
        for at, step in self.processor.decode(code, address):
            self.steps.setdefault(at, step)
        return self.steps.get(address)

    def _transfer(self, state: State, control: tuple[Any, ...]) -> bool:
        """Go where an instruction leads; False when the path ends."""
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
        return False

    def _go(self, state: State, target: Value, *, call: bool) -> bool:
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
                result = run_import(state, name, self.processor)
                if self._settled(state, result):
                    return False
                target = self._leave(state, result)
            elif call and state.depth > _DEPTH:
                target = self._leave(state, Symbol())
            else:
                state.pc = target
                # A call of NULL, or into data, is a crash: no import that succeeds goes this way.
                return self.image.segment(target) is not None
            call = False

    def _leave(self, state: State, result: Value) -> Value:
        state.depth -= 1
        state.flags = None
        return self.processor.leave(state, result)

    def _branch(self, state: State, taken: bool | None, target: int, assume: Any) -> bool:
        here = state.pc
        if taken is None:
            one, other = (here, True), (here, False)
            if other not in self.taken:
                taken = False
                if one not in self.taken and self.forks < _FORKS:
                    self.forks += 1
                    fork = state.fork()
                    assume(fork, True)
                    fork.pc = target
                    self.taken.add(one)
                    self.pending.append(fork)
            elif one not in self.taken:
                taken = True
            else:
                # Both ways are known: stay on the first, and leave a loop after a few rounds.
                number = state.counts[here] = state.counts.get(here, 0) + 1
                taken = number % (_RETURN_TWICE + 1) == _RETURN_TWICE
            self.taken.add((here, taken))
            assume(state, taken)
        if taken:
            state.pc = target
        return True

    def _named(self, state: State, definition: int) -> bool:
        """Whether a definition bears the module's own name."""
        at = definition + (56 if self.free_threaded else 40)
        name_at = state.memory.load(at, 8)
        name = state.memory.text(name_at) if isinstance(name_at, int) else None
        return name is not None and name.rpartition(b".")[2] == self.module

    def _settled(self, state: State, result: Value) -> bool:
        """End a path early: nothing after this can change what the module declares.

        That is so once the module itself has been declared, or has been made in a file that cannot declare it.
        """
        for module, definition in state.modules.items():
            if definition is not None and self._named(state, definition):
                if module in state.gil:
                    self._declared(state, module)
                    return True
                if not self.declares and module == result:
                    self.verdicts.add(_single(Declaration.NONE, f"{self.init_name} never calls {SET_GIL}"))
                    return True
        return False

    def _declared(self, state: State, module: int) -> None:
        value = state.settle(state.gil[module])
        if value in {0, 1}:
            answer = Declaration.NOT_USED if value else Declaration.USED
            said = f"{self.init_name} calls {SET_GIL} with Py_MOD_GIL_{'NOT_' if value else ''}USED"
            self.verdicts.add(_single(answer, said))
        else:
            self.lost.add(f"what {SET_GIL} is called with is not known")

    def _conclude(self, state: State) -> None:
        """Take what the init function returned."""
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
            slots = read_definition_slots(state.memory, result, self.image, free_threaded=self.free_threaded)
            self._slots(slots, InitPhase.MULTI, f"the definition that {self.init_name} returns")
        elif result in state.gil:
            self._declared(state, result)
        elif result in state.modules:
            self.verdicts.add(_single(Declaration.NONE, f"{self.init_name} does not call {SET_GIL}"))
        else:
            self.lost.add("the init function returns an object that it did not make")

    def _slots(self, slots: Any, phase: InitPhase, where: str) -> None:
        if slots is None:
            self.lost.add(f"the slots of {where} cannot be read")
        else:
            self.verdicts.add(verdict_of_slots(slots, phase, where))


def _single(answer: Declaration, reason: str) -> Verdict:
    basis = Basis.NOTHING if answer is Declaration.NONE else Basis.CALL
    return Verdict(answer, basis, Interpreters.NOT_DECLARED, InitPhase.SINGLE, reason)


def decide_by_code(image: Image, init_name: str, built_for: BuiltFor) -> tuple[Verdict, bool]:
    """Walk one init function; the verdict, and whether paths of it contradict each other.

    ``built_for`` tells which layout definitions have. Needs ``available()`` and ``supports(image)``.
    """
    if built_for in {BuiltFor.MIXED, BuiltFor.CANNOT_TELL} and not init_name.startswith("PyModExport"):
        return undecided("the layout of its definition is not known"), False
    walk = _Walk(image, init_name, built_for is BuiltFor.FREE_THREADED)
    walk.run()
    verdicts = walk.verdicts
    if len({(verdict.gil, verdict.phase) for verdict in verdicts}) > 1:
        said = "; or ".join(sorted(verdict.reason for verdict in verdicts))
        return undecided(f"paths through {init_name} disagree: {said}"), True
    if not verdicts:
        return undecided("; ".join(sorted(walk.lost)) or f"no path through {init_name} succeeds"), False
    verdict = min(verdicts, key=lambda one: (one.interpreters.value, one.reason))
    if verdict.phase is InitPhase.SINGLE and verdict.gil is Declaration.NONE and walk.declares and walk.lost:
        return undecided(f"no call of {SET_GIL} was found, but {'; '.join(sorted(walk.lost))}", InitPhase.SINGLE), False
    if len({verdict.interpreters for verdict in verdicts}) > 1:
        verdict = Verdict(
            verdict.gil, verdict.basis, Interpreters.CANNOT_TELL, verdict.phase, verdict.reason, verdict.abi
        )
    return verdict, False
