package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.sql.Dialect;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** What SQLite says. */
final class SqliteDialect implements Dialect {
    static final SqliteDialect INSTANCE = new SqliteDialect();

    private static final int PRIMARY = 0xff;

    private SqliteDialect() {}

    @Override
    public Meaning meaning(SQLException failure) {
        if (!(failure instanceof SQLiteException known)) {
            return Meaning.REFUSED;
        }
        SQLiteErrorCode code = known.getResultCode();
        if (code == SQLiteErrorCode.SQLITE_IOERR_SHMSIZE) {
            // Growing the index of the write-ahead log needs room too, and syncs nothing.
            return Meaning.UNAVAILABLE;
        }
        return switch (SQLiteErrorCode.getErrorCode(code.code & PRIMARY)) {
            case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB -> Meaning.BROKEN;
            case SQLITE_BUSY,
                    SQLITE_LOCKED,
                    SQLITE_NOMEM,
                    SQLITE_READONLY,
                    SQLITE_INTERRUPT,
                    SQLITE_FULL,
                    SQLITE_CANTOPEN,
                    SQLITE_PROTOCOL -> Meaning.UNAVAILABLE;
            default -> Meaning.REFUSED;
        };
    }

    @Override
    public boolean full(SQLException failure) {
        return failure instanceof SQLiteException known
                && (known.getResultCode() == SQLiteErrorCode.SQLITE_IOERR_SHMSIZE
                        || SQLiteErrorCode.getErrorCode(known.getResultCode().code & PRIMARY)
                                == SQLiteErrorCode.SQLITE_FULL);
    }

    /** What is too much together may fit one by one: a cancel where a large input does not. */
    @Override
    public boolean worthOneByOne(SQLException failure) {
        return meaning(failure) == Meaning.UNAVAILABLE;
    }

    @Override
    public String indexedBy(String index) {
        return "INDEXED BY " + index;
    }

    @Override
    public String walkingJoin() {
        return "CROSS JOIN";
    }

    @Override
    public String entries(String json) {
        return "json_each(" + json + ")";
    }

    @Override
    public boolean numbersParameters() {
        return true;
    }

    @Override
    public boolean batches() {
        return false;
    }

    @Override
    public String kept(String text) {
        return text;
    }

    @Override
    public String given(String kept) {
        return kept;
    }
}
