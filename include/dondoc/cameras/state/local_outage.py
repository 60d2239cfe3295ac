"""Whether it is our own side that is down: then a night says nothing of anybody's cameras."""

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from dondoc.cameras.state.rules import OurSide
from dondoc.configuration.settings import Settings
from dondoc.probing.allow_list import AllowList
from dondoc.probing.verdicts import NOT_CHECKED, PHASE, UNREACHED

PATIENCE = 3.0  # seconds for each reference host
SILENT = "không kiểm tra được: phía Sở mất kết nối (không máy chủ tham chiếu nào trả lời)"


def references_answer(settings: Settings) -> bool:
    """Whether a reference host answers; also true when none is set: then nothing is known against us."""
    hosts = settings.reference_hosts
    if not hosts:
        return True
    with ThreadPoolExecutor(len(hosts)) as pool:
        allow = AllowList(settings.probe_allow)
        return any(pool.map(lambda host: _answers(host, allow), hosts))


def _answers(place: str, allow: AllowList) -> bool:
    host, _, port = place.rpartition(":")
    try:
        ip = ip_address(socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)[0][4][0])
        if ip not in allow:
            return False
        socket.create_connection((str(ip), int(port)), PATIENCE).close()
    except (OSError, ValueError):
        return False
    return True


def nearly_everything(looks: Iterable[tuple[str, str]], rule: OurSide) -> str | None:
    """Why a round of looks (agency, verdict) says nothing: nearly nobody was reached at all; None when it does."""
    told = [(agency, verdict) for agency, verdict in looks if verdict not in NOT_CHECKED]
    lost = [agency for agency, verdict in told if PHASE[verdict] in UNREACHED]
    if len(lost) < rule.cameras or len(set(lost)) < rule.agencies or len(lost) < rule.share * len(told):
        return None
    return (
        f"không kiểm tra được: {len(lost):02}/{len(told):02} camera cùng không kết nối được, coi là phía Sở mất kết nối"
    )
