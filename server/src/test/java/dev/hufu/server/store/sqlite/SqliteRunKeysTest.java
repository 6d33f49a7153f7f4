package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.RunKeysContract;
import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

final class SqliteRunKeysTest extends RunKeysContract {
    @TempDir
    Path directory;

    @Override
    protected RunStore open(Timers clock) {
        return SqliteRunStore.open(directory.resolve("hufu.db"), clock, () -> {});
    }
}
