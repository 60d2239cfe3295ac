"""
### Báo cáo tuần

17:15 thứ Năm, số liệu chốt 17 giờ 00: dự thảo báo cáo (.docx theo Nghị định 30/2020/NĐ-CP), bảng tính kèm biểu đồ,
thư có số liệu ngay trong thư. Thư chỉ gửi UBND tỉnh sau khi có người duyệt. Số và ngày văn bản do văn thư cấp: ghi lại
bằng lệnh `dondoc report issue`. Ngày chưa đến thì không lập báo cáo.

Mỗi văn bản đang thực hiện mà cần báo cáo có một báo cáo và một câu hỏi duyệt riêng. Một báo cáo không lập được thì chỉ
phần của văn bản đó đỏ: các báo cáo khác vẫn được lập và hỏi duyệt, lượt chạy kết thúc ở trạng thái đỏ. Văn bản được
nhập sau khi lượt chạy bắt đầu thì thuộc lượt sau.
"""

from airflow.sdk import dag, task, task_group
from airflow.timetables.trigger import CronTriggerTimetable

from dondoc.orchestration import approving, defaults, limits, reporting, runs
from dondoc.orchestration.verdict import all_went_well


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
    @task
    def list_letters(**context) -> list[str]:
        return reporting.list_letters(context)

    @task(
        execution_timeout=limits.DRAW_UP, max_active_tis_per_dag=1, map_index_template="{{ task.op_kwargs['letter'] }}"
    )
    def draw_up(letter: str, **context) -> dict:
        return reporting.draw_up(context, letter)

    drawn_well = all_went_well()

    @task_group(prefix_group_id=False)
    def report(letter: str):
        drawn = draw_up(letter=letter)
        drawn >> drawn_well  # beside the approvals, which may take days: a release that fails is red by itself
        approving.approval(
            drawn,
            subject="Duyệt gửi báo cáo tuần",
            body="Tệp báo cáo: trang Đôn đốc, mục Báo cáo.",
            patience=limits.REPORT_APPROVAL,
        )

    report.expand(letter=list_letters())


weekly_status_report()
