-- Runs of before have the node's own user, and no limits of their processes.
UPDATE run_specs SET spec = json_insert(spec,
    '$.user', NULL,
    '$.limits.resources', json('{"memory":null,"cpu":null,"pids":null,"files":null}'));

PRAGMA user_version = 4;
