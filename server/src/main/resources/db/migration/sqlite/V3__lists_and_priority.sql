-- What lists of runs are asked for by, each in the order of the list: newest id first, read backwards.
CREATE INDEX runs_by_state ON runs (state, id);
CREATE INDEX runs_by_creator ON runs (created_by, id);

-- Names its run without a foreign key: a run's removal finds its labels by name and value, from its specification.
CREATE TABLE run_labels (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (name, value, run_id)
) STRICT, WITHOUT ROWID;

INSERT INTO run_labels (name, value, run_id)
SELECT label.key, label.value, run_specs.run_id FROM run_specs, json_each(run_specs.spec, '$.labels') AS label;

CREATE INDEX tasks_by_node ON tasks (node, run_id, task_index);

-- Of the run's specification, so that the next to be leased is found without it.
ALTER TABLE tasks ADD COLUMN priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN -10 AND 10);

UPDATE tasks
SET priority = (SELECT coalesce(json_extract(spec, '$.priority'), 0) FROM run_specs WHERE run_specs.run_id = tasks.run_id)
WHERE state IN ('PENDING', 'RETRYING');

-- A task is in one of the two, so that a task that waits costs one entry, as before.
DROP INDEX tasks_open;
CREATE INDEX tasks_pending ON tasks (node, priority DESC, run_id, task_index) WHERE state = 'PENDING';
CREATE INDEX tasks_at_work ON tasks (node, state, run_id, task_index)
    WHERE state IN ('DISPATCHED', 'RUNNING', 'RETRYING');

PRAGMA user_version = 3;
