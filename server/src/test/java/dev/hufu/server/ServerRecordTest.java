package dev.hufu.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.server.config.ConfigDigest;
import dev.hufu.server.config.ServerConfig;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.sqlite.SqliteRunStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class ServerRecordTest {
    private final FakeTimers timers = new FakeTimers();

    @TempDir
    Path data;

    private SqliteRunStore store;

    @BeforeEach
    void open() {
        store = SqliteRunStore.open(data.resolve("hufu.db"), timers, () -> {});
    }

    @AfterEach
    void close() {
        store.close();
    }

    private ServerConfig config(@Nullable String queue) {
        return ServerConfig.of(
                new ServerConfig.Options(null, data.toString(), null, null, queue, null, null, null, null, null, null),
                Map.of());
    }

    private void startAndStop(ServerConfig config) {
        ServerRecord record = new ServerRecord(store, config, "1.2.3", timers);
        record.started();
        record.stopped();
        record.stopped();
    }

    private List<String> actions() {
        return store.auditEntries(1, 100).stream()
                .map(each -> each.event().action())
                .toList();
    }

    @Test
    void startsAndEndsAreOnRecordAndAConfigurationThatIsAnother() {
        startAndStop(config(null));
        startAndStop(config("100000"));
        assertThat(actions())
                .as("the same, said or by default")
                .containsExactly("server.started", "server.stopped", "server.started", "server.stopped");
        startAndStop(config("7"));
        startAndStop(config("7"));
        assertThat(actions().subList(4, 9))
                .containsExactly(
                        "server.started", "config.changed", "server.stopped", "server.started", "server.stopped");
        AuditEntry started = store.auditEntries(1, 1).getFirst();
        assertThat(started.event().detail())
                .isEqualTo(Map.of("version", "1.2.3", "configuration", ConfigDigest.of(config(null))));
        assertThat(store.auditEntries(6, 1).getFirst().event().detail())
                .isEqualTo(Map.of("from", ConfigDigest.of(config(null)), "to", ConfigDigest.of(config("7"))));
    }

    @Test
    void whatNeverStartedDoesNotEnd() {
        new ServerRecord(store, config(null), "1", timers).stopped();
        assertThat(actions()).isEmpty();
    }

    @Test
    void theDigestIsOverEveryValue() {
        assertThat(ConfigDigest.of(config("7"))).matches("[0-9a-f]{64}").isNotEqualTo(ConfigDigest.of(config("8")));
    }
}
