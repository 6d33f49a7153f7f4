-- When the wait of a task between two attempts is over.
ALTER TABLE tasks ADD COLUMN next_attempt_at INTEGER
    CHECK ((next_attempt_at IS NOT NULL) = (state = 'RETRYING') AND (state <> 'RETRYING' OR reason IS NOT NULL));

CREATE INDEX tasks_retrying ON tasks (next_attempt_at) WHERE state = 'RETRYING';

UPDATE run_events SET snapshot = json_insert(snapshot, '$.progress.nextAttemptAt', NULL) WHERE task_index IS NOT NULL;

-- Runs of before have one attempt.
UPDATE run_specs SET spec = json_insert(spec, '$.retry', NULL);

PRAGMA user_version = 5;
