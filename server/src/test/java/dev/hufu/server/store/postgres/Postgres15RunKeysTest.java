package dev.hufu.server.store.postgres;

import dev.hufu.server.store.RunKeysContract;
import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(
        value = "dev.hufu.server.store.postgres.DatabaseServer#hasDebian",
        disabledReason = "no PostgreSQL 15 in /usr/lib/postgresql")
final class Postgres15RunKeysTest extends RunKeysContract {
    private final DatabaseServer server = DatabaseServer.debian();
    private final String schema = server.schema();

    @Override
    protected RunStore open(Timers clock) {
        return PostgresRunStore.open(server.settings(schema), clock, () -> {});
    }
}
