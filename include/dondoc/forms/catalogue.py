"""Every sentence that the forms say of a workbook: code → severity and Vietnamese words, with named gaps.

A message is `where: sentence`. A sentence says what is wrong and what to do. Values of sensitive fields never get in.
"""

from dataclasses import replace
from typing import Any, NamedTuple

from dondoc.forms.clean import clean
from dondoc.forms.verdict import FormVerdict, Issue, Severity
from dondoc.forms.words import shown
from dondoc.vocabulary.submissions import Outcome


class Entry(NamedTuple):
    severity: Severity
    text: str


CATALOGUE: dict[str, Entry] = {
    # The file cannot be read: nothing else is said of it.
    "file_empty": Entry("error", "tệp không có nội dung. Đề nghị kiểm tra lại tệp và gửi lại."),
    "file_too_big": Entry(
        "error", "tệp lớn hơn {limit} MB. Đề nghị bỏ hình ảnh, trang không cần thiết rồi gửi lại bảng số liệu."
    ),
    "password_protected": Entry(
        "error",
        "tệp đang đặt mật khẩu mở nên không đọc được. Đề nghị mở tệp, vào Tệp (File) > Thông tin (Info) > Bảo vệ sổ "
        "làm việc (Protect Workbook), bỏ mật khẩu, lưu lại rồi gửi lại. Không gửi mật khẩu qua thư.",
    ),
    "not_a_workbook": Entry(
        "error", "đây là {what}, không phải tệp Excel. Đề nghị điền vào biểu mẫu Excel (.xlsx) và gửi tệp đó."
    ),
    "file_damaged": Entry(
        "error",
        "tệp bị hỏng hoặc gửi thiếu nên không mở được. Đề nghị mở tệp bằng Excel hoặc LibreOffice, lưu lại dạng "
        "Excel Workbook (.xlsx) rồi gửi lại.",
    ),
    "file_unsafe": Entry(
        "error",
        "tệp có thành phần không an toàn ({what}) nên không được mở. Đề nghị chép số liệu sang biểu mẫu gốc của Sở, "
        "lưu dạng Excel Workbook (.xlsx) rồi gửi lại.",
    ),
    "far_cell": Entry(
        "warning",
        "có nội dung mà nằm quá xa bảng nên không được đọc. Nếu là nội dung thừa, đề nghị xóa hàng và cột của ô này "
        "(chọn cả hàng, cả cột rồi Delete); nếu là camera, đề nghị chuyển vào bảng.",
    ),
    "too_heavy": Entry(
        "error",
        "tệp quá nặng để kiểm tra ({why}). Đề nghị chép riêng số liệu sang biểu mẫu gốc của Sở rồi gửi lại.",
    ),
    "check_failed": Entry(
        "error",
        "không kiểm tra được vì việc kiểm tra bị lỗi ({why}). Đề nghị chép số liệu sang biểu mẫu gốc của Sở rồi "
        "gửi lại; nếu vẫn lỗi, báo người quản trị.",
    ),
    "csv_encoding": Entry(
        "error",
        "tệp CSV không lưu bằng bảng mã Unicode nên không đọc đúng chữ có dấu. Đề nghị mở bằng Excel, chọn Lưu thành "
        "(Save As) dạng Excel Workbook (.xlsx) hoặc CSV UTF-8 rồi gửi lại.",
    ),
    "no_sheets": Entry(
        "error",
        "không đọc được trang tính nào. Đề nghị mở tệp, chọn Lưu thành (Save As) dạng Excel Workbook (.xlsx) thường "
        "rồi gửi lại.",
    ),
    "form_unknown": Entry(
        "error",
        "không nhận ra đây là biểu mẫu nào: không thấy hàng tiêu đề của bảng. Đề nghị điền vào biểu mẫu do Sở gửi, giữ "
        "nguyên hàng tiêu đề.",
    ),
    "legacy_font": Entry(
        "error",
        "chữ trong tệp dùng phông cũ (.VnTime hoặc VNI) nên không đọc được. Đề nghị chuyển sang Unicode (phông Times "
        "New Roman) rồi gửi lại.",
    ),
    # Whose form it is.
    "token_missing": Entry(
        "warning",
        "không có mã xác nhận của Sở; đơn vị được nhận theo tên ghi trong biểu mẫu. Lần sau đề nghị điền vào biểu mẫu "
        "do Sở gửi riêng cho đơn vị.",
    ),
    "token_invalid": Entry(
        "warning",
        "mã xác nhận trong tệp không đúng ({why}); đơn vị được nhận theo tên ghi trong biểu mẫu. Lần sau đề nghị điền "
        "vào biểu mẫu do Sở gửi riêng cho đơn vị.",
    ),
    "token_unverified": Entry("warning", "chưa kiểm tra được mã xác nhận vì máy này chưa đặt DONDOC_SECRET_KEY."),
    "agency_missing": Entry("warning", "chưa ghi tên đơn vị. Đề nghị ghi tên đầy đủ, ví dụ UBND huyện Đức Thọ."),
    "agency_unknown": Entry(
        "warning",
        "không có đơn vị nào tên “{value}” trong danh sách. Đề nghị ghi tên đầy đủ, ví dụ UBND huyện Đức Thọ.",
    ),
    "agency_ambiguous": Entry(
        "warning", "“{value}” có thể là {candidates}. Đề nghị ghi rõ huyện, thị xã hay thành phố."
    ),
    "agency_disagrees": Entry(
        "error",
        "ghi “{value}”, nhưng biểu mẫu này Sở cấp cho {agency}. Đề nghị dùng đúng biểu mẫu của đơn vị mình, hoặc sửa "
        "lại tên.",
    ),
    # The sheet.
    "read_simplified": Entry(
        "warning",
        "định dạng tệp không cho biết ô nào là công thức hay ô lỗi. Lần sau đề nghị lưu dạng Excel Workbook (.xlsx).",
    ),
    "too_many_rows": Entry(
        "error", "có dữ liệu sau hàng {limit}, phần này chưa được đọc. Đề nghị tách thành nhiều tệp hoặc xóa phần thừa."
    ),
    "too_many_columns": Entry(
        "error", "có dữ liệu sau cột {limit}, phần này chưa được đọc. Đề nghị xóa các cột không thuộc biểu mẫu."
    ),
    "merges_left": Entry("error", "có hơn {limit} vùng ô gộp, phần sau chưa được xem. Đề nghị bỏ gộp ô rồi gửi lại."),
    "text_cut": Entry(
        "error", "dài hơn {limit} ký tự, phần sau chưa được đọc. Đề nghị viết gọn hoặc gửi phần đó thành văn bản riêng."
    ),
    "sheets_left": Entry(
        "error",
        "có hơn {limit} trang; {count} trang chưa được đọc ({listed}). Đề nghị tách thành nhiều tệp rồi gửi lại.",
    ),
    "hidden_sheet": Entry(
        "warning",
        "là trang bị ẩn; {count} dòng camera trong trang vẫn được tính. Nếu không phải số liệu nộp, đề nghị xóa trang.",
    ),
    "hidden_rows": Entry(
        "warning",
        "có {count} dòng camera bị ẩn hoặc bị lọc, vẫn được tính. Nếu không phải số liệu nộp, đề nghị xóa các dòng đó.",
    ),
    "hidden_columns": Entry(
        "warning", "có cột bị ẩn vẫn được đọc: {columns}. Đề nghị bỏ ẩn và kiểm tra số liệu trong các cột này."
    ),
    "legacy_converted": Entry(
        "warning",
        "có {count} ô gõ bằng phông cũ {font}, đã được chuyển sang Unicode (ví dụ “{example}”). Đề nghị kiểm tra; lần "
        "sau dùng phông Times New Roman, bảng mã Unicode.",
    ),
    "legacy_doubtful": Entry(
        "warning",
        "có {count} nội dung có thể gõ bằng phông cũ mà không chắc nên giữ nguyên: {listed}. Đề nghị kiểm tra, gõ lại "
        "bằng Unicode nếu sai.",
    ),
    "form_old": Entry(
        "warning",
        "là mẫu cũ (bản {old}, hiện dùng bản {new}); số liệu vẫn được đọc. Lần sau đề nghị dùng biểu mẫu mới của Sở.",
    ),
    "column_missing": Entry(
        "error", "không thấy cột “{label}”. Đề nghị khôi phục cột này đúng tên như biểu mẫu gốc rồi điền số liệu."
    ),
    "column_unknown": Entry(
        "warning",
        "cột “{label}” không có trong biểu mẫu nên không được đọc{hint}. Nếu cần, đề nghị ghi vào cột Ghi chú.",
    ),
    "column_repeated": Entry(
        "warning", "cột “{label}” có hai lần; chỉ cột đầu được đọc. Đề nghị dồn số liệu vào một cột."
    ),
    "row_group": Entry(
        "warning",
        "được hiểu là dòng tiêu đề nhóm nên không tính là camera. Nếu là camera, đề nghị bỏ gộp ô và điền đủ.",
    ),
    "column_guessed": Entry(
        "warning", "cột “{label}” được hiểu là “{meant}”. Đề nghị kiểm tra; lần sau giữ nguyên tên cột của biểu mẫu."
    ),
    "sheet_of_another_form": Entry(
        "error", "là {form}, không đọc cùng biểu mẫu này. Đề nghị gửi {form} bằng một tệp riêng."
    ),
    "row_nil": Entry(
        "warning",
        "ghi “{value}” nên không tính là camera. Nếu có camera, đề nghị điền đủ các cột của dòng này.",
    ),
    "row_remnant": Entry(
        "warning",
        "chỉ có dữ liệu ở {columns} ({why}) nên không tính là camera. Đề nghị xóa nội dung thừa này; nếu là camera, "
        "đề nghị điền đủ các cột.",
    ),
    "rows_incomplete": Entry(
        "error",
        "chỉ có dữ liệu ở {columns}, chưa đủ để tính là camera. Đề nghị điền đủ các cột, hoặc xóa nếu thừa.",
    ),
    "sheet_repeated": Entry(
        "warning",
        "có đúng các dòng camera của trang “{other}” nên không được tính lần nữa. Nếu là số liệu khác, đề nghị ghi "
        "lại; nếu không, đề nghị xóa trang.",
    ),
    "sheet_unread": Entry(
        "error",
        "có nhiều dòng số liệu nhưng không thấy hàng tiêu đề của bảng nên chưa được đọc. Đề nghị chép hàng tiêu đề của "
        "biểu mẫu vào trang này, hoặc xóa trang nếu không phải số liệu camera.",
    ),
    "sheet_passed_over": Entry(
        "warning", "không có bảng của biểu mẫu nên không được đọc. Nếu có số liệu camera, đề nghị chép vào bảng."
    ),
    "nil_in_words": Entry(
        "error",
        "ghi “{value}”. Nếu đơn vị không có camera nào thuộc phạm vi, đề nghị chọn Có ở mục “Không có camera thuộc "
        "phạm vi” rồi gửi lại; nếu có, đề nghị điền mỗi camera một dòng.",
    ),
    "no_rows": Entry(
        "error",
        "chưa có dòng nào được điền. Đề nghị điền mỗi camera một dòng; nếu đơn vị không có camera, chọn Có ở mục “"
        "Không có camera thuộc phạm vi”.",
    ),
    "no_officers": Entry("error", "chưa có dòng nào được điền. Đề nghị ghi mỗi cán bộ đầu mối một dòng."),
    "nil_with_rows": Entry(
        "error",
        "chọn Có (không có camera) nhưng bảng lại có {count} camera. Đề nghị chọn Không, hoặc xóa các dòng đó.",
    ),
    "total_mismatch": Entry(
        "warning", "ghi {value} nhưng bảng có {count} camera. Đề nghị kiểm tra xem có thiếu hay thừa dòng."
    ),
    "more_errors": Entry(
        "error", "còn {count} nội dung khác chưa liệt kê. Đề nghị sửa các nội dung đã nêu trước rồi gửi lại."
    ),
    "more_warnings": Entry("warning", "còn {count} nội dung đề nghị kiểm tra khác chưa liệt kê."),
    # A cell.
    "required_missing": Entry("error", "chưa có dữ liệu. Đề nghị điền{example}."),
    "formula_empty": Entry(
        "error", "chứa công thức chưa có kết quả hoặc đang báo lỗi. Đề nghị nhập thẳng giá trị, không dùng công thức."
    ),
    "cell_error": Entry("error", "đang báo lỗi của Excel (như #N/A, #REF!). Đề nghị nhập lại giá trị."),
    "not_in_list": Entry("error", "{value} không có trong danh sách{hint}. Đề nghị chọn một trong: {options}."),
    "not_whole": Entry("error", "{value} không phải số nguyên. Đề nghị chỉ ghi chữ số{example}."),
    "not_number": Entry("error", "{value} không phải số. Đề nghị chỉ ghi số{example}."),
    "out_of_range": Entry("error", "{value} nằm ngoài khoảng cho phép. Đề nghị ghi số từ {low} đến {high}."),
    "too_long": Entry("error", "dài hơn {limit} ký tự. Đề nghị viết gọn, phần còn lại ghi vào cột Ghi chú."),
    "number_range": Entry("error", "{value} là một khoảng. Đề nghị ghi một số."),
    "other_unit": Entry("error", "{value} là {what}, không phải đại lượng của cột này. Đề nghị ghi đúng nội dung cột."),
    "number_about": Entry("warning", "{value} được hiểu là {number}. Đề nghị ghi số đúng nếu có."),
    "unit_converted": Entry("warning", "{value} được đổi thành {number}. Đề nghị kiểm tra, ghi theo đơn vị của cột."),
    "word_unsure": Entry("warning", "{value} được hiểu là {meant}. Đề nghị kiểm tra; lần sau chọn trong danh sách."),
    "filled_from_above": Entry(
        "warning", "{value} được hiểu là như dòng trên. Đề nghị kiểm tra; lần sau ghi đủ ở từng dòng."
    ),
    "text_is_date": Entry(
        "warning",
        "trong tệp là ngày {value}; có thể Excel đã đổi chữ như “1-3” hoặc “12/3” thành ngày. Đề nghị kiểm tra lại.",
    ),
    "nothing_above": Entry("error", "{value} nhưng dòng trên không có dữ liệu ở cột này. Đề nghị ghi đủ."),
    "bad_date": Entry("error", "{value} không phải ngày có thật. Đề nghị ghi dạng ngày/tháng/năm, ví dụ 17/11/2021."),
    "date_future": Entry("error", "{value} sau ngày gửi. Đề nghị kiểm tra lại (có thể ngày và tháng bị đảo)."),
    "date_swapped": Entry("warning", "được đọc là {value}; có thể Excel đã đảo ngày và tháng. Đề nghị kiểm tra lại."),
    "bad_phone": Entry("error", "{value} không phải số điện thoại Việt Nam. Đề nghị ghi đủ 10 số, ví dụ 0912 345 678."),
    "phone_old": Entry("error", "{value} là số 11 chữ số cũ. Đề nghị ghi số mới (có thể là {hint})."),
    "phone_several": Entry("warning", "có nhiều số điện thoại; chỉ số đầu được ghi nhận. Đề nghị ghi một số."),
    "phone_landline": Entry(
        "warning",
        "{value} có thể là số cố định cũ (mã vùng 039 nay là 0239). Đề nghị kiểm tra, ghi số di động nếu có.",
    ),
    "bad_email": Entry("error", "{value} không phải địa chỉ thư điện tử. Đề nghị ghi dạng ten@hatinh.gov.vn."),
    "email_several": Entry("error", "có nhiều địa chỉ thư. Đề nghị ghi một địa chỉ, là nơi nhận kết quả kiểm tra."),
    "email_unofficial": Entry(
        "warning", "{value} không phải hộp thư công vụ (…gov.vn). Đề nghị dùng hộp thư công vụ nếu có."
    ),
    "host_network": Entry(
        "error", "là một dải mạng, không phải địa chỉ của một thiết bị. Đề nghị ghi địa chỉ IP của chính camera."
    ),
    "host_several": Entry("error", "có nhiều địa chỉ. Đề nghị ghi một địa chỉ; mỗi camera một dòng."),
    "host_zeros": Entry(
        "error", "có số 0 thừa ở đầu (như 001). Đề nghị bỏ các số 0 đó, ví dụ 192.168.001.010 ghi là 192.168.1.10."
    ),
    "host_is_phone": Entry("error", "là số điện thoại. Đề nghị ghi địa chỉ IP hoặc tên miền của camera ở cột này."),
    "host_is_email": Entry("error", "là địa chỉ thư điện tử. Đề nghị ghi địa chỉ IP hoặc tên miền của camera."),
    "host_serial": Entry(
        "error",
        "có vẻ là mã thiết bị (P2P, đám mây), không phải địa chỉ mạng. Đề nghị ghi IP hoặc tên miền; nếu chỉ xem qua "
        "đám mây của hãng, chọn hình thức chia sẻ tương ứng.",
    ),
    "host_dynamic": Entry(
        "error",
        "là địa chỉ động, thay đổi theo thời gian. Đề nghị ghi tên miền động (DDNS) hoặc địa chỉ tĩnh của camera; nếu "
        "chỉ xem qua đầu ghi hay đám mây, chọn hình thức chia sẻ tương ứng.",
    ),
    "host_none": Entry(
        "error",
        "ghi là chưa có. Đề nghị ghi địa chỉ IP hoặc tên miền; nếu camera chưa lắp đặt hoặc chưa chia sẻ được, chọn "
        "đúng ở cột Tình trạng và Hình thức chia sẻ.",
    ),
    "bad_host": Entry(
        "error", "không phải địa chỉ IP hay tên miền đúng. Đề nghị ghi dạng 113.160.10.21 hoặc camera.donvi.vn."
    ),
    "host_has_scheme": Entry("error", "có http:// hoặc đường dẫn. Đề nghị chỉ ghi địa chỉ IP hoặc tên miền."),
    "host_has_port": Entry("error", "có cả cổng. Đề nghị chỉ ghi địa chỉ IP hoặc tên miền, cổng ghi ở cột Cổng RTSP."),
    "whole_address": Entry(
        "warning", "ghi cả địa chỉ rtsp://…; đã được hiểu. Lần sau đề nghị ghi riêng địa chỉ, cổng và đường dẫn."
    ),
    "host_private": Entry(
        "warning",
        "là địa chỉ nội bộ, từ Sở chỉ tới được qua mạng TSLCD hoặc kênh riêng. Đề nghị kiểm tra cột Đường truyền, hoặc "
        "ghi địa chỉ công khai.",
    ),
    "host_unusable": Entry("error", "là địa chỉ không dùng được cho một thiết bị. Đề nghị ghi địa chỉ IP của camera."),
    "bad_path": Entry("error", "không phải đường dẫn. Đề nghị ghi bắt đầu bằng dấu /, ví dụ /Streaming/Channels/101."),
    "path_slash_added": Entry("warning", "dấu / thiếu hoặc viết ngược; đã được sửa. Đề nghị kiểm tra lại đường dẫn."),
    "bad_coordinate": Entry("error", "không phải tọa độ. Đề nghị ghi độ thập phân WGS84, ví dụ {example}."),
    "coordinate_metres": Entry(
        "error",
        "không phải độ: có thể là mét VN-2000, hoặc mất dấu phẩy thập phân. Đề nghị ghi độ thập phân WGS84, ví dụ "
        "{example}.",
    ),
    "coordinate_link": Entry(
        "error",
        "là đường dẫn tới bản đồ, không ghi tọa độ; phần mềm không mở đường dẫn. Đề nghị mở bản đồ, chạm giữ vào vị "
        "trí camera, chép tọa độ hiện ra, ví dụ {example}.",
    ),
    "coordinates_swapped": Entry("warning", "vĩ độ và kinh độ bị đảo cột; đã được đổi lại. Đề nghị kiểm tra."),
    "coordinates_differ": Entry(
        "error", "có tọa độ khác với tọa độ ghi ở ô bên cạnh. Đề nghị kiểm tra, chỉ giữ tọa độ đúng."
    ),
    "coordinates_in_one_cell": Entry(
        "warning", "có cả vĩ độ và kinh độ; đã được tách ra. Lần sau đề nghị ghi hai cột."
    ),
    "outside_province": Entry("warning", "nằm ngoài địa bàn tỉnh Hà Tĩnh. Đề nghị kiểm tra lại tọa độ."),
    "outside_country": Entry("error", "nằm ngoài lãnh thổ Việt Nam. Đề nghị ghi lại, ví dụ {example}."),
    "duration_converted": Entry("warning", "{value} được hiểu là {days} ngày. Đề nghị ghi thẳng số ngày."),
    "bad_km_post": Entry("error", "{value} không phải lý trình. Đề nghị ghi dạng Km 12+300."),
    "bad_camera_number": Entry(
        "error",
        "{value} không phải số hiệu camera. Đề nghị ghi như Sở đã cấp (dạng CAM-00014), camera mới để trống.",
    ),
    "password_found": Entry(
        "warning",
        "có mật khẩu hoặc tên đăng nhập; đã được xóa khỏi dữ liệu. Đề nghị đổi mật khẩu đó trên thiết bị và không gửi "
        "mật khẩu qua biểu mẫu hay thư điện tử.",
    ),
    "password_column": Entry(
        "warning",
        "là cột mật khẩu; nội dung không được đọc và không được lưu trong dữ liệu. Đề nghị xóa cột này, đổi các mật "
        "khẩu đã ghi và không gửi mật khẩu qua biểu mẫu.",
    ),
    # A row against another, or against itself.
    "duplicate_name": Entry(
        "error", "tên “{value}” trùng với dòng {other} của cùng một điểm. Đề nghị đặt tên khác, ví dụ thêm số thứ tự."
    ),
    "duplicate_number": Entry(
        "error", "số hiệu {value} trùng với dòng {other}. Đề nghị để trống số hiệu ở dòng của camera mới."
    ),
    "duplicate_address": Entry(
        "error",
        "địa chỉ, cổng và kênh (hoặc đường dẫn) trùng với dòng {other}. Đề nghị kiểm tra lại, hoặc ghi kênh của từng "
        "camera.",
    ),
    "channel_too_big": Entry("error", "lớn hơn số kênh của đầu ghi. Đề nghị kiểm tra cả hai ô."),
    "camera_on_empty_place": Entry(
        "error",
        "ghi Không nhưng dòng này lại khai camera. Đề nghị chọn Có, hoặc xóa phần camera (nếu mới dự kiến, chọn tình "
        "trạng Chưa lắp đặt).",
    ),
    # A version against the one before.
    "number_unknown": Entry(
        "error",
        "số hiệu {value} không phải của camera nào thuộc đơn vị. Đề nghị giữ nguyên số hiệu trong tệp Sở gửi; camera "
        "mới thì để trống.",
    ),
    "address_in_part": Entry(
        "error",
        "chỉ ghi lại một phần địa chỉ kết nối nên không ghép được với phần Sở đã lưu. Đề nghị ghi đủ địa chỉ, cổng, "
        "đường dẫn của camera này, hoặc để trống tất cả nếu không đổi.",
    ),
    "row_gone": Entry(
        "warning",
        "không còn dòng của camera “{name}” mà bản trước có; camera này vẫn được giữ. Nếu đã tháo dỡ, đề nghị trả lời "
        "thư này một dòng; nếu còn, đề nghị bổ sung lại dòng đó ở lần gửi sau.",
    ),
}


