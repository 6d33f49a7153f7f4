package dev.hufu.server.store.postgres;

import dev.hufu.server.store.sql.Dialect;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;

/** What PostgreSQL says. */
final class PostgresDialect implements Dialect {
    static final PostgresDialect INSTANCE = new PostgresDialect();

    private static final String DISK_FULL = "53100";
    private static final String OUT_OF_MEMORY = "53200";
    private static final String TOO_LONG = "57014";
    private static final char ESCAPE = '\u0001';
    private static final char ESCAPED_NUL = '0';
    private static final char ESCAPED_ESCAPE = '1';

    private PostgresDialect() {}

    @Override
    public Meaning meaning(SQLException failure) {
        String state = failure.getSQLState();
        if (failure instanceof SQLTransientConnectionException || state == null) {
            return Meaning.UNAVAILABLE;
        }
        return switch (state) {
            case "XX001", "XX002" -> Meaning.BROKEN;
            // Tables or rights that somebody took away, and may give back.
            case "42P01", "42501" -> Meaning.UNAVAILABLE;
            default ->
                switch (state.substring(0, Math.min(2, state.length()))) {
                    case "08", "0A", "25", "28", "3D", "3F", "40", "53", "55", "57", "58", "F0", "XX" ->
                        Meaning.UNAVAILABLE;
                    default -> Meaning.REFUSED;
                };
        };
    }

    /** Whether the connection is gone, or about to be: then only the database knows what became of a COMMIT. */
    static boolean disconnected(SQLException failure) {
        String state = failure.getSQLState();
        return state == null || state.startsWith("08") || state.startsWith("57P") || state.startsWith("58");
    }

    @Override
    public boolean full(SQLException failure) {
        return DISK_FULL.equals(failure.getSQLState());
    }

    /** What is too much together may fit one by one; where the database is out of reach, none does. */
    @Override
    public boolean worthOneByOne(SQLException failure) {
        String state = failure.getSQLState();
        return DISK_FULL.equals(state) || OUT_OF_MEMORY.equals(state) || TOO_LONG.equals(state);
    }

    @Override
    public String indexedBy(String index) {
        return "";
    }

    @Override
    public String walkingJoin() {
        return "JOIN";
    }

    @Override
    public String entries(String json) {
        return "json_each_text(CAST(" + json + " AS json))";
    }

    @Override
    public boolean numbersParameters() {
        return false;
    }

    @Override
    public boolean batches() {
        return true;
    }

    /** A text here has no U+0000. */
    @Override
    public String kept(String text) {
        if (text.indexOf('\u0000') < 0 && text.indexOf(ESCAPE) < 0) {
            return text;
        }
        StringBuilder kept = new StringBuilder(text.length() + 8);
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            switch (each) {
                case '\u0000' -> kept.append(ESCAPE).append(ESCAPED_NUL);
                case ESCAPE -> kept.append(ESCAPE).append(ESCAPED_ESCAPE);
                default -> kept.append(each);
            }
        }
        return kept.toString();
    }

    @Override
    public String given(String kept) {
        if (kept.indexOf(ESCAPE) < 0) {
            return kept;
        }
        StringBuilder text = new StringBuilder(kept.length());
        for (int i = 0; i < kept.length(); i++) {
            char each = kept.charAt(i);
            if (each == ESCAPE && i + 1 < kept.length()) {
                i++;
                text.append(kept.charAt(i) == ESCAPED_NUL ? '\u0000' : ESCAPE);
            } else {
                text.append(each);
            }
        }
        return text.toString();
    }
}
