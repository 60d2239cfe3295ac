"""
### Kiểm tra camera

22:00 hằng đêm (10:00 đối với hệ thống chỉ bật ban ngày): hỏi từng camera đã khai có trả lời không, có hình thật
không. 04:00 xem lại những camera chưa đạt trong đêm. Kết quả: kết luận kèm lý do, các lần mất kết nối, số liệu.

Lượt 10:00 còn xem ban ngày, mỗi tuần một lần, từng camera vốn chỉ được xem ban đêm: vết bẩn, ngả màu, vật che mà ánh
sáng hồng ngoại làm khuất. Điều thấy được chỉ là nghi vấn, không tính vào các đêm và không thành lần mất kết nối.

Camera được chia thành từng lô; mật khẩu bị từ chối không được thử lại trong đêm đó. Chỉ kiểm tra đêm nay: chạy tay
với `as_of` là một đêm khác, chạy bù (Backfill) hay Clear một lượt cũ thì không hỏi camera nào.

Mỗi lượt cũng ẩn họ tên, điện thoại, địa chỉ của người đã thôi làm liên hệ quá số tháng ghi ở `DONDOC_CONTACT_MONTHS`.
"""

from airflow.sdk import Param, dag, task
from airflow.timetables.trigger import MultipleCronTriggerTimetable

from dondoc.orchestration import checking, defaults, limits, runs
from dondoc.orchestration.verdict import all_went_well


@dag(
    **defaults.DAG,
    schedule=runs.schedule(
        MultipleCronTriggerTimetable("0 22 * * *", "0 10 * * *", "0 4 * * *", timezone="Asia/Ho_Chi_Minh")
    ),
    max_active_runs=1,
    dagrun_timeout=limits.CHECK_RUN,
    params={
        "as_of": runs.AS_OF,
        "dry_run": runs.DRY_RUN,
        "agencies": runs.AGENCIES,
        "look": Param("auto", type="string", enum=["auto", "all", "night", "day", "second"], title="Lần xem"),
    },
    default_args=defaults.TASK,
    tags=["dondoc", "camera"],
    doc_md=__doc__,
)
def check_camera_reachability():
    @task(execution_timeout=limits.PLAN)
    def plan(**context) -> list[dict]:
        return checking.plan(context)

    # Not all places of a worker: what came in by mail is answered meanwhile, and a batch needs half a gigabyte of
    # memory. Its value is not logged: 500 results in one line are more than Airflow itself can read.
    @task(execution_timeout=limits.CHECK, max_active_tis_per_dag=3, show_return_value_in_logs=False)
    def check(batch: dict) -> dict:
        return checking.check(batch)

    # One batch that failed must not cost the night of the others.
    @task(trigger_rule="all_done", execution_timeout=limits.STORE)
    def store(batches: list[dict], checked: list[dict]) -> dict:
        return checking.store(batches, checked[:] if checked else [])

    # Nothing of cameras: this is the DAG that runs every day, a few times alone.
    @task(execution_timeout=limits.OTHERS)
    def mask_former_contacts(**context) -> int:
        return checking.mask_former_contacts(context)

    batches = plan()
    checked = check.expand(batch=batches)
    [batches, checked, store(batches, checked), mask_former_contacts()] >> all_went_well(ping="night")


check_camera_reachability()