def place(
    cell: str | None, label: str | None = None, ordinal: int | None = None, sheet: str | None = None, name: str = ""
) -> str:
    """Where, in words that hold in their file and in our copy alike: "dòng 3, Cổng chính 03, cột Cổng RTSP".

    Args:
        ordinal: of the camera in the form; `name`: its own.
    """
    if cell is None:
        return f"trang “{sheet}”" if sheet else "biểu mẫu"
    if ordinal is None:
        return label or f"ô {cell}"
    return ", ".join(part for part in (f"dòng {ordinal}", shown(name), f"cột {label}" if label else "") if part)


def issue(code: str, where: str, sheet: str | None = None, cell: str | None = None, **gaps: Any) -> Issue:
    """One thing that is wrong. Raises KeyError for a code that is not in the catalogue or a gap left open."""
    entry = CATALOGUE[code]
    return at(Issue(code, entry.severity, sheet, cell, "", entry.text.format(**gaps), where))


def at(issue: Issue) -> Issue:
    """The issue with its message: the place in words, its address, what is wrong."""
    address = f" (ô {issue.cells or issue.cell}, trang “{issue.sheet}”)" if issue.cell else ""
    return replace(issue, message=f"{capital(issue.place)}{address}: {issue.said}")


def capital(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]


def refused(filename: str, code: str, **gaps: Any) -> FormVerdict:
    """The verdict of a file that cannot be read, and why."""
    return FormVerdict(
        Outcome.REFUSED, None, None, "missing", (issue(code, f"tệp “{shown(clean(filename))}”", **gaps),)
    )
