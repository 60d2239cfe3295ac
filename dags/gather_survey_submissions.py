"""
### Tiếp nhận phiếu khảo sát

Mỗi 5 phút: đọc thư mục `drop/`, hộp thư tiếp nhận và máy chủ khảo sát, giữ nguyên bản gốc (mã hóa), kiểm tra từng ô,
trả lời người gửi bằng giấy xác nhận hoặc chính biểu mẫu đã đánh dấu chỗ cần sửa, kiểm tra ngay các camera vừa khai, rồi
**gửi mọi thư đến hạn**, thuộc mọi loại.

Một tệp có nội dung hỏng không làm lượt chạy đỏ. Một nguồn, hay chỉ một tệp trong `drop/`, không đọc được thì việc đọc
nguồn đó đỏ và **lượt chạy đỏ**, nhưng các tệp và các việc khác vẫn làm, lượt sau vẫn chạy đúng giờ và làm nốt.
"""

from airflow.sdk import dag, task

from dondoc.orchestration import defaults, gathering, limits, runs
from dondoc.orchestration.verdict import all_went_well


@dag(
    **defaults.DAG,
    schedule=runs.schedule("*/5 * * * *"),
    max_active_runs=1,
    dagrun_timeout=limits.GATHER_RUN,
    default_args=defaults.TASK,
    tags=["dondoc", "tiếp nhận"],
    doc_md=__doc__,
)
def gather_survey_submissions():
    @task(execution_timeout=limits.READ)
    def read_folder() -> list[int]:
        return gathering.read_folder()

    @task(execution_timeout=limits.MAILBOX)
    def read_mailbox() -> list[int]:
        return gathering.read_mailbox()

    @task(execution_timeout=limits.READ)
    def read_survey() -> list[int]:
        return gathering.read_survey()

    @task(trigger_rule="all_done", execution_timeout=limits.JUDGE)
    def judge_and_answer() -> dict[str, list[int]]:
        return gathering.judge_and_answer()

    @task(execution_timeout=limits.PROBE)
    def probe_declared() -> dict[str, int]:
        return gathering.probe_declared()

    @task(trigger_rule="all_done", execution_timeout=limits.DELIVER)
    def deliver() -> dict[str, int]:
        return gathering.deliver()

    read = [read_folder(), read_mailbox(), read_survey()]
    judged, probed, delivered = judge_and_answer(), probe_declared(), deliver()
    read >> judged >> probed >> delivered
    [*read, judged, probed, delivered] >> all_went_well(ping="gather")


gather_survey_submissions()
