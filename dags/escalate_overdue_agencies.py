"""
### Đôn đốc đơn vị chậm

07:30 các ngày làm việc: xác định nội dung nào đến hạn, quá hạn, đơn vị nào được nhắc ở bậc nào và **vì sao**; ghi quyết
định cùng thư vào hộp thư đi. Thư gửi ngoài cán bộ đầu mối và văn thư phải có người duyệt: tại đây (Required Actions),
trên trang dondoc, hoặc bằng lệnh `dondoc approve`. Thư rời đi ở lượt tiếp nhận kế tiếp, chỉ trong giờ làm việc.

Mỗi lúc chỉ có **một câu hỏi duyệt đang mở**, gồm mọi quyết định còn đúng, kể cả của những ngày trước: bật quyết định
được gửi, quyết định khác thì chờ lượt sau. Lượt sau hỏi lại, hoặc thư đã được duyệt ở nơi khác, thì câu hỏi này tự đóng
trong vài phút, lượt chạy kết thúc bình thường và không gửi gì.

Chạy tay với `as_of` là một ngày đã qua: mọi thư đều ở trạng thái giữ lại; ngày chưa đến: không ghi gì (đỏ).
"""

from airflow.sdk import dag, task

from dondoc.orchestration import approving, defaults, escalating, limits, runs
from dondoc.orchestration.timetables import WorkingDayTimetable


@dag(
    **defaults.DAG,
    schedule=runs.schedule(WorkingDayTimetable(7, 30)),
    max_active_runs=16,  # a run waits for its approver until the next one asks: none waits for another
    dagrun_timeout=limits.ESCALATE_RUN,
    params={"as_of": runs.AS_OF, "dry_run": runs.DRY_RUN, "agencies": runs.AGENCIES},
    default_args=defaults.TASK,
    tags=["dondoc", "đôn đốc"],
    doc_md=__doc__,
)
def escalate_overdue_agencies():
    @task(execution_timeout=limits.DECIDE, max_active_tis_per_dag=1)
    def decide(**context) -> dict:
        return escalating.decide(context)

    approving.approval(
        decide(),
        subject="Duyệt thư đôn đốc gửi lãnh đạo đơn vị",
        body="Chọn số thư để đọc nội dung và lý do.",
        patience=limits.APPROVAL,
    )


escalate_overdue_agencies()
