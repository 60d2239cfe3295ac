"""
### Kiểm tra camera

22:00 hằng đêm (10:00 đối với hệ thống chỉ bật ban ngày): hỏi từng camera đã khai có trả lời không, có hình thật
không. 04:00 xem lại những camera chưa đạt trong đêm. Kết quả: kết luận kèm lý do, các lần mất kết nối, số liệu.

Lượt 10:00 còn xem ban ngày, mỗi tuần một lần, từng camera vốn chỉ được xem ban đêm: vết bẩn, ngả màu, vật che mà ánh
sáng hồng ngoại làm khuất; thấy lạ thì hôm sau xem lại. Điều hai lần cùng thấy chỉ là nghi vấn, không tính vào các đêm
và không thành lần mất kết nối.

Camera được chia thành từng lô; mật khẩu bị từ chối không được thử lại trong đêm đó. Chỉ kiểm tra đêm nay: chạy tay
với `as_of` là một đêm khác, chạy bù (Backfill) hay Clear một lượt cũ thì không hỏi camera nào.

Mỗi lượt cũng ẩn họ tên, điện thoại, địa chỉ của người đã thôi làm liên hệ quá số tháng ghi ở `DONDOC_CONTACT_MONTHS`.
"""

from airflow.sdk import Param, dag, task, task_group
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
    # What follows hands on names of files: results of thousands of cameras are more than Airflow itself can carry.
    @task(execution_timeout=limits.PLAN)
    def plan(**context) -> list[str]:
        return checking.plan(context)

    # Not all places of a worker: what came in by mail is answered meanwhile, and a batch needs half a gigabyte of
    # memory.
    @task(execution_timeout=limits.CHECK, max_active_tis_per_dag=3)
    def check(batch: str, **context) -> str:
        return checking.check(batch, context)

    # SQLite has one writer at a time: a second one would only take another place of the worker.
    @task(execution_timeout=limits.STORE, max_active_tis_per_dag=1)
    def store(batch: str, found: str, **context) -> str:
        return checking.store(batch, found, context)

    @task_group(prefix_group_id=False)
    def each(batch: str) -> str:
        found = check(batch)
        found >> last
        return store(batch, found)

    # One batch that failed must not cost the night of the others.
    @task(trigger_rule="all_done", execution_timeout=limits.CONCLUDE)
    def conclude(batches: list[str], stored: list[str] | str | None, **context) -> dict:
        return checking.conclude(batches, stored, context)

    # Nothing of cameras: this is the DAG that runs every day, a few times alone.
    @task(execution_timeout=limits.OTHERS)
    def mask_former_contacts(**context) -> int:
        return checking.mask_former_contacts(context)

    last = all_went_well(ping="night")
    batches = plan()
    stored = each.expand(batch=batches)
    [batches, stored, conclude(batches, stored), mask_former_contacts()] >> last


check_camera_reachability()
