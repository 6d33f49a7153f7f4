package dev.hufu.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RunIdsTest {
    private final AtomicLong millis = new AtomicLong(1_700_000_000_000L);
    private final RunIds ids = new RunIds(() -> Instant.ofEpochMilli(millis.get()), new SplittableRandom(7));

    @Test
    void idsGrowWithinAMillisecondAndWhenTheClockGoesBack() {
        RunId last = ids.next();
        for (int i = 0; i < 10_000; i++) {
            if (i % 1_000 == 0) {
                millis.addAndGet(i % 2_000 == 0 ? -5_000 : 3_000);
            }
            RunId next = ids.next();
            assertThat(next).isGreaterThan(last);
            last = next;
        }
    }

    @Test
    void idsGrowPastTheNewestOfAStore() {
        RunId newest = new RunId("7zzzzzzzzyzzzzzzzzzzzzzzzy");
        ids.startAfter(newest);
        RunId first = ids.next();
        RunId second = ids.next();
        assertThat(first).isGreaterThan(newest);
        assertThat(second).isGreaterThan(first);
        ids.startAfter(new RunId("01jd0000000000000000000000"));
        assertThat(ids.next()).isGreaterThan(second);
    }

    @Test
    void theEarliestIdOfAMillisecondIsBeforeAllOfItAndAfterAllBefore() {
        RunId before = ids.next();
        millis.incrementAndGet();
        RunId after = ids.next();
        Instant time = Instant.ofEpochMilli(millis.get());
        assertThat(after.time()).isEqualTo(time);
        assertThat(RunIds.earliest(time)).isGreaterThan(before).isLessThan(after);
        assertThat(RunIds.earliest(time.plusNanos(999_999))).isEqualTo(RunIds.earliest(time));
        assertThat(RunIds.earliest(time).time()).isEqualTo(time);
        assertThat(RunIds.earliest(Instant.MIN).value()).isEqualTo("0".repeat(26));
        assertThat(RunIds.earliest(Instant.MAX).value()).isEqualTo("7zzzzzzzzz" + "0".repeat(16));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "../etc",
                "01JD0000000000000000000000",
                "01jd000000000000000000000u",
                "81jd0000000000000000000000"
            })
    void b14_whatIsNotARunIdIsNotParsed(String text) {
        assertThat(RunId.parse(text)).isEmpty();
        assertThat(TaskId.parse(text + ".0")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "01jd0000000000000000000000",
                "01jd0000000000000000000000.",
                "01jd0000000000000000000000.-1",
                "01jd0000000000000000000000.01",
                "01jd0000000000000000000000.1234567890",
                "01jd0000000000000000000000.0;x"
            })
    void b14_whatIsNotATaskIdIsNotParsed(String text) {
        assertThat(TaskId.parse(text)).isEmpty();
    }

    @Test
    void aTaskIdComesBackFromItsText() {
        TaskId task = ids.next().task(42);
        assertThat(TaskId.parse(task.toString())).contains(task);
    }
}
