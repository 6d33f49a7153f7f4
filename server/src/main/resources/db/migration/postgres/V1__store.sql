-- Times are nanoseconds since the epoch. Ids of runs are ULIDs, so that order of id is order of acceptance, byte by byte. Texts
-- have no U+0000: the store writes U+0001 and a digit for it.

-- What the writer remembers. A transaction begins by locking its row, so that all have one order. The name of the last batch
-- tells what became of a COMMIT whose answer was lost.
CREATE TABLE store_state (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    audit_sequence bigint NOT NULL CHECK (audit_sequence >= 0),
    audit_hash text NOT NULL CHECK (length(audit_hash) = 64),
    pending bigint NOT NULL CHECK (pending >= 0),
    batch text NOT NULL
) WITH (fillfactor = 10);

INSERT INTO store_state (id, audit_sequence, audit_hash, pending, batch) VALUES (1, 0, repeat('0', 64), 0, '');

CREATE TABLE runs (
    id text COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(id) = 26),
    created_at bigint NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    retry_of text COLLATE "C",
    trace_id text NOT NULL,
    traceparent text NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    started_at bigint,
    finished_at bigint,
    cancel_requested_at bigint,
    pending integer NOT NULL CHECK (pending >= 0),
    dispatched integer NOT NULL CHECK (dispatched >= 0),
    running integer NOT NULL CHECK (running >= 0),
    retrying integer NOT NULL CHECK (retrying >= 0),
    succeeded integer NOT NULL CHECK (succeeded >= 0),
    failed integer NOT NULL CHECK (failed >= 0),
    timed_out integer NOT NULL CHECK (timed_out >= 0),
    cancelled integer NOT NULL CHECK (cancelled >= 0),
    expired integer NOT NULL CHECK (expired >= 0),
    lost integer NOT NULL CHECK (lost >= 0),
    last_event bigint NOT NULL CHECK (last_event >= 1),
    CHECK ((finished_at IS NOT NULL) = (state IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))),
    CHECK ((state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) = (pending + dispatched + running + retrying = 0)),
    CHECK (state <> 'SUCCEEDED' OR failed + timed_out + cancelled + expired + lost = 0),
    CHECK (state <> 'CANCELLED' OR cancelled > 0),
    CHECK (state <> 'RUNNING' OR started_at IS NOT NULL)
);

CREATE INDEX runs_by_state ON runs (state, id);
CREATE INDEX runs_by_creator ON runs (created_by, id);

-- Apart from what changes, so that a state change does not write a large input again.
CREATE TABLE run_specs (
    run_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES runs (id),
    spec text NOT NULL
);

-- Names its run without a foreign key: a run's removal finds its labels by name and value, from its specification.
CREATE TABLE run_labels (
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    run_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (name, value, run_id)
);

CREATE TABLE tasks (
    run_id text COLLATE "C" NOT NULL REFERENCES runs (id),
    task_index integer NOT NULL CHECK (task_index >= 0),
    node text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'RETRYING', 'SUCCEEDED', 'FAILED',
        'TIMED_OUT', 'CANCELLED', 'EXPIRED', 'LOST')),
    attempt integer NOT NULL CHECK (attempt >= 1),
    reason text,
    message text,
    dispatched_at bigint,
    started_at bigint,
    finished_at bigint,
    priority integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN -10 AND 10),
    -- When the wait between two attempts is over.
    next_attempt_at bigint,
    PRIMARY KEY (run_id, task_index),
    CHECK ((finished_at IS NULL) = (state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'RETRYING'))),
    CHECK (state NOT IN ('DISPATCHED', 'RUNNING', 'SUCCEEDED', 'TIMED_OUT', 'LOST') OR dispatched_at IS NOT NULL),
    CHECK (state NOT IN ('RUNNING', 'SUCCEEDED', 'TIMED_OUT') OR started_at IS NOT NULL),
    CHECK (state NOT IN ('PENDING', 'DISPATCHED', 'RETRYING') OR started_at IS NULL),
    CHECK (finished_at IS NULL OR reason IS NOT NULL),
    CHECK ((next_attempt_at IS NOT NULL) = (state = 'RETRYING') AND (state <> 'RETRYING' OR reason IS NOT NULL))
);

CREATE INDEX tasks_by_node ON tasks (node, run_id, task_index);
-- Hold open tasks only, however long the history.
CREATE INDEX tasks_pending ON tasks (node, priority DESC, run_id, task_index) WHERE state = 'PENDING';
CREATE INDEX tasks_at_work ON tasks (node, state, run_id, task_index) WHERE state IN ('DISPATCHED', 'RUNNING', 'RETRYING');
CREATE INDEX tasks_retrying ON tasks (next_attempt_at) WHERE state = 'RETRYING';
CREATE INDEX tasks_expiring ON tasks (expires_at) WHERE state IN ('PENDING', 'RETRYING');

CREATE TABLE attempts (
    run_id text COLLATE "C" NOT NULL,
    task_index integer NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    node text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'RETRYING', 'SUCCEEDED', 'FAILED',
        'TIMED_OUT', 'CANCELLED', 'EXPIRED', 'LOST')),
    reason text,
    started_at bigint,
    finished_at bigint,
    outcome text,
    PRIMARY KEY (run_id, task_index, number),
    FOREIGN KEY (run_id, task_index) REFERENCES tasks (run_id, task_index),
    CHECK (finished_at IS NOT NULL OR state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'RETRYING')),
    CHECK (state NOT IN ('SUCCEEDED', 'TIMED_OUT') OR outcome IS NOT NULL)
);

-- The history of each run, written in the transaction of what happened. Its beginning is not stored, because it follows from
-- the run itself. A snapshot is JSON: of an event with a task_index that task's progress and current attempt, of one without
-- the run's progress.
CREATE TABLE run_events (
    run_id text COLLATE "C" NOT NULL REFERENCES runs (id),
    sequence bigint NOT NULL CHECK (sequence >= 2),
    task_index integer CHECK (task_index >= 0),
    snapshot text NOT NULL,
    PRIMARY KEY (run_id, sequence)
);

-- Names its run without a foreign key: a key is swept by age, and a run's removal need not look for it.
CREATE TABLE idempotency_keys (
    caller text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    run_id text COLLATE "C" NOT NULL,
    first_answer bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (caller, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE audit_entries (
    sequence bigint NOT NULL PRIMARY KEY CHECK (sequence >= 1),
    at bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    previous_hash text NOT NULL CHECK (length(previous_hash) = 64),
    hash text NOT NULL CHECK (length(hash) = 64)
);

-- Written to find out whether writing works again, after it did not.
CREATE TABLE probe (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    content bytea NOT NULL
);
