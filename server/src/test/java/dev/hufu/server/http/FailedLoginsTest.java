package dev.hufu.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.auth.Caller;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.auth.Tokens;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.AuditEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FailedLoginsTest {
    private final FakeTimers timers = new FakeTimers();
    private final FakeRunStore store = new FakeRunStore();
    private final FailedLogins logins = new FailedLogins(store, timers);

    private void knock(String address, int times) {
        for (int i = 0; i < times; i++) {
            logins.record(address, true);
        }
    }

    private List<String> counts() {
        return store.audit().stream()
                .map(AuditEvent::detail)
                .map(detail -> detail.get("address") + " " + detail.get("count"))
                .toList();
    }

    /** The end of a minute is a thread of its own. */
    private void awaitEntries(int count) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (store.audit().size() < count) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    @Test
    void theFirstOfAnAddressIsAnEntryAndTheOthersOfItsMinuteAreOne() throws InterruptedException {
        knock("10.0.0.1", 1_000);
        knock("10.0.0.2", 1);
        assertThat(counts()).containsExactly("10.0.0.1 1", "10.0.0.2 1");
        timers.advance(Duration.ofMinutes(1));
        awaitEntries(3);
        assertThat(counts()).containsExactly("10.0.0.1 1", "10.0.0.2 1", "10.0.0.1 999");
        assertThat(store.audit().getLast().detail())
                .containsEntry("since", "2026-03-01T10:00:00.123456789Z")
                .containsEntry("credentials", "wrong");
    }

    @Test
    void aFloodFromManyAddressesIsBounded() throws InterruptedException {
        for (int i = 0; i < 10_000; i++) {
            knock("10.0." + i / 256 + "." + i % 256, 2);
        }
        assertThat(store.audit()).hasSize(65);
        timers.advance(Duration.ofMinutes(1));
        awaitEntries(130);
        assertThat(store.audit()).hasSize(130);
        long counted = counts().stream()
                .mapToLong(each -> Long.parseLong(each.substring(each.indexOf(' ') + 1)))
                .sum();
        assertThat(counted).as("none is left uncounted").isEqualTo(20_000);
    }

    @Test
    void whatIsOnlyCountedAtAnEndIsPutOnRecord() {
        knock("10.0.0.1", 5);
        logins.stop();
        assertThat(counts()).containsExactly("10.0.0.1 1", "10.0.0.1 4");
    }

    @Test
    void f37_whatCannotBeRecordedIsRecordedOnceThereIsRoom() throws InterruptedException {
        store.unreachable(true);
        knock("10.0.0.1", 5);
        assertThat(store.audit()).isEmpty();
        store.unreachable(false);
        timers.advance(Duration.ofMinutes(1));
        awaitEntries(1);
        assertThat(counts()).containsExactly("10.0.0.1 5");
    }

    @Test
    void aCallerWhoMayNotIsOnRecordBeforeItIsRefused(@TempDir Path data) throws IOException {
        Gate gate = new Gate(Tokens.open(data), store, timers);
        Caller reader = new Caller("reader", Set.of(Permission.READ));
        Permission other = Set.of(Permission.values()).stream()
                .filter(each -> each != Permission.READ && each != Permission.PUBLIC)
                .findFirst()
                .orElseThrow();
        gate.refuseForbidden(reader, Permission.READ, "GET", "/api/v1/runs");
        assertThat(store.audit()).isEmpty();
        assertThatThrownBy(() -> gate.refuseForbidden(reader, other, "POST", "/" + "x".repeat(1_000)))
                .isInstanceOfSatisfying(
                        Refusal.class, refused -> assertThat(refused.kind()).isEqualTo(ErrorKind.FORBIDDEN));
        assertThat(store.audit()).singleElement().satisfies(event -> {
            assertThat(event.actor()).isEqualTo("reader");
            assertThat(event.action()).isEqualTo("access.refused");
            assertThat(event.subject()).hasSize(200);
            assertThat(event.detail())
                    .isEqualTo(
                            Map.of("method", "POST", "permission", other.name().toLowerCase(Locale.ROOT)));
        });
    }
}
