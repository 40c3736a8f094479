"""All tasks, by name."""

from scripts.compare.tasks import laughs, licences, news, publishers, reference, speeches, transfer
from scripts.compare.tasks.task import Task

TASKS: dict[str, Task] = {
    module.TASK.name: module.TASK for module in (speeches, reference, transfer, laughs, licences, news, publishers)
}
