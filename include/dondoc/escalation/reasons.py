"""Why the ladder decides as it does: codes with parameters, each with its words."""

from dondoc.vocabulary.reasons import ReasonCode


class LadderReason(ReasonCode):
    """Why an agency is written to at a step on a day, or is not."""

    # why an agency is not written to
    DAY_OFF = "day_off", "Không gửi thư: {why}"
    CALLED = "called", "Không gửi thư hôm nay: {why}"
    ONE_LETTER_A_DAY = (
        "one_letter_a_day",
        "Chưa gửi thư khác: {letters} (mỗi đơn vị nhận nhiều nhất một thư đôn đốc mỗi ngày)",
    )
    LETTER_WAITS = "letter_waits", "Chưa gửi thư khác: {letters} (chờ thư ấy xong mới viết thư khác)"
    NOTHING_DATED = "nothing_dated", "Không gửi thư: đơn vị không có nội dung nào định thời hạn"
    NO_STEP = "no_step", "Không gửi thư: {obligations}"
    NOT_CHASED = "not_chased", "{name}: {why}"
    STEP_TAKEN = "step_taken", "{so_far}, bậc “{step}” đã có thư {letter}"
    ALL_STEPS_TAKEN = "all_steps_taken", "{so_far}, đã hết các bậc"
    NEXT_STEP = "next_step", "{so_far}, bậc kế tiếp “{step}”: {why}"
    SPOKEN_TO = "spoken_to", "đã trao đổi trực tiếp với đơn vị {ruling}"
    # why it is
    STEP = "step", "Bậc {titles} vì {ground}"
    TO_THE_BOARD = "to_the_board", "Báo cáo lãnh đạo Sở một lần trong ngày về: {agencies}"
    OWED = "owed", "{name}: {why}"
    RETURNED = "returned", "{name}: {why}; thời hạn {due}"
    RETURNED_LATE = "returned_late", "{name}: {why}; thời hạn {due}, chậm {late:02} ngày làm việc"
    LETTERS_BEFORE = "letters_before", "Thư trước: {letters}"
    LETTER_BEFORE = "letter_before", "{title} {letter}"
    LETTERS_REFUSED = "letters_refused", "Máy chủ thư đã từ chối {letters}: cần kiểm tra địa chỉ"
    NOT_YET = "not_yet", "Chưa lên bậc “{step}”: {why}"
    CANNOT_LEAVE = "cannot_leave", "Chưa gửi được bậc “{step}”: {why}"
    FIRST_LETTER = "first_letter", "Thư đầu tiên gửi {names}, cán bộ đầu mối mới: kèm bàn giao"
    HAND_OVER = "hand_over", "Bàn giao cho {names}, cán bộ đầu mối mới: {owed}"
    THANKS = "thanks", "Cảm ơn, đơn vị đã gửi đủ: {owed}"
    STILL_TO_COME = "still_to_come", "Nêu riêng trong thư, còn phải gửi: {owed}"
    NO_ADDRESS = "no_address", "Chưa có địa chỉ của {roles} để gửi"
    NO_ADDRESS_AT = "no_address_at", "chưa có địa chỉ để gửi (bậc “{step}”): {why}"
    NO_APPROVER = "no_approver", "chưa có ai được ghi là người duyệt"
    ROLES_LACKING = "roles_lacking", "{agency}: {lacks}"
    ROLE_NEEDED = "role_needed", "chưa có địa chỉ của {roles}, cần cho bậc “{step}” từ ngày {on:%d/%m/%Y}"
    ROLE_VACANT = (
        "role_vacant",
        "chưa có địa chỉ của {roles}; bậc “{step}” từ ngày {on:%d/%m/%Y} sẽ gửi {instead}",
    )
    APPROVER_NEEDED = (
        "approver_needed",
        "chưa có người duyệt, cần cho bậc “{step}” từ ngày {on:%d/%m/%Y}: nhập danh bạ một người có vai trò approver",
    )
    NO_MAIL_SERVER = (
        "no_mail_server",
        "chưa khai báo máy chủ thư (kết nối dondoc_smtp trong Airflow, hoặc DONDOC_SMTP_URL), cần từ ngày "
        "{on:%d/%m/%Y}",
    )
    UNDELIVERED = (
        "undelivered",
        "thư không đến được địa chỉ {address} của {role} từ ngày {since:%d/%m/%Y}; cần hỏi lại và nhập địa chỉ đúng",
    )
    # what became of a letter
    ARRIVED = "arrived", "{letter} đã đến ngày {on:%d/%m/%Y}"
    HELD = "held", "{letter} đang giữ, chờ người duyệt"
    UNCERTAIN = "uncertain", "{letter} chưa rõ đã đến hay chưa, cần người xác nhận"
    ON_ITS_WAY = "on_its_way", "{letter} đang chờ gửi"
    # why a step may not be taken
    UNDATED = "undated", "không định thời hạn"
    PAST_DUE = "past_due", "đã qua thời hạn {due}"
    JUST_LISTED = "just_listed", "{letter} ngày {on:%d/%m/%Y} đã nêu nội dung này và thời hạn"
    TOO_EARLY = "too_early", "sớm nhất ngày {first:%d/%m/%Y}"
    STEP_BEFORE_MISSING = "step_before_missing", "chưa có thư “{before}” nào đến nơi"
    TO_REPEAT = "to_repeat", "cán bộ đầu mối mới chưa có thư “{before}”"
    STEP_BEFORE_RECENT = (
        "step_before_recent",
        "thư “{before}” đến ngày {arrived:%d/%m/%Y}, còn chờ đủ {days:02} ngày làm việc, đến {first:%d/%m/%Y}",
    )
    STEP_BEFORE_RESTED = (
        "step_before_rested",
        "thư “{before}” đến ngày {arrived:%d/%m/%Y}; ngừng đôn đốc đến hết ngày {rested:%d/%m/%Y}, "
        "tính lại đủ {days:02} ngày làm việc, đến {first:%d/%m/%Y}",
    )
    STEP_BEFORE_ISSUED = (
        "step_before_issued",
        "{document} chưa đủ {days:02} ngày làm việc, chờ đến {first:%d/%m/%Y}",
    )
    DOCUMENT_GIVES = "document_gives", "{document} đã hẹn đơn vị trả lời đến hết ngày {until:%d/%m/%Y}"
    NOT_ISSUED = "not_issued", "chờ công văn của Sở được cấp số, ký và vào sổ"
    TIME_TO_ANSWER = "time_to_answer", "{letter} đã hẹn đơn vị trả lời đến hết ngày {until:%d/%m/%Y}"
    TIME_ANEW = (
        "time_anew",
        "{letter} đã hẹn đơn vị trả lời đến hết ngày {by:%d/%m/%Y}; ngừng đôn đốc đến hết ngày {rested:%d/%m/%Y}, "
        "tính lại đến hết ngày {until:%d/%m/%Y}",
    )
    TIME_TO_CORRECT = "time_to_correct", "biểu mẫu trả lại được sửa đến hết ngày {until:%d/%m/%Y}"
    PROMISED = "promised_reply", "đơn vị trả lời {letter}, hẹn gửi đến hết ngày {until:%d/%m/%Y}"
    STOPPED = "stopped", "{by} đã dừng ngày {on:%d/%m/%Y} vì {why}, đến ngày {until:%d/%m/%Y}"
