"""
### Báo cáo tuần

17:15 thứ Năm, số liệu chốt 17 giờ 00: dự thảo báo cáo (.docx theo Nghị định 30/2020/NĐ-CP), bảng tính kèm biểu đồ,
thư có số liệu ngay trong thư. Thư chỉ gửi UBND tỉnh sau khi có người duyệt. Số và ngày văn bản do văn thư cấp: ghi lại
bằng lệnh `dondoc report issue`. Ngày chưa đến thì không lập báo cáo.

Mỗi văn bản đang thực hiện mà cần báo cáo có một báo cáo. Một báo cáo không lập được thì các báo cáo khác vẫn được lập
và hỏi duyệt, nhưng lượt chạy đỏ.
"""

from airflow.sdk import dag, task
from airflow.timetables.trigger import CronTriggerTimetable

from dondoc.orchestration import approving, defaults, limits, reporting, runs


@dag(
    **defaults.DAG,
    schedule=runs.schedule(CronTriggerTimetable("15 17 * * 4", timezone="Asia/Ho_Chi_Minh")),
    max_active_runs=16,  # a run waits days for its approver: another must not wait for it
    dagrun_timeout=limits.REPORT_RUN,
    params={"as_of": runs.AS_OF, "dry_run": runs.DRY_RUN},
    default_args=defaults.TASK,
    tags=["dondoc", "báo cáo"],
    doc_md=__doc__,
)
def weekly_status_report():
    @task(execution_timeout=limits.DRAW_UP, max_active_tis_per_dag=1)
    def draw_up(**context) -> dict:
        return reporting.draw_up(context)

    @task
    def all_drawn(drawn: dict) -> None:
        reporting.refuse_failed(drawn)

    drawn = draw_up()
    all_drawn(drawn)  # beside the approval: nobody waits with the reports that there are
    approving.approval(
        drawn,
        subject="Duyệt gửi báo cáo tuần",
        body="Tệp báo cáo: trang Đôn đốc, mục Báo cáo.",
        patience=limits.REPORT_APPROVAL,
    )


weekly_status_report()
