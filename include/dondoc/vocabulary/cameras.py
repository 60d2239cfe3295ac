"""What is declared of a camera. What a look at it finds is the set of `probing.verdicts`."""

from dondoc.vocabulary.code import Code


class Exemption(Code):
    """Why a declared camera is not checked."""

    NOT_INSTALLED = "not_installed", "chưa lắp đặt"
    VMS_ONLY = "vms_only", "chỉ xem qua VMS hoặc đám mây"
    NO_ROUTE = "no_route", "chưa có đường chia sẻ về Sở"
    PRIVATE_ADDRESS = "private_address", "địa chỉ mạng nội bộ, chưa có kênh riêng về Sở"
