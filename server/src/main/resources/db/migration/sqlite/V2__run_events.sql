-- The history of each run, written in the transaction of what happened. Its beginning is not stored, because it follows from
-- the run itself: event 1 is the run PENDING, events 2 to 1 + n are its n tasks PENDING. A snapshot is JSON: of an event with
-- a task_index that task's progress and current attempt, of one without the run's progress.
CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs (id),
    sequence INTEGER NOT NULL CHECK (sequence >= 2),
    task_index INTEGER CHECK (task_index >= 0),
    snapshot TEXT NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN last_event INTEGER NOT NULL DEFAULT 1 CHECK (last_event >= 1);

UPDATE runs SET last_event = 1 + pending + dispatched + running + retrying + succeeded + failed + timed_out + cancelled
    + expired + lost;

-- What happened to runs of before is known by its result alone: one event for each task that is not as it was at first, and
-- one for the run.
INSERT INTO run_events (run_id, sequence, task_index, snapshot)
SELECT t.run_id, r.last_event + row_number() OVER (PARTITION BY t.run_id ORDER BY t.task_index), t.task_index,
    json_object(
        'progress', json_object(
            'state', t.state,
            'attempt', t.attempt,
            'reason', t.reason,
            'message', t.message,
            'dispatchedAt', CASE WHEN t.dispatched_at IS NULL THEN NULL ELSE
                strftime('%Y-%m-%dT%H:%M:%S', t.dispatched_at / 1000000000, 'unixepoch')
                    || printf('.%09dZ', t.dispatched_at % 1000000000) END,
            'startedAt', CASE WHEN t.started_at IS NULL THEN NULL ELSE
                strftime('%Y-%m-%dT%H:%M:%S', t.started_at / 1000000000, 'unixepoch')
                    || printf('.%09dZ', t.started_at % 1000000000) END,
            'finishedAt', CASE WHEN t.finished_at IS NULL THEN NULL ELSE
                strftime('%Y-%m-%dT%H:%M:%S', t.finished_at / 1000000000, 'unixepoch')
                    || printf('.%09dZ', t.finished_at % 1000000000) END),
        'attempt', CASE WHEN a.number IS NULL THEN NULL ELSE json_object(
            'number', a.number,
            'node', a.node,
            'state', a.state,
            'reason', a.reason,
            'startedAt', CASE WHEN a.started_at IS NULL THEN NULL ELSE
                strftime('%Y-%m-%dT%H:%M:%S', a.started_at / 1000000000, 'unixepoch')
                    || printf('.%09dZ', a.started_at % 1000000000) END,
            'finishedAt', CASE WHEN a.finished_at IS NULL THEN NULL ELSE
                strftime('%Y-%m-%dT%H:%M:%S', a.finished_at / 1000000000, 'unixepoch')
                    || printf('.%09dZ', a.finished_at % 1000000000) END,
            'outcome', json(a.outcome)) END)
FROM tasks t
JOIN runs r ON r.id = t.run_id
LEFT JOIN attempts a ON a.run_id = t.run_id AND a.task_index = t.task_index AND a.number = t.attempt
WHERE t.state <> 'PENDING' OR a.number IS NOT NULL;

UPDATE runs SET last_event = last_event + (SELECT count(*) FROM run_events e WHERE e.run_id = runs.id);

INSERT INTO run_events (run_id, sequence, task_index, snapshot)
SELECT id, last_event + 1, NULL,
    json_object(
        'state', state,
        'startedAt', CASE WHEN started_at IS NULL THEN NULL ELSE
            strftime('%Y-%m-%dT%H:%M:%S', started_at / 1000000000, 'unixepoch')
                || printf('.%09dZ', started_at % 1000000000) END,
        'finishedAt', CASE WHEN finished_at IS NULL THEN NULL ELSE
            strftime('%Y-%m-%dT%H:%M:%S', finished_at / 1000000000, 'unixepoch')
                || printf('.%09dZ', finished_at % 1000000000) END,
        'cancelRequestedAt', CASE WHEN cancel_requested_at IS NULL THEN NULL ELSE
            strftime('%Y-%m-%dT%H:%M:%S', cancel_requested_at / 1000000000, 'unixepoch')
                || printf('.%09dZ', cancel_requested_at % 1000000000) END,
        'counts', json_object('PENDING', pending, 'DISPATCHED', dispatched, 'RUNNING', running, 'RETRYING', retrying,
            'SUCCEEDED', succeeded, 'FAILED', failed, 'TIMED_OUT', timed_out, 'CANCELLED', cancelled,
            'EXPIRED', expired, 'LOST', lost))
FROM runs
WHERE state <> 'PENDING' OR cancel_requested_at IS NOT NULL;

UPDATE runs SET last_event = last_event + 1 WHERE state <> 'PENDING' OR cancel_requested_at IS NOT NULL;

-- Specifications of before had neither.
UPDATE run_specs SET spec = json_insert(spec, '$.priority', 0, '$.limits.onOutput', 'TRUNCATE')
WHERE json_extract(spec, '$.priority') IS NULL OR json_extract(spec, '$.limits.onOutput') IS NULL;

PRAGMA user_version = 2;
