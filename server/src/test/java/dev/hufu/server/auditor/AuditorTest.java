package dev.hufu.server.auditor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.protocol.RunId;
import dev.hufu.server.FakeTimers;
import dev.hufu.server.Samples;
import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.audit.Checkpoint;
import dev.hufu.server.audit.CheckpointKey;
import dev.hufu.server.audit.HashChain;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.sqlite.SqliteRunStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program, on logs that were tampered with: a database, and an export of it. Thirty entries, signed at every tenth. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class AuditorTest {
    private static final int ENTRIES = 30;

    private final FakeTimers timers = new FakeTimers();

    @TempDir
    Path data;

    private Path checkpoints;
    private Path publicKey;
    private Path export;

    private record Ran(int exit, String output, String errors) {}

    private Path store() {
        return data.resolve("hufu.db");
    }

    private Ran audit(String... words) {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(output, true, StandardCharsets.UTF_8);
                PrintStream err = new PrintStream(errors, true, StandardCharsets.UTF_8)) {
            int exit = Main.run(List.of(words), out, err, Map.of("HOME", "/nowhere"));
            return new Ran(exit, output.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8));
        }
    }

    private Ran verifyStore() {
        return audit(
                "verify",
                "--store",
                store().toString(),
                "--checkpoints",
                checkpoints.toString(),
                "--public-key",
                publicKey.toString());
    }

    private Ran verifyExport(String... more) {
        List<String> words = new ArrayList<>(List.of(
                "verify",
                "--export",
                export.toString(),
                "--checkpoints",
                checkpoints.toString(),
                "--public-key",
                publicKey.toString()));
        words.addAll(List.of(more));
        return audit(words.toArray(new String[0]));
    }

    @BeforeEach
    void aLogThatWasSigned() throws IOException {
        CheckpointKey key = CheckpointKey.open(data);
        publicKey = data.resolve(CheckpointKey.PUBLIC_FILE);
        checkpoints = data.resolve("audit-checkpoints.jsonl");
        export = data.resolve("log.jsonl");
        try (SqliteRunStore store = SqliteRunStore.open(store(), timers, () -> {})) {
            for (int i = 0; i < ENTRIES; i++) {
                RunId id = Samples.id();
                store.record(AuditEvent.of(
                        timers.now(), "zoë", AuditAction.RUN_SUBMITTED, id.value(), Map.of("n", "" + i, "ü", "\n\"")));
            }
            for (AuditEntry entry : store.auditEntries(1, ENTRIES)) {
                if (entry.sequence() % 10 == 0) {
                    sign(key.sign(entry.sequence(), entry.hash(), timers.now()));
                }
            }
        }
        Ran exported = audit("export", "--data", data.toString());
        assertThat(exported.exit()).isZero();
        Files.writeString(export, exported.output());
    }

    private void sign(Checkpoint checkpoint) throws IOException {
        Files.write(
                checkpoints,
                (new String(checkpoint.line(), StandardCharsets.UTF_8) + "\n").getBytes(StandardCharsets.UTF_8),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    private void raw(String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + store());
                Statement statement = connection.createStatement()) {
            for (String each : statements) {
                statement.executeUpdate(each);
            }
        }
    }

    private List<String> lines() throws IOException {
        return new ArrayList<>(Files.readAllLines(export));
    }

    private void assertBroken(Ran ran, int at, String how) {
        assertThat(ran.exit()).as(ran.toString()).isEqualTo(1);
        assertThat(ran.output()).startsWith("broken at entry " + at + " of ").contains(" (" + how + "): ");
    }

    /** What somebody does who has the database but not the key: every hash from there on is computed anew. */
    private void rewriteFrom(int from) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + store())) {
            connection.setAutoCommit(false);
            String previous = HashChain.GENESIS;
            for (int i = 1; i <= ENTRIES; i++) {
                try (PreparedStatement query =
                        connection.prepareStatement("SELECT at, subject, hash FROM audit_entries WHERE sequence = ?")) {
                    query.setInt(1, i);
                    try (ResultSet row = query.executeQuery()) {
                        row.next();
                        if (i >= from) {
                            long nanos = row.getLong(1);
                            HashChain.Content forged = new HashChain.Content(
                                    i,
                                    Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000),
                                    "somebody else",
                                    "run.submitted",
                                    row.getString(2),
                                    Map.of());
                            String hash = HashChain.hash(forged, previous);
                            try (PreparedStatement update = connection.prepareStatement(
                                    "UPDATE audit_entries SET actor = ?, detail = '{}', previous_hash = ?, hash = ?"
                                            + " WHERE sequence = ?")) {
                                update.setString(1, "somebody else");
                                update.setString(2, previous);
                                update.setString(3, hash);
                                update.setInt(4, i);
                                update.executeUpdate();
                            }
                            previous = hash;
                        } else {
                            previous = row.getString(3);
                        }
                    }
                }
            }
            connection.commit();
        }
    }

    private void exportAgain() throws IOException {
        Files.writeString(export, audit("export", "--store", store().toString()).output());
    }

    @Test
    void aLogThatNobodyTouchedIsWhole() {
        assertThat(verifyStore().output())
                .isEqualTo("whole: entries 1 to 30 of " + store() + " continue each other\ncheckpoints: 3 of 3 in "
                        + checkpoints + " agree, the last with entry 30\n");
        assertThat(verifyStore().exit()).isZero();
        assertThat(verifyExport().exit()).isZero();
        // Those beside the store are found.
        assertThat(audit("verify", "--data", data.toString()).output()).contains("3 of 3");
        assertThat(audit("verify", "--store", store().toString()).output()).contains("checkpoints: none");
    }

    @Test
    void itIsReadWhileAServerWrites() {
        try (SqliteRunStore store = SqliteRunStore.open(store(), timers, () -> {})) {
            store.record(AuditEvent.of(timers.now(), "a", AuditAction.SERVER_STARTED, "server", Map.of()));
            assertThat(verifyStore().output()).contains("entries 1 to 31", "the last with entry 30");
            store.record(AuditEvent.of(timers.now(), "a", AuditAction.SERVER_STOPPED, "server", Map.of()));
            assertThat(verifyStore().output()).contains("entries 1 to 32");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "at = at + 1",
                "actor = 'x'",
                "action = 'x'",
                "subject = 'x'",
                "detail = '{}'",
                "detail = 'no json'",
                "hash = replace(hash, substr(hash, 1, 1), 'z')",
                "detail = replace(detail, '1', '2')"
            })
    void f36_aFieldChangedInTheDatabaseIsFoundAtItsEntry(String change) throws SQLException, IOException {
        raw("UPDATE audit_entries SET " + change + " WHERE sequence = 12");
        assertBroken(verifyStore(), 12, "changed");
        exportAgain();
        assertBroken(verifyExport(), 12, "changed");
    }

    @Test
    void f36_anyByteFlippedInAnExportIsFoundAtItsEntry() throws IOException {
        byte[] whole = Files.readAllBytes(export);
        List<String> lines = lines();
        int start = String.join("\n", lines.subList(0, 16)).getBytes(StandardCharsets.UTF_8).length + 1;
        int end = start + lines.get(16).getBytes(StandardCharsets.UTF_8).length;
        for (int at = start; at < end; at++) {
            byte[] flipped = Arrays.copyOf(whole, whole.length);
            flipped[at] ^= 1;
            Files.write(export, flipped);
            Ran ran = verifyExport();
            assertThat(ran.exit()).as("byte %d: %s", at - start, ran).isEqualTo(1);
            // A byte of the sequence's digits or of the hash before shows as another kind of break, at the same entry.
            assertThat(ran.output()).as("byte %d", at - start).startsWith("broken at entry 17 of ");
        }
    }

    @Test
    void f36_aRowThatWasDeletedIsFoundWhereItWas() throws SQLException, IOException {
        raw("DELETE FROM audit_entries WHERE sequence = 12");
        assertBroken(verifyStore(), 12, "missing");
        List<String> lines = lines();
        lines.remove(11);
        Files.write(export, lines);
        assertBroken(verifyExport(), 12, "missing");
    }

    @Test
    void f36_aBeginningThatWasDeletedIsFound() throws SQLException, IOException {
        raw("DELETE FROM audit_entries WHERE sequence <= 5");
        assertBroken(verifyStore(), 1, "missing");
        Files.write(export, lines().subList(5, ENTRIES));
        assertBroken(verifyExport(), 1, "beginning");
        assertThat(verifyExport("--from", "6").exit()).isZero();
        assertBroken(verifyExport("--from", "5"), 5, "missing");
    }

    @Test
    void f36_entriesInAnotherOrderAreFound() throws IOException {
        List<String> lines = lines();
        Collections.swap(lines, 11, 12);
        Files.write(export, lines);
        assertBroken(verifyExport(), 12, "order");
        List<String> twice = lines();
        twice.add(5, twice.get(4));
        Files.write(export, twice);
        assertThat(audit("verify", "--export", export.toString()).output()).contains("(order)");
    }

    @ParameterizedTest
    @ValueSource(ints = {29, 25, 10, 0})
    void f36_anEndThatWasCutOffIsFoundAgainstTheLastCheckpoint(int left) throws SQLException, IOException {
        raw("DELETE FROM audit_entries WHERE sequence > " + left);
        assertBroken(verifyStore(), left + 1, "cut");
        assertThat(audit("verify", "--store", store().toString()).exit())
                .as("nothing else tells of it")
                .isZero();
        Files.write(export, lines().subList(0, left));
        assertBroken(verifyExport(), left + 1, "cut");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 11, 15, 30})
    void f36_aLogThatWasWrittenAnewFromSomewhereContradictsTheNextCheckpoint(int from)
            throws SQLException, IOException {
        rewriteFrom(from);
        int found = (from + 9) / 10 * 10;
        assertBroken(verifyStore(), found, "rewritten");
        assertThat(verifyStore().output()).contains("from one of the entries " + (found - 9) + " to " + found + " on");
        assertThat(audit("verify", "--store", store().toString()).exit())
                .as("nothing else tells of it")
                .isZero();
        exportAgain();
        assertBroken(verifyExport(), found, "rewritten");
    }

    @Test
    void f36_oneEntryInThePlaceOfAnotherDoesNotFitTheNext() throws SQLException {
        String previous = HashChain.GENESIS;
        HashChain.Content forged = new HashChain.Content(1, Instant.EPOCH, "forged", "run.submitted", "x", Map.of());
        raw("UPDATE audit_entries SET at = 0, actor = 'forged', subject = 'x', detail = '{}', hash = '"
                + HashChain.hash(forged, previous) + "' WHERE sequence = 1");
        assertBroken(verifyStore(), 2, "replaced");
    }

    @Test
    void f36_aCheckpointThatSomebodyElseSignedIsNone() throws IOException {
        Path other = Files.createDirectory(data.resolve("other"));
        CheckpointKey forger = CheckpointKey.open(other);
        sign(forger.sign(20, "f".repeat(64), timers.now()));
        Ran ran = verifyStore();
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.output())
                .contains(
                        "whole: entries 1 to 30", "problem: line 4 of " + checkpoints + " was not signed by a key of");
    }

    @Test
    void f36_aCheckpointThatWasChangedIsNone() throws IOException {
        Files.writeString(checkpoints, Files.readString(checkpoints).replace("\"sequence\":20", "\"sequence\":21"));
        assertThat(verifyStore().output()).contains("problem: line 2 of ");
        assertThat(verifyStore().exit()).isEqualTo(1);
    }

    @Test
    void aLineThatACrashCutShortDoesNotCount() throws IOException {
        Files.writeString(checkpoints, "{\"sequence\":3", StandardOpenOption.APPEND);
        assertThat(verifyStore().exit()).isZero();
        Files.writeString(checkpoints, "1}\n", StandardOpenOption.APPEND);
        assertThat(verifyStore().output()).contains("line 4 of " + checkpoints + " is no checkpoint");
    }

    @Test
    void forPrograms() throws SQLException {
        assertThat(audit("verify", "--data", data.toString(), "-o", "json").output())
                .isEqualTo("{\"whole\":true,\"source\":\"" + store()
                        + "\",\"entries\":30,\"first\":1,\"last\":30,\"broken\":null,"
                        + "\"checkpoints\":{\"source\":\"" + checkpoints
                        + "\",\"given\":3,\"agree\":3,\"last\":30},\"problems\":[]}\n");
        rewriteFrom(15);
        assertThat(audit("verify", "--data", data.toString(), "-o", "json").output())
                .contains("\"whole\":false", "\"sequence\":20,\"since\":11,\"how\":\"rewritten\"");
    }

    @Test
    void whatIsExportedHoldsEveryFieldAndBeginsWhereItIsAskedTo() throws IOException {
        assertThat(lines())
                .hasSize(ENTRIES)
                .first()
                .asString()
                .startsWith("{\"sequence\":1,\"at\":\"2026-03-01T10:00:00.123456789Z\","
                        + "\"actor\":\"zoë\",\"action\":\"run.submitted\",\"subject\":\"");
        assertThat(audit("export", "--data", data.toString(), "--from", "30").output())
                .isEqualTo(lines().getLast() + "\n");
    }

    @Test
    void whatCannotBeReadIsSaidAndIsNotWhole() throws IOException {
        assertThat(audit("verify", "--store", data.resolve("none").toString()))
                .satisfies(ran -> assertThat(ran.exit()).isEqualTo(1))
                .satisfies(ran -> assertThat(ran.errors()).contains("none is not there"));
        Path noStore = Files.writeString(data.resolve("text"), "this is no database at all, but text of some length");
        assertThat(audit("verify", "--store", noStore.toString()).exit()).isEqualTo(1);
        assertThat(audit("verify", "--export", data.resolve("none").toString()).exit())
                .isEqualTo(1);
        assertThat(audit(
                                "verify",
                                "--data",
                                data.toString(),
                                "--checkpoints",
                                checkpoints.toString(),
                                "--public-key",
                                checkpoints.toString())
                        .errors())
                .contains("holds no public key");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "look",
                "verify export",
                "verify --data /x --store y",
                "verify --from 3",
                "verify --export x --from 0",
                "export --export x",
                "export -o json",
                "verify --checkpoints x",
                "verify --public-key x",
                "verify -o xml",
                "verify --nothing"
            })
    void aCommandLineThatIsWrongExitsWith2(String line) {
        Ran ran = audit(line.isEmpty() ? new String[0] : line.split(" ", -1));
        assertThat(ran.exit()).isEqualTo(2);
        assertThat(ran.errors()).startsWith("hufu: ").contains("try 'hufu audit --help'");
        assertThat(ran.output()).isEmpty();
    }

    @Test
    void help() {
        assertThat(audit("--help").output()).contains("hufu audit verify", "--checkpoints FILE");
    }
}
