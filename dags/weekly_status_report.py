"""
### Báo cáo tuần

17:15 thứ Năm, số liệu chốt 17 giờ 00: dự thảo báo cáo (.docx theo Nghị định 30/2020/NĐ-CP), bảng tính kèm biểu đồ,
thư có số liệu ngay trong thư. Thư chỉ gửi UBND tỉnh sau khi có người duyệt. Số và ngày văn bản do văn thư cấp: ghi lại
bằng lệnh `dondoc report issue`.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import dag, task
from airflow.timetables.trigger import CronTriggerTimetable

from dondoc.clock import HERE
from dondoc.orchestration import alerts, escalating, reporting, runs


@dag(
    schedule=runs.schedule(CronTriggerTimetable("15 17 * * 4", timezone="Asia/Ho_Chi_Minh")),
    start_date=datetime(2021, 11, 1, tzinfo=HERE),
    catchup=False,
    max_active_runs=16,  # a run waits days for its approver: another must not wait for it
    params={"as_of": runs.AS_OF, "dry_run": runs.DRY_RUN},
    default_args={"on_failure_callback": alerts.failed, "retries": 1, "retry_delay": timedelta(seconds=20)},
    tags=["dondoc", "báo cáo"],
    doc_md=__doc__,
    user_defined_macros={"letters": escalating.letters},
)
def weekly_status_report():
    @task(max_active_tis_per_dag=1)
    def draw_up(**context) -> dict:
        return reporting.draw_up(context)

    @task.short_circuit(ignore_downstream_trigger_rules=True)
    def anything_to_approve(drawn: dict) -> list[str]:
        return drawn["to_approve"]

    @task
    def release(held: list[str], answer: dict) -> dict:
        return escalating.release(held, answer)

    held = anything_to_approve(draw_up())
    approve = HITLOperator(
        task_id="approve",
        subject="Duyệt gửi báo cáo tuần",
        body="Tệp báo cáo: trang Đôn đốc, mục Báo cáo. Thư đang giữ:\n\n"
        "{{ letters(ti.xcom_pull(task_ids='anything_to_approve')) }}",
        options=[escalating.APPROVE, escalating.LEAVE],
        defaults=[escalating.LEAVE],
        response_timeout=timedelta(days=3),
    )
    held >> approve
    release(held, approve.output)


weekly_status_report()
