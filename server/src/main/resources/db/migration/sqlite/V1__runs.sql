-- Times are nanoseconds since the epoch. Ids of runs are ULIDs, so that order of id is order of acceptance.

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    retry_of TEXT,
    trace_id TEXT NOT NULL,
    traceparent TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    started_at INTEGER,
    finished_at INTEGER,
    cancel_requested_at INTEGER,
    pending INTEGER NOT NULL CHECK (pending >= 0),
    dispatched INTEGER NOT NULL CHECK (dispatched >= 0),
    running INTEGER NOT NULL CHECK (running >= 0),
    retrying INTEGER NOT NULL CHECK (retrying >= 0),
    succeeded INTEGER NOT NULL CHECK (succeeded >= 0),
    failed INTEGER NOT NULL CHECK (failed >= 0),
    timed_out INTEGER NOT NULL CHECK (timed_out >= 0),
    cancelled INTEGER NOT NULL CHECK (cancelled >= 0),
    expired INTEGER NOT NULL CHECK (expired >= 0),
    lost INTEGER NOT NULL CHECK (lost >= 0),
    CHECK ((finished_at IS NOT NULL) = (state IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))),
    CHECK ((state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) = (pending + dispatched + running + retrying = 0)),
    CHECK (state <> 'SUCCEEDED' OR failed + timed_out + cancelled + expired + lost = 0),
    CHECK (state <> 'CANCELLED' OR cancelled > 0),
    CHECK (state <> 'RUNNING' OR started_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- Apart from what changes, so that a state change does not write a large input again.
CREATE TABLE run_specs (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
    spec TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
    run_id TEXT NOT NULL REFERENCES runs (id),
    task_index INTEGER NOT NULL CHECK (task_index >= 0),
    node TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'RETRYING', 'SUCCEEDED', 'FAILED',
        'TIMED_OUT', 'CANCELLED', 'EXPIRED', 'LOST')),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    reason TEXT,
    message TEXT,
    dispatched_at INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (run_id, task_index),
    CHECK ((finished_at IS NULL) = (state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'RETRYING'))),
    CHECK (state NOT IN ('DISPATCHED', 'RUNNING', 'SUCCEEDED', 'TIMED_OUT', 'LOST') OR dispatched_at IS NOT NULL),
    CHECK (state NOT IN ('RUNNING', 'SUCCEEDED', 'TIMED_OUT') OR started_at IS NOT NULL),
    CHECK (state NOT IN ('PENDING', 'DISPATCHED', 'RETRYING') OR started_at IS NULL),
    CHECK (finished_at IS NULL OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- Holds open tasks only, however long the history.
CREATE INDEX tasks_open ON tasks (node, state, run_id, task_index) WHERE finished_at IS NULL;
CREATE INDEX tasks_expiring ON tasks (expires_at) WHERE state IN ('PENDING', 'RETRYING');

CREATE TABLE attempts (
    run_id TEXT NOT NULL,
    task_index INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 1),
    node TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'RETRYING', 'SUCCEEDED', 'FAILED',
        'TIMED_OUT', 'CANCELLED', 'EXPIRED', 'LOST')),
    reason TEXT,
    started_at INTEGER,
    finished_at INTEGER,
    outcome TEXT,
    PRIMARY KEY (run_id, task_index, number),
    FOREIGN KEY (run_id, task_index) REFERENCES tasks (run_id, task_index),
    CHECK (finished_at IS NOT NULL OR state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'RETRYING')),
    CHECK (state NOT IN ('SUCCEEDED', 'TIMED_OUT') OR outcome IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- Names its run without a foreign key: a key is swept by age, and a run's removal need not look for it.
CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    run_id TEXT NOT NULL,
    first_answer BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE audit_entries (
    sequence INTEGER NOT NULL PRIMARY KEY CHECK (sequence >= 1),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_hash TEXT NOT NULL CHECK (length(previous_hash) = 64),
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;

-- Written to find out whether writing works again, after it did not.
CREATE TABLE probe (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    content BLOB NOT NULL
) STRICT;

PRAGMA user_version = 1;
