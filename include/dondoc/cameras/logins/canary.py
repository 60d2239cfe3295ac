"""In which order a batch shows passwords: one camera tries a shared one for all, before the rest follow. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dondoc.cameras.logins.attempts import Account, Login, Shared, accepted, most
from dondoc.probing.verdicts import UNREACHED, WITHHELD, Finding, Verdict

SILENT_WAVES = 3  # so many waves in which nobody at a site, or device, gave an answer: the rest need not wait for one
LAST_WAVE = 6


@dataclass
class Told:
    """What the waves so far have told of each account and of each credential that a site shares."""

    withheld: set[Account] = field(default_factory=set)  # the login may have been refused there
    cleared: set[Account] = field(default_factory=set)  # nobody need wait for its answer
    right: set[Shared] = field(default_factory=set)
    refused: Counter[Shared] = field(default_factory=Counter)
    silent: Counter[Account] = field(default_factory=Counter)  # answered without asking for the password
    not_taken: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by device
    taking: set[str] = field(default_factory=set)  # devices that took a password in the last wave

    def learn(self, logins: Iterable[Login], findings: Iterable[Finding]) -> None:
        by_camera = {int(f.camera): f for f in findings}
        self.taking.clear()
        for one in logins:
            finding = by_camera.get(one.camera)
            answer = accepted(finding) if finding and finding.password_sent else None
            self._learn_account(one, finding, answer)
            if answer:
                self.taking |= one.devices
            if one.shared and answer:
                self.right.add(one.shared)
            elif one.shared and answer is False:
                self.refused[one.shared] += 1

    def _learn_account(self, one: Login, finding: Finding | None, answer: bool | None) -> None:
        """Sent and left without an answer may have been refused; not sent at all says nothing for or against it."""
        if finding and finding.password_sent and not answer:
            for device in one.devices:
                self.not_taken[device].add(one.fingerprint)
            self.withheld |= one.accounts
        elif finding and finding.verdict in (Verdict.AUTH_FAILED, WITHHELD):
            self.withheld |= one.accounts
        elif answer or finding is None or finding.phase in UNREACHED:
            self.cleared |= one.accounts
        else:
            self.silent.update(one.accounts)
            if self.silent[one.account] >= SILENT_WAVES:
                self.cleared |= one.accounts

    def room(self, device: str, number: int, limit: int) -> float:
        """How many passwords that nobody has tried a device may be shown in a wave.

        Without end while it takes them: a recorder whose channels have a right password each is seen whole.
        """
        left = most(limit) - len(self.not_taken[device])
        return left if left > 0 and (number < LAST_WAVE or device in self.taking) else float("inf")


def wave(waiting: Sequence[Login], told: Told, *, number: int, limit: int) -> list[Login]:
    """Who goes next; never nobody while somebody waits. Those that must not send a password go without one.

    Args:
        number: of the wave, from 0.
        limit: refusals of one credential at one site that stop its use there.
    """
    going: list[Login] = []
    accounts: set[Account] = set()
    started: Counter[Shared] = Counter()
    shown: Counter[str] = Counter()
    known = told.withheld | told.cleared
    for one in waiting:
        settled = not one.accounts.isdisjoint(known)
        if not settled and not one.accounts.isdisjoint(accounts):
            continue
        if not settled and any(shown[device] >= told.room(device, number, limit) for device in one.devices):
            continue
        if not settled and one.shared and started[one.shared] >= _allowed(told, one.shared, number, limit):
            continue
        going.append(one)
        if not settled:
            accounts |= one.accounts
            shown.update(one.devices)
            if one.shared:
                started[one.shared] += 1
    return going


def _allowed(told: Told, shared: Shared, number: int, limit: int) -> float:
    """How many devices of a site may be shown a credential in this wave."""
    refused = told.refused[shared]
    if shared in told.right or refused >= limit or number >= LAST_WAVE or (number >= SILENT_WAVES and not refused):
        return float("inf")
    return 1 if number == 0 else limit - refused
