package dev.hufu.server.store.postgres;

import dev.hufu.server.store.RunKeysContract;
import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;

final class PostgresRunKeysTest extends RunKeysContract {
    private final DatabaseServer server = DatabaseServer.newest();
    private final String schema = server.schema();

    @Override
    protected RunStore open(Timers clock) {
        return PostgresRunStore.open(server.settings(schema), clock, () -> {});
    }
}
