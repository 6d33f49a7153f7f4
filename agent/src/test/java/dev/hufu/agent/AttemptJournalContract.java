package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.AttemptId;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every journal keeps, whatever it is written to. */
abstract class AttemptJournalContract {
    static final AttemptId FIRST = Samples.attempt(1);
    static final AttemptId SECOND = Samples.attempt(2);
    static final AttemptId THIRD = Samples.attempt(3, 7);

    /** A journal that is not open yet, on the same disk each time. */
    abstract AttemptJournal journal();

    static JournalRecord starting(AttemptId attempt) {
        return new JournalRecord.Starting(attempt, Samples.AT);
    }

    static JournalRecord ended(AttemptId attempt, int code) {
        return new JournalRecord.Ended(attempt, Samples.outcome(code));
    }

    final List<JournalRecord> reopened() throws IOException {
        try (AttemptJournal journal = journal()) {
            return journal.open();
        }
    }

    @Test
    void aNewJournalKnowsNothing() throws IOException {
        assertThat(reopened()).isEmpty();
        assertThat(reopened()).isEmpty();
    }

    @Test
    void whatIsNotAcknowledgedIsThereAfterReopeningInOrder() throws Exception {
        try (AttemptJournal journal = journal()) {
            journal.open();
            journal.starting(FIRST, Samples.AT);
            journal.starting(SECOND, Samples.AT);
            journal.starting(THIRD, Samples.AT);
            journal.ended(SECOND, Samples.outcome(5));
        }
        List<JournalRecord> expected = List.of(starting(FIRST), ended(SECOND, 5), starting(THIRD));
        assertThat(reopened()).containsExactlyElementsOf(expected);
        assertThat(reopened()).as("reopening changes nothing").containsExactlyElementsOf(expected);
    }

    @Test
    void everyKindOfEndComesBackAsItWas() throws Exception {
        List<Outcome.Ending> endings = List.of(
                new Outcome.Ending.Exited(0),
                new Outcome.Ending.Signaled("SIGKILL"),
                new Outcome.Ending.SpawnFailed("ENOENT", "exec", "No such file or directory: ünï"),
                new Outcome.Ending.NeverStarted(),
                new Outcome.Ending.Expired(),
                new Outcome.Ending.Rejected("no"),
                new Outcome.Ending.Unknown(Reason.SUPERVISOR_LOST, "gone"));
        Outcome.KillReport report = new Outcome.KillReport(
                "deadline",
                "cgroup",
                List.of(new Outcome.KillReport.Step("SIGTERM", Instant.MAX.minusSeconds(1L << 40), 3, 0)),
                12);
        List<JournalRecord> expected = IntStream.range(0, endings.size())
                .<JournalRecord>mapToObj(index -> new JournalRecord.Ended(
                        Samples.attempt(index),
                        new Outcome(
                                endings.get(index),
                                Outcome.StopCause.DEADLINE,
                                null,
                                Samples.AT,
                                null,
                                new Outcome.Output(1, 2, true, true),
                                index % 2 == 0 ? null : report)))
                .toList();
        try (AttemptJournal journal = journal()) {
            journal.open();
            for (JournalRecord record : expected) {
                journal.ended(record.attempt(), ((JournalRecord.Ended) record).outcome());
            }
        }
        assertThat(reopened()).containsExactlyElementsOf(expected);
    }

    @Test
    void whatIsAcknowledgedIsForgotten() throws Exception {
        try (AttemptJournal journal = journal()) {
            journal.open();
            journal.starting(FIRST, Samples.AT);
            journal.ended(FIRST, Samples.outcome(0));
            journal.starting(SECOND, Samples.AT);
            journal.acknowledged(FIRST);
            journal.acknowledged(FIRST);
            journal.acknowledged(THIRD);
        }
        assertThat(reopened()).containsExactly(starting(SECOND));
    }

    @Test
    void aStartAfterAnEndDoesNotUndoIt() throws Exception {
        try (AttemptJournal journal = journal()) {
            journal.open();
            journal.ended(FIRST, Samples.outcome(0));
            journal.starting(FIRST, Samples.AT);
        }
        assertThat(reopened()).containsExactly(ended(FIRST, 0));
    }

    @Test
    void manyCallersAtOnceAreAllHeard() throws Exception {
        int callers = 500;
        try (AttemptJournal journal = journal();
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            journal.open();
            List<Future<Boolean>> calls = IntStream.range(0, callers)
                    .mapToObj(index -> executor.submit(() -> {
                        journal.starting(Samples.attempt(index), Samples.AT);
                        if (index % 2 == 0) {
                            journal.ended(Samples.attempt(index), Samples.outcome(1));
                        }
                        if (index % 4 == 0) {
                            journal.acknowledged(Samples.attempt(index));
                        }
                        return true;
                    }))
                    .toList();
            for (Future<Boolean> call : calls) {
                assertThat(call.get()).isTrue();
            }
        }
        List<JournalRecord> expected = IntStream.range(0, callers)
                .filter(index -> index % 4 != 0)
                .mapToObj(index -> index % 2 == 0 ? ended(Samples.attempt(index), 1) : starting(Samples.attempt(index)))
                .toList();
        assertThat(reopened()).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void nothingIsTakenWhenClosed() throws Exception {
        AttemptJournal journal = journal();
        journal.open();
        journal.close();
        journal.close();
        assertThatThrownBy(() -> journal.starting(FIRST, Samples.AT)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> journal.ended(FIRST, Samples.outcome(0))).isInstanceOf(IOException.class);
        journal.acknowledged(FIRST);
        assertThat(reopened()).isEmpty();
    }

    @Test
    void twoAgentsCannotShareIt() throws Exception {
        try (AttemptJournal journal = journal();
                AttemptJournal second = journal()) {
            journal.open();
            journal.starting(FIRST, Samples.AT);
            assertThatThrownBy(second::open)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("in use by another agent");
            journal.starting(SECOND, Samples.AT);
        }
        assertThat(reopened()).containsExactly(starting(FIRST), starting(SECOND));
    }
}
