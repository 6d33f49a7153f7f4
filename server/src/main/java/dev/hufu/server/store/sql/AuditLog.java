package dev.hufu.server.store.sql;

import dev.hufu.server.audit.HashChain;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.AuditEvent;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The audit table: entries are appended in the transaction of what they record, each chained to the one before. */
public final class AuditLog {
    private static final String INSERT = """
            INSERT INTO audit_entries (sequence, at, actor, action, subject, detail, previous_hash, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""";
    private static final String ENTRIES = """
            SELECT sequence, at, actor, action, subject, detail, previous_hash, hash
            FROM audit_entries WHERE sequence >= ? ORDER BY sequence LIMIT ?""";
    private static final String LAST = "SELECT sequence, hash FROM audit_entries ORDER BY sequence DESC LIMIT 1";

    private AuditLog() {}

    /** The last entry of the chain so far. */
    public record Tail(long sequence, String hash) {
        public static final Tail NONE = new Tail(0, HashChain.GENESIS);
    }

    /** Sorted, so that the same detail is always the same text. */
    private static final class Detail extends TreeMap<String, String> {}

    public static Tail tail(Statements statements) throws SQLException {
        return statements
                .query(LAST)
                .first(row -> new Tail(row.getLong(1), row.getString(2)))
                .orElse(Tail.NONE);
    }

    static Tail append(Statements statements, Tail tail, AuditEvent event) throws SQLException {
        long sequence = tail.sequence() + 1;
        String hash = HashChain.hash(
                new HashChain.Content(
                        sequence, event.at(), event.actor(), event.action(), event.subject(), event.detail()),
                tail.hash());
        statements
                .query(INSERT)
                .number(sequence)
                .time(event.at())
                .text(event.actor())
                .text(event.action())
                .text(event.subject())
                .text(event.detail().isEmpty() ? "{}" : Rows.encode(new TreeMap<>(event.detail())))
                .text(tail.hash())
                .text(hash)
                .append();
        return new Tail(sequence, hash);
    }

    /** @throws IllegalArgumentException where the text is no detail */
    public static Map<String, String> detail(String text) {
        return Rows.decode(text, Detail.class);
    }

    static Optional<AuditEntry> newest(Statements statements) throws SQLException {
        Tail tail = tail(statements);
        return entries(statements, tail.sequence(), 1).stream().findFirst();
    }

    static List<AuditEntry> entries(Statements statements, long from, int limit) throws SQLException {
        return statements
                .query(ENTRIES)
                .number(from)
                .number(limit)
                .list(row -> new AuditEntry(
                        row.getLong(1),
                        new AuditEvent(
                                Query.instant(row, 2),
                                row.getString(3),
                                row.getString(4),
                                row.getString(5),
                                detail(row.getString(6))),
                        row.getString(7),
                        row.getString(8)));
    }
}
